"""What `Kui` lets in from outside: mounted applications, a codec, types for middlewares."""

from typing import Any

import pytest
from baize.asgi import WebSocketState

from kui.asgi import Endpoint, JSONCodec, Kui, Middleware, Mount, websocket, websocket_session
from kui.testing import HandshakeDenied, TestClient


async def echo() -> None:
    await websocket.accept()
    await websocket.send_json(await websocket.receive_json())


async def test_the_origin_is_checked_before_a_mounted_application_is_reached() -> None:
    app = Kui(routes=[Mount("/inner", websocket_session(echo))])
    async with TestClient(app) as client:
        async with client.websocket("/inner/", origin="http://testserver") as ws:
            await ws.send_json(1)
            assert await ws.receive_json() == 1
        with pytest.raises(HandshakeDenied) as denied:
            async with client.websocket("/inner/", origin="http://evil.test"):
                pass
        assert denied.value.status == 403


async def test_a_mounted_application_is_reached_from_everywhere_when_the_check_is_off() -> None:
    app = Kui(routes=[Mount("/inner", websocket_session(echo))], origins=None)
    async with TestClient(app) as client, client.websocket("/inner/", origin="http://evil.test") as ws:
        await ws.send_json(1)
        assert await ws.receive_json() == 1


async def test_a_codec_of_ones_own_serves_both_protocols() -> None:
    class Wrapped(JSONCodec):
        def encode(self, value: Any) -> bytes:
            return super().encode({"value": value})

    app = Kui(json_codec=Wrapped())
    app.router.websocket("/ws")(echo)

    @app.router.http.get("/json")
    async def json() -> list[int]:
        return [1]

    async with TestClient(app) as client:
        assert (await client.get("/json")).json() == {"value": [1]}
        async with client.websocket("/ws") as ws:
            await ws.send_text("2")
            assert await ws.receive_json() == {"value": 2}


async def test_the_states_of_1x_follow_the_connection() -> None:
    states: list[tuple[WebSocketState, WebSocketState]] = []

    def note() -> None:
        states.append((websocket.client_state, websocket.application_state))

    def noting(endpoint: Endpoint) -> Endpoint:
        async def noted() -> None:
            note()
            await endpoint()
            note()

        return noted

    middlewares: list[Middleware] = [noting]
    app = Kui(socket_middlewares=middlewares)

    @app.router.websocket("/ws")
    async def handler() -> None:
        await websocket.accept()
        note()
        await websocket.close()

    async with TestClient(app) as client, client.websocket("/ws") as ws:
        await ws.expect_close()
    connecting, connected, disconnected = WebSocketState
    assert states == [(connecting, connecting), (connected, connected), (disconnected, disconnected)]
