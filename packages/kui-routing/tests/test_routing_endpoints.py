"""What is no endpoint is refused when it is registered."""

import functools
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, Generic, TypeVar
from unittest.mock import AsyncMock

import pytest
from routing_endpoints import Endpoint, chat

from kui.routing import BaseRoute, HttpRoute, RouteConflict, Router, SocketRoute

T = TypeVar("T")


def plain() -> None: ...


def promised() -> Awaitable[None]:
    return chat()


def promised_in_a_string() -> "Awaitable[None]":
    return chat()


async def generator() -> AsyncIterator[str]:
    yield ""


def in_a_thread(function: Callable[[], object]) -> Endpoint:
    @functools.wraps(function)
    async def wrapper() -> object:
        return function()

    return wrapper


@functools.wraps(chat)
def wrapper_of_a_coroutine_function() -> Any:
    return chat()


class View:
    def __await__(self) -> Any:
        yield

    def method(self) -> None: ...


class Instance:
    def __call__(self) -> Any:
        return chat()


class PromisingInstance:
    def __call__(self) -> Awaitable[None]:
        return chat()


class WrappingInstance:
    @functools.wraps(chat)
    def __call__(self):  # type: ignore[no-untyped-def]
        return chat()


class AsyncInstance:
    async def __call__(self) -> None: ...


class PlainInstance:
    def __call__(self) -> int:
        return 5


class UnannotatedInstance:
    def __init__(self, *_: object) -> None: ...

    def __call__(self):  # type: ignore[no-untyped-def]
        return 5


class GeneratorInstance:
    async def __call__(self) -> AsyncIterator[str]:
        yield ""


class Empty: ...


class NotAwaited:
    __await__ = None


class AsyncAwait:
    async def __await__(self) -> None: ...


class Generic_(Generic[T]):
    def __await__(self) -> Any:
        yield


class Partial:
    async def method(self, number: int) -> None: ...

    __call__ = functools.partialmethod(method, 1)


def any_() -> Any: ...


def maybe() -> Annotated[Awaitable[None] | None, 1]: ...


def maybe_in_a_string() -> "Awaitable[None] | None": ...


def view_in_a_string() -> "View":
    return View()


def of_any_type(value: T) -> T:
    return value


def one_that_wraps_itself() -> Callable[[], None]:
    def wraps_itself() -> None: ...

    return functools.update_wrapper(wraps_itself, wraps_itself)


class MadeElsewhere:
    def __new__(cls) -> Any:
        return chat()


class Meta(type):
    def __call__(cls) -> Any:
        return chat()


class MadeByItsMetaclass(metaclass=Meta): ...


@pytest.mark.parametrize("route", [HttpRoute, SocketRoute])
@pytest.mark.parametrize("endpoint", [plain, functools.partial(plain), View().method, staticmethod(plain)])
def test_a_function_that_is_not_async_is_refused(route: type[BaseRoute], endpoint: Any) -> None:
    with pytest.raises(
        TypeError, match="of the route '/x' is not async; declare it with async def"
    ) as caught:
        Router([route("/x", endpoint)])
    assert f"{__name__}." in str(caught.value)


@pytest.mark.parametrize(
    "endpoint",
    [
        promised,
        promised_in_a_string,
        in_a_thread(plain),
        wrapper_of_a_coroutine_function,
        View,
        Instance(),
        PromisingInstance(),
        WrappingInstance(),
        AsyncInstance(),
        AsyncInstance().__call__,
        MadeElsewhere,
        MadeByItsMetaclass,
        AsyncMock(),
        functools.partial(View),
        staticmethod(chat),
        functools.partial(chat),
        lambda: chat(),
        print,
        Generic_[int],
        Partial(),
        any_,
        maybe,
        maybe_in_a_string,
        view_in_a_string,
        of_any_type,
        one_that_wraps_itself(),
    ],
)
def test_what_may_be_awaitable_is_taken(endpoint: Any) -> None:
    router = Router([SocketRoute("/x", endpoint), HttpRoute("/x", endpoint, None)])
    assert router.search("websocket", "/x")[1] is endpoint


@pytest.mark.parametrize("route", [HttpRoute, SocketRoute])
@pytest.mark.parametrize(
    ("endpoint", "problem"),
    [
        (Empty, r"Empty of the route '/x' is a class whose instances cannot be awaited; write an __await__"),
        (AsyncInstance, r"only called; register an instance: AsyncInstance\(\)"),
        (functools.partial(Empty), "is a class whose instances cannot be awaited"),
        (int, "the endpoint builtins.int of the route '/x' is a class whose instances cannot be awaited"),
        (ValueError, "is a class whose instances cannot be awaited"),
        (NotAwaited, "is a class whose instances cannot be awaited"),
        (AsyncAwait, r"is a class with an async __await__; declare it with def, and return self.run\(\)"),
        (
            PlainInstance(),
            "PlainInstance of the route '/x' has a __call__ that is not async; declare it with async def",
        ),
        (UnannotatedInstance(), "has a __call__ that is not async"),
        (GeneratorInstance(), "has a __call__ that is an async generator function"),
    ],
)
def test_a_class_or_an_instance_that_is_known_not_to_be_awaitable_is_refused(
    route: type[BaseRoute], endpoint: Any, problem: str
) -> None:
    with pytest.raises(TypeError, match=problem):
        Router([route("/x", endpoint)])


