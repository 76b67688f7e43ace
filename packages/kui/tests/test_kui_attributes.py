"""The attributes of an application that 1.x let be assigned: each is heard, or refused in words."""

from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from kui_http import answering, reply

from kui.asgi import (
    FactoryClass,
    HTTPException,
    HttpRequest,
    Kui,
    PlainTextResponse,
    WebSocket,
    convert_response,
    request,
    websocket,
)
from kui.core import Lifespan
from kui.http import ResponseConverter
from kui.testing import TestClient


class Number:
    pass


async def gone(error: HTTPException[Any]) -> tuple[str, int]:
    return str(error.status_code), error.status_code


async def number_of(error: Exception) -> Number:
    return Number()


def as_text(text: str) -> Callable[[Number], PlainTextResponse]:
    return lambda number: PlainTextResponse(text)


async def test_a_factory_class_that_is_assigned_makes_the_next_connections() -> None:
    closed: list[str] = []

    class Visitor(HttpRequest):
        async def close(self) -> None:
            closed.append(type(self).__name__)
            await super().close()

    class Player(WebSocket):
        pass

    app = Kui()

    @app.router.http.get("/")
    async def home() -> str:
        return repr(request)

    @app.router.websocket("/")
    async def play() -> None:
        await websocket.accept()
        await websocket.send_text(repr(websocket))

    app.factory_class = FactoryClass(http=Visitor, websocket=Player)
    async with TestClient(app) as client:
        assert "Visitor" in (await client.get("/")).text
        assert closed == ["Visitor"]
        async with client.websocket("/") as ws:
            assert "Player" in await ws.receive_text()
    assert app.factory_class == FactoryClass(Visitor, Player)


async def test_the_limits_and_the_handlers_outlive_another_factory_class() -> None:
    app = answering(HTTPException(410), exception_handlers={410: gone})
    app.factory_class = FactoryClass()
    app.add_exception_handler(404, gone)
    assert await reply(app) == (410, "410")
    assert await reply(app, path="/no") == (404, "404")


async def test_a_response_converter_that_is_assigned_answers_for_everything() -> None:
    app = answering(
        Number(),
        response_converters={Number: as_text("old")},
        exception_handlers={404: number_of},
    )

    @app.router.http("/converted")
    async def converted() -> Any:
        return convert_response(Number())

    assert await reply(app) == (200, "old")
    app.response_converter = converter = ResponseConverter({Number: as_text("new")})
    assert app.response_converter is converter
    for path in ("/", "/converted", "/no"):
        assert await reply(app, path=path) == (200, "new")
    app.response_converter.register(Number)(as_text("newest"))
    assert await reply(app) == (200, "newest")


async def test_a_lifespan_that_is_assigned_is_run() -> None:
    seen: list[str] = []

    async def lifespan(app: Kui) -> AsyncGenerator[None]:
        seen.append("up")
        yield
        seen.append("down")

    app = Kui()
    app.lifespan = Lifespan(lifespan)
    async with TestClient(app):
        assert seen == ["up"]
    assert seen == ["up", "down"]


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("factory_class", HttpRequest, "a FactoryClass, as in FactoryClass(websocket=Player)"),
        ("factory_class", None, "a FactoryClass, as in FactoryClass(websocket=Player)"),
        ("response_converter", str, "a ResponseConverter, as in ResponseConverter({Item: function})"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_what_it_has_to_be(
    name: str, value: Any, wanted: str
) -> None:
    app = Kui()
    before = getattr(app, name)
    with pytest.raises(TypeError) as error:
        setattr(app, name, value)
    assert str(error.value) == f"Kui.{name} has to be {wanted}; got {value!r}"
    assert getattr(app, name) is before


def test_the_json_encoders_are_read_and_not_changed() -> None:
    app = Kui(json_encoder={complex: str})
    assert dict(app.json_encoder) == {complex: str}
    assert (complex in app.json_encoder, int in app.json_encoder, len(app.json_encoder)) == (True, False, 1)
    message = r"Kui.json_encoder is immutable: .* write Kui\(json_encoder=\{type: function\}\)"
    encoders: Any = app.json_encoder
    with pytest.raises(RuntimeError, match=message):
        encoders[int] = str
    with pytest.raises(RuntimeError, match=message):
        encoders.update({int: str})
    with pytest.raises(RuntimeError, match=message):
        del encoders[complex]
    with pytest.raises(RuntimeError, match=message):
        app.json_encoder = {}
    assert app.json_encoder == {complex: str}
