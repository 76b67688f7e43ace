"""`required_method`, with which 1.x restricts a route to a method."""

import pytest

from kui.asgi import HttpRoute, HttpView, Kui, MultimethodRoutes, Routes, required_method
from kui.core import Endpoint
from kui.testing import TestClient


async def read() -> str:
    return "read"


async def write() -> str:
    return "written"


@pytest.mark.parametrize(
    "routes",
    [
        [HttpRoute("/x", read) @ required_method("GET"), HttpRoute("/x", write) @ required_method("post")],
        [HttpRoute("/x", required_method("GET")(read)), HttpRoute("/x", required_method("POST")(write))],
        [
            Routes(HttpRoute("/x", read), http_middlewares=[required_method("GET")]),
            HttpRoute("/x", write, methods=["POST"]),
        ],
    ],
    ids=["routes", "endpoints", "groups"],
)
async def test_several_routes_of_one_path_are_told_apart_by_it(routes: list[HttpRoute]) -> None:
    app = Kui(routes=[MultimethodRoutes(*routes, base_class=HttpView)])
    async with TestClient(app) as client:
        assert (await client.get("/x")).text == "read"
        assert (await client.post("/x")).text == "written"
        assert (await client.head("/x")).status_code == 200
        other = await client.put("/x")
        assert (other.status_code, other.headers["allow"]) == (405, "GET, HEAD, POST, OPTIONS")


async def test_the_other_middlewares_of_such_a_route_stay() -> None:
    def exclaiming(endpoint: Endpoint) -> Endpoint:
        async def exclaimed() -> str:
            return f"{await endpoint()}!"

        return exclaimed

    routes = MultimethodRoutes(HttpRoute("/x", read) @ required_method("GET") @ exclaiming)
    async with TestClient(Kui(routes=[routes])) as client:
        assert (await client.get("/x")).text == "read!"


async def test_it_refuses_the_other_methods_and_answers_options() -> None:
    async with TestClient(Kui(routes=[HttpRoute("/", read) @ required_method("GET")])) as client:
        assert (await client.get("/")).text == "read"
        assert (await client.post("/")).status_code == 405
        options = await client.options("/")
        assert (options.status_code, options.headers["allow"]) == (200, "GET, HEAD, OPTIONS")


def test_two_routes_of_one_path_and_method_conflict() -> None:
    with pytest.raises(ValueError, match="Routing conflict: /x"):
        MultimethodRoutes(
            HttpRoute("/x", read, methods=["GET"]), HttpRoute("/x", write) @ required_method("GET")
        )


def test_a_summary_in_the_place_of_methods_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match="summary, description and tags are given by their names"):
        HttpRoute("/", read, "read", "A summary")
