"""The user guide, routes: by decorator, as an object, in a group."""

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from kui.asgi import websocket
from serving import served
from user_guide import FUNCTION_HANDLER, connected, run_sample, with_both_implementations

pytestmark = with_both_implementations

DECORATOR = """
    @app.router.websocket("/ws", name="websocket")
    async def ws_handler():
        ...
"""

ROUTE_OBJECT = """
    from kui.asgi import SocketRoute

    app.router <<= SocketRoute("/ws", ws_handler, name="websocket")
"""

GROUP = """
    from kui.asgi import Routes, SocketRoute

    ws_routes = Routes(
        SocketRoute("/chat", chat_handler),
        SocketRoute("/notifications", notify_handler),
    )
    app.router <<= "/ws" // ws_routes
"""


async def test_the_decorator_registers_a_route_with_a_name(ws: str) -> None:
    namespace = run_sample(DECORATOR)
    assert namespace["app"].router.url_for("websocket") == "/ws"
    assert namespace["ws_handler"].__name__ == "ws_handler"
    with pytest.raises(InvalidStatus) as refused:  # the sample's handler does nothing, and so refuses
        async with connected(namespace["app"], "/ws", ws):
            pass
    assert refused.value.response.status_code == 403


async def test_a_route_object_registers_the_same_route(ws: str) -> None:
    handler = run_sample(FUNCTION_HANDLER)["ws_handler"]
    app = run_sample(ROUTE_OBJECT, ws_handler=handler)["app"]
    assert app.router.url_for("websocket") == "/ws"
    async with connected(app, "/ws", ws) as client:
        await client.send("1")
        assert await client.recv() == '{"echo":1}'


async def test_routes_group_websocket_routes_under_a_prefix(ws: str) -> None:
    async def chat_handler() -> None:
        await websocket.accept()
        await websocket.send_text("chat")

    async def notify_handler() -> None:
        await websocket.accept()
        await websocket.send_text("notifications")

    app = run_sample(GROUP, chat_handler=chat_handler, notify_handler=notify_handler)["app"]
    with served(app, ws) as address:
        for name in ("chat", "notifications"):
            async with connect(f"ws://{address}/ws/{name}") as client:
                assert await client.recv() == name
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{address}/chat")
        assert refused.value.response.status_code == 404
