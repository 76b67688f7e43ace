"""What is refused when a handler is registered, and in which words."""

import functools
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any, cast

import pytest
from params_samples import App, Notes, refusal
from pydantic import BaseModel, Field

from kui.core import HTTPConnection
from kui.params import Body, Depends, Header, Path, Query, SignatureError, auto_params


def test_a_parameter_without_a_source() -> None:
    async def endpoint(room: int) -> None: ...

    assert refusal(endpoint) == (
        "endpoint: parameter 'room' has neither a source nor a default; write room: Annotated[int, Query()], or "
        "Path(), Header(), Cookie(), Body(), Depends(function) in the place of Query(), or give it a default"
    )


def test_a_parameter_without_an_annotation_or_with_a_text() -> None:
    async def endpoint(room) -> None: ...  # type: ignore[no-untyped-def]  # pyright: ignore

    async def postponed(room: "int") -> None: ...

    assert refusal(endpoint) == (
        "endpoint: parameter 'room' has neither a source nor a default; write room: Annotated[str, Query()], or Path(), "
        "Header(), Cookie(), Body(), Depends(function) in the place of Query(), or give it a default"
    )
    assert "write room: Annotated[int, Query()]" in refusal(postponed)


def test_a_parameter_that_is_the_connection() -> None:
    class WebSocket(HTTPConnection): ...

    async def endpoint(websocket: WebSocket) -> None: ...

    async def postponed(connection: "HTTPConnection") -> None: ...

    async def unannotated(request) -> None: ...  # type: ignore[no-untyped-def]  # pyright: ignore

    cases: list[tuple[Any, str]] = [
        (endpoint, "websocket"),
        (postponed, "connection"),
        (unannotated, "request"),
    ]
    for function, name in cases:
        assert refusal(function) == (
            f"{function.__name__}: parameter {name!r} is the connection, which is no parameter: import the name that stands "
            "for the current one, websocket, request or http_connection, or take the object from websocket_var.get(), "
            "request_var.get() or http_connection_var.get()"
        )


def test_a_parameter_with_a_default_and_no_source_is_left_alone() -> None:
    async def endpoint(limit: int = 10, *args: int, **kwargs: int) -> int:
        return limit

    assert auto_params(endpoint) is endpoint


def test_a_positional_only_parameter() -> None:
    async def endpoint(room: Annotated[str, Path()], /) -> None: ...

    assert refusal(endpoint) == (
        "endpoint: parameter 'room' is positional-only, and parameters are bound by name; take it out of the part "
        "before the '/'"
    )


def test_two_sources() -> None:
    async def endpoint(room: Annotated[str, Path(), Header()]) -> None: ...

    async def mixed(room: Annotated[str, Path()] = Query("")) -> None: ...

    assert (
        refusal(endpoint)
        == "endpoint: parameter 'room' has more than one source: Path() and Header(); keep one of them"
    )
    assert (
        refusal(mixed)
        == "mixed: parameter 'room' has more than one source: Path() and Query(); keep one of them"
    )


def test_a_marker_that_is_not_called() -> None:
    async def endpoint(page: Annotated[int, Query]) -> None: ...

    assert refusal(endpoint) == "endpoint: parameter 'page' is marked with Query; write Query()"


def test_a_place_of_ones_own_that_is_not_made() -> None:
    class Client:
        def read(self, connection: HTTPConnection) -> Any: ...

    async def endpoint(address: Annotated[str, Client]) -> None: ...

    assert (
        refusal(endpoint) == "endpoint: parameter 'address' is marked with the class Client; write Client()"
    )


def test_a_body_of_a_websocket() -> None:
    async def endpoint(name: Annotated[str, Body()]) -> None: ...

    def dependency(name: Annotated[str, Body()]) -> None: ...

    async def through(it: Annotated[None, Depends(dependency)]) -> None: ...

    words = (
        ": parameter 'name' is taken from the body, and a WebSocket has none; take it from the path, the query, a "
        "header or a cookie, or receive it as a message"
    )
    assert refusal(endpoint, "websocket") == "endpoint" + words
    assert refusal(through, "websocket") == "dependency" + words
    assert auto_params(endpoint, "http") is not endpoint
    assert auto_params(endpoint, "mqtt") is not endpoint


