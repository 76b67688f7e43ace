"""What a router registers, refuses and finds."""

import functools
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from kui.routing import (
    BaseRoute,
    HttpRoute,
    MethodNotAllowed,
    NoMatchFound,
    Prefix,
    RadixTree,
    RouteConflict,
    Router,
    Routes,
    SocketRoute,
    Trace,
)

Endpoint = Callable[..., Awaitable[Any]]
Middleware = Callable[[Endpoint], Endpoint]


async def chat() -> None: ...


async def news() -> None: ...


def labelled(label: str, log: list[str]) -> Middleware:
    """Return a middleware that logs its label when what it wraps is called."""

    def middleware(endpoint: Endpoint) -> Endpoint:
        @functools.wraps(endpoint)
        async def wrapper() -> Any:
            log.append(label)
            return await endpoint()

        return wrapper

    return middleware


# search


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


# methods


def test_one_path_may_have_several_methods() -> None:
    router = Router()

    @router.http.get("/item/{id}")
    async def read() -> None: ...

    @router.http("/item/{number}", methods={"put", "patch"})
    async def write() -> None: ...

    assert router.search("http", "/item/1", "GET") == ({"id": "1"}, read)
    assert router.search("http", "/item/1", "PATCH") == ({"number": "1"}, write)


def test_head_is_served_where_get_is() -> None:
    router = Router([HttpRoute("/a", chat, methods=["GET"]), HttpRoute("/{b}", chat, "b", methods=["GET"])])
    assert router.search("http", "/a", "HEAD") == ({}, chat)
    router <<= HttpRoute("/a", news, methods=["HEAD"])
    assert router.search("http", "/a", "HEAD") == ({}, news)
    assert router.search("http", "/x", "HEAD") == ({"b": "x"}, chat)


def test_a_method_that_no_route_serves_is_answered_with_those_that_do() -> None:
    router = Router(
        [
            HttpRoute("/{a}", chat, None, methods=["DELETE", "brew", "get"]),
            HttpRoute("/x", chat, None, methods=["POST"]),
        ]
    )
    with pytest.raises(
        MethodNotAllowed, match="the path '/x' does not serve PUT, only GET, HEAD, POST"
    ) as caught:
        router.search("http", "/x", "PUT")
    assert caught.value.allow == ("GET", "HEAD", "POST", "DELETE", "BREW")
    assert isinstance(caught.value, LookupError)
    assert not isinstance(caught.value, NoMatchFound)


def test_a_method_that_no_route_serves_tells_what_is_around_the_first_route_that_matches() -> None:
    def inner(endpoint: Endpoint) -> Endpoint:
        return endpoint

    def grouped(endpoint: Endpoint) -> Endpoint:
        return endpoint

    def outer(endpoint: Endpoint) -> Endpoint:
        return endpoint

    router = Router(
        [
            HttpRoute("/{a}", news, None, methods=["POST"]),
            Routes(HttpRoute("/{a:int}", chat, None, methods=["GET"]) @ inner, http_middlewares=[grouped]),
            HttpRoute("/{a:int}", chat, None, methods=["PUT"]),
        ],
        [outer],
    )
    with pytest.raises(MethodNotAllowed) as caught:
        router.search("http", "/7", "OPTIONS")
    assert (caught.value.path_params, caught.value.middlewares) == ({"a": 7}, (inner, grouped, outer))
    with pytest.raises(MethodNotAllowed) as caught:
        router.search("http", "/x", "OPTIONS")
    assert (caught.value.path_params, caught.value.middlewares) == ({"a": "x"}, (outer,))
    router <<= HttpRoute("/7", chat, None, methods=["GET"])
    with pytest.raises(MethodNotAllowed) as caught:
        router.search("http", "/7", "OPTIONS")
    assert (caught.value.path_params, caught.value.middlewares) == ({}, (outer,))


def test_another_route_may_serve_the_method_that_the_first_does_not() -> None:
    router = Router([HttpRoute("/x", chat, methods=["GET"]), HttpRoute("/{a}", news, methods=["POST"])])
    assert router.search("http", "/x", "POST") == ({"a": "x"}, news)


def test_a_route_without_methods_serves_what_no_other_names() -> None:
    router = Router([HttpRoute("/a", news), HttpRoute("/a", chat, methods=["GET"])])
    assert router.search("http", "/a", "GET")[1] is chat
    assert router.search("http", "/a", "HEAD")[1] is chat
    assert router.search("http", "/a", "BREW")[1] is news
    assert router.search("http", "/a", "TEA")[1] is news


def test_a_method_may_have_every_character_of_a_token() -> None:
    router = Router([HttpRoute("/a", chat, methods=["*", "M-SEARCH", "!#$%&'+.^_`|~9"])])
    for method in ("*", "M-SEARCH", "!#$%&'+.^_`|~9"):
        assert router.search("http", "/a", method)[1] is chat
    with pytest.raises(MethodNotAllowed):
        router.search("http", "/a", "BREW")