def test_an_endpoint_without_a_module_can_be_printed() -> None:
    endpoint = generator().__anext__
    router = Router([SocketRoute("/a", endpoint, "n")])
    assert "__anext__" in str(router)
    with pytest.raises(RouteConflict, match="__anext__"):
        router.append(SocketRoute("/a", endpoint, "m"))


def test_a_bind_that_returns_no_endpoint_is_refused() -> None:
    async def coroutine(endpoint: Endpoint, protocol: str) -> Endpoint:
        return endpoint

    def nothing(endpoint: Endpoint, protocol: str) -> None: ...

    def nothing_for_middlewares(endpoint: Endpoint, protocol: str) -> Endpoint | None:
        return endpoint if endpoint is chat else None

    def partially(endpoint: Endpoint) -> Endpoint:
        return functools.partial(endpoint)

    for bind, remedy in (
        (coroutine, "declare it with def"),
        (nothing, "it has to return an endpoint"),
        (nothing_for_middlewares, "it has to return an endpoint"),
    ):
        wrong: Any = bind
        router = Router(bind=wrong)
        with pytest.raises(
            TypeError, match=rf"bind, .*{bind.__name__}, returned .* for the route '/x'; {remedy}"
        ):
            router.append(SocketRoute("/x", chat) @ partially)
        assert len(router) == 0


@pytest.mark.parametrize(("name", "arguments"), [("bind", "endpoint, protocol"), ("verify", "route, trace")])
@pytest.mark.parametrize("value", [5, in_a_thread], ids=["a number", "of one argument"])
def test_what_cannot_be_called_is_refused_by_an_empty_router(name: str, arguments: str, value: Any) -> None:
    wrong: dict[str, Any] = {name: value}
    problem = f"the argument {name} of a router has to be a function of ({arguments}), got {value!r}"
    with pytest.raises(TypeError, match=re.escape(problem)):
        Router(**wrong)


def test_bind_may_make_a_plain_function_async() -> None:
    endpoint: Any = plain
    assert len(Router([SocketRoute("/x", endpoint)], bind=lambda endpoint, _: in_a_thread(endpoint))) == 1


@pytest.mark.parametrize("route", [HttpRoute, SocketRoute])
def test_an_async_generator_function_is_no_endpoint(route: type[BaseRoute]) -> None:
    endpoint: Any = generator
    with pytest.raises(TypeError, match="is an async generator function, whose call cannot be awaited"):
        Router([route("/x", endpoint)])


@pytest.mark.parametrize("route", [HttpRoute, SocketRoute])
@pytest.mark.parametrize(
    ("returned", "problem"),
    [
        (plain, "plain for the route '/x', which is not async; declare it with async def"),
        (generator, "generator for the route '/x', which is an async generator function"),
        (
            UnannotatedInstance(),
            "UnannotatedInstance for the route '/x', which has a __call__ that is not async",
        ),
    ],
)
def test_a_middleware_that_returns_no_async_function_is_refused(
    route: type[BaseRoute], returned: Any, problem: str
) -> None:
    def wrapping(endpoint: Endpoint) -> Any:
        return returned

    with pytest.raises(TypeError, match=rf"the middleware .*\.wrapping returned .*\.{problem}"):
        Router([route("/x", chat) @ wrapping])
    with pytest.raises(TypeError, match=rf"the middleware .*\.wrapping returned .*\.{problem}"):
        Router([route("/x", chat)], [wrapping], [wrapping])


def test_bind_may_make_what_a_middleware_returns_async() -> None:
    def wrapping(endpoint: Endpoint) -> Any:
        return plain

    def bind(endpoint: Endpoint, protocol: str) -> Endpoint:
        return endpoint if endpoint is chat else in_a_thread(endpoint)

    assert len(Router([SocketRoute("/x", chat) @ wrapping], bind=bind)) == 1


def test_a_middleware_that_returns_no_endpoint_is_refused() -> None:
    async def coroutine(endpoint: Endpoint) -> Endpoint:
        return endpoint

    def nothing(endpoint: Endpoint) -> None: ...

    for middleware, remedy in ((coroutine, "declare it with def"), (nothing, "it has to return an endpoint")):
        wrong: Any = middleware
        with pytest.raises(
            TypeError, match=f"{middleware.__name__} returned .* for the route '/x'; {remedy}"
        ):
            Router([SocketRoute("/x", chat) @ wrong])


def with_settings(limit: int, endpoint: Endpoint) -> Endpoint:
    return endpoint


def failing(endpoint: Endpoint) -> Endpoint:
    raise TypeError("not today")


@pytest.mark.parametrize("middleware", [with_settings, lambda: chat])
def test_a_middleware_that_cannot_be_called_with_an_endpoint_alone_is_refused(middleware: Any) -> None:
    with pytest.raises(
        TypeError,
        match=r"of the route '/x' cannot be called with an endpoint as its only argument: .*; one with settings is a",
    ):
        Router([SocketRoute("/x", chat) @ middleware])


def test_what_a_middleware_itself_raises_stays() -> None:
    with pytest.raises(TypeError, match=r"^not today"):
        Router([SocketRoute("/x", chat) @ failing])
