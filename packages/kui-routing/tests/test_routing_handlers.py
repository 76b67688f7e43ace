"""The handler of a route: its endpoint, bound and wrapped in each middleware once."""

import functools
from typing import Any

import pytest
from routing_endpoints import Endpoint, Middleware, chat, news

from kui.routing import BaseRoute, Router, Routes, SocketRoute, Trace


def labelled(label: str, log: list[str]) -> Middleware:
    """Return a middleware that logs its label when what it wraps is called."""

    def middleware(endpoint: Endpoint) -> Endpoint:
        @functools.wraps(endpoint)
        async def wrapper() -> Any:
            log.append(label)
            return await endpoint()

        return wrapper

    return middleware


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


async def test_a_router_is_surrounded_whether_its_routes_came_before_or_come_later() -> None:
    log: list[str] = []
    inner, outer = labelled("inner", log), labelled("outer", log)
    router = Router([SocketRoute("/before", chat)], socket_middlewares=[inner])
    router.surround(socket_middlewares=[outer])
    router <<= SocketRoute("/later", chat, name="later")
    for path in ("/before", "/later"):
        log.clear()
        await router.search("websocket", path)[1]()
        assert log == ["outer", "inner"]
    assert [trace.middlewares for trace in router.traces] == [(inner, outer)] * 2
    assert [route.path for route in router] == ["/before", "/later"]
    assert router.url_for("chat") == "/before"


async def test_a_router_is_surrounded_by_a_middleware_once() -> None:
    log: list[str] = []
    inner, outer = labelled("inner", log), labelled("outer", log)
    router = Router([SocketRoute("/", chat)], socket_middlewares=[inner])
    router.surround(socket_middlewares=[inner, outer])
    handler = router.search("websocket", "/")[1]
    router.surround(socket_middlewares=[inner, outer])
    assert router.search("websocket", "/")[1] is handler  # made once
    await handler()
    assert log == ["outer", "inner"]


def test_a_middleware_that_cannot_surround_a_router_leaves_it_as_it_was() -> None:
    log: list[str] = []

    def forget(endpoint: Endpoint) -> Any:
        return None

    router = Router([SocketRoute("/", chat)])
    handler = router.search("websocket", "/")[1]
    with pytest.raises(TypeError, match="returned None for the route '/'"):
        router.surround([labelled("http", log)], [forget])
    assert router.search("websocket", "/")[1] is handler
    assert (router.http_middlewares, router.socket_middlewares) == ([], [])


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


def test_an_error_of_a_middleware_or_of_bind_notes_the_route() -> None:
    def broken(endpoint: Endpoint) -> Endpoint:
        raise RuntimeError("no database")

    with pytest.raises(RuntimeError, match="no database") as caught:
        Router([SocketRoute("/x", chat) @ broken])
    assert caught.value.__notes__[0].startswith("This happened to the route websocket '/x' named 'chat'")


class Uncopied:
    """What may neither be copied nor be written to."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        object.__setattr__(self, "is_made", True)

    def __setattr__(self, name: str, value: object) -> None:
        assert not hasattr(self, "is_made"), f"{name} was written"
        object.__setattr__(self, name, value)

    def __copy__(self) -> Any:
        raise AssertionError("it was copied")

    def __deepcopy__(self, memo: object) -> Any:
        raise AssertionError("it was deep-copied")

    def __reduce__(self) -> Any:
        raise AssertionError("it was copied by pickling")


class CountingEndpoint(Uncopied):
    async def __call__(self) -> str:
        self.calls.append("endpoint")
        return "answer"


class CountingMiddleware(Uncopied):
    def __call__(self, endpoint: Endpoint) -> Endpoint:
        async def wrapper() -> Any:
            self.calls.append("middleware")
            return await endpoint()

        return wrapper


class View:
    made = 0

    def __init__(self) -> None:
        type(self).made += 1

    def __await__(self) -> Any:
        return chat().__await__()


async def test_instances_views_and_middlewares_below_two_prefixes_are_those_that_were_given() -> None:
    endpoint, middleware, grouped = CountingEndpoint(), CountingMiddleware(), CountingMiddleware()
    before = vars(View).copy()
    group = Routes(
        SocketRoute("/instance", endpoint) @ middleware,
        SocketRoute("/view", View),
        namespace="n",
        socket_middlewares=[grouped],
    )
    places = [Routes("/v1" // group, namespace="v1"), "/v2" // group]
    routers = [Router(places), Router(places)]
    assert {key: value for key, value in vars(View).items() if key != "made"} == {
        key: value for key, value in before.items() if key != "made"
    }
    assert (View.made, endpoint.calls, middleware.calls, grouped.calls) == (0, [], [], [])
    for router in routers:
        for prefix in ("/v1", "/v2"):
            assert await router.search("websocket", f"{prefix}/instance")[1]() == "answer"
            await router.search("websocket", f"{prefix}/view")[1]()
        assert {route.endpoint for route in router} == {endpoint, View}
    assert (View.made, len(endpoint.calls), len(middleware.calls), len(grouped.calls)) == (4, 4, 4, 8)


def test_nothing_is_written_to_an_endpoint() -> None:
    before = vars(chat).copy()
    Router([SocketRoute("/x", chat)])
    assert vars(chat) == before
