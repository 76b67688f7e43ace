"""What no route serves is answered inside the middlewares of the application and of its router."""

from typing import Annotated, Any

import pytest

from kui.asgi import (
    HttpRoute,
    HttpView,
    Kui,
    Query,
    SocketRoute,
    SocketView,
    auto_params,
    required_method,
)
from kui.asgi.routing import Router
from kui.core import Endpoint, Middleware
from kui.routing import Router as PlainRouter
from kui.testing import HandshakeDenied, TestClient


async def home() -> str:
    return "home"


def noting(name: str, seen: list[str]) -> Middleware:
    def middleware(endpoint: Endpoint) -> Endpoint:
        async def noted() -> Any:
            seen.append(name)
            return await endpoint()

        return noted

    return middleware


async def statuses(app: Kui) -> list[int]:
    async with TestClient(app) as client:
        answers = [(await client.get("/no")).status_code, (await client.post("/")).status_code]
        with pytest.raises(HandshakeDenied) as denied:
            await client.websocket("/no").__aenter__()
        return [*answers, denied.value.status]


async def test_a_middleware_that_was_added_to_the_router_sees_them() -> None:
    seen: list[str] = []
    app = Kui(http_middlewares=[noting("app", seen)])
    app.router.http_middleware(noting("http", seen))
    app.router.socket_middleware(noting("socket", seen))
    app.router.http.get("/")(home)
    assert await statuses(app) == [404, 405, 404]
    assert seen == ["http", "app", "http", "app", "socket"]


async def test_what_the_application_was_given_is_around_the_routes_of_a_router_that_was_assigned() -> None:
    seen: list[str] = []
    app = Kui(
        http_middlewares=[noting("app", seen)],
        socket_middlewares=[noting("app", seen)],
        cors_config={"allow_origins": ["https://page.example"]},
    )
    first = app.router
    app.router = Router([HttpRoute("/", home)], [noting("http", seen)], [noting("socket", seen)])
    app.router <<= SocketRoute("/", SocketView)
    async with TestClient(app) as client:
        response = await client.get("/", headers={"origin": "https://page.example"})
        assert response.headers["access-control-allow-origin"] == "https://page.example"
        async with client.websocket("/"):
            pass
        assert seen == ["app", "http", "app", "socket"]
        app.router = first
        assert (await client.get("/")).status_code == 404
    assert seen == ["app", "http", "app", "socket", "app"]


def test_a_router_that_is_none_is_refused_and_so_is_one_that_the_middlewares_cannot_surround() -> None:
    app = Kui(http_middlewares=[required_method("GET")])
    router: Any = [HttpRoute("/", home)]
    with pytest.raises(
        TypeError,
        match=r"Kui.router has to be a Router, as in kui.asgi.routing.Router\(\[...\]\); got \[HttpRoute",
    ):
        app.router = router
    before = app.router
    with pytest.raises(TypeError, match="is for functions"):
        app.router = Router([HttpRoute("/", HttpView)])
    assert app.router is before


def test_a_router_that_binds_no_parameters_is_refused_with_a_handler_that_asks_for_some() -> None:
    async def hello(name: Annotated[str, Query()]) -> str:
        return name

    app = Kui()
    app.router = PlainRouter([HttpRoute("/", home)])
    with pytest.raises(TypeError, match=r"use kui.asgi.routing.Router, or Router\(bind=...\): http '/hello'"):
        app.router = PlainRouter([HttpRoute("/hello", hello)])
    app.router = PlainRouter([HttpRoute("/hello", hello)], bind=auto_params)


async def test_the_middlewares_of_a_router_that_was_assigned_are_inside_of_those_of_the_application() -> None:
    seen: list[str] = []
    app = Kui(http_middlewares=[noting("app", seen)], socket_middlewares=[noting("app", seen)])
    routes = [HttpRoute("/", home, methods=["GET"]), SocketRoute("/", SocketView)]
    app.router = Router(routes, [noting("http", seen)], [noting("socket", seen)])
    assert await statuses(app) == [404, 405, 404]
    assert seen == ["app", "http", "app", "http", "app", "socket"]


async def test_the_answers_are_made_once() -> None:
    made: list[str] = []

    def counting(endpoint: Endpoint) -> Endpoint:
        made.append(endpoint.__name__)
        return endpoint

    async with TestClient(Kui(http_middlewares=[counting])) as client:
        for _ in range(3):
            assert (await client.get("/no")).status_code == 404
    assert len(made) == 1
