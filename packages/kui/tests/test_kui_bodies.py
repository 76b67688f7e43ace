"""What a request brings: bodies, their limit, parameters that do not fit."""

from typing import Annotated, Any

from kui_http import Move, reply

from kui.asgi import Body, Kui, Query, RequestLimits, UploadFile, request
from kui.testing import TestClient


async def test_a_body_is_taken_from_json_and_forms_and_files() -> None:
    app = Kui()

    @app.router.http.post("/json")
    async def from_json(x: Annotated[int, Body()], y: Annotated[int, Body(0)]) -> int | Any:
        return str(x + y)

    @app.router.http.post("/model")
    async def from_model(move: Annotated[Move, Body(exclusive=True)]) -> Move:
        return move

    @app.router.http.post("/file")
    async def from_form(name: Annotated[str, Body()], file: Annotated[UploadFile, Body()]) -> str:
        return f"{name} {file.filename} {(await file.aread()).decode()}"

    assert await reply(app, "POST", "/json", json={"x": 1, "y": 2}) == (200, "3")
    assert await reply(app, "POST", "/json", data={"x": "1"}) == (200, "1")
    assert await reply(app, "POST", "/model", json={"x": 7}) == (200, '{"x":7}')
    files = {"file": ("a.txt", b"hello")}
    assert await reply(app, "POST", "/file", data={"name": "n"}, files=files) == (200, "n a.txt hello")
    assert (await reply(app, "POST", "/json", content=b"x", headers={"content-type": "text/x"}))[0] == 415
    assert (await reply(app, "POST", "/json", content=b"{", headers={"content-type": "application/json"}))[
        0
    ] == 400


async def test_a_body_above_the_limit_is_413() -> None:
    app = Kui(request_limits=RequestLimits(max_body_size=10))

    @app.router.http.post("/")
    async def read() -> bytes:
        return await request.body

    assert await reply(app, "POST", content=b"x" * 10) == (200, "x" * 10)
    assert (await reply(app, "POST", content=b"x" * 11))[0] == 413


async def test_invalid_parameters_are_422_with_every_error_and_its_place() -> None:
    app = Kui()

    @app.router.http.get("/")
    async def search(page: Annotated[int, Query(ge=1)], size: Annotated[int, Query()]) -> str:
        return "found"

    async with TestClient(app) as client:
        response = await client.get("/?page=0")
    assert response.status_code == 422
    assert [(each["in"], each["loc"], each["type"]) for each in response.json()] == [
        ("query", ["page"], "greater_than_equal"),
        ("query", ["size"], "missing"),
    ]
