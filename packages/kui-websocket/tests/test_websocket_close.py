"""`close()`: it closes once, with a legal code, and holds when it is cancelled."""

import asyncio
from typing import Any

import pytest
from websocket_peer import SERVERS, serve, turns

from kui.testing import TestClient
from kui.websocket import WebSocketClose, WebSocketDisconnect, websocket, websocket_session


async def test_close_is_idempotent_and_the_first_code_wins() -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.close(4001, "first")
        await websocket.close(4002, "second")
        assert websocket.close_code == 4001
        raise WebSocketClose(4003)

    async with serve(handler) as peer:
        pass
    assert peer.close() == (4001, "first")


async def test_a_concurrent_second_close_waits_for_the_first() -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.gate.clear()
        first = asyncio.create_task(websocket.close(4001))
        await turns()
        second = asyncio.create_task(websocket.close(4002))
        waiting = asyncio.create_task(websocket.wait_disconnected())
        await turns()
        assert websocket.connection_state.value == "closing"
        assert not second.done()
        assert not waiting.done()
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive_text()
        with pytest.raises(WebSocketDisconnect):
            await websocket.send_text("x")
        assert not second.done()
        peer.gate.set()
        await asyncio.gather(first, second)
        assert await waiting == 4001

    async with serve(handler) as peer:
        pass
    assert peer.close() == (4001, None)


async def test_a_wait_that_began_before_the_close_ends_with_it() -> None:
    async def handler() -> None:
        await websocket.accept()
        waiting = asyncio.create_task(websocket.wait_disconnected())
        await turns()
        peer.gate.clear()
        closing = asyncio.create_task(websocket.close(4001))
        await turns()
        assert not waiting.done()
        peer.gate.set()
        await closing
        assert await waiting == 4001

    async with serve(handler) as peer:
        pass


async def test_when_the_first_close_is_cancelled_before_it_went_out_the_second_one_closes() -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.receive_text()
        peer.gate.clear()
        sending = asyncio.create_task(websocket.send_text("x"))
        await turns()
        first = asyncio.create_task(websocket.close(4001))
        await turns()
        second = asyncio.create_task(websocket.close(4002))
        await turns()
        first.cancel()
        await turns()
        peer.gate.set()
        await asyncio.gather(sending, second)
        assert first.cancelled()

    async with serve(handler) as peer:
        peer.deliver("go")
    assert peer.messages() == ["x"]
    assert peer.close() == (4002, None)


async def test_two_closes_behind_a_send_close_once() -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.gate.clear()
        async with asyncio.TaskGroup() as group:
            group.create_task(websocket.send_text("x"))
            await turns()
            group.create_task(websocket.close(4001))
            group.create_task(websocket.close(4002))
            await turns()
            peer.gate.set()

    async with serve(handler) as peer:
        pass
    assert peer.close() == (4001, None)


async def test_a_close_cancelled_in_the_server_is_cancelled_and_the_connection_has_ended() -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.gate.clear()
        closing = asyncio.create_task(websocket.close(4001))
        await turns()
        closing.cancel()
        await asyncio.wait([closing])
        assert closing.cancelled()
        with pytest.raises(WebSocketDisconnect):
            await websocket.send_text("x")
        await websocket.close()

    async with serve(handler) as peer:
        pass


async def test_a_close_cancelled_before_the_server_has_it_still_goes_out() -> None:
    async def handler() -> None:
        await websocket.accept()
        assert not await websocket.is_disconnected()
        closing = asyncio.create_task(websocket.close(4001))
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        assert closing.cancelled()

    async with serve(handler) as peer:
        pass
    assert peer.close() == (4001, None)


@pytest.mark.parametrize("error", [OSError(), RuntimeError("already closed")])
async def test_a_close_that_the_server_refuses_is_no_error(error: Exception) -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.send_error = error
        await websocket.close()

    async with serve(handler) as peer:
        pass


async def test_after_the_client_left_close_does_nothing() -> None:
    async def handler() -> None:
        await websocket.accept()
        async for _ in websocket.iter_text():
            pass
        await websocket.close(4000)
        assert websocket.close_code == 1001

    async with serve(handler) as peer:
        peer.leave(1001)
    assert peer.close() is None


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, "1000"])
async def test_an_illegal_code_is_a_value_error_before_any_state_changes(code: Any) -> None:
    async def handler() -> None:
        with pytest.raises(ValueError, match="may not be sent"):
            await websocket.close(code)
        await websocket.accept()
        with pytest.raises(ValueError, match="may not be sent"):
            await websocket.close(code)
        with pytest.raises(TypeError, match="a close reason is a str"):
            await websocket.close(1000, b"x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        await websocket.send_text("still open")

    async with serve(handler) as peer:
        pass
    assert peer.messages() == ["still open"]


@pytest.mark.parametrize("server", SERVERS)
async def test_a_long_reason_reaches_the_client_cut_where_a_reason_can_be_sent(server: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.close(4000, "ü" * 100)

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        assert await ws.expect_close() == (4000, "" if server == "daphne" else "ü" * 61)
