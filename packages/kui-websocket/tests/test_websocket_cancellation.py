"""Groups of exceptions at a handler's end, and cancellations, which pass."""

import asyncio
from typing import Any, cast

import pytest
from websocket_peer import SERVERS, serve, turns

from kui.core import HTTPException, Receive, Scope, Send
from kui.testing import TestClient
from kui.websocket import (
    WebSocket,
    WebSocketClose,
    WebSocketDisconnect,
    websocket,
    websocket_session,
    websocket_var,
)


@pytest.mark.parametrize("server", SERVERS)
async def test_a_group_of_this_sockets_disconnects_and_cancellations_is_a_normal_end(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def listen() -> None:
        while True:
            await websocket.receive_text()

    async def speak() -> None:
        await websocket.wait_disconnected()
        await websocket.send_text("x")

    async def handler() -> None:
        await websocket.accept()
        async with asyncio.TaskGroup() as group:
            group.create_task(listen())
            group.create_task(speak())

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        await ws.send_text("x")
    assert not caplog.records


async def test_a_group_of_cancellations_alone_is_a_normal_end() -> None:
    async def handler() -> None:
        await websocket.accept()
        raise BaseExceptionGroup("", [asyncio.CancelledError()])

    async with serve(handler) as peer:
        pass
    assert peer.close() == (1000, None)


@pytest.mark.parametrize(
    ("errors", "close"),
    cast(
        "list[Any]",
        [
            ([WebSocketClose(4001)], (4001, None)),
            ([ExceptionGroup("", [WebSocketClose(4001)])], (4001, None)),
            ([WebSocketClose(4001, "a"), WebSocketClose(4002)], (4001, "a")),
            ([HTTPException(404)], (4404, None)),
        ],
    ),
)
async def test_the_one_exception_of_a_group_is_answered_as_itself(
    errors: list[Exception], close: tuple[int, str | None]
) -> None:
    async def handler() -> None:
        await websocket.accept()
        raise ExceptionGroup("", errors)

    async with serve(handler) as peer:
        pass
    assert peer.close() == close


async def test_several_exceptions_of_a_group_with_one_code_are_answered_as_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail() -> None:
        raise HTTPException(404)

    async def handler() -> None:
        await websocket.accept()
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            group.create_task(fail())

    async with serve(handler) as peer:
        pass
    assert peer.close() == (4404, None)
    assert not caplog.records


async def test_a_group_with_another_failure_is_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    async def handler() -> None:
        await websocket.accept()
        raise ExceptionGroup("", [WebSocketDisconnect(1001, "", None), KeyError("x")])

    peer = serve(handler)
    with pytest.raises(ExceptionGroup):
        async with peer:
            pass
    assert peer.close() == (1011, None)
    assert len(caplog.records) == 1


@pytest.mark.parametrize("where", ["before accept", "receive", "send", "close", "wait", "sleep", "denial"])
async def test_a_cancellation_is_never_swallowed_nor_turned_into_1011(
    where: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def stuck(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    async def handler() -> None:
        if where == "denial":
            await websocket.deny(stuck)
        if where == "before accept":
            await asyncio.Event().wait()
        await websocket.accept()
        if where == "receive":
            await websocket.receive_text()
        if where == "wait":
            await websocket.wait_disconnected()
        peer.gate.clear()
        if where == "send":
            await websocket.send_text("x")
        if where == "close":
            await websocket.close(4000)
        await asyncio.Event().wait()

    async with serve(handler) as peer:
        await turns()
        await peer.cancel()
    codes = {"close": 4000, "before accept": None, "denial": None}
    assert (peer.close() or (None,))[0] == codes.get(where, 1001)
    assert not caplog.records


async def test_after_a_cancellation_a_task_that_outlived_it_finds_the_end() -> None:
    connections: list[WebSocket] = []

    async def handler() -> None:
        await websocket.accept()
        connections.append(websocket_var.get())
        await asyncio.Event().wait()

    async with serve(handler) as peer:
        await turns()
        await peer.cancel()
    sent = len(peer.sent)
    with pytest.raises(WebSocketDisconnect):
        await connections[0].send_text("x")
    with pytest.raises(WebSocketDisconnect):
        await connections[0].receive_text()
    assert len(peer.sent) == sent


async def test_a_system_exit_passes() -> None:
    class Stop(BaseException):
        pass

    async def handler() -> None:
        await websocket.accept()
        raise Stop

    peer = serve(handler)
    with pytest.raises(Stop):
        async with peer:
            pass
    assert peer.close() is None
