"""A router as a collection of routes, and the trees behind it."""

import re
from enum import Enum

import pytest
from routing_endpoints import chat, news

from kui.routing import HttpRoute, Prefix, RadixTree, Router, Routes, SocketRoute


def test_a_router_is_no_collection_for_another_because_its_middlewares_would_be_lost() -> None:
    inner = Router([SocketRoute("/x", chat)], socket_middlewares=[lambda endpoint: endpoint])
    for add in (
        lambda: Router(inner),
        lambda: Router([inner]),
        lambda: Routes(inner),
        lambda: Routes() + inner,
        lambda: Router() << inner,
        lambda: Prefix("/v1") // inner,
    ):
        with pytest.raises(TypeError, match=r"put the routes into a Routes with http_middlewares"):
            add()
    assert len(Router([*inner])) == 1


def test_a_router_iterates_and_prints_its_routes() -> None:
    router = Router(
        "/v1"
        // Routes(SocketRoute("/a", chat), HttpRoute("/b/{x:int}", news, methods=["GET"]), namespace="n")
    )
    assert [(route.path, route.name) for route in router] == [
        ("/v1/a", "n:chat"),
        ("/v1/b/{x:int}", "n:news"),
    ]
    assert [line.split()[:4] for line in str(router).splitlines()] == [
        ["websocket", "-", "/v1/a", "n:chat"],
        ["http", "GET", "/v1/b/{x:int}", "n:news"],
    ]


def test_a_router_says_in_short_what_it_is() -> None:
    assert repr(Router([SocketRoute("/a", chat), SocketRoute("/b", news)])) == "<Router of 2 routes>"


def test_the_trees_of_a_router_can_be_looked_at() -> None:
    router = Router(
        [
            SocketRoute("/b/{x:int}/{y}", news),
            SocketRoute("/a", chat),
            HttpRoute("/h", news, None, ["GET"]),
            HttpRoute("/h", chat, None, ["POST"]),
        ]
    )
    tree = router.websocket_tree
    assert [(path, list(converters), value) for path, converters, value in tree.iterator()] == [
        ("/a", [], chat),
        ("/b/{x}/{y}", ["x", "y"], news),
    ]
    assert list(tree.static_routes) == ["/a"]
    assert tree.search("/b/7/z") == (("/b/{x}/{y}", tree.search("/b/7/z")[0][1], news), {"x": "7", "y": "z"})  # type: ignore[index]  # pyright: ignore[reportOptionalSubscript]
    assert tree.search("/c") == (None, None)
    assert router.http_tree.search("/h") == (("/h", {}, news), {})


def test_a_tree_refuses_what_a_router_refuses() -> None:
    tree = RadixTree[int]()
    tree.append("/{a}", 1)
    with pytest.raises(ValueError, match=re.escape("Routing conflict: /{b} matches the same as /{a}")):
        tree.append("/{b}", 2)
    with pytest.raises(ValueError, match='path must start with "/"'):
        tree.append("a", 3)
    assert tree.search("/x") == (("/{a}", {"a": tree.search("/x")[0][1]["a"]}, 1), {"a": "x"})  # type: ignore[index]  # pyright: ignore[reportOptionalSubscript]


class Word(str, Enum):  # noqa: UP042 - whose str() is its name, and not its text
    V1 = "/v1"
    LIVE = "live"
    ROOM = "room"
    PATH = "/room"


def test_of_an_enum_the_text_counts() -> None:
    route = SocketRoute(Word.PATH, chat, Word.ROOM)
    for prefix in (Word.V1, Prefix(Word.V1)):
        router = Router([prefix // Routes(route, namespace=Word.LIVE)])
        assert router.url_for("live:room") == "/v1/room"
        assert router.search("websocket", "/v1/room") == ({}, chat)
    router = Router([route])
    assert router.url_for("room") == "/room"
    assert router.search("websocket", "/room") == ({}, chat)
