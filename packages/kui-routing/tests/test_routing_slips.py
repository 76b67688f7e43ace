"""Slips of those who register routes, and what they are told at once."""

from functools import partial
from typing import Any

import pytest

from kui.routing import HttpRoute, NoRouteFound, Router, Routes, SocketRoute


async def chat() -> None: ...


@pytest.mark.parametrize(
    "decorator",
    [Router().websocket, Router().http, Router().http.get, Routes().websocket, Routes().http.post],
    ids=["websocket", "http", "get", "group websocket", "group post"],
)
def test_a_decorator_without_its_path_is_refused_at_once(decorator: Any) -> None:
    with pytest.raises(
        TypeError, match=r"got <function chat.*>; a decorator needs its path, as in @router.web"
    ):
        decorator(chat)


def test_a_decorator_with_a_wrong_path_is_refused_before_it_decorates() -> None:
    with pytest.raises(ValueError, match="Route path must start with '/'"):
        Router().http.get("rooms")


def test_a_middleware_in_the_place_of_a_list_is_refused() -> None:
    middleware: Any = chat
    for build in (
        partial(SocketRoute, "/", chat, middlewares=middleware),
        partial(Routes, http_middlewares=middleware),
        partial(Router, socket_middlewares=middleware),
    ):
        with pytest.raises(TypeError, match="middlewares are a list of functions, got <function chat"):
            build()


def test_a_string_in_the_place_of_tags_is_refused() -> None:
    for build in (partial(HttpRoute, "/", chat, tags="live"), partial(Routes, tags="live")):
        with pytest.raises(TypeError, match=r"tags are a list of strings, got 'live'; write \['live'\]"):
            build()


def test_a_namespace_that_is_no_string_is_refused() -> None:
    namespace: Any = 1
    with pytest.raises(TypeError, match="the namespace of a group has to be a string, got 1"):
        Routes(namespace=namespace)


def test_a_name_that_is_no_string_is_the_name_of_no_route() -> None:
    name: Any = chat
    with pytest.raises(NoRouteFound):
        Router([SocketRoute("/", chat)]).url_for(name)
