"""Limits, each with its close code, those of a send and those of a receive."""

import asyncio
import time
from typing import Any

import pytest
from websocket_peer import SERVERS, serve, turns

from kui.testing import TestClient
from kui.websocket import Limits, WebSocketDisconnect, websocket, websocket_session


@pytest.mark.parametrize("name", ["max_message_size", "send_timeout", "idle_timeout"])
@pytest.mark.parametrize("value", [0, -1])
def test_a_limit_is_positive(name: str, value: int) -> None:
    arguments: dict[str, Any] = {name: value}
    with pytest.raises(ValueError, match=f"{name} is a positive number, or None for no limit; got {value}"):
        Limits(**arguments)


def test_a_receive_buffer_has_room_for_something() -> None:
    with pytest.raises(ValueError, match=r"two positive numbers, messages and bytes; got \(0, 1\)"):
        Limits(receive_buffer=(0, 1))


@pytest.mark.parametrize("server", SERVERS)
async def test_a_message_over_the_limit_closes_with_1009(server: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        assert len(await websocket.receive_text()) == 10
        assert len(await websocket.receive_bytes()) == 10
        assert len(await websocket.receive_text()) == 5
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.receive_payload()
        assert caught.value.code == 1009
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive_payload()

    app = websocket_session(handler, limits=Limits(max_message_size=10))
    async with TestClient(app, server=server) as client, client.websocket("/") as ws:
        await ws.send_text("x" * 10)
        await ws.send_bytes(b"x" * 10)
        await ws.send_text("ü" * 5)
        await ws.send_text("ü" * 6)
        await ws.send_text("x")
        assert (await ws.expect_close()).code == 1009


@pytest.mark.parametrize("is_read_ahead", [True, False])
async def test_an_iterator_ends_at_a_message_over_the_limit(is_read_ahead: bool) -> None:
    async def handler() -> None:
        await websocket.accept()
        if is_read_ahead:
            assert not await websocket.is_disconnected()
        assert [payload async for payload in websocket.iter_payloads()] == ["a"]
        assert websocket.close_code == 1009

    async with serve(handler, limits=Limits(max_message_size=3)) as peer:
        peer.deliver("a", b"abcd", "b")
    assert peer.close() == (1009, "a message may have 3 bytes")


async def test_after_a_message_over_the_limit_of_a_client_that_left_nothing_comes() -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.deliver("abcd", "b")
        peer.leave(1001)
        assert await websocket.wait_disconnected() == 1001
        for _ in range(2):
            with pytest.raises(WebSocketDisconnect) as caught:
                await websocket.receive_text()
            assert caught.value.code == 1001

    async with serve(handler, limits=Limits(max_message_size=3)) as peer:
        pass


@pytest.mark.parametrize("is_read_ahead", [True, False])
@pytest.mark.parametrize("server", SERVERS)
async def test_a_client_that_sends_nothing_in_time_is_closed_with_3008(
    server: str, is_read_ahead: bool
) -> None:
    async def handler() -> None:
        await websocket.accept()
        if is_read_ahead:
            assert not await websocket.is_disconnected()
        async for _ in websocket.iter_text():
            pass
        assert websocket.close_code == 3008

    app = websocket_session(handler, limits=Limits(idle_timeout=0.02))
    async with TestClient(app, server=server) as client, client.websocket("/") as ws:
        await ws.send_text("a")
        assert (await ws.expect_close()).code == 3008


@pytest.mark.parametrize("is_read_ahead", [True, False])
async def test_a_message_that_came_in_time_is_not_lost_when_the_loop_was_busy(is_read_ahead: bool) -> None:
    got: list[str] = []

    def deliver_and_be_busy() -> None:
        peer.deliver("in time")
        time.sleep(0.04)  # nothing else runs until the limit is over

    async def handler() -> None:
        await websocket.accept()
        if is_read_ahead:
            await websocket.is_disconnected()
        asyncio.get_running_loop().call_later(0.02, deliver_and_be_busy)
        got.extend([text async for text in websocket])

    async with serve(handler, limits=Limits(idle_timeout=0.04)) as peer:
        pass
    assert got == ["in time"]
    assert peer.close() == (3008, "no message in 0.04 s")


async def test_a_client_that_neither_sends_nor_takes_a_message_is_closed_by_the_idle_limit_alone() -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.gate.clear()
        sending = asyncio.create_task(websocket.send_text("stuck"))
        waiting = asyncio.create_task(websocket.send_text("behind"))
        async for _ in websocket:
            pytest.fail("nothing comes")
        assert websocket.close_code == 3008
        with pytest.raises(WebSocketDisconnect):
            await waiting
        sending.cancel()

    async with serve(handler, limits=Limits(idle_timeout=0.02)) as peer:
        pass
    assert peer.close() == (3008, "no message in 0.02 s")


@pytest.mark.parametrize("wrong", [5, {"idle_timeout": 5}, None])
async def test_what_are_no_limits_is_refused_and_changes_nothing(wrong: Any) -> None:
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(TypeError, match=r"limits are Limits\(...\), .* got"):
            websocket.limits = wrong
        await websocket.send_text("fine")

    async with serve(handler) as peer:
        pass
    assert peer.messages() == ["fine"]
    assert peer.close() == (1000, None)


async def test_a_time_out_of_the_handlers_own_is_not_the_idle_one() -> None:
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(TimeoutError):
            await websocket.receive_text(timeout=0.001)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await websocket.receive_text()
        assert websocket.close_code is None

    async with serve(handler, limits=Limits(idle_timeout=60)):
        pass


async def test_a_time_out_of_the_servers_receive_is_not_the_idle_one() -> None:
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(TimeoutError):
            await websocket.receive_text()
        assert websocket.close_code is None

    def failing(receive: Any) -> Any:
        async def wrapped() -> Any:
            if peer.receives:
                raise TimeoutError
            return await receive()

        return wrapped

    peer = serve(handler, limits=Limits(idle_timeout=60))
    peer.wrap_receive = failing
    async with peer:
        pass


@pytest.mark.parametrize("server", SERVERS)
async def test_a_client_that_takes_no_message_in_time_is_closed_with_1013(server: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.send_text("x")
        await websocket.send_text("x")
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.send_text("x")
        assert caught.value.code == 1013
        with pytest.raises(WebSocketDisconnect):
            await websocket.send_text("x")

    app = websocket_session(handler, limits=Limits(send_timeout=0.02))
    async with TestClient(app, server=server) as client, client.websocket("/", window=2) as ws:
        await ws.wait_ended()
        assert [await ws.receive_text() for _ in range(2)] == ["x", "x"]
        assert (await ws.expect_close()).code == 1013


async def test_a_client_that_takes_no_close_either_is_given_up() -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.gate.clear()
        waiting = asyncio.create_task(websocket.send_text("b"))
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.send_text("a")
        assert caught.value.code == 1013
        with pytest.raises(WebSocketDisconnect):
            await waiting
        assert websocket.connection_state.value == "disconnected"

    async with serve(handler, limits=Limits(send_timeout=0.01)) as peer:
        pass
    assert peer.close() == (1013, "a message was not taken in 0.01 s")
    assert len(peer.messages()) == 1


async def test_a_close_waits_for_a_send_that_then_runs_out_of_time() -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.gate.clear()
        sending = asyncio.create_task(websocket.send_text("a"))
        await turns()
        await websocket.close(4000)
        with pytest.raises(WebSocketDisconnect):
            await sending
        assert websocket.close_code == 1013

    async with serve(handler, limits=Limits(send_timeout=0.01)) as peer:
        pass


async def test_a_time_out_of_the_servers_send_counts_as_a_cut() -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.send_error = TimeoutError()
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.send_text("a")
        assert caught.value.code == 1006

    async with serve(handler, limits=Limits(send_timeout=60)) as peer:
        pass


async def test_limits_may_be_assigned_after_accept() -> None:
    async def handler() -> None:
        await websocket.accept()
        assert websocket.limits == Limits()
        with pytest.raises(TypeError):
            await websocket.receive_text()
        websocket.limits = Limits(max_message_size=3)
        assert await websocket.receive_bytes() == b"long enough"
        assert await websocket.receive_text() == "abc"
        websocket.limits = Limits()
        assert await websocket.receive_text() == "abcd"
        websocket.limits = Limits(max_message_size=3)
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive_text()
        websocket.limits = Limits()
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive_text()

    async with serve(handler) as peer:
        peer.deliver(b"long enough", "abc", "abcd", "abcd", "a")


async def test_limits_of_a_route_leave_those_that_they_do_not_name() -> None:
    async def handler() -> None:
        assert websocket.limits == Limits(max_message_size=3, idle_timeout=60)

    async with serve(handler, limits=Limits(idle_timeout=60), middlewares=[Limits(max_message_size=3)]):
        pass


async def test_limits_are_a_middleware_for_a_route() -> None:
    async def handler() -> None:
        await websocket.accept()
        async for _ in websocket.iter_text():
            pass

    async with serve(handler, middlewares=[Limits(max_message_size=3)]) as peer:
        peer.deliver("abcd")
    assert peer.close() == (1009, "a message may have 3 bytes")


@pytest.mark.parametrize("limits", [Limits(send_timeout=0.01), Limits(idle_timeout=0.01)])
async def test_a_close_that_the_client_does_not_take_is_given_up_in_the_time_of_a_limit(
    limits: Limits,
) -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.gate.clear()
        if limits.idle_timeout is not None:
            with pytest.raises(WebSocketDisconnect):
                await websocket.receive_text()

    async with serve(handler, limits=limits) as peer:
        pass
    assert peer.close() is not None


@pytest.mark.parametrize(
    "limits",
    [
        {"max_message_size": 1.5},
        {"max_message_size": True},
        {"send_timeout": True},
        {"idle_timeout": float("nan")},
        {"receive_buffer": (True, True)},
    ],
)
def test_a_limit_is_a_number_of_its_kind(limits: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError), match=rf"{next(iter(limits))} is (an?|two) "):
        Limits(**limits)
