"""Reading ahead."""

import asyncio
import logging
from typing import Any

import pytest
from websocket_peer import SERVERS, serve, turns

from kui.testing import PROFILES, TestClient
from kui.websocket import Limits, WebSocketDisconnect, websocket, websocket_session


def pumps() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task.get_name() == "kui.websocket read pump"]


@pytest.mark.parametrize("server", SERVERS)
async def test_is_disconnected_never_discards_a_message_and_may_be_polled(server: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        for _ in range(100):
            assert not await websocket.is_disconnected()
        await websocket.send_text("ready")
        while not await websocket.is_disconnected():
            await asyncio.sleep(0)
        assert [text async for text in websocket.iter_text()] == ["a", "b", "c"]

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        await ws.receive_text()
        for text in "abc":
            await ws.send_text(text)


@pytest.mark.parametrize("server", SERVERS)
async def test_wait_disconnected_returns_the_close_code_while_the_handler_only_sends(server: str) -> None:
    codes: list[int] = []

    async def handler() -> None:
        await websocket.accept()
        codes.append(await websocket.wait_disconnected())

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        await ws.close(4444)
        await ws.wait_ended()
    profile = PROFILES[server]
    assert codes == [4444 if profile.passes_client_code else profile.code_of_cut]


async def test_a_plain_loop_of_receive_and_send_starts_no_task() -> None:
    async def handler() -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)
            assert not pumps()
        await asyncio.sleep(0)

    async with serve(handler) as peer:
        peer.deliver("a", "b")
        await turns()
        peer.leave()


async def test_a_second_send_in_a_row_reads_ahead() -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.send_text("a")
        assert not pumps()
        await websocket.send_text("b")
        assert len(pumps()) == 1
        await websocket.send_text("c")
        assert len(pumps()) == 1

    async with serve(handler):
        pass


@pytest.mark.parametrize("end", ["return", "raise", "cancel", "close"])
async def test_the_pump_ends_with_the_connection(end: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        assert not await websocket.is_disconnected()
        if end == "close":
            await websocket.close()
        if end == "cancel":
            await asyncio.Event().wait()
        if end == "raise":
            raise KeyError

    peer = serve(handler)
    if end == "raise":
        with pytest.raises(KeyError):
            async with peer:
                pass
    else:
        async with peer:
            await turns()
            if end == "cancel":
                await peer.cancel()
    assert not pumps()


async def test_while_another_task_receives_a_watcher_waits_for_it_to_read() -> None:
    async def handler() -> None:
        await websocket.accept()
        receiving = asyncio.create_task(websocket.receive_text())
        await turns()
        waiting = asyncio.create_task(websocket.wait_disconnected())
        await turns()
        assert not await websocket.is_disconnected()
        assert not pumps()  # the other task reads
        peer.deliver("a", "b")
        assert await receiving == "a"
        peer.leave(4444)
        assert await waiting == 4444
        assert await websocket.receive_text() == "b"

    async with serve(handler) as peer:
        pass


@pytest.mark.parametrize("kind", ["receive_text", "receive", "iter"])
async def test_when_the_receive_of_another_task_is_cancelled_the_pump_takes_over(kind: str) -> None:
    async def receive() -> object:
        if kind == "iter":
            return await anext(websocket.iter_text())
        return await (websocket.receive() if kind == "receive" else websocket.receive_text())

    async def handler() -> None:
        await websocket.accept()
        receiving = asyncio.create_task(receive())
        await turns()
        waiting = asyncio.create_task(websocket.wait_disconnected())
        await turns()
        receiving.cancel()
        await turns()
        peer.leave(4444)
        assert await waiting == 4444

    async with serve(handler) as peer:
        pass


async def test_a_full_buffer_stops_the_reading_until_something_is_taken() -> None:
    async def handler() -> None:
        await websocket.accept()
        assert not await websocket.is_disconnected()
        await turns()
        assert peer.receives == 1 + 2
        peer.leave()
        assert not await websocket.is_disconnected()  # it cannot know
        assert await websocket.receive_text() == "0"
        await turns()
        assert peer.receives == 1 + 3
        assert [text async for text in websocket.iter_text()] == ["1", "2", "3", "4"]

    async with serve(handler, limits=Limits(receive_buffer=(2, 1000))) as peer:
        peer.deliver(*"01234")


async def test_a_buffer_full_of_bytes_stops_the_reading_too() -> None:
    async def handler() -> None:
        await websocket.accept()
        assert not await websocket.is_disconnected()
        await turns()
        assert peer.receives == 1 + 2
        got = [payload async for payload in websocket.iter_payloads()]
        assert got == ["ü" * 3, b"x" * 5, "z"]

    async with serve(handler, limits=Limits(receive_buffer=(99, 10))) as peer:
        peer.deliver("ü" * 3, b"x" * 5, "z")
        peer.leave()


async def test_a_larger_buffer_may_be_given_at_any_time() -> None:
    async def handler() -> None:
        await websocket.accept()
        assert not await websocket.is_disconnected()
        await turns()
        assert peer.receives == 1 + 1
        websocket.limits = Limits(receive_buffer=(3, 1000))
        await turns()
        assert peer.receives == 1 + 3

    async with serve(handler, limits=Limits(receive_buffer=(1, 1000))) as peer:
        peer.deliver(*"01234")


async def test_a_receive_of_the_server_that_fails_counts_as_a_cut(caplog: pytest.LogCaptureFixture) -> None:
    async def handler() -> None:
        await websocket.accept()
        assert await websocket.wait_disconnected() == 1006
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive_text()

    def failing(receive: Any) -> Any:
        async def wrapped() -> Any:
            if peer.receives:
                raise ZeroDivisionError
            return await receive()

        return wrapped

    peer = serve(handler)
    peer.wrap_receive = failing
    async with peer:
        pass
    [record] = caplog.records
    assert record.levelno == logging.ERROR


async def test_whoever_waits_for_a_message_is_woken_when_the_pump_is_cancelled() -> None:
    async def handler() -> None:
        await websocket.accept()
        assert not await websocket.is_disconnected()
        receiving = asyncio.create_task(websocket.receive_text())
        await turns()
        pumps()[0].cancel()
        with pytest.raises(WebSocketDisconnect) as caught:
            await receiving
        assert caught.value.code == 1006

    async with serve(handler):
        pass


async def test_a_message_of_the_wrong_kind_is_kept_in_its_place_when_the_pump_starts() -> None:
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(TypeError):
            await websocket.receive_text()
        assert not await websocket.is_disconnected()
        peer.leave()
        assert await websocket.wait_disconnected() == 1001
        with pytest.raises(TypeError):
            await websocket.receive_text()
        assert [payload async for payload in websocket.iter_payloads()] == [b"a", "b"]

    async with serve(handler) as peer:
        peer.deliver(b"a", "b")
