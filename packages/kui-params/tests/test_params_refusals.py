"""What a client is told when its parameters do not fit."""

import json
from typing import Annotated, Any

import pytest
from params_samples import Notes, said
from pydantic import AfterValidator, BaseModel, TypeAdapter, ValidationError

from kui.core import HTTPConnection, HTTPException
from kui.params import Body, Cookie, Depends, Header, Path, Query, RequestValidationError, auto_params

Denied: type[HTTPException[Any]] = HTTPException


async def test_all_places_are_reported_together(run: Any) -> None:
    async def endpoint(
        since: Annotated[int, Query(ge=0)],
        x_token: Annotated[str, Header(min_length=4)],
        theme: Annotated[str, Cookie()],
        ids: Annotated[list[int], Query()],
    ) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run(endpoint, query="since=-1&ids=1&ids=x", headers={"x-token": "abc"})
    assert said(caught.value) == [
        ("query", ["since"], "greater_than_equal"),
        ("header", ["x-token"], "string_too_short"),
        ("cookie", ["theme"], "missing"),
        ("query", ["ids", 1], "int_parsing"),
    ]
    assert caught.value.status_code == 422


async def test_a_refusal_is_an_http_exception_with_json_content(run: Any) -> None:
    async def endpoint(since: Annotated[int, Query()]) -> None: ...

    with pytest.raises(Denied) as caught:
        await run(endpoint, query="since=x")
    assert caught.value.content == [
        {
            "type": "int_parsing",
            "loc": ["since"],
            "msg": "Input should be a valid integer, unable to parse string as an integer",
            "input": "x",
            "in": "query",
        }
    ]


async def test_a_part_of_the_path_that_does_not_fit_is_not_found(run: Any) -> None:
    async def endpoint(room: Annotated[int, Path()], q: Annotated[int, Query()]) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run(endpoint, path={"room": "x"})
    assert caught.value.status_code == 404
    assert said(caught.value) == [("path", ["room"], "int_parsing"), ("query", ["q"], "missing")]


async def test_parameters_of_dependencies_are_reported_with_the_others(run: Any) -> None:
    called: list[str] = []

    def limit(limit: Annotated[int, Query()]) -> int:
        called.append("limit")
        return limit

    def page(limit: Annotated[int, Depends(limit)], page: Annotated[int, Query()]) -> int:
        called.append("page")
        return page

    async def endpoint(
        q: Annotated[int, Query()], page: Annotated[int, Depends(page)], limit: Annotated[int, Depends(limit)]
    ) -> None:
        called.append("endpoint")

    with pytest.raises(RequestValidationError) as caught:
        await run(endpoint, query="q=a&page=b&limit=c")
    assert sorted(said(caught.value)) == [
        ("query", ["limit"], "int_parsing"),
        ("query", ["page"], "int_parsing"),
        ("query", ["q"], "int_parsing"),
    ]
    assert called == []


async def test_a_dependency_that_denies_is_heard_before_wrong_parameters(run: Any) -> None:
    async def user(x_token: Annotated[str, Header()] = "") -> str:
        raise HTTPException(401, {"WWW-Authenticate": "Bearer"})

    async def endpoint(user: Annotated[str, Depends(user)], page: Annotated[int, Query()]) -> None: ...

    for query in ("page=1", "page=x"):
        with pytest.raises(Denied) as caught:
            await run(endpoint, query=query)
        assert caught.value.status_code == 401


async def test_what_was_opened_for_a_refused_connection_is_closed(run: Any) -> None:
    events: list[str] = []

    async def kept() -> Any:
        events.append("open kept")
        try:
            yield
        finally:
            events.append("close kept")

    def own() -> Any:
        events.append("open own")
        yield
        events.append("close own")

    async def endpoint(
        kept: Annotated[None, Depends(kept)],
        own: Annotated[None, Depends(own, cache=False)],
        q: Annotated[int, Query()],
    ) -> None: ...

    with pytest.raises(RequestValidationError):
        await run(endpoint)
    assert events == ["open kept", "open own", "close own", "close kept"]


