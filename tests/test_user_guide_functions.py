"""The user guide, function handlers: what the sample does, and how a connection ends in one."""

import pytest
from websockets.exceptions import ConnectionClosed

from kui.asgi import Kui, WebSocketDisconnect, websocket
from user_guide import FUNCTION_HANDLER, closed, connected, run_sample, with_both_implementations

pytestmark = with_both_implementations


async def test_the_function_handler_of_the_guide_echoes_json(ws: str) -> None:
    async with connected(run_sample(FUNCTION_HANDLER)["app"], "/ws", ws) as client:
        for message in ('{"text":"hello"}', "[1,2.5,null]", '"你好"'):
            await client.send(message)
            assert await client.recv() == f'{{"echo":{message}}}'


async def test_a_function_handler_manages_the_life_of_the_connection_itself(ws: str) -> None:
    app = Kui()

    @app.router.websocket("/ws")
    async def ask_and_close() -> None:
        await websocket.accept()
        await websocket.send_text("your name?")
        await websocket.send_text(f"bye {await websocket.receive_text()}")
        await websocket.close(4000)

    async with connected(app, "/ws", ws) as client:
        assert await client.recv() == "your name?"
        await client.send("ada")
        assert await client.recv() == "bye ada"
        assert await closed(client) == 4000


async def test_polling_is_disconnected_discards_no_message_of_the_client(ws: str) -> None:
    app = Kui()

    @app.router.websocket("/ws")
    async def poll() -> None:
        await websocket.accept()
        received: list[str] = []
        while len(received) < 20:
            is_closed = await websocket.is_disconnected()
            assert is_closed is False
            received.append(await websocket.receive_text())
            assert await websocket.is_disconnected() is False
        await websocket.send_json(received)

    async with connected(app, "/ws", ws) as client:
        for number in range(20):
            await client.send(str(number))
        assert await client.recv() == "[" + ",".join(f'"{number}"' for number in range(20)) + "]"


async def test_iter_json_ends_when_the_client_leaves(ws: str) -> None:
    ended: list[str] = []
    app = Kui()

    @app.router.websocket("/ws")
    async def collect() -> None:
        await websocket.accept()
        async for data in websocket.iter_json():
            ended.append(data)
        ended.append("ended")

    async with connected(app, "/ws", ws) as client:
        await client.send('"a"')
    assert ended == ["a", "ended"]


async def test_a_receive_raises_a_websocket_disconnect_that_can_be_caught(ws: str) -> None:
    caught: list[int] = []
    app = Kui()

    @app.router.websocket("/ws")
    async def wait() -> None:
        await websocket.accept()
        try:
            await websocket.receive_text()
        except WebSocketDisconnect as error:
            caught.append(error.code)

    async with connected(app, "/ws", ws) as client:
        await client.close(4444, "bye")
    assert caught == [4444]


async def test_an_error_in_a_handler_closes_with_1011_and_says_nothing_on_the_wire(
    ws: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = Kui()

    @app.router.websocket("/ws")
    async def failing() -> None:
        await websocket.accept()
        raise LookupError("a secret of the server")

    async with connected(app, "/ws", ws) as client:
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert (client.close_code, client.close_reason) == (1011, "")
    own = [record for record in caplog.records if record.name == "kui.websocket"]
    assert len(own) == 1
    assert own[0].exc_info is not None
