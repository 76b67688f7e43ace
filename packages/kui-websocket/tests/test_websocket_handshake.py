"""The handshake: what comes before accept, and what accept does."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from websocket_peer import SERVERS, Peer, serve, turns

from kui.core import ASGIApp, Message, Receive, Scope, Send
from kui.testing import TestClient
from kui.websocket import InvalidState, WebSocketDisconnect, websocket, websocket_session


@pytest.mark.parametrize("server", SERVERS)
async def test_accept_carries_what_negotiate_chose(server: str) -> None:
    async def handler() -> None:
        await websocket.accept(websocket.negotiate(["v2", "v1"]))

    async with (
        TestClient(websocket_session(handler), server=server) as client,
        client.websocket("/", subprotocols=["v1", "v2"]) as ws,
    ):
        assert ws.subprotocol == "v2"


async def test_a_wrong_accept_sends_nothing_and_may_be_corrected() -> None:
    async def handler() -> None:
        with pytest.raises(ValueError, match="not offered"):
            await websocket.accept("soap")
        await websocket.accept(headers={"x-a": "1"})

    async with serve(handler) as peer:
        pass
    assert [event["type"] for event in peer.sent] == ["websocket.accept", "websocket.close"]


async def test_connect_is_consumed_once_and_lazily() -> None:
    async def handler() -> None:
        assert peer.receives == 0
        await websocket.accept()
        assert peer.receives == 1

    async with serve(handler) as peer:
        pass


async def test_a_raw_receive_gives_the_connect_and_accept_takes_no_second_one() -> None:
    async def handler() -> None:
        assert await websocket.receive() == {"type": "websocket.connect"}
        await websocket.accept()
        assert await websocket.receive() == {"type": "websocket.receive", "text": "x"}

    async with serve(handler) as peer:
        peer.deliver("x")


async def test_calls_in_the_wrong_order_raise_invalid_state_and_send_nothing() -> None:
    async def handler() -> None:
        with pytest.raises(InvalidState, match=r"cannot send .* call `await websocket\.accept\(\)` first"):
            await websocket.send_text("x")
        with pytest.raises(InvalidState, match=r"cannot receive .*accept\(\)` first"):
            await websocket.receive_text()
        with pytest.raises(InvalidState, match=r"cannot receive .*accept\(\)` first"):
            await websocket.receive_text(timeout=1)
        with pytest.raises(InvalidState, match=r"cannot receive .*accept\(\)` first"):
            async for _ in websocket.iter_text():
                pass
        assert not peer.sent
        await websocket.accept()
        with pytest.raises(InvalidState, match=r"cannot accept .*call `accept\(\)` once"):
            await websocket.accept()
        with pytest.raises(InvalidState, match=r"cannot deny .*use `await websocket\.close\(code\)` now"):
            await websocket.deny()
        await websocket.close()
        with pytest.raises(WebSocketDisconnect):
            await websocket.accept()

    async with serve(handler) as peer:
        pass
    assert [event["type"] for event in peer.sent] == ["websocket.accept", "websocket.close"]


async def test_a_raw_receive_between_connect_and_accept_raises_invalid_state() -> None:
    async def handler() -> None:
        await websocket.receive()
        with pytest.raises(InvalidState, match="cannot receive while the connection is connecting"):
            await websocket.receive()

    async with serve(handler) as peer:
        pass
    assert peer.status() == 403


async def test_a_disconnect_in_place_of_connect_is_a_disconnect(caplog: pytest.LogCaptureFixture) -> None:
    async def handler() -> None:
        await websocket.accept()

    peer = serve(handler)
    peer.leave(1006)
    async with peer:
        pass
    assert not peer.sent
    assert not caplog.records


async def test_after_a_disconnect_in_place_of_connect_every_call_finds_the_end() -> None:
    async def handler() -> None:
        for call in (
            websocket.accept,
            websocket.deny,
            websocket.receive,
            websocket.receive_text,
            lambda: websocket.send_text("x"),
        ):
            with pytest.raises(WebSocketDisconnect) as caught:
                await call()
            assert caught.value.code == 1006
        async for _ in websocket.iter_text():
            raise AssertionError
        await websocket.close()

    peer = serve(handler)
    peer.leave(1006)
    async with peer:
        pass
    assert not peer.sent


@pytest.mark.parametrize("server", SERVERS)
async def test_a_client_that_leaves_before_accept_gives_a_disconnect_without_a_log(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    ready = asyncio.Event()

    async def handler() -> None:
        await ready.wait()
        await websocket.accept()
        await websocket.receive_text()

    async with (
        TestClient(websocket_session(handler), server=server) as client,
        client.websocket("/", wait_accept=False) as ws,
    ):
        await turns()
        ws.abort()
        ready.set()
    assert not caplog.records


async def test_an_accept_that_the_server_refuses_with_oserror_is_a_disconnect() -> None:
    async def handler() -> None:
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.accept()
        assert caught.value.code == 1001

    peer = serve(handler)
    peer.accept_error = OSError()
    async with peer:
        peer.leave(1001)


async def test_an_accept_that_the_server_refuses_otherwise_raises_as_it_is() -> None:
    async def handler() -> None:
        with pytest.raises(RuntimeError, match="no"):
            await websocket.accept()

    peer = serve(handler)
    peer.accept_error = RuntimeError("no")
    async with peer:
        pass


async def test_what_other_tasks_send_waits_until_accept_has_gone_out() -> None:
    async def handler() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(websocket.accept())
            await turns()
            group.create_task(websocket.send_text("x"))
            await turns()
            assert [event["type"] for event in peer.sent] == ["websocket.accept"]
            peer.gate.set()

    peer = serve(handler)
    peer.gate.clear()
    async with peer:
        pass
    assert peer.messages() == ["x"]


async def test_an_accept_that_was_cancelled_while_it_waited_for_connect_may_be_repeated() -> None:
    async def handler() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await websocket.accept()
        peer.deliver({"type": "websocket.connect"}, "a")
        await websocket.accept()
        assert await websocket.receive_text() == "a"

    async with serve(handler, connects=False) as peer:
        pass


@pytest.mark.parametrize("first", ["accept", "deny"])
async def test_of_two_answers_to_the_handshake_the_second_raises_and_sends_nothing(first: str) -> None:
    async def handler() -> None:
        calls: dict[str, Callable[[], Any]] = {"accept": websocket.accept, "deny": websocket.deny}
        begun = asyncio.create_task(calls.pop(first)())
        await turns()
        late = asyncio.create_task(*[call() for call in calls.values()])
        await turns()
        assert not peer.sent
        peer.deliver({"type": "websocket.connect"})
        await begun
        with pytest.raises(InvalidState):
            await late

    async with serve(handler, connects=False) as peer:
        pass
    assert len([event for event in peer.sent if event["type"].endswith(("accept", "start"))]) == 1


async def test_accept_waits_for_the_connect_event_that_another_task_waits_for() -> None:
    async def handler() -> None:
        watching = asyncio.create_task(websocket.is_disconnected())
        accepting = asyncio.create_task(websocket.accept())
        await turns()
        assert not peer.sent
        peer.deliver({"type": "websocket.connect"})
        await accepting
        assert not await watching

    async with serve(handler, connects=False) as peer:
        pass
    assert peer.close() == (1000, None)


async def test_a_client_that_leaves_in_the_place_of_connecting_is_not_accepted_whoever_waits() -> None:
    async def handler() -> None:
        watching = asyncio.create_task(websocket.is_disconnected())
        accepting = asyncio.create_task(websocket.accept())
        await turns()
        peer.leave(1001)
        with pytest.raises(WebSocketDisconnect):
            await accepting
        assert await watching

    async with serve(handler, connects=False) as peer:
        pass
    assert not peer.sent


async def test_an_accept_that_is_cancelled_leaves_the_connect_event_to_who_waits_for_it() -> None:
    async def handler() -> None:
        first = asyncio.create_task(websocket.accept())
        await turns()
        watching = asyncio.create_task(websocket.is_disconnected())
        await turns()
        first.cancel()
        await turns()
        peer.deliver({"type": "websocket.connect"})
        assert not await watching
        await websocket.accept()

    async with serve(handler, connects=False) as peer:
        pass
    assert peer.close() == (1000, None)


def answer_after(may_answer: asyncio.Event) -> ASGIApp:
    async def response(scope: Scope, receive: Receive, send: Send) -> None:
        await may_answer.wait()
        await send({"type": "http.response.start", "status": 451, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return response


async def test_a_second_close_before_accept_waits_until_the_refusal_is_out() -> None:
    may_answer = asyncio.Event()

    async def handler() -> None:
        denying = asyncio.create_task(websocket.deny(answer_after(may_answer)))
        await turns()
        closing = asyncio.create_task(websocket.close())
        await turns()
        assert not closing.done()
        may_answer.set()
        await asyncio.gather(denying, closing)

    async with serve(handler) as peer:
        pass
    assert peer.status() == 451


async def test_a_session_ends_when_the_refusal_is_out_that_a_task_sends() -> None:
    may_answer = asyncio.Event()

    async def handler() -> None:
        tasks.append(asyncio.create_task(websocket.deny(answer_after(may_answer))))
        await turns()

    tasks: list[asyncio.Task[None]] = []
    async with serve(handler) as peer:
        await turns()
        assert not peer.task.done()
        may_answer.set()
    assert peer.status() == 451


async def test_a_handler_that_neither_accepts_nor_denies_refuses_the_handshake() -> None:
    async def handler() -> None:
        pass

    async with serve(handler) as peer:
        pass
    assert peer.status() == 403


async def test_a_client_that_left_is_noticed_before_accept() -> None:
    async def handler() -> None:
        assert not await websocket.is_disconnected()
        peer.leave(1001)
        assert await websocket.wait_disconnected() == 1001
        with pytest.raises(WebSocketDisconnect):
            await websocket.accept()
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive_text()
        with pytest.raises(WebSocketDisconnect):
            await websocket.deny()

    async with serve(handler) as peer:
        pass
    assert not peer.sent


async def test_what_is_read_ahead_before_accept_arrives_after_it() -> None:
    async def handler() -> None:
        assert not await websocket.is_disconnected()
        await websocket.accept()
        assert [text async for text in websocket.iter_text()] == ["a", "b"]

    async with serve(handler) as peer:
        await turns()
        peer.deliver("a", "b")
        peer.leave()


async def test_the_peer_of_these_tests_finds_illegal_messages() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        event: Message = {"type": "websocket.send", "text": "too early"}
        await send(event)

    with pytest.raises(AssertionError, match="was sent in the state 'new'"):
        async with Peer(app):
            pass
