"""Where values come from, and what they become."""

import functools
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, NotRequired, Optional
from uuid import UUID

import pytest
from baize.datastructures import FormData, Headers, UploadFile
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, Json
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypeAliasType, TypedDict

from kui.core import HTTPConnection, HTTPException
from kui.params import Body, Cookie, Header, Path, Query, RequestValidationError, auto_params

Denied: type[HTTPException[Any]] = HTTPException


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


async def test_a_marker_may_be_the_default(run: Any) -> None:
    async def endpoint(page: int = Query(1, ge=1), token: str = Header(...)) -> Any:
        return page, token

    assert await run(endpoint, headers={"token": "t"}) == (1, "t")
    assert await run(endpoint, query="page=3", headers={"token": "t"}) == (3, "t")


async def test_a_default_of_the_signature_counts(run: Any) -> None:
    async def endpoint(page: Annotated[int, Query(5)] = 7, size: Annotated[int, Query(20)] = ...) -> Any:  # type: ignore[assignment]
        return page, size

    assert await run(endpoint) == (7, 20)


async def test_a_default_factory_is_called_each_time(run: Any) -> None:
    async def endpoint(tags: Annotated[list[str], Query(default_factory=list)]) -> Any:
        tags.append("seen")
        return tags

    assert await run(endpoint) == ["seen"]
    assert await run(endpoint) == ["seen"]


async def test_a_mutable_default_is_not_shared_between_connections(run: Any) -> None:
    async def endpoint(tags: Annotated[list[str], Query()] = []) -> Any:  # noqa: B006 - that is the point
        tags.append("seen")
        return tags

    handler = auto_params(endpoint, run.protocol)
    assert await run.serve(handler) == ["seen"]
    assert await run.serve(handler) == ["seen"]


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


async def test_optional_takes_none_for_a_default(run: Any) -> None:
    async def endpoint(
        a: Annotated[int | None, Query()] = None,
        b: Optional[Annotated[int, Query()]] = None,  # noqa: UP045 - both spellings are to work
        c: Annotated[int, Query()] | None = 3,
    ) -> Any:
        return a, b, c

    assert await run(endpoint) == (None, None, 3)
    assert await run(endpoint, query="a=1&b=2&c=4") == (1, 2, 4)


Page = Annotated[int, Field(ge=1)]
PageQuery = Annotated[Page, Query(1, description="which page")]
PageAlias = TypeAliasType("PageAlias", Annotated[int, Query(2)])


async def test_annotated_aliases_nest(run: Any) -> None:
    async def endpoint(page: PageQuery, other: PageAlias, size: Annotated[PageQuery, Field(le=50)]) -> Any:
        return page, other, size

    assert await run(endpoint) == (1, 2, 1)
    with pytest.raises(RequestValidationError) as caught:
        await run(endpoint, query="page=0&size=51")
    assert [(error["loc"], error["type"]) for error in caught.value.errors()] == [
        (["page"], "greater_than_equal"),
        (["size"], "less_than_equal"),
    ]


class Filter(BaseModel):
    page: int = 1
    tags: list[str] = []
    order_by: Annotated[str, Field(alias="order")] = "id"


@dataclass
class Point:
    x: int
    y: int = 0


class Box(TypedDict):
    width: int
    tags: NotRequired[list[str]]


async def test_a_model_takes_all_of_a_place(run: Any) -> None:
    async def endpoint(filter: Annotated[Filter, Query()]) -> Any:
        return filter

    assert await run(endpoint) == Filter()
    result = await run(endpoint, query="page=2&tags=a&tags=b&order=name&other=1")
    assert result == Filter.model_validate({"page": 2, "tags": ["a", "b"], "order": "name"})


async def test_a_dataclass_and_a_typed_dict_take_all_of_a_place(run: Any) -> None:
    async def endpoint(point: Annotated[Point, Query()], box: Annotated[Box, Cookie()]) -> Any:
        return point, box

    result = await run(endpoint, query="x=1&y=2", headers={"cookie": "width=3; tags=a"})
    assert result == (Point(1, 2), {"width": 3, "tags": ["a"]})


