"""A path is searched in the table of its protocol, and no dead end hides a route."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from routing_endpoints import chat, news

from kui.routing import BaseRoute, HttpRoute, NoMatchFound, Router, SocketRoute


def test_search_returns_the_handler_and_a_dict_of_the_caller() -> None:
    router = Router([SocketRoute("/a", chat), SocketRoute("/b/{n:int}", news)])
    assert router.search("websocket", "/a") == ({}, chat)
    params, handler = router.search("websocket", "/b/5")
    assert (params, handler) == ({"n": 5}, news)
    params["n"] = 6
    router.search("websocket", "/a")[0]["x"] = 1
    assert router.search("websocket", "/b/5")[0] == {"n": 5}
    assert router.search("websocket", "/a")[0] == {}


def test_each_protocol_has_a_table_of_its_own() -> None:
    router = Router([SocketRoute("/a", chat), HttpRoute("/a", news)])
    assert router.search("websocket", "/a") == ({}, chat)
    assert router.search("http", "/a", "GET") == ({}, news)


def test_nothing_matches_in_an_empty_router() -> None:
    for protocol in ("http", "websocket"):
        with pytest.raises(NoMatchFound, match=f"no {protocol} route matches the path '/'"):
            Router().search(protocol, "/")
    assert issubclass(NoMatchFound, LookupError)


def test_a_protocol_that_no_route_brought_is_an_error() -> None:
    with pytest.raises(
        ValueError, match=re.escape("`protocol` must be in ('http', 'websocket'), got 'mqtt'")
    ):
        Router().search("mqtt", "/")


def test_a_route_class_brings_its_own_protocol() -> None:
    @dataclass(frozen=True)
    class Topic(BaseRoute):
        protocol = "mqtt"

    def on_message() -> int:
        return 1

    endpoint: Any = on_message
    router = Router([Topic("/sensors/{id}", endpoint, "sensor")])
    assert router.search("mqtt", "/sensors/a") == ({"id": "a"}, endpoint)
    assert (router.protocol_of("sensor"), router.url_for("sensor", {"id": "a"})) == ("mqtt", "/sensors/a")


def test_a_route_without_a_protocol_is_refused() -> None:
    with pytest.raises(TypeError, match="BaseRoute has no protocol: set one on the class"):
        Router([BaseRoute("/a", chat)])

    class Unset(BaseRoute):
        protocol: ClassVar[Any] = None

    with pytest.raises(TypeError, match="Unset has no protocol"):
        Router([Unset("/a", chat)])


def test_a_route_is_found_also_when_it_was_added_after_a_search() -> None:
    router = Router([HttpRoute("/{a}", chat, methods=["GET"])])
    assert router.search("http", "/x", "GET")[1] is chat
    router <<= HttpRoute("/x", news, methods=["GET"])
    router <<= HttpRoute("/{b:int}", news, "int")
    router <<= HttpRoute("/x", news, "post", methods=["POST"])
    assert router.search("http", "/x", "GET")[1] is news
    assert router.search("http", "/5", "GET")[1] is news
    assert router.search("http", "/x", "POST")[1] is news


@pytest.mark.parametrize(
    ("routes", "path", "found"),
    [
        (["/u/me/{x}", "/u/men/{x}", "/u/{id}"], "/u/me", "/u/{id}"),
        (["/{a:int}/x", "/{b}"], "/1", "/{b}"),
        (["/a/{x:int}/b", "/{p:any}"], "/a/1", "/{p:any}"),
        (["/a{x:int}", "/ab{y:int}", "/{s}"], "/a", "/{s}"),
        (["/p/{slug}", "/p/{id:int}"], "/p/1", "/p/{id:int}"),
        (["/p/{slug}", "/p/{id:int}"], "/p/one", "/p/{slug}"),
        (["/f/{p:any}", "/f/{a}/{b}", "/f/x/y"], "/f/x/y", "/f/x/y"),
        (["/f/{p:any}", "/f/{a}/{b}", "/f/x/y"], "/f/x/z", "/f/{a}/{b}"),
        (["/f/{p:any}", "/f/{a}/{b}", "/f/x/y"], "/f/x/y/z", "/f/{p:any}"),
        (["/{a}", "/v{a:int}", "/{a:uuid}"], "/v1", "/v{a:int}"),
    ],
)
def test_no_dead_end_hides_a_route(routes: list[str], path: str, found: str) -> None:
    router = Router([SocketRoute(route, chat, route) for route in routes])
    by_path = {trace.pattern.path: trace for trace in router.traces}
    params, _ = router.search("websocket", path)
    assert tuple(params) == by_path[found].pattern.names
    assert router.url_for(found, params) == path
