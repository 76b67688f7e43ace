"""`websocket_session`: an endpoint as an ASGI application."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from websocket_peer import SERVERS, serve

from kui.core import JSONCodec, Receive, Scope, Send, UnknownScopeType
from kui.testing import TestClient
from kui.websocket import SocketView, websocket, websocket_session

README = Path(__file__).parent.parent / "README.md"


async def echo() -> None:
    await websocket.accept()
    async for payload in websocket.iter_payloads():
        await websocket.send_payload(payload)


class Echo(SocketView):
    async def on_receive(self, data: Any) -> None:
        await self.send(data)


class Callable:
    async def __call__(self) -> None:
        await echo()

    async def method(self) -> None:
        await echo()


async def echo_of(prefix: str) -> None:
    await echo()


@pytest.mark.parametrize("endpoint", [echo, Echo, Callable(), Callable().method, partial(echo_of, "x")])
@pytest.mark.parametrize("server", SERVERS)
async def test_any_endpoint_is_an_application(endpoint: Any, server: str) -> None:
    async with TestClient(websocket_session(endpoint), server=server) as client, client.websocket("/") as ws:
        await ws.send_text("a")
        assert await ws.receive_text() == "a"


async def test_it_may_be_mounted_below_a_path_of_another_application() -> None:
    inner = websocket_session(handler_of_paths)

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        await inner({**scope, "root_path": scope["root_path"] + "/ws"}, receive, send)

    async with (
        TestClient(outer, lifespan="off", root_path="/api") as client,
        client.websocket("/ws/room") as ws,
    ):
        assert await ws.receive_text() == "/api/ws/room"


async def handler_of_paths() -> None:
    await websocket.accept()
    await websocket.send_text(websocket.url.path)


async def test_another_type_of_scope_is_refused_with_an_exception() -> None:
    async def nothing(*_: Any) -> Any:
        raise AssertionError

    with pytest.raises(
        UnknownScopeType, match=r"serves websocket connections .*; got a scope of type 'lifespan'"
    ):
        await websocket_session(echo)({"type": "lifespan"}, nothing, nothing)


async def test_a_plain_http_request_is_answered_with_426() -> None:
    async with TestClient(websocket_session(echo), lifespan="off") as client:
        response = await client.get("/")
    assert response.status_code == 426
    assert response.headers["upgrade"] == "websocket"


def plain() -> None:
    pass


@pytest.mark.parametrize("endpoint", [3, None, plain])
def test_what_is_no_endpoint_fails_when_the_application_is_made(endpoint: Any) -> None:
    with pytest.raises(TypeError, match=r"an endpoint is an async callable|declare it with `async def`"):
        websocket_session(endpoint)


def test_a_middleware_that_returns_no_endpoint_fails_when_the_application_is_made() -> None:
    with pytest.raises(TypeError, match="an endpoint is an async callable without arguments; got None"):
        websocket_session(echo, middlewares=[cast(Any, lambda endpoint: None)])  # pyright: ignore[reportUnknownLambdaType]


async def test_the_codec_of_the_session_encodes_and_decodes() -> None:
    class Text(JSONCodec):
        def decode(self, payload: str | bytes) -> Any:
            return {"read": super().decode(payload)}

    async def handler() -> None:
        await websocket.accept()
        value = await websocket.receive_json()
        assert value == {"read": 1}
        assert [value async for value in websocket.iter_json()] == [{"read": 2}]
        assert isinstance(websocket.json_codec, Text)

    async with serve(handler, json_codec=Text()) as peer:
        peer.deliver("1", "2")
        peer.leave()


async def test_the_codec_of_the_application_is_used_without_one_of_the_session() -> None:
    class App:
        json_codec = JSONCodec({Decimal: float})

    async def handler() -> None:
        await websocket.accept()
        await websocket.send_json(Decimal("1.5"))

    async with serve(handler, app=App()) as peer:
        pass
    assert peer.messages() == ["1.5"]


class Color(Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    y: int


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Point(1, 2), '{"x":1,"y":2}'),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), '"2026-01-02T03:04:05Z"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (Decimal("1.50"), '"1.50"'),
        (Color.RED, '"red"'),
        (float("nan"), "null"),
    ],
)
async def test_values_beyond_jsons_own_types_can_be_sent(value: Any, text: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.send_json(value)
        await websocket.send_json(value, mode="binary")

    async with serve(handler) as peer:
        pass
    assert peer.messages() == [text, text.encode()]


async def test_the_example_of_the_readme_runs() -> None:
    code = README.read_text().split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(code, names)
    async with TestClient(names["app"]) as client, client.websocket("/") as ws:
        await ws.send_json({"text": "hello"})
        assert await ws.receive_json() == {"text": "hello", "number": 1}
        await ws.send_json({"text": "again"})
        assert await ws.receive_json() == {"text": "again", "number": 2}