async def test_a_model_of_headers_has_underscores_for_hyphens(run: Any) -> None:
    class Agent(BaseModel):
        user_agent: str
        accept: list[str] = []

    async def endpoint(agent: Annotated[Agent, Header()]) -> Any:
        return agent

    result = await run(endpoint, headers={"User-Agent": "curl", "Accept": "a/b"})
    assert result == Agent(user_agent="curl", accept=["a/b"])


async def test_a_model_that_forbids_what_it_does_not_know_sees_it(run: Any) -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(extra="forbid")
        page: int = 1

    async def endpoint(strict: Annotated[Strict, Query()]) -> Any:
        return strict

    with pytest.raises(RequestValidationError) as caught:
        await run(endpoint, query="pgae=2")
    assert [(error["loc"], error["type"]) for error in caught.value.errors()] == [
        (["pgae"], "extra_forbidden")
    ]


async def test_an_exclusive_mapping_takes_everything(run: Any) -> None:
    async def endpoint(
        query: Annotated[dict[str, str], Query(exclusive=True)],
        headers: Annotated[dict[str, str], Header(exclusive=True)],
        path: Annotated[dict[str, int], Path(exclusive=True)],
    ) -> Any:
        return query, headers, path

    result = await run(endpoint, query="a=1&b=2", headers={"Host": "kui.test"}, path={"n": 1})
    assert result == ({"a": "1", "b": "2"}, {"host": "kui.test"}, {"n": 1})


async def test_an_optional_model_has_its_default_when_nothing_is_sent(run: Any) -> None:
    async def endpoint(point: Annotated[Point | None, Query()] = None) -> Any:
        return point

    assert await run(endpoint) is None
    assert await run(endpoint, query="x=1") == Point(1)


async def test_a_list_that_is_written_as_json_is_one_value(run: Any) -> None:
    class Model(BaseModel):
        ids: Json[list[int]]

    async def endpoint(ids: Annotated[Json[list[int]], Query()], model: Annotated[Model, Cookie()]) -> Any:
        return ids, model.ids

    result = await run(endpoint, query={"ids": "[1, 2]"}, headers={"cookie": "ids=[3]"})
    assert result == ([1, 2], [3])


async def test_every_alias_of_a_models_field_is_read(run: Any) -> None:
    class Names(BaseModel):
        ids: list[int] = Field(validation_alias=AliasChoices("id", AliasPath("number")))
        page: int = Field(validation_alias=AliasChoices("p", "page"))

    @pydantic_dataclass
    class Size:
        width: int = Field(alias="w")

    async def endpoint(names: Annotated[Names, Query()], size: Annotated[Size, Header()]) -> Any:
        return names.ids, names.page, size.width

    assert await run(endpoint, query="id=1&id=2&p=3", headers={"W": "4"}) == ([1, 2], 3, 4)
    assert await run(endpoint, query="id=1&page=3", headers={"W": "4"}) == ([1], 3, 4)


async def test_keyword_only_parameters_are_bound(run: Any) -> None:
    async def endpoint(*, page: Annotated[int, Query()]) -> Any:
        return page

    assert await run(endpoint, query="page=4") == 4


async def test_a_partial_binds_what_it_does_not_give(run: Any) -> None:
    async def endpoint(prefix: str, page: Annotated[int, Query()], size: Annotated[int, Query()]) -> Any:
        return prefix, page, size

    assert await run(functools.partial(endpoint, "p", size=3), query="page=4") == ("p", 4, 3)


class Greeter:
    def __init__(self, greeting: str) -> None:
        self.greeting = greeting

    async def greet(self, name: Annotated[str, Query()]) -> str:
        return f"{self.greeting} {name}"

    async def __call__(self, name: Annotated[str, Query()]) -> str:
        return f"{self.greeting}, {name}"


async def test_bound_methods_and_callable_instances_are_endpoints(run: Any) -> None:
    greeter = Greeter("hello")
    assert await run(greeter.greet, query="name=ada") == "hello ada"
    assert await run(greeter, query="name=ada") == "hello, ada"


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