async def test_the_body_is_not_read_before_dependencies_have_run(run_http: Any) -> None:
    async def user() -> str:
        raise HTTPException(401)

    async def endpoint(name: Annotated[str, Body()], user: Annotated[str, Depends(user)]) -> None: ...

    with pytest.raises(Denied) as caught:
        await run_http(endpoint, body=AssertionError("the body was read"))
    assert caught.value.status_code == 401


async def test_the_body_is_reported_with_the_other_places(run_http: Any) -> None:
    async def endpoint(name: Annotated[str, Body()], q: Annotated[int, Query()]) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run_http(endpoint, body={"name": 1})
    assert said(caught.value) == [("query", ["q"], "missing"), ("body", ["name"], "string_type")]


async def test_a_body_that_is_no_object_is_reported_with_the_other_places(run_http: Any) -> None:
    async def endpoint(name: Annotated[str, Body()], q: Annotated[int, Query()]) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run_http(endpoint, body="text")
    assert said(caught.value) == [("query", ["q"], "missing"), ("body", [], "dict_type")]


async def test_fields_of_a_model_are_located_by_their_own_names(run: Any) -> None:
    class Filter(BaseModel):
        page: int
        ids: list[int] = []

    async def endpoint(filter: Annotated[Filter, Query()]) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run(endpoint, query="ids=1&ids=x")
    assert said(caught.value) == [("query", ["page"], "missing"), ("query", ["ids", 1], "int_parsing")]


def unfit(value: str) -> str:
    raise ValueError("unfit")


async def test_errors_are_json_whatever_was_sent(run_http: Any) -> None:
    async def endpoint(
        a: Annotated[int, Body()],
        b: Annotated[int, Body()],
        c: Annotated[int, Body()],
        d: Annotated[str, AfterValidator(unfit), Body()],
        e: Annotated[int, Body()],
        f: Annotated[str, Body()],
    ) -> None: ...

    body = {
        "a": float("nan"),
        "b": {"x": [float("inf"), b"\xff", object()]},
        "c": "x" * 1000,
        "d": "\ud800",
        "e": list(range(60)),
        "f": 2**70,
    }
    with pytest.raises(RequestValidationError) as caught:
        await run_http(endpoint, body=body)
    details = json.loads(caught.value.json())
    assert details == json.loads(json.dumps(caught.value.content, allow_nan=False))
    assert [detail["input"] for detail in details] == [
        "nan",
        {"x": ["inf", "\ufffd", "<object>"]},
        "x" * 500 + "...",
        "?",
        list(range(50)),
        hex(2**70),
    ]
    assert details[3]["msg"] == "Value error, unfit"


async def test_a_refusal_does_not_grow_without_end(run: Any) -> None:
    async def endpoint(ids: Annotated[list[int], Query()]) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run(endpoint, query="&".join(["ids=x"] * 5000))
    assert len(caught.value.errors()) == 100


async def test_more_errors_than_can_be_listed_are_counted(run_http: Any) -> None:
    async def endpoint(
        ids: Annotated[list[int], Body(exclusive=True)], q: Annotated[int, Query()] = 1
    ) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run_http(endpoint, body=["x"] * 6000)
    assert caught.value.errors() == [
        {
            "type": "too_many_errors",
            "loc": [],
            "msg": "6000 errors, too many to list",
            "input": None,
            "in": "body",
        }
    ]


async def test_errors_of_several_places_that_are_too_many_name_the_places(run: Any) -> None:
    async def endpoint(ids: Annotated[list[int], Query()], x_token: Annotated[int, Header()]) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run(endpoint, query="&".join(["ids=x"] * 6000))
    assert said(caught.value) == [("query, header", [], "too_many_errors")]
    assert caught.value.status_code == 422


async def test_the_location_of_an_error_is_cut_as_its_input_is(run_http: Any) -> None:
    async def endpoint(groups: Annotated[dict[str, list[int]], Body(exclusive=True)]) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run_http(endpoint, body={"k" * 200_000: ["a"] * 3})
    assert said(caught.value) == [("body", ["k" * 500 + "...", number], "int_parsing") for number in range(3)]
    assert len(caught.value.json()) < 5000


