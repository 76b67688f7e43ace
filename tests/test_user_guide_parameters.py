"""The user guide, parameters: taken with Annotated or read, and refused when they are wrong."""

import pytest
from websockets.exceptions import InvalidStatus

from kui.asgi import Kui, SocketView, websocket
from user_guide import connected, run_sample, with_both_implementations

pytestmark = with_both_implementations

PARAMETERS = """
    from typing_extensions import Annotated
    from kui.asgi import Query

    @app.router.websocket("/ws")
    class AuthenticatedWS(SocketView):
        encoding = "json"

        async def on_connect(self):
            await websocket.accept()

        async def on_receive(self, data):
            await websocket.send_json(data)
"""


async def test_the_view_with_parameters_of_the_guide_echoes(ws: str) -> None:
    app = run_sample(PARAMETERS, SocketView=SocketView, websocket=websocket)["app"]
    async with connected(app, "/ws", ws) as client:
        await client.send('{"a":1}')
        assert await client.recv() == '{"a":1}'


async def test_query_parameters_are_taken_with_annotated_in_a_function_handler(ws: str) -> None:
    app = run_sample(
        """
        from typing_extensions import Annotated
        from kui.asgi import Query, websocket

        @app.router.websocket("/ws")
        async def ws_handler(token: Annotated[str, Query()], page: Annotated[int, Query(1)]):
            await websocket.accept()
            await websocket.send_json([token, page])
        """
    )["app"]
    async with connected(app, "/ws?token=abc&page=7", ws) as client:
        assert await client.recv() == '["abc",7]'


async def test_a_handshake_without_its_parameters_is_refused_with_what_is_wrong(ws: str) -> None:
    app = run_sample(
        """
        from typing_extensions import Annotated
        from kui.asgi import Query, websocket

        @app.router.websocket("/ws")
        async def ws_handler(page: Annotated[int, Query()]):
            await websocket.accept()
        """
    )["app"]
    with pytest.raises(InvalidStatus) as refused:
        async with connected(app, "/ws?page=x", ws):
            pass
    assert refused.value.response.status_code == 422
    assert b'"in":"query"' in refused.value.response.body.replace(b" ", b"")


async def test_query_parameters_can_be_read_from_websocket_query_params(ws: str) -> None:
    app = Kui()

    @app.router.websocket("/ws")
    async def ws_handler() -> None:
        await websocket.accept()
        await websocket.send_text(websocket.query_params["token"])

    async with connected(app, "/ws?token=a%20b", ws) as client:
        assert await client.recv() == "a b"