async def test_the_body_gives_its_keys(run_http: Any) -> None:
    async def endpoint(
        name: Annotated[str, Body()], tags: Annotated[list[int], Body()], n: Annotated[int, Body(3)]
    ) -> Any:
        return name, tags, n

    assert await run_http(endpoint, body={"name": "ada", "tags": ["1", 2]}) == ("ada", [1, 2], 3)


async def test_a_form_gives_lists_and_files(run_http: Any) -> None:
    file = UploadFile("a.txt", Headers({}))
    form = FormData([("tags", "1"), ("name", "x"), ("tags", "2"), ("file", file)])

    async def endpoint(
        name: Annotated[str, Body()], tags: Annotated[list[int], Body()], file: Annotated[UploadFile, Body()]
    ) -> Any:
        return name, tags, file

    assert await run_http(endpoint, body=form) == ("x", [1, 2], file)
    form.close()


async def test_an_exclusive_body_is_one_parameter(run_http: Any) -> None:
    async def endpoint(filter: Annotated[Filter, Body(exclusive=True)]) -> Any:
        return filter

    assert await run_http(endpoint, body={"page": 2}) == Filter(page=2)
    form = FormData([("tags", "a"), ("tags", "b"), ("page", "3")])
    assert await run_http(endpoint, body=form) == Filter(page=3, tags=["a", "b"])

    async def numbers(numbers: Annotated[list[int], Body(exclusive=True)]) -> Any:
        return numbers

    assert await run_http(numbers, body=[1, "2"]) == [1, 2]


async def test_a_body_that_is_no_object_is_refused(run_http: Any) -> None:
    async def endpoint(name: Annotated[str, Body()]) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run_http(endpoint, body=[1])
    assert caught.value.errors() == [
        {
            "type": "dict_type",
            "loc": [],
            "msg": "Input should be a valid dictionary",
            "input": [1],
            "in": "body",
        }
    ]


async def test_a_body_that_cannot_be_read_answers_for_itself(run_http: Any) -> None:
    async def endpoint(name: Annotated[str, Body()]) -> None: ...

    with pytest.raises(Denied) as caught:
        await run_http(endpoint, body=HTTPException(415))
    assert caught.value.status_code == 415


@pytest.mark.parametrize("headers", [{}, {"content-length": "0"}])
async def test_an_optional_body_may_be_absent(run_http: Any, headers: dict[str, str]) -> None:
    async def keys(name: Annotated[str, Body()] = "nobody", age: Annotated[int, Body(36)] = 37) -> Any:
        return name, age

    async def whole(filter: Annotated[Filter | None, Body(exclusive=True)] = None) -> Any:
        return filter

    absent = Denied(415)
    assert await run_http(keys, body=absent, headers=headers) == ("nobody", 37)
    assert await run_http(whole, body=absent, headers=headers) is None


@pytest.mark.parametrize("name", ["content-type", "content-length", "transfer-encoding"])
async def test_an_optional_body_that_is_there_is_read(run_http: Any, name: str) -> None:
    async def endpoint(name: Annotated[str, Body()] = "nobody") -> Any:
        return name

    assert await run_http(endpoint, body={"name": "ada"}, headers={name: "1"}) == "ada"
    with pytest.raises(Denied) as caught:
        await run_http(endpoint, body=HTTPException(415), headers={name: "1"})
    assert caught.value.status_code == 415


async def test_a_body_of_which_a_part_is_required_is_read(run_http: Any) -> None:
    async def endpoint(name: Annotated[str, Body()], age: Annotated[int, Body()] = 36) -> None: ...

    with pytest.raises(Denied) as caught:
        await run_http(endpoint, body=HTTPException(415))
    assert caught.value.status_code == 415


async def test_arguments_that_are_given_count_before_the_connection(run: Any) -> None:
    async def endpoint(
        page: Annotated[int, Query()], size: Annotated[int, Query()], order: str = "id"
    ) -> Any:
        return page, size, order

    handler = auto_params(endpoint, run.protocol)

    async def calls() -> Any:
        return await handler("name", page=1)

    assert await run.serve(calls, query="size=9") == (1, 9, "name")
