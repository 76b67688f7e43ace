"""Routes are values, and groups of them add up."""

import dataclasses
import functools
import linecache
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kui.routing import (
    BaseRoute,
    HttpRoute,
    MultimethodRoutes,
    Prefix,
    RouteConflict,
    Router,
    Routes,
    SocketRoute,
)

Endpoint = Callable[..., Awaitable[Any]]


async def chat() -> None: ...


async def news() -> None: ...


class View:
    def __await__(self) -> Any:
        yield

    async def method(self) -> None: ...


class Instance:
    async def __call__(self) -> None: ...


def outer(endpoint: Endpoint) -> Endpoint:
    return endpoint


def inner(endpoint: Endpoint) -> Endpoint:
    return endpoint


def paths(routes: object) -> list[str]:
    assert isinstance(routes, Routes | Router)
    return [route.path for route in routes]


def names(routes: object) -> list[str | None]:
    assert isinstance(routes, Routes | Router)
    return [route.name for route in routes]


def test_routes_with_the_same_fields_are_equal() -> None:
    assert SocketRoute("/a", chat) == SocketRoute("/a", chat, "chat")
    assert SocketRoute("/a", chat) != SocketRoute("/b", chat)
    assert HttpRoute("/a", chat, methods=["post", "get"]) == HttpRoute("/a", chat, methods={"GET", "POST"})


def test_methods_may_come_from_an_iterator() -> None:
    methods: Any = iter(["get"])
    assert HttpRoute("/a", chat, methods=methods).methods == ("GET",)


def test_a_route_is_frozen_and_hashable() -> None:
    route = HttpRoute("/a", chat, methods=["get"], tags=["x"], middlewares=[inner])
    with pytest.raises(dataclasses.FrozenInstanceError):
        route.path = "/b"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    assert hash(route) == hash(HttpRoute("/a", chat, methods=["GET"], tags=("x",), middlewares=(inner,)))


def test_a_route_prints_its_path_its_name_and_where_its_endpoint_is() -> None:
    text = str(HttpRoute("/a", chat, methods={"GET"}))
    assert "http GET '/a' named 'chat' -> " in text
    assert f"{__file__}:{chat.__code__.co_firstlineno}" in text


@pytest.mark.parametrize("is_known", [False, True])
def test_a_route_whose_endpoint_is_in_no_file_prints_no_place(
    is_known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_known:  # as Python 3.13 does for `python -c`
        monkeypatch.setitem(linecache.cache, "<string>", (1, None, ["pass\n"], "<string>"))
    else:
        monkeypatch.delitem(linecache.cache, "<string>", raising=False)
    names: dict[str, Any] = {"__name__": "generated"}
    exec("async def endpoint(): ...\nclass View:\n    def __await__(self): yield", names)
    for name in ("endpoint", "View"):
        assert str(SocketRoute("/a", names[name], None)) == f"websocket '/a' -> generated.{name}"


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        (chat, "chat"),
        (View, "View"),
        (View().method, "method"),
        (Instance(), "Instance"),
        (functools.partial(chat), "chat"),
        (functools.partial(functools.partial(View().method)), "method"),
        (lambda: chat(), None),
    ],
)
def test_the_name_of_a_route_comes_from_what_its_endpoint_is(endpoint: Endpoint, name: str | None) -> None:
    assert SocketRoute("/", endpoint).name == name


def test_a_route_may_have_no_name() -> None:
    assert SocketRoute("/", chat, None).name is None


def test_a_middleware_is_added_outside_and_the_route_stays_as_it_is() -> None:
    route = SocketRoute("/", chat)
    assert (route @ inner @ outer).middlewares == (inner, outer)
    assert route.middlewares == ()