def test_a_cycle_of_dependencies() -> None:
    def first(it: Any) -> None: ...

    def second(it: Annotated[None, Depends(first)]) -> None: ...

    def third(it: Annotated[None, Depends(second)]) -> None: ...

    first.__annotations__["it"] = Annotated[None, Depends(third)]

    async def endpoint(it: Annotated[None, Depends(third)]) -> None: ...

    assert refusal(endpoint) == "dependencies go round in a circle: third -> second -> first -> third"


def test_a_model_beside_a_part_of_its_place() -> None:
    class Filter(BaseModel):
        page: int

    async def endpoint(filter: Annotated[Filter, Query()], q: Annotated[str, Query()]) -> None: ...

    async def body(a: Annotated[str, Body()], b: Annotated[Filter, Body(exclusive=True)]) -> None: ...

    assert refusal(endpoint) == (
        "endpoint: parameter 'filter' takes the whole query, so 'q' cannot take a part of it; put 'q' into the model, "
        "or leave out exclusive"
    )
    assert refusal(body) == (
        "body: parameter 'b' takes the whole body, so 'a' cannot take a part of it; put 'a' into the model, or leave out "
        "exclusive"
    )


def test_an_alias_in_the_wrong_place() -> None:
    async def endpoint(page: Annotated[int, Field(alias="p"), Query()]) -> None: ...

    assert refusal(endpoint) == (
        "endpoint: parameter 'page' has its alias in Field(); write it into the marker: Query(alias=...)"
    )


def test_a_name_that_no_header_can_have() -> None:
    async def aliased(token: Annotated[str, Header(alias="名")] = "") -> None: ...

    async def named(größe: Annotated[str, Header()]) -> None: ...

    words = "is taken from the header {}, and the name of a header is ASCII; give it another one: Header(alias=...)"
    assert refusal(aliased) == f"aliased: parameter 'token' {words.format(repr('名'))}"
    assert refusal(named) == f"named: parameter 'größe' {words.format(repr('größe'))}"


def test_a_plain_function() -> None:
    def endpoint() -> None: ...

    assert refusal(endpoint) == "endpoint is no async function; declare it with async def"
    assert refusal(endpoint, "websocket") == "endpoint is no async function; declare it with async def"


def test_a_generator() -> None:
    async def endpoint() -> AsyncIterator[int]:
        yield 1

    def other() -> Iterator[int]:
        yield 1

    assert refusal(endpoint) == "endpoint yields, and a handler returns; take the yield out of it"
    assert refusal(other) == "other yields, and a handler returns; take the yield out of it"


def test_a_plain_function_that_returns_an_awaitable_is_an_endpoint() -> None:
    async def inner() -> int:
        return 1

    def delegates() -> Awaitable[int]:
        return inner()

    def coroutine() -> "Coroutine[Any, Any, int]":
        return inner()

    short: Callable[[], Awaitable[int]] = lambda: inner()  # noqa: E731
    for endpoint in (delegates, coroutine, short):
        assert auto_params(endpoint) is endpoint


def test_a_class_that_cannot_be_awaited() -> None:
    class View: ...

    assert (
        refusal(cast(Any, View)) == "View is a class whose instances cannot be awaited, so it is no endpoint"
    )


def test_a_class_view_in_a_partial() -> None:
    class View(Notes):
        def __init__(self, limit: int) -> None: ...

    with pytest.raises(SignatureError) as caught:
        auto_params(functools.partial(View, 3))
    assert str(caught.value) == (
        f"{__name__}.{View.__qualname__} is a class with arguments given by a partial, which is no endpoint; register a "
        "class derived from it, whose __init__ gives them"
    )


def test_a_builtin_dependency_without_a_signature() -> None:
    async def endpoint(it: Annotated[Any, Depends(dict)]) -> None: ...

    with pytest.raises(
        SignatureError,
        match=r"^builtins\.dict is built in and tells no signature; write a function around it$",
    ):
        auto_params(endpoint)


