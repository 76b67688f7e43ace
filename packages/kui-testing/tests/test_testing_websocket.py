"""One WebSocket connection: how it is opened, and how it ends."""

import asyncio
from typing import Any

import pytest
from testing_applications import echo, sends

from kui.testing import Close, ConnectionClosed, TestClient


async def test_a_loop_over_the_socket_ends_with_the_close() -> None:
    async with TestClient(sends("a", b"b", "c")) as client, client.websocket("/") as ws:
        assert [message async for message in ws] == ["a", b"b", "c"]


async def test_a_receive_that_meets_the_close_raises() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_text("close")
        with pytest.raises(ConnectionClosed) as closed:
            await ws.receive_text()
        assert (closed.value.code, closed.value.reason) == (4000, "bye")
        assert str(closed.value) == "the connection is closed: code 4000, reason 'bye'"


async def test_a_send_after_the_close_raises() -> None:
    async with TestClient(sends()) as client, client.websocket("/") as ws:
        await ws.expect_close()
        with pytest.raises(ConnectionClosed):
            await ws.send_text("late")


async def test_expect_close_gives_the_code_and_the_reason() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_text("close")
        assert await ws.expect_close() == Close(code=4000, reason="bye") == (4000, "bye")


async def test_expect_close_refuses_a_message_and_leaves_it() -> None:
    async with TestClient(sends("first")) as client, client.websocket("/") as ws:
        with pytest.raises(AssertionError) as refused:
            await ws.expect_close()
        assert str(refused.value) == "expected the close, got the message 'first'"
        assert await ws.receive_text() == "first"
        assert await ws.expect_close() == (1000, "")


async def test_messages_before_a_cut_can_still_be_read() -> None:
    both_are_out = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "one"})
        await send({"type": "websocket.send", "text": "two"})
        both_are_out.set()
        await receive()

    async with TestClient(app) as client, client.websocket("/") as ws:
        await both_are_out.wait()
        ws.abort()
        assert await ws.receive_text() == "one"
        assert await ws.receive_text() == "two"
        assert await ws.expect_close() == (1006, "")


async def test_a_close_of_the_client_is_seen_by_both() -> None:
    events: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def noted() -> Any:
            events.append(await receive())
            return events[-1]

        await echo()(scope, noted, send)

    async with TestClient(app, lifespan="off") as client, client.websocket("/") as ws:
        await ws.close(4001, "enough")
        await ws.close(4002, "the second does nothing")
        assert await ws.expect_close() == (4001, "enough")
    assert events[1:] == [{"type": "websocket.disconnect", "code": 4001, "reason": "enough"}]


async def test_a_session_is_for_one_connection() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        with pytest.raises(RuntimeError) as again:
            await ws.__aenter__()
        assert (
            str(again.value) == "this session was entered before; call client.websocket() for each connection"
        )


async def test_a_client_has_to_be_open() -> None:
    client = TestClient(echo())
    with pytest.raises(RuntimeError) as closed:
        client.websocket("/")
    assert str(closed.value) == "the client is not open: use 'async with TestClient(app) as client'"


async def test_a_session_has_to_be_entered() -> None:
    async with TestClient(echo()) as client:
        with pytest.raises(RuntimeError) as closed:
            await client.websocket("/").receive_text()
    assert str(closed.value) == "the connection is not open: use 'async with client.websocket(...) as ws'"
