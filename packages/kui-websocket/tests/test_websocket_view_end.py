"""`on_disconnect`: it runs once, to its end, with the code that the end stands for."""

import asyncio
from contextlib import suppress
from typing import Any, cast

import pytest
from websocket_peer import serve, turns
from websocket_recorder import Recorder

from kui.core import HTTPException
from kui.websocket import (
    InvalidState,
    SocketView,
    WebSocketClose,
    WebSocketDisconnect,
    websocket,
    websocket_var,
)


@pytest.mark.parametrize("method", ["on_connect", "on_receive"])
async def test_when_a_method_raises_on_disconnect_gets_1011_and_the_socket_is_closed_after(
    method: str,
) -> None:
    class View(Recorder):
        async def on_connect(self) -> None:
            await super().on_connect()
            if method == "on_connect":
                raise KeyError("first")

        async def on_receive(self, data: Any) -> None:
            raise KeyError("first")

        async def on_disconnect(self, close_code: int) -> None:
            await super().on_disconnect(close_code)
            assert peer.close() is None

    peer = serve(View)
    with pytest.raises(KeyError):
        async with peer:
            peer.deliver("a")
    assert View.calls == ["connect", ("disconnect", 1011)]
    assert peer.close() == (1011, None)


async def test_a_failing_on_disconnect_never_hides_the_first_exception(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class View(Recorder):
        async def on_receive(self, data: Any) -> None:
            raise KeyError("first")

        async def on_disconnect(self, close_code: int) -> None:
            raise ZeroDivisionError("second")

    peer = serve(View)
    with pytest.raises(KeyError):
        async with peer:
            peer.deliver("a")
    assert [record.getMessage().rpartition("failed")[0] for record in caplog.records] == [
        "View.on_disconnect ",
        "the handler of <WebSocket '/' disconnected> ",
    ]


async def test_an_on_disconnect_that_fails_alone_is_the_failure() -> None:
    class View(Recorder):
        async def on_disconnect(self, close_code: int) -> None:
            await super().on_disconnect(close_code)
            raise ZeroDivisionError

    peer = serve(View)
    with pytest.raises(ZeroDivisionError):
        async with peer:
            peer.leave()
    assert View.calls == ["connect", ("disconnect", 1001)]


async def test_on_disconnect_does_not_run_when_on_connect_never_began() -> None:
    class View(Recorder):
        def __init__(self) -> None:
            raise KeyError("no instance")

    peer = serve(View)
    with pytest.raises(KeyError):
        async with peer:
            pass
    assert View.calls == []
    assert peer.status() == 500


@pytest.mark.parametrize("where", ["on_connect", "on_receive", "between"])
async def test_on_disconnect_runs_to_its_end_when_the_task_is_cancelled(where: str) -> None:
    class View(Recorder):
        async def on_connect(self) -> None:
            await super().on_connect()
            if where == "on_connect":
                await asyncio.Event().wait()

        async def on_receive(self, data: Any) -> None:
            await asyncio.Event().wait()

        async def on_disconnect(self, close_code: int) -> None:
            await turns()
            await super().on_disconnect(close_code)
            assert websocket == websocket_var.get()

    async with serve(View) as peer:
        if where == "on_receive":
            peer.deliver("a")
        await turns()
        await peer.cancel()
    assert View.calls == ["connect", ("disconnect", 1001)]
    assert peer.close() == (1001, None)


@pytest.mark.parametrize("fails", [False, True])
async def test_an_on_disconnect_under_way_is_not_cut_by_a_cancellation(
    fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    class View(Recorder):
        async def on_disconnect(self, close_code: int) -> None:
            began.set()
            await turns()
            await super().on_disconnect(close_code)
            if fails:
                raise ZeroDivisionError

    began = asyncio.Event()
    async with serve(View) as peer:
        peer.leave()
        await began.wait()
        await peer.cancel()
    assert View.calls == ["connect", ("disconnect", 1001)]
    assert len(caplog.records) == fails


async def test_a_second_cancellation_cuts_on_disconnect_off(caplog: pytest.LogCaptureFixture) -> None:
    class View(Recorder):
        async def on_disconnect(self, close_code: int) -> None:
            began.set()
            await asyncio.Event().wait()

    began = asyncio.Event()
    async with serve(View) as peer:
        await turns()
        peer.task.cancel()
        await began.wait()
        await peer.cancel()
    assert [record.getMessage() for record in caplog.records] == [
        "View.on_disconnect was cut off in a cancelled task"
    ]


async def test_on_disconnect_in_a_cancelled_task_has_a_deadline(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class View(Recorder):
        async def on_disconnect(self, close_code: int) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr("kui.websocket.view.CLEAN_UP_SECONDS", 0.01)
    async with serve(View) as peer:
        await turns()
        await peer.cancel()
    assert len(caplog.records) == 1


async def test_an_on_disconnect_that_resists_its_cancellation_is_left_behind_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    may_end = asyncio.Event()
    ended = asyncio.Event()

    class View(Recorder):
        async def on_disconnect(self, close_code: int) -> None:
            while not may_end.is_set():
                with suppress(asyncio.CancelledError):
                    await may_end.wait()
            ended.set()

    monkeypatch.setattr("kui.websocket.view.CLEAN_UP_SECONDS", 0.01)
    async with serve(View) as peer:
        await turns()
        await peer.cancel()
    assert [record.getMessage() for record in caplog.records] == [
        "View.on_disconnect goes on although it was cancelled"
    ]
    may_end.set()
    await ended.wait()
    await turns()


async def test_an_on_disconnect_that_was_set_on_the_instance_runs() -> None:
    codes: list[int] = []

    class View(SocketView):
        def __init__(self) -> None:
            self.on_disconnect = self.note  # type: ignore[method-assign]

        async def note(self, close_code: int) -> None:
            codes.append(close_code)

    async with serve(View) as peer:
        peer.leave(4001)
    assert codes == [4001]


async def test_a_view_may_call_its_own_attributes_what_it_likes() -> None:
    codes: list[int] = []

    class Game(SocketView):
        def __init__(self) -> None:
            self.begin = 0.0

        async def on_disconnect(self, close_code: int) -> None:
            codes.append(close_code)

    async with serve(Game) as peer:
        peer.leave(4001)
    assert codes == [4001]


async def test_an_exception_of_others_is_1011_whatever_it_carries(caplog: pytest.LogCaptureFixture) -> None:
    class Quota(Exception):
        close_code = 4008

    class View(Recorder):
        async def on_receive(self, data: Any) -> None:
            raise Quota

    peer = serve(View)
    with pytest.raises(Quota):
        async with peer:
            peer.deliver("a")
    assert View.calls == ["connect", ("disconnect", 1011)]
    assert peer.close() == (1011, None)


async def test_an_on_disconnect_that_is_cancelled_from_within_is_a_cancellation() -> None:
    class View(Recorder):
        async def on_disconnect(self, close_code: int) -> None:
            raise asyncio.CancelledError

    peer = serve(View)
    with pytest.raises(asyncio.CancelledError):
        async with peer:
            peer.leave()


async def test_a_disconnect_of_another_socket_is_1011_for_the_view() -> None:
    class View(Recorder):
        async def on_receive(self, data: Any) -> None:
            raise WebSocketDisconnect(4444, "elsewhere", None)

    peer = serve(View)
    with pytest.raises(WebSocketDisconnect):
        async with peer:
            peer.deliver("a")
    assert View.calls == ["connect", ("disconnect", 1011)]


async def test_a_group_of_this_sockets_disconnects_gives_the_clients_code() -> None:
    class View(Recorder):
        async def on_receive(self, data: Any) -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(websocket.receive_text())

    async with serve(View) as peer:
        peer.deliver("a")
        peer.leave(4444)
    assert View.calls == ["connect", ("disconnect", 4444)]


async def test_a_group_of_cancellations_on_an_open_socket_is_a_normal_end() -> None:
    class View(Recorder):
        async def on_receive(self, data: Any) -> None:
            raise BaseExceptionGroup("", [asyncio.CancelledError()])

    async with serve(View) as peer:
        peer.deliver("a")
    assert View.calls == ["connect", ("disconnect", 1000)]
    assert peer.close() == (1000, None)


@pytest.mark.parametrize(
    ("error", "code"),
    cast("list[Any]", [(WebSocketClose(4001), 4001), (HTTPException(404), 4404), (InvalidState(), 1011)]),
)
async def test_on_disconnect_gets_the_code_that_the_exception_stands_for(error: Exception, code: int) -> None:
    class View(Recorder):
        async def on_receive(self, data: Any) -> None:
            raise error

    peer = serve(View)
    async with peer:
        peer.deliver("a")
        await asyncio.wait([peer.task])
        if code == 1011:
            with pytest.raises(InvalidState):
                peer.task.result()
            await peer.forget_failure()
    assert View.calls == ["connect", ("disconnect", code)]
    assert peer.close() == (code, None)