@asynccontextmanager
async def opened_async(q: Annotated[int, Query()]) -> AsyncGenerator[int]:
    yield q


@contextmanager
def opened(q: Annotated[int, Query()]) -> Generator[int]:
    yield q


class Pool:
    @asynccontextmanager
    async def session(self) -> AsyncGenerator[int]:
        yield 1


@pytest.mark.parametrize(
    ("dependency", "name"),
    [
        (opened_async, "opened_async"),
        (opened, "opened"),
        (Pool().session, "Pool.session"),
        (functools.partial(opened, q=1), "opened"),
    ],
)
def test_a_dependency_that_is_a_context_manager(dependency: Any, name: str) -> None:
    async def endpoint(it: Annotated[Any, Depends(dependency)]) -> None: ...

    assert refusal(endpoint) == (
        f"{name} gives a context manager, which nobody would open; depend on the generator function itself, without the "
        "decorator of contextlib, or on a function that returns the manager, to open it in the handler"
    )


async def test_an_override_that_is_a_context_manager(run: Any) -> None:
    def number() -> int:
        return 1

    async def endpoint(it: Annotated[int, Depends(number)]) -> None: ...

    with pytest.raises(SignatureError, match="opened gives a context manager, which nobody would open"):
        await run(endpoint, app=App({number: opened}))


async def test_a_function_that_opens_a_context_manager_is_a_dependency(run: Any) -> None:
    @functools.wraps(opened_async)
    async def opening(q: Annotated[int, Query()]) -> Any:
        async with opened_async(q) as it:
            return it

    @contextmanager
    def around() -> Generator[None]:
        yield

    @around()
    async def inside(q: Annotated[int, Query()]) -> int:
        return q

    async def endpoint(it: Annotated[int, Depends(opening)], same: Annotated[int, Depends(inside)]) -> Any:
        return it, same

    assert await run(endpoint, query="q=3") == (3, 3)


def test_a_cache_around_a_coroutine_or_a_generator() -> None:
    async def fetch() -> int:
        return 1

    def numbers() -> Iterator[int]:
        yield 1

    for function in (fetch, numbers, opened_async.__wrapped__):  # type: ignore[attr-defined]  # pyright: ignore
        cached = functools.lru_cache(function)

        async def endpoint(it: Annotated[Any, Depends(cached)]) -> None: ...

        with pytest.raises(SignatureError) as caught:
            auto_params(endpoint)
        assert str(caught.value) == (
            f"{__name__}.{function.__qualname__} is async or yields, and functools.lru_cache keeps what can be used once; "
            "depend on the function itself, which a connection calls once"
        )


def test_a_message_scope_where_no_messages_arrive() -> None:
    def session() -> None: ...

    async def endpoint(session: Annotated[None, Depends(session, scope="message")]) -> None: ...

    assert refusal(endpoint, "websocket") == (
        "endpoint: parameter 'session' is made anew for each message, and no messages arrive here; scope=\"message\" "
        "belongs into the on_receive of a class view"
    )


def test_unknown_arguments_of_a_marker() -> None:
    with pytest.raises(TypeError) as caught:
        Query(minimum=1, maximum=2)  # type: ignore[call-arg]  # pyright: ignore
    assert str(caught.value) == (
        "Query() got maximum, minimum; it takes default, default_factory, alias, exclusive and, as pydantic.Field does, "
        "title, description, examples, deprecated, json_schema_extra, discriminator, validate_default, strict, "
        "coerce_numbers_to_str, gt, ge, lt, le, multiple_of, allow_inf_nan, max_digits, decimal_places, min_length, "
        "max_length, pattern, union_mode, fail_fast"
    )
    with pytest.raises(
        TypeError, match=r"^Header\(\) got a default and a default_factory; give one of them$"
    ):
        Header(1, default_factory=int)
    with pytest.raises(TypeError, match=r"^Path\(\) got \['a', 'b'\]; an alias here is one name, a str$"):
        Path(alias=["a", "b"])  # type: ignore[arg-type]  # pyright: ignore


