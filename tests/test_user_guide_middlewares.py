"""The user guide, middlewares: on one route, on the application, and against a handshake."""

from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from kui.asgi import websocket
from serving import served
from user_guide import closed, run_sample, with_both_implementations

pytestmark = with_both_implementations


def noting(calls: list[str], name: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """A middleware: it takes an endpoint, an async callable without arguments, and returns another one."""

    def middleware(endpoint: Callable[[], Any]) -> Callable[[], Any]:
        async def noted() -> None:
            calls.append(f"{name} before")
            await endpoint()
            calls.append(f"{name} after")

        return noted

    return middleware


async def echo_once() -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())


async def test_a_middleware_is_put_on_one_route_with_the_at_operator(ws: str) -> None:
    calls: list[str] = []
    app = run_sample(
        """
        from kui.asgi import SocketRoute

        app.router <<= SocketRoute("/ws", handler) @ ws_auth_middleware
        """,
        handler=echo_once,
        ws_auth_middleware=noting(calls, "auth"),
    )["app"]
    app.router.websocket("/plain", name="plain")(echo_once)
    with served(app, ws) as address:
        for path in ("/plain", "/ws"):
            async with connect(f"ws://{address}{path}") as client:
                await client.send("hello")
                assert await client.recv() == "hello"
                assert await closed(client) == 1000
    assert calls == ["auth before", "auth after"]


async def test_socket_middlewares_are_on_every_websocket_route_of_the_application(ws: str) -> None:
    calls: list[str] = []
    app = run_sample(
        """
        from kui.asgi import Kui

        app = Kui(socket_middlewares=[ws_logging_middleware])
        """,
        ws_logging_middleware=noting(calls, "log"),
    )["app"]
    app.router.websocket("/a")(echo_once)
    app.router.websocket("/b", name="b")(echo_once)
    with served(app, ws) as address:
        for path in ("/a", "/b"):
            async with connect(f"ws://{address}{path}") as client:
                await client.send("hello")
                assert await client.recv() == "hello"
                assert await closed(client) == 1000
    assert calls == ["log before", "log after"] * 2


async def test_a_middleware_may_refuse_the_handshake(ws: str) -> None:
    app = run_sample(
        """
        from kui.asgi import HTTPException, SocketRoute, websocket

        def ws_auth_middleware(endpoint):
            async def authenticated():
                if websocket.headers.get("authorization") != "Bearer secret":
                    raise HTTPException(401, {"WWW-Authenticate": "Bearer"})
                await endpoint()
            return authenticated

        app.router <<= SocketRoute("/ws", handler) @ ws_auth_middleware
        """,
        handler=echo_once,
    )["app"]
    with served(app, ws) as address:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{address}/ws")
        assert refused.value.response.status_code == 401
        assert refused.value.response.headers["WWW-Authenticate"] == "Bearer"
        async with connect(
            f"ws://{address}/ws", additional_headers={"Authorization": "Bearer secret"}
        ) as client:
            await client.send("hello")
            assert await client.recv() == "hello"