def test_without_a_method_the_first_registered_is_found() -> None:
    router = Router([HttpRoute("/a", chat, methods=["GET"]), HttpRoute("/a", news, methods=["POST"])])
    assert router.search("http", "/a") == ({}, chat)


# conflicts


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
        assert f"{__name__}.{endpoint.__name__}" in str(caught.value)
        assert f"{__file__}:{endpoint.__code__.co_firstlineno}" in str(caught.value)
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


def test_the_methods_of_one_path_may_share_a_name() -> None:
    router = Router([HttpRoute("/a", chat, "item", ["GET"]), HttpRoute("/a", news, "item", ["POST"])])
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


# building handlers


async def test_middlewares_run_from_the_application_to_the_route_the_last_outermost() -> None:
    log: list[str] = []

    async def endpoint() -> str:
        log.append("endpoint")
        return "answer"

    route = SocketRoute("/", endpoint) @ labelled("route 1", log) @ labelled("route 2", log)
    group = Routes(route, socket_middlewares=[labelled("group 1", log), labelled("group 2", log)])
    outer = Routes(
        group, socket_middlewares=[labelled("outer", log)], http_middlewares=[labelled("http", log)]
    )
    router = Router(outer, socket_middlewares=[labelled("app 1", log), labelled("app 2", log)])
    assert await router.search("websocket", "/")[1]() == "answer"
    assert log == ["app 2", "app 1", "outer", "group 2", "group 1", "route 2", "route 1", "endpoint"]


async def test_a_group_in_two_places_and_two_routers_runs_each_middleware_once() -> None:
    log: list[str] = []
    group = Routes(
        SocketRoute("/c", chat) @ labelled("r", log), namespace="g", socket_middlewares=[labelled("g", log)]
    )
    places = [Routes("/v1" // group, namespace="v1"), Routes("/v2" // group, namespace="v2")]
    for _ in range(2):
        router = Router(places, socket_middlewares=[labelled("a", log)])
        assert [route.name for route in router] == ["v1:g:chat", "v2:g:chat"]
        assert router.url_for("v2:g:chat") == "/v2/c"
        for path in ("/v1/c", "/v2/c"):
            log.clear()
            await router.search("websocket", path)[1]()
            assert log == ["a", "g", "r"]


def test_bind_gets_the_endpoint_and_what_each_middleware_returns() -> None:
    calls: list[tuple[str, str]] = []

    def bind(endpoint: Endpoint, protocol: str) -> Endpoint:
        calls.append((getattr(endpoint, "label", "endpoint"), protocol))

        async def bound() -> None: ...

        return bound

    def middleware(endpoint: Endpoint) -> Endpoint:
        async def wrapper() -> None: ...

        wrapper.label = "wrapper"  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]
        return wrapper

    def same(endpoint: Endpoint) -> Endpoint:
        return endpoint

    Router([SocketRoute("/", chat) @ same @ middleware], http_middlewares=[middleware], bind=bind)
    assert calls == [("endpoint", "websocket"), ("wrapper", "websocket")]


def test_verify_sees_the_composition_and_may_refuse() -> None:
    seen: list[Trace] = []

    def verify(route: BaseRoute, trace: Trace) -> None:
        assert trace.route is route
        seen.append(trace)
        if "secret" in trace.pattern.names:
            raise ValueError("no secrets in paths")

    def middleware(endpoint: Endpoint) -> Endpoint:
        async def wrapper() -> None: ...

        return wrapper

    router = Router(verify=verify, socket_middlewares=[middleware])
    router.append(SocketRoute("/{a}/{b:int}", chat))
    (trace,) = seen
    assert (trace.protocol, trace.pattern.names, trace.middlewares) == (
        "websocket",
        ("a", "b"),
        (middleware,),
    )
    assert trace.layers == (chat, trace.handler)
    assert router.search("websocket", "/x/5")[1] is trace.handler
    assert str(trace).endswith(f"@ {__name__}.{middleware.__qualname__}")
    with pytest.raises(ValueError, match="no secrets in paths"):
        router.append(SocketRoute("/{secret}", news))
    assert router.traces == (trace,)


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


def test_an_error_of_a_middleware_or_of_bind_notes_the_route() -> None:
    def broken(endpoint: Endpoint) -> Endpoint:
        raise RuntimeError("no database")

    with pytest.raises(RuntimeError, match="no database") as caught:
        Router([SocketRoute("/x", chat) @ broken])
    assert caught.value.__notes__[0].startswith("This happened to the route websocket '/x' named 'chat'")


def test_nothing_is_written_to_an_endpoint() -> None:
    before = vars(chat).copy()
    Router([SocketRoute("/x", chat)])
    assert vars(chat) == before


# as a collection, and the trees


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


def test_url_for_makes_no_path_that_leads_to_another_host() -> None:
    router = Router([HttpRoute("/{rest:any}", chat, name="all")])
    assert router.url_for("all", {"rest": "evil.example"}) == "/evil.example"
    with pytest.raises(ValueError, match="as another host"):
        router.url_for("all", {"rest": "/evil.example"})
