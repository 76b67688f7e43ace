"""CORS of a whole application, of a group and of a route: on answers, misses, preflights and 405."""

from dataclasses import dataclass
from typing import Any

import pytest
from kui_http import answering

from kui.asgi import HTTPException, HttpRoute, Kui, Routes, allow_cors, request
from kui.asgi.routing import Router
from kui.core import Endpoint
from kui.testing import TestClient

PAGE = {"origin": "https://page.example"}
CORS = {"allow_origins": [r"https://page\.example"]}


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 410), ("GET", "/no", 404), ("OPTIONS", "/", 200)]
)
async def test_cors_headers_are_on_errors_misses_and_preflights(method: str, path: str, status: int) -> None:
    app = answering(HTTPException(410), cors_config=CORS)
    async with TestClient(app) as client:
        response = await client.request(method, path, headers=PAGE)
        other = await client.request(method, path, headers={"origin": "https://other.example"})
    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == PAGE["origin"]
    assert "access-control-allow-origin" not in other.headers


async def test_cors_headers_are_on_405() -> None:
    app = Kui(cors_config=CORS)
    app.router.http.get("/")(_home)
    async with TestClient(app) as client:
        response = await client.post("/", headers=PAGE)
    assert response.status_code == 405
    assert response.headers["access-control-allow-origin"] == PAGE["origin"]


async def _home() -> str:
    return "home"


async def test_a_group_may_have_cors_of_its_own() -> None:
    app = Kui()
    app.router <<= "/api" // Routes(
        HttpRoute("/home", _home), http_middlewares=[allow_cors(CORS["allow_origins"])]
    )
    async with TestClient(app) as client:
        response = await client.get("/api/home", headers=PAGE)
    assert response.headers["access-control-allow-origin"] == PAGE["origin"]


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("OPTIONS", 200), ("POST", 405)])
async def test_cors_of_a_group_or_a_route_is_on_preflights_and_405(method: str, status: int) -> None:
    app = Kui()
    cors = allow_cors(CORS["allow_origins"])
    app.router <<= HttpRoute("/route", _home, None, ["GET"]) @ cors
    app.router <<= "/api" // Routes(HttpRoute("/home", _home, None, ["GET"]), http_middlewares=[cors])
    async with TestClient(app) as client:
        for path in ("/route", "/api/home"):
            response = await client.request(method, path, headers=PAGE)
            assert (path, response.status_code) == (path, status)
            assert response.headers["access-control-allow-origin"] == PAGE["origin"]
            assert ("access-control-allow-methods" in response.headers) is (method == "OPTIONS")


async def test_a_preflight_runs_the_middlewares_of_the_route_that_serves_the_announced_method() -> None:
    app = Kui()
    app.router <<= HttpRoute("/{item}", _home, None, ["GET"])
    app.router <<= HttpRoute("/{item}", _home, None, ["POST"]) @ allow_cors(CORS["allow_origins"])
    async with TestClient(app) as client:
        for announced, is_allowed in (("POST", True), ("GET", False), ("HEAD", False), ("PUT", False)):
            headers = {**PAGE, "access-control-request-method": announced}
            response = await client.options("/7", headers=headers)
            assert response.status_code == 200
            assert ("access-control-allow-origin" in response.headers) is is_allowed


@dataclass
class Counting:
    """A middleware that is not hashable."""

    paths: list[dict[str, Any]]

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        async def counted() -> Any:
            self.paths.append(request.path_params)
            return await endpoint()

        return counted


async def test_a_405_runs_the_middlewares_of_application_and_route_once_with_the_path_parameters() -> None:
    of_app, of_route = Counting([]), Counting([])
    routes = [HttpRoute("/{id:int}", _home, methods=["GET"]) @ of_route]
    app = Kui(routes=routes, http_middlewares=[of_app])
    async with TestClient(app) as client:
        assert (await client.post("/7")).status_code == 405
        assert (await client.post("/8")).status_code == 405
        assert of_route.paths == of_app.paths == [{"id": 7}, {"id": 8}]
        app.router = Router(routes)
        assert (await client.post("/9")).status_code == 405
    assert of_route.paths == of_app.paths == [{"id": 7}, {"id": 8}, {"id": 9}]
