"""Nothing is lost and nothing stands still: receives that are cancelled, windows, a thousand sockets."""

import asyncio
from typing import Any

import pytest
from testing_applications import echo, sends

from kui.testing import DeadlineExceeded, TestClient


async def test_two_tasks_may_receive_at_once() -> None:
    async with TestClient(sends("a", "b")) as client, client.websocket("/") as ws:
        assert sorted(await asyncio.gather(ws.receive_text(), ws.receive_text())) == ["a", "b"]


async def test_a_cancelled_receive_loses_no_message() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        receiving = asyncio.create_task(ws.receive_text())
        await asyncio.sleep(0)
        await ws.send_text("kept")
        receiving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await receiving
        assert await ws.receive_text() == "kept"


async def test_a_cancelled_receive_of_the_application_loses_no_event() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receive(), 0)
        await send({"type": "websocket.send", "text": "timed out"})
        await send({"type": "websocket.send", "text": (await receive())["text"]})
        await receive()

    async with TestClient(app) as client, client.websocket("/") as ws:
        assert await ws.receive_text() == "timed out"
        await ws.send_text("kept")
        assert await ws.receive_text() == "kept"


async def test_a_window_makes_the_application_wait_for_the_reader() -> None:
    sent: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        for number in range(3):
            await send({"type": "websocket.send", "text": str(number)})
            sent.append(number)
        await receive()

    async with TestClient(app) as client, client.websocket("/", window=1) as ws:
        with pytest.raises(DeadlineExceeded):
            await ws.wait_ended(deadline=0.01)
        assert sent == [0]
        assert [await ws.receive_text() for _ in range(3)] == ["0", "1", "2"]


async def test_a_close_does_not_wait_for_the_window() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "unread"})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(send({"type": "websocket.send", "text": "too much"}), 0.01)
        await send({"type": "websocket.close", "code": 1013})

    async with TestClient(app) as client, client.websocket("/", window=1) as ws:
        await ws.wait_ended()
        assert await ws.receive_text() == "unread"
        assert await ws.expect_close() == (1013, "")


async def test_a_loop_of_sends_does_not_stop_the_world() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            await send({"type": "websocket.send", "text": "more"})

    async with TestClient(app) as client, client.websocket("/") as ws:
        assert await ws.receive_text() == "more"


async def test_a_thousand_connections_are_open_at_once() -> None:
    async with TestClient(echo()) as client:
        everyone_is_here = asyncio.Barrier(1000)

        async def one(number: int) -> Any:
            async with client.websocket(f"/{number}") as ws:
                await everyone_is_here.wait()
                await ws.send_json(number)
                return await ws.receive_json()

        assert await asyncio.gather(*map(one, range(1000))) == list(range(1000))
