"""Where values come from: the path, the query, headers, cookies, and places of one's own."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import BaseModel, Json

from kui.core import HTTPConnection
from kui.params import Cookie, Header, Path, Query, RequestValidationError, auto_params


async def test_each_place_gives_its_values(run: Any) -> None:
    async def endpoint(
        room: Annotated[int, Path()],
        since: Annotated[date, Query()],
        x_token: Annotated[str, Header()],
        theme: Annotated[str, Cookie()],
    ) -> Any:
        return room, since, x_token, theme

    result = await run(
        endpoint,
        path={"room": 7},
        query="since=2026-01-02",
        headers={"X-Token": "secret", "Cookie": "a=b; theme=dark"},
    )
    assert result == (7, date(2026, 1, 2), "secret", "dark")


@pytest.mark.parametrize("query", ["ids=1", "ids=%31"])
async def test_one_value_makes_a_list_of_one(run: Any, query: str) -> None:
    async def endpoint(
        ids: Annotated[list[int], Query()], again: Annotated[set[int], Query(alias="ids")]
    ) -> Any:
        return ids, again

    assert await run(endpoint, query=query) == ([1], {1})


async def test_a_list_takes_every_value_and_a_scalar_the_last(run: Any) -> None:
    async def endpoint(
        ids: Annotated[tuple[int, ...], Query()],
        page: Annotated[int, Query()],
        o: Annotated[list[int] | None, Query()],
    ) -> Any:
        return ids, page, o

    assert await run(endpoint, query="ids=1&page=1&ids=2&page=2&o=3") == ((1, 2), 2, [3])


async def test_a_query_is_percent_decoded_only_once(run: Any) -> None:
    async def endpoint(q: Annotated[str, Query()], x: Annotated[str, Query()]) -> Any:
        return q, x

    assert await run(endpoint, query="q=a%20b%2Bc&x=%2525") == ("a b+c", "%25")
    assert await run(endpoint, query="q=a+b&x=") == ("a b", "")


async def test_a_name_of_the_query_may_be_percent_encoded(run: Any) -> None:
    async def endpoint(q: Annotated[str, Query(alias="größe")]) -> Any:
        return q

    assert await run(endpoint, query="gr%C3%B6%C3%9Fe=XL") == "XL"


async def test_a_scope_without_a_query_has_no_query_parameters(run: Any) -> None:
    async def endpoint(q: Annotated[str, Query("none")]) -> Any:
        return q

    connection = run.connection()
    del connection["query_string"]
    from kui.params import Binding

    async with Binding.of(endpoint, run.protocol).arguments(connection) as arguments:
        assert arguments == {"q": "none"}


async def test_an_underscore_in_a_headers_name_is_a_hyphen(run: Any) -> None:
    async def endpoint(
        user_agent: Annotated[str, Header()], token: Annotated[str, Header(alias="X_Token")]
    ) -> Any:
        return user_agent, token

    assert await run(endpoint, headers={"User-Agent": "curl", "X_Token": "t"}) == ("curl", "t")


async def test_a_header_sent_twice_is_joined_or_a_list(run: Any) -> None:
    async def endpoint(
        accept: Annotated[str, Header()], each: Annotated[list[str], Header(alias="Accept")]
    ) -> Any:
        return accept, each

    sent = [("accept", "a/b"), ("host", "x"), ("accept", "c/d")]
    assert await run(endpoint, headers=sent) == ("a/b, c/d", ["a/b", "c/d"])


@pytest.mark.parametrize("header", ["lonely", "=x", "a=1; a=2", 'a="\\\n"', 'a="x\\"', " a = 1 ;;b"])
async def test_cookies_are_those_of_the_connection(run: Any, header: str) -> None:
    async def endpoint(cookies: Annotated[dict[str, str], Cookie(exclusive=True)]) -> Any:
        return cookies

    sent = [("cookie", header), ("cookie", "c=3")]
    assert await run(endpoint, headers=sent) == run.connection(headers=sent).cookies


async def test_cookies_are_read_as_pythons_own_are_written(run: Any) -> None:
    from http.cookies import SimpleCookie

    written: SimpleCookie = SimpleCookie()
    written["theme"] = 'da"r\\k; ä'
    header = written["theme"].OutputString()

    async def endpoint(
        theme: Annotated[str, Cookie()], sid: Annotated[str, Cookie()], flag: Annotated[str, Cookie("")]
    ) -> Any:
        return theme, sid, flag

    result = await run(endpoint, headers=[("cookie", header), ("cookie", 'sid=a=b; flag="')])
    assert result == ('da"r\\k; ä', "a=b", '"')


async def test_a_list_that_is_written_as_json_is_one_value(run: Any) -> None:
    class Model(BaseModel):
        ids: Json[list[int]]

    async def endpoint(ids: Annotated[Json[list[int]], Query()], model: Annotated[Model, Cookie()]) -> Any:
        return ids, model.ids

    result = await run(endpoint, query={"ids": "[1, 2]"}, headers={"cookie": "ids=[3]"})
    assert result == ([1, 2], [3])


@dataclass
class ClientAddress:
    place = "client"

    def read(self, connection: HTTPConnection) -> str:
        return str(connection["client"][0])


class Session:
    async def read(self, connection: HTTPConnection) -> Any:
        return connection.headers["x-session"]


async def test_a_place_of_ones_own_reads_the_connection(run: Any) -> None:
    async def endpoint(
        address: Annotated[str, ClientAddress()], user: Annotated[UUID | None, Session()] = None
    ) -> Any:
        return address, user

    handler = auto_params(endpoint, run.protocol)
    with pytest.raises(RequestValidationError) as caught:
        await run.serve(handler, headers={"x-session": "?"})
    assert [(error["in"], error["loc"], error["type"]) for error in caught.value.errors()] == [
        ("client", ["address"], "missing"),
        ("session", ["user"], "uuid_parsing"),
    ]


async def test_an_async_place_of_ones_own_may_have_nothing(run: Any) -> None:
    async def endpoint(user: Annotated[str, Session()] = "nobody") -> Any:
        return user

    class Lost(Session):
        async def read(self, connection: HTTPConnection) -> Any:
            raise KeyError

    async def lost(user: Annotated[str, Lost()] = "nobody") -> Any:
        return user

    assert await run(endpoint, headers={"x-session": "ada"}) == "ada"
    assert await run(lost) == "nobody"