def test_wrong_arguments_of_depends() -> None:
    async def later() -> None: ...

    with pytest.raises(TypeError, match=r"takes a function, a class or a callable instance; got 3$"):
        Depends(3)  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(
        ValueError, match=r"^the scope of a dependency is 'connection' or 'message'; got 'request'$"
    ):
        Depends(len, scope="request")  # type: ignore[arg-type]  # pyright: ignore
    with pytest.raises(
        TypeError, match=r"later is async and runs on the event loop; leave out use_thread=True$"
    ):
        Depends(later, use_thread=True)


async def test_a_name_with_quotes_and_line_ends_breaks_nothing(run: Any) -> None:
    async def endpoint(q: Annotated[str, Query()]) -> str:
        return q

    endpoint.__qualname__ = 'x"""\nraise SystemExit\n"""\0'
    assert await run(endpoint, query="q=1") == "1"


def test_nothing_is_set_on_the_users_functions() -> None:
    async def endpoint(q: Annotated[str, Query()]) -> None: ...

    before = dict(vars(endpoint))
    auto_params(endpoint)
    assert vars(endpoint) == before


def test_a_bound_handler_has_the_name_of_the_function_and_what_is_left_of_its_signature() -> None:
    async def endpoint(q: Annotated[str, Query()], limit: int = 10) -> None:
        """Say what it does."""

    handler = auto_params(endpoint)
    assert str(inspect.signature(handler)) == "(limit: int = 10)"
    assert (handler.__name__, handler.__doc__) == ("endpoint", "Say what it does.")
    assert inspect.iscoroutinefunction(handler)


async def test_a_middleware_is_bound_like_a_handler(run: Any) -> None:
    async def endpoint(room: Annotated[str, Path()]) -> str:
        return room

    def middleware(endpoint: Callable[[], Awaitable[str]]) -> Callable[..., Awaitable[str]]:
        async def wrapper(token: Annotated[str, Header()]) -> str:
            return f"{token} {await endpoint()}"

        return wrapper

    handler = auto_params(endpoint, run.protocol)
    bound = auto_params(middleware(handler), run.protocol)
    assert await run.serve(bound, path={"room": "lobby"}, headers={"token": "t"}) == "t lobby"


async def test_functools_wraps_on_a_middleware_binds_its_own_signature(run: Any) -> None:
    async def endpoint(room: Annotated[str, Path()]) -> str:
        return room

    def middleware(endpoint: Callable[[], Awaitable[str]]) -> Callable[..., Awaitable[str]]:
        @functools.wraps(endpoint, assigned=("__name__", "__doc__"))
        async def wrapper(token: Annotated[str, Header()]) -> str:
            return f"{token} {await endpoint()}"

        return wrapper

    handler = auto_params(endpoint, run.protocol)
    bound = auto_params(middleware(handler), run.protocol)
    assert await run.serve(bound, path={"room": "lobby"}, headers={"token": "t"}) == "t lobby"


async def test_a_wrapper_that_hands_everything_on_is_bound_as_what_it_wraps(run: Any) -> None:
    def timed(function: Callable[..., Awaitable[str]]) -> Callable[..., Awaitable[str]]:
        @functools.wraps(function)
        async def wrapper(*args: Any, **kwargs: Any) -> str:
            return f"timed {await function(*args, **kwargs)}"

        return wrapper

    @timed
    @timed
    async def endpoint(room: Annotated[str, Path()]) -> str:
        return room

    assert await run(endpoint, path={"room": "lobby"}) == "timed timed lobby"
    bound = auto_params(timed(auto_params(endpoint, run.protocol)), run.protocol)
    assert await run.serve(bound, path={"room": "lobby"}) == "timed timed timed lobby"


def test_annotations_that_functools_wraps_took_away() -> None:
    async def endpoint() -> None: ...

    @functools.wraps(endpoint)
    async def wrapper(token: Annotated[str, Header()]) -> None: ...

    with pytest.raises(SignatureError) as caught:
        auto_params(wrapper)
    assert str(caught.value).partition(": ")[2] == (
        "parameter 'token' has no annotation; if it had one, functools.wraps has put those of the wrapped function in "
        'its place: write functools.wraps(endpoint, assigned=("__name__", "__doc__"))'
    )