class Token:
    """A place whose value is given once."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)

    def read(self, connection: HTTPConnection) -> str:
        return self.tokens.pop()


class LaterToken(Token):
    async def read(self, connection: HTTPConnection) -> str:  # type: ignore[override]  # pyright: ignore
        return self.tokens.pop()


@pytest.mark.parametrize("kind", [Token, LaterToken])
async def test_a_place_of_ones_own_is_read_once_for_a_refusal(run_http: Any, kind: type[Token]) -> None:
    seen: list[str] = []

    def user(token: Annotated[str, kind("t")]) -> None:
        seen.append(token)

    async def endpoint(
        user: Annotated[None, Depends(user)], own: Annotated[str, kind("own")], q: Annotated[int, Query()]
    ) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run_http(endpoint)
    assert said(caught.value) == [("query", ["q"], "missing")]
    assert seen == ["t"]


async def test_a_place_of_ones_own_is_read_once_when_the_body_is_refused(run_http: Any) -> None:
    async def endpoint(token: Annotated[str, Token("t")], name: Annotated[str, Body()]) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run_http(endpoint, body={"name": 1})
    assert said(caught.value) == [("body", ["name"], "string_type")]


async def test_a_place_of_ones_own_that_has_nothing_is_asked_once(run: Any) -> None:
    place = Token()
    asked: list[str] = []

    class Asked(Token):
        def read(self, connection: HTTPConnection) -> str:
            asked.append("asked")
            return place.read(connection)

    async def endpoint(token: Annotated[str, Asked()], q: Annotated[int, Query()] = 1) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run(endpoint)
    assert said(caught.value) == [("asked", ["token"], "missing")]
    assert asked == ["asked"]


def test_the_call_of_kui_1_is_understood() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(int).validate_python("x")
    error = RequestValidationError(caught.value, "path")
    assert error.status_code == 404
    assert error.in_ == "path"
    assert said(error) == [("path", [], "int_parsing")]


@pytest.mark.parametrize(
    ("places", "in_"),
    [
        (["query"], "query"),
        (["header", "query"], "header"),
        (["query", "path"], "path"),
        (["session", "cookie"], "session"),
        ([], "body"),
    ],
)
def test_the_place_of_a_refusal_is_that_of_its_first_error_or_the_path(places: list[str], in_: str) -> None:
    details: list[dict[str, Any]] = [
        {"type": "missing", "loc": [], "msg": "", "input": None, "in": place} for place in places
    ]
    assert RequestValidationError(details).in_ == in_


def test_the_schema_of_refusals_describes_them() -> None:
    schema = RequestValidationError.schema()
    assert (
        set(schema["items"]["properties"])
        == set(schema["items"]["required"])
        == {"type", "loc", "msg", "input", "in"}
    )


async def test_outside_of_a_connection_a_handler_says_so() -> None:
    @auto_params
    async def endpoint(q: Annotated[str, Query()]) -> None: ...

    with pytest.raises(LookupError, match="outside of a connection"):
        await endpoint()


class Drafts(Notes):
    """A view of HTTP that asks in `__init__` and in its methods."""

    def __init__(self, room: Annotated[int, Query()]) -> None:
        self.room = room

    async def get(self, page: Annotated[int, Query()] = 1) -> Any:
        return self.room, page

    async def put(self, name: Annotated[str, Body()]) -> Any:
        return self.room, name


@pytest.mark.parametrize(
    ("method", "refused"),
    [
        ("GET", [("query", "room"), ("query", "page")]),
        ("HEAD", [("query", "room"), ("query", "page")]),
        ("PUT", [("query", "room"), ("body", "name")]),
        ("DELETE", [("query", "room")]),
        ("get", [("query", "room")]),  # is no method
        (None, [("query", "room")]),  # nor has a connection of another protocol one
    ],
)
async def test_a_view_reports_what_its_method_refuses_with_what_its_init_refuses(
    run_http: Any, method: str | None, refused: list[tuple[str, str]]
) -> None:
    with pytest.raises(RequestValidationError) as caught:
        await run_http(Drafts, query="room=a&page=b", body={}, method=method)
    assert [(error["in"], error["loc"][0]) for error in caught.value.errors()] == refused
    assert await run_http(Drafts, query="room=1&page=2", method="GET") == (1, 2)
