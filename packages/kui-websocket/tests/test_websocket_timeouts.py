"""Receives with a time limit, cancelled, or two at once: no message is lost."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import pytest
from websocket_peer import SERVERS, serve, turns

from kui.core import Message, Receive
from kui.testing import TestClient
from kui.websocket import InvalidState, websocket, websocket_session


async def receive(kind: str) -> Any:
    if kind == "iter":
        return await anext(websocket.iter_text())
    if kind == "raw":
        return (await websocket.receive())["text"]
    return await websocket.receive_text()


@pytest.mark.parametrize("kind", ["text", "iter", "raw"])
@pytest.mark.parametrize("server", SERVERS)
async def test_a_time_out_around_a_receive_never_loses_a_message(server: str, kind: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        count = 0
        while count < 50:
            try:
                async with asyncio.timeout(0):
                    await websocket.send_text(await receive(kind))
                    count += 1
            except TimeoutError:
                await asyncio.sleep(0)

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        for number in range(50):
            await ws.send_text(str(number))
            await turns(number % 4)
        assert [await ws.receive_text() for _ in range(50)] == [str(number) for number in range(50)]


@pytest.mark.parametrize("server", SERVERS)
async def test_a_receive_with_a_time_limit_of_its_own_never_loses_a_message(server: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(TimeoutError):
            await websocket.receive_text(timeout=0.001)
        with pytest.raises(TimeoutError):
            await websocket.receive_bytes(timeout=0.001)
        with pytest.raises(TimeoutError):
            await websocket.receive_payload(timeout=0)
        await websocket.send_text("ready")
        assert await websocket.receive_text(timeout=5) == "a"
        assert await websocket.receive_bytes(timeout=5) == b"b"
        assert await websocket.receive_payload(timeout=5) == "c"

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        await ws.receive_text()
        await ws.send_text("a")
        await ws.send_bytes(b"b")
        await ws.send_text("c")


class Lossy:
    """A receive of a server that forgets its message when it is cancelled, as Granian does."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive

    def __await__(self) -> Generator[Any, Any, Message]:
        return self.run().__await__()

    async def run(self) -> Message:
        event = await self.receive()
        await turns(3)  # a cancellation here loses it
        return event


async def test_a_server_whose_receive_loses_messages_when_cancelled_is_read_ahead_of() -> None:
    async def handler() -> None:
        await websocket.accept()
        got: list[str] = []
        while len(got) < 20:
            try:
                async with asyncio.timeout(0):
                    got.append(await websocket.receive_text())
            except TimeoutError:
                await asyncio.sleep(0)
        assert got == [str(number) for number in range(20)]

    peer = serve(handler)
    # a builtin method, as Granian's receive is
    peer.wrap_receive = lambda receive: deque(Lossy(receive) for _ in range(99)).popleft
    async with peer:
        for number in range(20):
            peer.deliver(str(number))
            await turns(number % 5)


async def test_a_message_is_not_lost_when_the_time_is_up_in_the_moment_it_arrives() -> None:
    async def handler() -> None:
        await websocket.accept()
        assert not await websocket.is_disconnected()
        task = asyncio.create_task(websocket.receive_text())
        await turns()
        peer.deliver("a")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert (await websocket.receive_text() if task.cancelled() else task.result()) == "a"

    async with serve(handler) as peer:
        pass


@pytest.mark.parametrize("server", SERVERS)
async def test_of_two_tasks_that_receive_at_once_the_second_raises_at_once(server: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        first = asyncio.create_task(websocket.receive_text())
        await turns()
        calls: list[Callable[[], Awaitable[Any]]] = [
            websocket.receive_text,
            websocket.receive,
            lambda: websocket.receive_json(timeout=1),
            lambda: anext(websocket.iter_bytes()),
        ]
        for call in calls:
            with pytest.raises(InvalidState, match="another task is receiving"):
                await call()
        await websocket.send_text("ready")
        assert await first == "a"
        assert await websocket.receive_text() == "b"

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        assert await ws.receive_text() == "ready"
        await ws.send_text("a")
        await ws.send_text("b")


async def test_an_iterator_goes_on_after_a_cancelled_step() -> None:
    async def handler() -> None:
        await websocket.accept()
        texts = websocket.iter_text()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await anext(texts)
        peer.deliver("a")
        assert await anext(texts) == "a"

    async with serve(handler) as peer:
        pass
