"""`Binding`: what is to be seen of a function, and to be used without the rest of kui."""

import functools
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import Annotated, Any, ClassVar, assert_type

import pytest
from baize.datastructures import UploadFile
from pydantic import BaseModel, Field, TypeAdapter

from kui.core import HTTPException, end_connection
from kui.params import (
    Binding,
    Body,
    Cookie,
    Depends,
    Header,
    Path,
    Query,
    RequestValidationError,
    auto_params,
    bindings,
)


class Filter(BaseModel):
    page: int = 1
    tags: list[str] = []


class Note(BaseModel):
    text: str


def limit(limit: Annotated[int, Query(le=100, description="how many")] = 50) -> int:
    return limit


async def search(
    room: Annotated[str, Path()],
    x_token: Annotated[str, Header()],
    filter: Annotated[Filter, Query()],
    note: Annotated[Note, Body()],
    limit: Annotated[int, Depends(limit)],
    theme: Annotated[str, Cookie("light", alias="t")],
) -> None: ...


def test_names_and_places_are_to_be_seen() -> None:
    binding = Binding.of(search)
    assert binding.function is search
    assert binding.protocol == "http"
    assert binding.names == ("room", "x_token", "filter", "note", "theme", "limit")
    assert binding.places == {
        "path": ("room",),
        "header": ("x-token",),
        "query": ("page", "tags"),
        "body": ("note",),
        "cookie": ("t",),
    }
    assert [inner.places for inner in binding.dependencies] == [{"query": ("limit",)}]
    assert binding.message_type is None
    assert repr(binding).endswith(": room, x_token, filter, note, theme, limit>")


def test_the_json_schema_describes_each_place() -> None:
    schema = Binding.of(search).json_schema()
    assert set(schema["properties"]) == {"path", "header", "query", "body", "cookie"}
    assert sorted(schema["required"]) == ["body", "header", "path", "query"]
    assert schema["properties"]["cookie"]["properties"] == {
        "t": {"default": "light", "title": "Theme", "type": "string"}
    }
    assert (
        schema["properties"]["body"]
        == {
            "type": "object",
            "properties": {"note": {"$ref": "#/$defs/Note", "title": "Note"}},
            "required": ["note"],
        }
        or schema["properties"]["body"]["properties"]["note"]["$ref"] == "#/$defs/Note"
    )
    assert set(schema["$defs"]) == {"Filter", "Note"}
    [inner] = Binding.of(search).dependencies
    assert inner.json_schema() == {
        "type": "object",
        "properties": {
            "query": {
                "type": "object",
                "properties": {
                    "limit": {
                        "default": 50,
                        "description": "how many",
                        "maximum": 100,
                        "title": "Limit",
                        "type": "integer",
                    }
                },
            }
        },
    }


async def test_arguments_are_held_for_the_length_of_a_with(run: Any) -> None:
    events: list[str] = []

    async def kept() -> AsyncIterator[str]:
        yield "kept"
        events.append("kept ends")

    async def own() -> AsyncIterator[str]:
        yield "own"
        events.append("own ends")

    async def endpoint(
        q: Annotated[int, Query()],
        kept: Annotated[str, Depends(kept)],
        own: Annotated[str, Depends(own, cache=False)],
    ) -> None: ...

    binding = Binding.of(endpoint, run.protocol)
    connection = run.connection(query="q=3")
    async with binding.arguments(connection) as arguments:
        assert arguments == {"q": 3, "kept": "kept", "own": "own"}
        events.append("body")
    assert events == ["body", "own ends"]
    await end_connection(connection)
    assert events == ["body", "own ends", "kept ends"]
    with pytest.raises(RequestValidationError):
        async with binding.arguments(run.connection()):
            raise AssertionError


async def test_an_exception_of_the_with_reaches_generators(run: Any) -> None:
    seen: list[BaseException] = []

    async def own() -> AsyncIterator[None]:
        try:
            yield
        except OSError as error:
            seen.append(error)
            raise

    async def endpoint(own: Annotated[None, Depends(own, cache=False)]) -> None: ...

    with pytest.raises(OSError, match="lost"):
        async with Binding.of(endpoint, run.protocol).arguments(run.connection()):
            raise OSError("lost")
    assert len(seen) == 1


def test_bindings_behind_a_handler_are_those_of_its_dependencies_too() -> None:
    def user(limit: Annotated[int, Depends(limit)], x_token: Annotated[str, Header()]) -> None: ...

    async def endpoint(room: Annotated[str, Path()], user: Annotated[None, Depends(user)]) -> None: ...

    assert [binding.function for binding in bindings(auto_params(endpoint)) or ()] == [endpoint, user, limit]

    async def plain() -> None: ...

    assert bindings(auto_params(plain)) == ()


