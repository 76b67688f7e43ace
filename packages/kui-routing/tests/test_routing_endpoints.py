"""What is no endpoint is refused when it is registered."""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from routing_endpoints import Endpoint, chat

from kui.routing import BaseRoute, HttpRoute, Router, SocketRoute


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


@pytest.mark.parametrize("route", [HttpRoute, SocketRoute])
@pytest.mark.parametrize("endpoint", [plain, functools.partial(plain), View().method])
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
        functools.partial(chat),
        lambda: chat(),
        print,
    ],
)
def test_what_may_be_awaitable_is_taken(endpoint: Any) -> None:
    router = Router([SocketRoute("/x", endpoint), HttpRoute("/x", endpoint, None)])
    assert router.search("websocket", "/x")[1] is endpoint


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
