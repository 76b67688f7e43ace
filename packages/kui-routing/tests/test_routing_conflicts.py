"""Routes that cannot be told apart, and names that are taken, are refused."""

import pytest
from routing_endpoints import chat, news

from kui.routing import BaseRoute, HttpRoute, NoMatchFound, RouteConflict, Router, Routes, SocketRoute


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (SocketRoute("/a", chat), SocketRoute("/a", news)),
        (SocketRoute("/{a}/x", chat), SocketRoute("/{b:str}/x", news)),
        (SocketRoute("", chat), SocketRoute("/", news)),
        (HttpRoute("/a", chat), HttpRoute("/a", news)),
        (HttpRoute("/a", chat, methods=["GET", "POST"]), HttpRoute("/a", news, methods=["POST"])),
    ],
)
def test_a_conflict_names_both_routes_and_leaves_the_router_as_it_was(
    first: BaseRoute, second: BaseRoute
) -> None:
    router = Router([first])
    with pytest.raises(RouteConflict, match="Routing conflict: /") as caught:
        router.append(second)
    for endpoint in (chat, news):
        assert f"{endpoint.__module__}.{endpoint.__name__}" in str(caught.value)
        assert f"{endpoint.__code__.co_filename}:{endpoint.__code__.co_firstlineno}" in str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert list(router) == [trace.route for trace in router.traces]
    assert len(router) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (SocketRoute("/{a:int}", chat), SocketRoute("/{b}", news)),
        (SocketRoute("/{a}/x", chat), SocketRoute("/{b}/y", news)),
        (SocketRoute("/a", chat), HttpRoute("/a", news)),
        (HttpRoute("/{a}", chat, methods=["GET"]), HttpRoute("/{b}", news, methods=["POST"])),
    ],
)
def test_routes_that_can_be_told_apart_do_not_conflict(first: BaseRoute, second: BaseRoute) -> None:
    assert len(Router([first, second])) == 2


def test_a_name_is_taken_once() -> None:
    router = Router([SocketRoute("/a", chat)])
    for other in (
        SocketRoute("/b", chat),
        HttpRoute("/a", news, "chat"),
        HttpRoute("/b", news, "chat", ["GET"]),
    ):
        with pytest.raises(RouteConflict, match="Duplicate route name: chat"):
            router.append(other)
    assert len(router << SocketRoute("/b", chat, None) << Routes(SocketRoute("/c", chat), namespace="n")) == 3


@pytest.mark.parametrize(("first", "second"), [(["GET"], ["POST"]), (None, ["GET"]), (["GET"], None)])
def test_the_methods_of_one_path_may_share_a_name(first: list[str] | None, second: list[str] | None) -> None:
    router = Router([HttpRoute("/a", chat, "item", first), HttpRoute("/a", news, "item", second)])
    assert router.url_for("item") == "/a"


def test_a_group_is_added_as_a_whole_or_not_at_all() -> None:
    router = Router([SocketRoute("/a", chat), HttpRoute("/h/{x}", news, methods=["GET"])])
    before = list(router)
    with pytest.raises(RouteConflict):
        router << [SocketRoute("/b/{x}", news, "new"), SocketRoute("/a", news, None)]  # pyright: ignore[reportUnusedExpression]
    assert list(router) == before
    with pytest.raises(NoMatchFound):
        router.search("websocket", "/b/1")
    with pytest.raises(LookupError):
        router.url_for("new")
    assert router.search("http", "/h/1", "GET") == ({"x": "1"}, news)
    assert router.search("websocket", "/a") == ({}, chat)
