"""A close by another task than the one that receives or serves."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast

import pytest
from websocket_peer import SERVERS, serve, turns

from kui.testing import TestClient
from kui.websocket import Limits, SocketView, WebSocketDisconnect, websocket, websocket_session

Receive = Callable[[], Coroutine[Any, Any, None]]


async def by_a_loop() -> None:
    async for _ in websocket:
        pytest.fail("nothing comes")


async def by_payloads() -> None:
    async for _ in websocket.iter_payloads():
        pytest.fail("nothing comes")


async def as_a_view() -> None:
    async def take(message: object) -> None:
        pytest.fail("nothing comes")

    await websocket.deliver(take)


async def by_a_call() -> None:
    with pytest.raises(WebSocketDisconnect) as caught:
        await websocket.receive_text()
    assert (caught.value.code, caught.value.reason) == (4000, "out")


async def raw() -> None:
    assert await websocket.receive() == {"type": "websocket.disconnect", "code": 4000, "reason": "out"}


WAYS = [by_a_loop, by_payloads, as_a_view, by_a_call, raw]


@pytest.mark.parametrize("is_read_ahead", [False, True])
@pytest.mark.parametrize(
    "limits", [Limits(), Limits(max_message_size=10, idle_timeout=60)], ids=["", "limits"]
)
@pytest.mark.parametrize("receive", WAYS)
async def test_a_close_ends_the_receive_of_another_task_whatever_the_client_does(
    receive: Receive, limits: Limits, is_read_ahead: bool
) -> None:
    async def handler() -> None:
        await websocket.accept()
        if is_read_ahead:
            await websocket.is_disconnected()
        receiving = asyncio.create_task(receive())
        await turns()
        await websocket.close(4000, "out")
        peer.deliver("late")
        await receiving
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive_text()

    async with serve(handler, limits=limits) as peer:
        pass
    assert peer.close() == (4000, "out")


@pytest.mark.parametrize("server", SERVERS)
async def test_a_view_that_another_task_closes_gets_no_message_more(server: str) -> None:
    seen: list[object] = []

    class View(SocketView):
        async def on_connect(self) -> None:
            await websocket.accept()
            self.closing = asyncio.create_task(self.kick())

        async def kick(self) -> None:
            await turns()
            await websocket.close(4000)

        async def on_receive(self, message: str | bytes) -> None:
            seen.append(message)

        async def on_disconnect(self, close_code: int) -> None:
            await self.closing
            seen.append(close_code)

    client = TestClient(websocket_session(View), server=server, lifespan="off")
    async with client, client.websocket("/") as ws:
        assert (await ws.expect_close()).code == 4000
    assert seen == [4000]


async def test_a_close_does_not_swallow_a_cancellation_of_the_one_who_receives() -> None:
    async def handler() -> None:
        await websocket.accept()
        receiving = asyncio.create_task(websocket.receive_text())
        await turns()
        closing = asyncio.create_task(websocket.close())
        receiving.cancel()
        await closing
        with pytest.raises(asyncio.CancelledError):
            await receiving

    async with serve(handler):
        pass


async def test_a_close_leaves_a_receive_alone_that_waits_for_no_future() -> None:
    """A server whose receive is no coroutine of asyncio gives its own end."""

    class Odd:
        def __init__(self, inner: Awaitable[Any]) -> None:
            self._steps = inner.__await__()

        def __await__(self) -> "Odd":
            return self

        def __iter__(self) -> "Odd":
            return self

        def __next__(self) -> Any:
            return next(self._steps)

    async def handler() -> None:
        await websocket.accept()
        receiving = asyncio.create_task(websocket.receive_text())
        await turns()
        await websocket.close(4000)
        await turns()
        assert not receiving.done()
        peer.leave(4000)
        with pytest.raises(WebSocketDisconnect):
            await receiving

    peer = serve(handler)
    peer.wrap_receive = lambda receive: cast("Any", lambda: Odd(receive()))
    async with peer:
        pass


@pytest.mark.parametrize("is_read_ahead", [False, True])
async def test_a_handler_that_returns_waits_for_the_close_of_another_task(is_read_ahead: bool) -> None:
    closing: list[asyncio.Task[None]] = []

    async def handler() -> None:
        await websocket.accept()
        if is_read_ahead:
            await websocket.is_disconnected()
        peer.gate.clear()
        closing.append(asyncio.create_task(websocket.close(4000)))
        await turns()

    async with serve(handler) as peer:
        await turns(30)
        assert not peer.task.done()
        peer.gate.set()
        await peer.task
        assert closing[0].done()
    assert peer.close() == (4000, None)


async def test_a_receive_that_is_left_behind_ends_with_the_handler() -> None:
    left: list[asyncio.Task[str]] = []

    async def handler() -> None:
        await websocket.accept()
        left.append(asyncio.create_task(websocket.receive_text()))
        await turns()
        raise KeyError

    async with serve(handler) as peer:
        await peer.forget_failure()
        with pytest.raises(WebSocketDisconnect):
            await left[0]
