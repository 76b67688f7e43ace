"""Methods of a whole application: misses, OPTIONS, HEAD, class views."""

from typing import Annotated

from kui_http import reply

from kui.asgi import HttpView, Kui, Query, request, required_method
from kui.testing import TestClient


def notes() -> Kui:
    app = Kui()

    @app.router.http.get("/notes")
    async def read() -> list[str]:
        return ["milk"]

    @app.router.http.post("/notes")
    async def write() -> tuple[str, int]:
        return "saved", 201

    return app


async def test_a_path_that_nobody_serves_is_404() -> None:
    assert await reply(notes(), path="/no") == (404, "Nothing matches the given URI")


async def test_a_method_that_nobody_serves_is_405_and_names_the_others() -> None:
    async with TestClient(notes()) as client:
        response = await client.delete("/notes")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, POST, OPTIONS"


async def test_options_is_answered_with_the_methods() -> None:
    async with TestClient(notes()) as client:
        response = await client.options("/notes")
    assert (response.status_code, response.headers["allow"]) == (200, "GET, HEAD, POST, OPTIONS")


async def test_head_is_get_without_its_body() -> None:
    async with TestClient(notes()) as client:
        head, get = await client.head("/notes"), await client.get("/notes")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


async def test_a_route_without_methods_serves_every_one() -> None:
    app = Kui()

    @app.router.http("/")
    async def any_method() -> str:
        return request.method

    assert await reply(app, "BREW") == (200, "BREW")


async def test_a_class_view_answers_by_method_with_instance_class_and_static_methods() -> None:
    app = Kui()

    @app.router.http("/view")
    class View(HttpView):
        async def get(self, page: Annotated[int, Query()] = 1) -> str:
            return f"page {page}"

        @classmethod
        async def post(cls) -> str:
            return cls.__name__

        @staticmethod
        async def put() -> str:
            return "put"

    assert View.__methods__ == ["GET", "HEAD", "POST", "PUT", "OPTIONS"]
    assert await reply(app, path="/view?page=2") == (200, "page 2")
    assert await reply(app, "POST", "/view") == (200, "View")
    assert await reply(app, "PUT", "/view") == (200, "put")
    assert (await reply(app, "DELETE", "/view"))[0] == 405
    assert (await reply(app, "OPTIONS", "/view"))[0] == 200


async def test_required_method_restricts_a_route() -> None:
    app = Kui()

    @app.router.http("/", middlewares=[required_method("GET")])
    async def only() -> str:
        return "got"

    assert await reply(app) == (200, "got")
    assert (await reply(app, "HEAD"))[0] == 200
    assert (await reply(app, "POST"))[0] == 405