def test_a_prefix_leaves_the_original_routes_alone() -> None:
    routes = Routes(SocketRoute("/chat", chat), SocketRoute("", news))
    assert paths("/v1" // routes) == ["/v1/chat", "/v1"]
    assert paths("/v2" // ("/v1" // routes)) == ["/v2/v1/chat", "/v2/v1"]
    assert paths(routes) == ["/chat", ""]


def test_a_prefix_goes_before_a_single_route() -> None:
    assert "/v1" // SocketRoute("/chat", chat) == SocketRoute("/v1/chat", chat)


def test_prefix_takes_any_iterable_of_routes() -> None:
    prefixed = Prefix("/v1") // (SocketRoute(path, chat, None) for path in ("/a", "/b"))
    assert isinstance(prefixed, Routes)
    assert paths(prefixed) == ["/v1/a", "/v1/b"]
    assert Prefix("/v1") // SocketRoute("/c", chat) == SocketRoute("/v1/c", chat)


def test_a_prefix_keeps_the_type_and_the_settings_of_a_group() -> None:
    group = MultimethodRoutes(HttpRoute("/a", chat), namespace="n", http_middlewares=[inner])
    prefixed = "/v1" // group
    assert isinstance(prefixed, MultimethodRoutes)
    assert Routes(prefixed) == [HttpRoute("/v1/a", chat, "n:chat", middlewares=[inner])]


def test_routes_added_later_do_not_get_the_prefix() -> None:
    routes = Routes(SocketRoute("/a", chat))
    prefixed = "/v1" // routes
    routes << SocketRoute("/b", news)  # pyright: ignore[reportUnusedExpression]
    assert paths(prefixed) == ["/v1/a"]


@pytest.mark.parametrize("prefix", ["", "/", "v1", "/v1/"])
@pytest.mark.parametrize("routes", [Routes(), SocketRoute("/", chat)])
def test_what_is_no_prefix_is_refused(prefix: str, routes: Routes | SocketRoute) -> None:
    with pytest.raises(ValueError, match="a prefix begins with"):
        prefix // routes  # pyright: ignore[reportUnusedExpression]
    with pytest.raises(ValueError, match="a prefix begins with"):
        Prefix(prefix)


def test_adding_appends_in_order_and_returns_the_left_side() -> None:
    routes = Routes()
    same = routes << SocketRoute("/a", chat) << [SocketRoute("/b", chat), [SocketRoute("/c", chat)]]
    assert same is routes
    routes <<= SocketRoute("/d", chat)
    assert same is routes
    assert paths(routes) == ["/a", "/b", "/c", "/d"]


def test_a_sum_is_a_new_group() -> None:
    a, b = Routes(SocketRoute("/a", chat), namespace="a"), Routes(SocketRoute("/b", chat), namespace="b")
    assert names(a + b) == ["a:chat", "b:chat"]
    c = [SocketRoute("/c", chat)]
    assert names(c + a) == ["chat", "a:chat"]
    assert names(a + c) == ["a:chat", "chat"]
    assert (names(a), names(b)) == (["chat"], ["chat"])


def test_a_group_stays_itself_when_something_is_added_in_place() -> None:
    routes = same = Routes(SocketRoute("/a", chat), namespace="n", socket_middlewares=[inner])
    routes += [SocketRoute("/b", chat)]
    routes += SocketRoute("/c", chat)
    assert same is routes
    assert (paths(routes), names(routes)) == (["/a", "/b", "/c"], ["chat"] * 3)
    assert (routes.namespace, routes.socket_middlewares) == ("n", [inner])
    with pytest.raises(TypeError, match=r"unsupported operand type\(s\) for \+="):
        routes += 5  # type: ignore[arg-type]  # pyright: ignore[reportOperatorIssue]


def test_a_collection_of_which_one_route_is_refused_leaves_a_group_as_it_was() -> None:
    routes = MultimethodRoutes(HttpRoute("/a", chat, methods=["GET"]))
    with pytest.raises(RouteConflict):
        routes << [HttpRoute("/b", news), HttpRoute("/a", news, methods=["GET"])]  # pyright: ignore[reportUnusedExpression]
    assert paths(routes) == ["/a"]


def test_a_group_added_to_itself_doubles_and_stops() -> None:
    routes = Routes(SocketRoute("/a", chat))
    routes <<= routes
    assert len(routes) == 2


def test_a_group_is_a_sequence() -> None:
    a, b = SocketRoute("/a", chat), SocketRoute("/b", chat)
    routes = Routes(a, b)
    assert (len(routes), routes[0], routes[-1], routes[:1], list(routes)) == (2, a, b, [a], [a, b])
    assert routes == [a, b]
    assert routes == (a, b)
    assert routes != 5
    assert Routes() != ""
    with pytest.raises(TypeError, match="unhashable"):
        hash(routes)


def test_groups_are_equal_when_their_routes_and_their_settings_are() -> None:
    route = SocketRoute("/a", chat)
    assert Routes(route, namespace="v1") == Routes([route], namespace="v1")
    for group in (
        Routes(route, namespace="v1"),
        Routes(route, tags=["x"]),
        Routes(route, socket_middlewares=[inner]),
    ):
        assert group != Routes(route)
        assert group == [route]


def test_namespaces_stack() -> None:
    inner_group = Routes(SocketRoute("/a", chat), SocketRoute("/b", news, None), namespace="inner")
    assert names(Routes(Routes(inner_group, namespace="outer"))) == ["outer:inner:chat", None]


def test_tags_of_a_group_go_before_those_of_a_route() -> None:
    group = Routes(
        HttpRoute("/a", chat, tags=["b"]), HttpRoute("/b", chat), SocketRoute("/", chat), tags=["a"]
    )
    first, second, _ = Routes(group)
    assert isinstance(first, HttpRoute)
    assert isinstance(second, HttpRoute)
    assert (first.tags, second.tags) == (("a", "b"), ("a",))


def test_middlewares_of_a_group_go_to_the_routes_of_their_protocol() -> None:
    group = Routes(
        HttpRoute("/h", chat) @ inner,
        SocketRoute("/s", chat),
        http_middlewares=[outer],
        socket_middlewares=[inner],
    )
    assert [route.middlewares for route in Routes(group)] == [(inner, outer), (inner,)]
    assert [route.middlewares for route in group] == [(inner,), ()]


def test_a_group_prints_as_a_table() -> None:
    lines = str(
        Routes(HttpRoute("/a", chat, methods=["GET"]), HttpRoute("/b", chat), SocketRoute("", news))
    ).splitlines()
    assert [line.split()[:4] for line in lines] == [
        ["http", "GET", "/a", "chat"],
        ["http", "*", "/b", "chat"],
        ["websocket", "-", '""', "news"],
    ]
    assert str(Routes()) == ""


def test_a_group_shows_how_it_was_made() -> None:
    text = repr(Routes(SocketRoute("/a", chat), namespace="n"))
    assert text.startswith("Routes(SocketRoute(path='/a'")
    assert text.endswith("namespace='n')")


def test_decorators_return_the_endpoint_unchanged() -> None:
    routes = Routes()

    @routes.websocket("/chat", middlewares=[inner, outer])
    async def room() -> None: ...

    @routes.http("/all", name=None, summary="All", description="of them", tags=["x"])
    async def every() -> None: ...

    assert routes == [
        SocketRoute("/chat", room, "room", middlewares=(inner, outer)),
        HttpRoute("/all", every, None, None, "All", "of them", ("x",)),
    ]


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_a_decorator_restricts_the_method(method: str) -> None:
    routes = Routes()
    decorate: Callable[..., Callable[[Endpoint], Endpoint]] = getattr(routes.http, method)
    assert decorate("/a", name="n", middlewares=[inner])(chat) is chat
    assert routes == [HttpRoute("/a", chat, "n", {method.upper()}, middlewares=[inner])]


def test_a_class_goes_through_a_decorator_unchanged() -> None:
    routes = Routes()

    @routes.websocket("/view")
    class Chat:
        greeting = "hello"

        def __await__(self) -> Any:
            yield

    assert Chat.greeting == "hello"
    assert routes[0].endpoint is Chat
    assert vars(Chat).keys() >= {"greeting", "__await__"}
    assert not [name for name in vars(Chat) if name.startswith("__raw")]


@pytest.mark.parametrize("kind", ["http_middleware", "socket_middleware"])
@pytest.mark.parametrize("make", [Routes, Router])
def test_a_middleware_comes_before_the_first_route(make: type[Routes | Router], kind: str) -> None:
    routes = make()
    assert getattr(routes, kind)(outer) is outer
    assert getattr(routes, f"{kind}s") == [outer]
    routes.append(SocketRoute("/a", chat))
    with pytest.raises(RuntimeError, match="Can not append middleware after route"):
        getattr(routes, kind)(inner)


@pytest.mark.parametrize("make", [Routes, Router])
@pytest.mark.parametrize("wrong", ["abc", b"abc", 5, None, chat])
def test_what_is_no_route_is_refused(make: type[Routes | Router], wrong: Any) -> None:
    with pytest.raises(TypeError, match="Need type"):
        make().append(wrong)
    with pytest.raises(TypeError):
        make() << wrong  # pyright: ignore[reportUnusedExpression]
    with pytest.raises(TypeError, match="Need type"):
        make([wrong])
    with pytest.raises(TypeError, match="Need type"):
        make(wrong)


def test_nothing_but_routes_can_be_added_to_a_sum() -> None:
    with pytest.raises(TypeError):
        Routes() + 5  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    with pytest.raises(TypeError):
        5 + Routes()  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    with pytest.raises(TypeError):
        5 // Routes()  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("a", chat), ValueError, "Route path must start with '/', got 'a'"),
        ((5, chat), TypeError, "the path of a route has to be a string, got 5"),
        (
            ("/a", None),
            TypeError,
            "the endpoint of the route '/a' has to be an async function or a class, got None",
        ),
        (("/a", chat, 5), TypeError, "the name of the route '/a' has to be a string or None, got 5"),
        (("/a", chat, "", "GET"), ValueError, "have to be a collection such as {'GET'}"),
        (("/a", chat, "", ()), ValueError, "have to be a collection such as {'GET'}"),
        (("/a", chat, "", 5), ValueError, "have to be a collection such as {'GET'}"),
        (("/a", chat, "", iter(())), ValueError, "have to be a collection such as {'GET'}"),
        (("/a", chat, "", (5,)), ValueError, "have to be a collection such as {'GET'}"),
        (("/a", chat, "", ("GET", "")), ValueError, "'' is no method of the route '/a'"),
        (("/a", chat, "", ("GET, POST",)), ValueError, "'GET, POST' is no method of the route '/a'"),
        (("/a", chat, "", ("GET\r\nx: y",)), ValueError, "is no method of the route '/a'"),
        (("/a", chat, "", ("gro\u00df",)), ValueError, "is no method of the route '/a'"),
    ],
)
def test_a_wrong_argument_is_named(arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        HttpRoute(*arguments)
    assert message in str(caught.value)


def test_a_middleware_that_cannot_be_called_is_refused_wherever_it_comes() -> None:
    wrong: Any = "log"
    for add in (
        lambda: Routes(http_middlewares=[wrong]),
        lambda: Router(socket_middlewares=[wrong]),
        lambda: Routes().http_middleware(wrong),
    ):
        with pytest.raises(TypeError, match="a middleware has to be a function from an endpoint"):
            add()


def test_multimethod_routes_take_each_method_of_a_path_once() -> None:
    routes = MultimethodRoutes(
        HttpRoute("/a", chat, methods=["GET"]), SocketRoute("/a", chat, None), base_class=View
    )
    routes <<= HttpRoute("/a", news, methods=["POST"])
    with pytest.raises(RouteConflict, match="Routing conflict: /a"):
        routes << HttpRoute("/a", news, None, methods=["GET", "PUT"])  # pyright: ignore[reportUnusedExpression]
    with pytest.raises(RuntimeError, match="restrict both routes to methods"):
        routes << HttpRoute("/a", news)  # pyright: ignore[reportUnusedExpression]
    with pytest.raises(TypeError, match="MultimethodRoutes not allow use class-base view"):
        routes << HttpRoute("/b", View)  # pyright: ignore[reportUnusedExpression]
    router = Router(routes)
    assert router.search("http", "/a", "GET") == ({}, chat)
    assert router.search("http", "/a", "POST") == ({}, news)
    assert router.url_for("news") == "/a"


def test_a_route_class_of_ones_own_keeps_its_type_through_the_operators() -> None:
    @dataclasses.dataclass(frozen=True)
    class JobRoute(BaseRoute):
        protocol = "job"
        retries: int = 0

    route = "/jobs" // JobRoute("/mail", chat, retries=3) @ inner
    assert isinstance(route, JobRoute)
    assert (route.path, route.retries, route.middlewares) == ("/jobs/mail", 3, (inner,))