def test_bindings_behind_a_view_are_those_of_all_its_methods() -> None:
    class View:
        bound_methods = ("on_connect",)
        message_method = "on_receive"
        encoding = "json"

        def __init__(self, room: Annotated[str, Path()]) -> None: ...

        def __await__(self) -> Any: ...

        async def on_connect(self, token: Annotated[str, Query()]) -> None: ...

        async def on_receive(self, data: Note, size: Annotated[int, Query()]) -> None: ...

    found = bindings(auto_params(View, "websocket")) or ()
    assert {binding.function: binding.message_type for binding in found} == {
        View.__init__: None,
        View.on_connect: None,
        View.on_receive: Note,
    }
    assert [binding.places for binding in found] == [
        {"path": ("room",)},
        {"query": ("size",)},
        {"query": ("token",)},
    ]


async def test_types_of_results_are_kept(run_http: Any) -> None:
    async def endpoint(q: Annotated[int, Query()]) -> str:
        return str(q)

    handler = auto_params(endpoint)
    assert_type(handler, Callable[..., Awaitable[str]])
    assert await run_http.serve(handler, query="q=1") == "1"


async def test_types_of_results_are_kept_whatever_is_bound(run_http: Any) -> None:
    async def endpoint(q: Annotated[int, Query()], n: int) -> str:
        return str(q + n)

    class Greeter:
        async def __call__(self, q: Annotated[int, Query()]) -> str:
            return f"hello {q}"

        async def leave(self, q: Annotated[int, Query()]) -> int:
            return q

    class View:
        bound_methods: ClassVar[tuple[str, ...]] = ("get",)

        def __init__(self, q: Annotated[int, Query()]) -> None:
            self.q = q

        def __await__(self) -> Generator[Any, None, list[int]]:
            return self.get().__await__()

        async def get(self) -> list[int]:
            return [self.q]

    partial = auto_params(functools.partial(endpoint, n=2))
    assert_type(partial, Callable[..., Awaitable[str]])
    assert await run_http.serve(partial, query="q=1") == "3"

    instance = auto_params(Greeter())
    assert_type(instance, Callable[..., Awaitable[str]])
    assert await run_http.serve(instance, query="q=1") == "hello 1"

    method = auto_params(Greeter().leave)
    assert_type(method, Callable[..., Awaitable[int]])
    assert await run_http.serve(method, query="q=1") == 1

    view = auto_params(View)
    assert_type(view, Callable[..., Awaitable[list[int]]])
    assert await run_http.serve(view, query="q=1") == [1]


async def test_validators_are_built_once_by_many_threads(run_http: Any) -> None:
    built: list[int] = []

    class Counting(int):
        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            built.append(1)
            return handler(int)

    async def endpoint(q: Annotated[Counting, Query()]) -> int:
        return q

    handler = auto_params(endpoint)
    assert built == []
    results: list[int] = []

    def serve() -> None:
        import asyncio

        results.append(asyncio.run(run_http.serve(handler, query="q=1")))

    threads = [threading.Thread(target=serve) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [1] * 8
    assert built == [1]


def test_schemas_are_what_pydantic_says_of_the_same_types() -> None:
    async def endpoint(filter: Annotated[Filter, Query()]) -> None: ...

    schema = Binding.of(endpoint).json_schema()
    assert schema["$defs"]["Filter"] == TypeAdapter(Filter).json_schema()


def test_schemas_of_headers_have_the_names_that_the_client_uses() -> None:
    class Agent(BaseModel):
        user_agent: str
        trace: str = Field("", alias="X-Trace")

    class Robot(BaseModel):
        robot_name: str

    async def one(agent: Annotated[Agent, Header()]) -> None: ...

    async def either(agent: Annotated[Agent | Robot, Header(exclusive=True)]) -> None: ...

    named = {
        "type": "object",
        "title": "Agent",
        "properties": {
            "user-agent": {"title": "User Agent", "type": "string"},
            "x-trace": {"default": "", "title": "X-Trace", "type": "string"},
        },
        "required": ["user-agent"],
    }
    assert Binding.of(one).json_schema()["properties"]["header"] == named
    members = Binding.of(either).json_schema()["properties"]["header"]["anyOf"]
    assert members == [
        named,
        {
            "type": "object",
            "title": "Robot",
            "properties": {"robot-name": {"title": "Robot Name", "type": "string"}},
            "required": ["robot-name"],
        },
    ]


def test_what_pydantic_cannot_describe_is_anything_and_a_file_is_binary() -> None:
    class Session: ...

    class Place:
        def read(self, connection: Any) -> Session:
            return Session()

    async def endpoint(
        file: Annotated[UploadFile, Body()],
        session: Annotated[Session, Place()],
        other: Annotated[Any, Query(object())],
    ) -> None: ...

    schema = Binding.of(endpoint).json_schema()["properties"]
    assert schema["body"]["properties"]["file"] == {"type": "string", "format": "binary", "title": "File"}
    assert schema["place"]["properties"]["session"] == {"title": "Session"}


async def test_a_denial_of_a_dependency_leaves_arguments_as_it_was_raised(run: Any) -> None:
    def user() -> None:
        raise HTTPException(403)

    async def endpoint(user: Annotated[None, Depends(user)]) -> None: ...

    denied: type[HTTPException[Any]] = HTTPException
    with pytest.raises(denied) as caught:
        async with Binding.of(endpoint, run.protocol).arguments(run.connection()):
            raise AssertionError
    assert caught.value.status_code == 403
