"""What endpoints return, and the response that it becomes."""

from collections.abc import AsyncGenerator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from kui_http import Move, answering, reply

from kui.asgi import FileResponse, Kui, PlainTextResponse, convert_response, request
from kui.core import Endpoint
from kui.testing import TestClient


@pytest.mark.parametrize(
    ("value", "text", "content_type"),
    [
        ("text", "text", "text/plain; charset=utf-8"),
        (b"bytes", "bytes", "text/plain; charset=utf-8"),
        ({"a": 1}, '{"a":1}', "application/json"),
        ([1, 2], "[1,2]", "application/json"),
        (Move(x=1), '{"x":1}', "application/json"),
        (PlainTextResponse("own"), "own", "text/plain; charset=utf-8"),
    ],
)
async def test_a_value_becomes_the_response_of_its_type(value: Any, text: str, content_type: str) -> None:
    async with TestClient(answering(value)) as client:
        response = await client.get("/")
    assert (response.text, response.headers["content-type"]) == (text, content_type)


async def test_a_tuple_is_a_body_a_status_and_headers() -> None:
    async with TestClient(answering(({"id": 7}, 201, {"location": "/7"}))) as client:
        response = await client.post("/")
    assert (response.status_code, response.json(), response.headers["location"]) == (201, {"id": 7}, "/7")


async def test_an_async_generator_becomes_server_sent_events() -> None:
    app = Kui()

    async def events() -> AsyncGenerator[Any]:
        yield {"event": "tick", "data": "1"}

    @app.router.http.get("/")
    async def ticks() -> AsyncGenerator[Any]:
        return events()

    assert await reply(app) == (200, "event: tick\ndata: 1\n\n")


async def test_a_path_becomes_the_file(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("milk")
    assert await reply(answering(tmp_path / "note.txt")) == (200, "milk")
    async with TestClient(answering(FileResponse(tmp_path / "note.txt"))) as client:
        part = await client.get("/", headers={"range": "bytes=0-1"})
    assert (part.status_code, part.text) == (206, "mi")


async def test_a_url_becomes_a_redirect() -> None:
    app = Kui()

    @app.router.http.get("/old")
    async def old() -> Any:
        return request.url_for("new")

    @app.router.http.get("/new")
    async def new() -> str:
        return "new"

    async with TestClient(app) as client:
        response = await client.get("/old?q=1")
    assert (response.status_code, response.headers["location"]) == (307, "http://testserver/new")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "Get 'None'. Maybe you need to add a return statement to the function."),
        (object(), "Cannot find response_converter handler for this type: <class 'object'>"),
    ],
)
async def test_a_value_that_is_no_answer_is_an_error_that_says_so(value: Any, message: str) -> None:
    with pytest.raises(TypeError) as error:
        await reply(answering(value))
    assert str(error.value) == message


async def test_response_converters_are_heard_and_may_be_registered_later() -> None:
    def move(move: Move) -> PlainTextResponse:
        return PlainTextResponse(f"x {move.x}")

    assert await reply(answering(Move(x=1), response_converters={Move: move})) == (200, "x 1")
    app = answering(date(2024, 2, 29))

    @app.response_converter.register(date)
    def day(day: date) -> PlainTextResponse:
        return PlainTextResponse(day.isoformat())

    assert await reply(app) == (200, "2024-02-29")


async def test_the_json_encoder_is_heard() -> None:
    assert await reply(answering({"z": 1j}, json_encoder={complex: str})) == (200, '{"z":"1j"}')


async def test_a_middleware_may_change_any_answer() -> None:
    def stamp(endpoint: Endpoint) -> Endpoint:
        async def stamped() -> Any:
            response: Any = convert_response(await endpoint())
            response.headers["x-stamp"] = "1"
            return response

        return stamped

    async with TestClient(answering({"id": 7}, http_middlewares=[stamp])) as client:
        response = await client.get("/")
    assert (response.json(), response.headers["x-stamp"]) == ({"id": 7}, "1")


async def test_a_response_sets_and_deletes_cookies() -> None:
    response = PlainTextResponse("cookies")
    response.set_cookie("theme", "dark")
    response.delete_cookie("old")
    async with TestClient(answering(response)) as client:
        answer = await client.get("/")
        assert answer.headers.get_list("set-cookie")[0].startswith("theme=dark")
        assert client.cookies["theme"] == "dark"
