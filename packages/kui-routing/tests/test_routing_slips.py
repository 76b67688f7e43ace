"""Slips of those who register routes, and what they are told at once."""

import re
from functools import partial
from typing import Any, cast
from urllib.parse import unquote

import pytest
from routing_endpoints import Endpoint, chat, news

from kui.routing import HttpRoute, Mount, NoRouteFound, Prefix, Router, Routes, SocketRoute


async def application(scope: Any, receive: Any, send: Any) -> None: ...


def outside(endpoint: Endpoint) -> Endpoint:
    async def wrapper() -> None:
        await endpoint()

    return wrapper


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


def test_a_decorator_gives_each_of_its_endpoints_what_came_from_an_iterator() -> None:
    routes, once = Routes(), cast("Any", iter)
    for decorator in (
        routes.websocket("/live", middlewares=once([outside])),
        routes.http("/", methods=once(["get"]), tags=once(["live"]), middlewares=once([outside])),
    ):
        decorator(chat)
        decorator(news)

    assert [route.middlewares for route in routes] == [(outside,)] * 4
    assert [(route.methods, route.tags) for route in routes if isinstance(route, HttpRoute)] == [
        (("GET",), ("live",))
    ] * 2


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"middlewares": 5}, "middlewares of the route '/a' are a list of functions, got 5"),
        ({"methods": "GET"}, "the methods of the route '/a' have to be a collection such as"),
        ({"tags": "live"}, "tags of the route '/a' are a list of strings, got 'live'"),
    ],
)
def test_a_decorator_with_a_wrong_argument_is_refused_before_it_decorates(
    settings: dict[str, Any], problem: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=problem):
        Router().http("/a", **settings)


def test_a_middleware_in_the_place_of_a_list_is_refused() -> None:
    middleware: Any = chat
    for build in (
        partial(Routes, http_middlewares=middleware),
        partial(Router, socket_middlewares=middleware),
    ):
        with pytest.raises(TypeError, match="middlewares are a list of functions, got <function chat"):
            build()


@pytest.mark.parametrize("wrong", [chat, None, 5])
def test_middlewares_that_are_no_list_name_the_route(wrong: Any) -> None:
    with pytest.raises(TypeError, match="middlewares of the route '/secret' are a list of functions, got "):
        SocketRoute("/secret", chat, middlewares=wrong)


def test_a_middleware_that_cannot_be_called_names_the_route() -> None:
    wrong: Any = "log"
    for add in (
        lambda: HttpRoute("/secret", chat) @ wrong,
        lambda: HttpRoute("/secret", chat, middlewares=[wrong]),
        lambda: Routes().websocket("/secret", middlewares=[wrong])(chat),
    ):
        with pytest.raises(
            TypeError,
            match=r"a middleware of the route '/secret' has to be a function .* got 'log'",
        ):
            add()


@pytest.mark.parametrize(
    ("tags", "problem"),
    [("live", r"'live'; write \['live'\]"), (5, "5"), (["a", None], "None"), ([b"a"], "b'a'")],
)
def test_tags_that_are_no_list_of_strings_are_refused(tags: Any, problem: str) -> None:
    with pytest.raises(TypeError, match=f"tags of the route '/x' are a list of strings, got {problem}"):
        HttpRoute("/x", chat, tags=tags)
    with pytest.raises(TypeError, match=f"tags are a list of strings, got {problem}"):
        Routes(tags=tags)


@pytest.mark.parametrize(
    ("path", "position", "problem"),
    [
        ("/a?page=1", 2, "'?': a path ends before it; the query is no part of a path"),
        ("/a#top", 2, "'#': a path ends before it"),
        ("/caf%C3%A9", 4, "'%C3%A9': a path is written decoded"),
        ("/a%20b", 2, "'%20': a path is written decoded, as routes are matched: write the character itself"),
        ("/rooms/<int:room>", 7, "'<int:room>': a parameter is written {name} or {name:type}"),
        ("/a\nb", 2, r"'\n': a path has no control characters"),
        ("/a\ud800", 2, "a lone surrogate is no character"),
    ],
)
def test_what_no_path_is_matched_with_is_refused_where_it_stands(
    path: str, position: int, problem: str
) -> None:
    for add in (lambda: SocketRoute(path, chat), lambda: Prefix(path), lambda: Mount(path, application)):
        with pytest.raises(ValueError, match=re.escape(problem)) as caught:
            add()
        *_, shown, marker = str(caught.value).splitlines()
        assert f"at position {position} of the path\n" in str(caught.value)
        assert (len(shown), marker.index("^")) == (len(path) + 4, position + 4)


@pytest.mark.parametrize(
    "path",
    ["/100%", "/50%-off", "/100%accurate", "/%face", "/a b", "/café", "/:id", "/a<b", "/@me", "/a;b=1"],
)
def test_characters_that_a_client_may_ask_for_stay(path: str) -> None:
    router = Router([SocketRoute(path, chat, "n")])
    assert router.search("websocket", unquote(router.url_for("n"))) == ({}, chat)


@pytest.mark.parametrize("prefix", [5, None, b"/a"])
def test_a_prefix_that_is_no_string_is_refused(prefix: Any) -> None:
    with pytest.raises(TypeError, match=f"a prefix has to be a string, got {prefix}"):
        Prefix(prefix)


@pytest.mark.parametrize(
    ("prefix", "problem"),
    [
        ("/{a", "a '{' that no '}' closes"),
        ("/a}", "a '}' without a '{' before it"),
        ("//a", "a browser reads the path '//a' as another host; begin it with one slash"),
        ("/a/..", "no client asks for the path '/a/..'"),
    ],
)
def test_a_slip_in_a_prefix_is_refused_where_it_stands(prefix: str, problem: str) -> None:
    for add in (
        lambda: Prefix(prefix),
        lambda: prefix // Routes(),
        lambda: prefix // SocketRoute("/x", chat),
    ):
        with pytest.raises(ValueError, match=problem):
            add()


@pytest.mark.parametrize("path", ["/.", "/..", "/a/../b", "/a/./b", "/./{x}", "/{x}/.."])
def test_a_path_that_no_client_asks_for_is_refused(path: str) -> None:
    with pytest.raises(
        ValueError, match=re.escape(f"no client asks for the path {path!r}: it removes the seg")
    ):
        SocketRoute(path, chat)


@pytest.mark.parametrize("path", ["//", "//evil.example", "//{x}"])
def test_a_path_that_leads_to_another_host_is_refused(path: str) -> None:
    with pytest.raises(
        ValueError, match=f"a browser reads the path {path!r} as another host; begin it with one"
    ):
        HttpRoute(path, chat)


@pytest.mark.parametrize("path", ["/...", "/.well-known/{x}", "/a..b", "/a//b", "/{x:int}.", "/.{x:any}"])
def test_other_dots_and_slashes_stay(path: str) -> None:
    assert len(Router([SocketRoute(path, chat)])) == 1


def test_a_namespace_that_is_no_string_is_refused() -> None:
    namespace: Any = 1
    with pytest.raises(TypeError, match="the namespace of a group has to be a string, got 1"):
        Routes(namespace=namespace)


def test_a_name_that_is_no_string_is_the_name_of_no_route() -> None:
    name: Any = chat
    with pytest.raises(NoRouteFound):
        Router([SocketRoute("/", chat)]).url_for(name)
