"""A close by another task than the one that receives or serves."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
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


@pytest.mark.parametrize("is_cancelled_first", [True, False])
async def test_a_close_does_not_swallow_a_cancellation_of_the_one_who_receives(
    is_cancelled_first: bool,
) -> None:
    ended: list[asyncio.Task[str]] = []

    async def handler() -> None:
        await websocket.accept()
        receiving = asyncio.create_task(websocket.receive_text())
        ended.append(receiving)
        await turns()
        if is_cancelled_first:
            receiving.cancel()
        await websocket.close()
        receiving.cancel()
        await asyncio.wait([receiving])

    async with serve(handler):
        pass
    assert ended[0].cancelled()


async def test_a_close_is_no_cancellation_for_a_task_that_was_cancelled_before() -> None:
    seen: list[object] = []

    async def survive_and_receive() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
        try:
            await websocket.receive_text()
        except WebSocketDisconnect as end:
            seen.append(end.code)

    async def handler() -> None:
        await websocket.accept()
        receiving = asyncio.create_task(survive_and_receive())
        await turns()
        receiving.cancel()
        await turns()
        await websocket.close(4000)
        await asyncio.wait([receiving])

    async with serve(handler):
        pass
    assert seen == ["cancelled", 4000]


@pytest.mark.parametrize("receive", [by_a_loop, by_payloads, as_a_view, by_a_call])
async def test_a_receive_after_the_close_finds_the_end_though_another_one_is_under_way(
    receive: Receive,
) -> None:
    seen: list[str] = []

    async def handler() -> None:
        await websocket.accept()
        receiving = asyncio.create_task(websocket.receive_text())
        await turns()
        await websocket.close(4000, "out")
        await receive()
        seen.append("the end")
        await asyncio.wait([receiving])
        receiving.exception()

    async with serve(handler):
        pass
    assert seen == ["the end"]


async def test_a_message_of_the_wrong_kind_that_comes_with_the_close_is_not_kept() -> None:
    ended: list[BaseException | None] = []

    async def handler() -> None:
        await websocket.accept()
        receiving = asyncio.create_task(websocket.receive_text())
        await turns()
        peer.deliver(b"binary")
        await websocket.close(4000)
        await asyncio.wait([receiving])
        ended.append(receiving.exception())

    async with serve(handler) as peer:
        pass
    assert isinstance(ended[0], WebSocketDisconnect)


class Delegating:
    """Is awaited through a generator."""

    def __init__(self, inner: Coroutine[Any, Any, Any]) -> None:
        self._inner = inner

    def __await__(self) -> Generator[Any, Any, Any]:
        return (yield from self._inner.__await__())


def delegating(receive: Any) -> Any:
    return lambda: Delegating(receive())


def streaming(receive: Any) -> Any:
    async def stream() -> AsyncGenerator[Any, None]:
        while True:
            yield await receive()

    return stream().__anext__


def giving_way(receive: Any) -> Any:
    async def wrapped() -> Any:
        await asyncio.sleep(0)
        return await receive()

    return wrapped


def filtering(receive: Any) -> Any:
    async def wrapped() -> Any:
        while True:
            event = await receive()
            if event.get("text") != "ping":
                return event

    return wrapped


def by_a_task(receive: Any) -> Any:
    return lambda: asyncio.ensure_future(receive())


@pytest.mark.parametrize("count", range(6))
@pytest.mark.parametrize("wrap", [delegating, streaming, giving_way, filtering, by_a_task])
async def test_a_close_ends_a_receive_however_it_is_written(wrap: Any, count: int) -> None:
    ended: list[BaseException | None] = []

    async def handler() -> None:
        await websocket.accept()
        receiving = asyncio.create_task(websocket.receive_text())
        await turns(count)
        peer.deliver("ping" if wrap is filtering else {"type": "websocket.receive", "text": "a"})
        await websocket.close(4000)
        done, _ = await asyncio.wait([receiving], timeout=5)
        assert done
        ended.append(receiving.exception())

    peer = serve(handler)
    peer.wrap_receive = wrap
    async with peer:
        pass
    # what has come before the close may have been received
    assert ended[0] is None or isinstance(ended[0], WebSocketDisconnect)


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


async def test_a_receive_ends_when_the_connection_is_released() -> None:
    async def handler() -> None:
        await websocket.accept()
        receiving = asyncio.create_task(websocket.receive_text())
        await turns()
        await websocket.release()
        await asyncio.wait([receiving], timeout=5)
        assert isinstance(receiving.exception(), WebSocketDisconnect)

    async with serve(handler):
        pass


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
