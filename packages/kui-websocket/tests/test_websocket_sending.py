"""Sending."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websocket_peer import SERVERS, serve, turns

from kui.testing import TestClient
from kui.websocket import WebSocketDisconnect, websocket, websocket_session


async def test_sends_of_several_tasks_keep_their_order() -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.receive_text()
        peer.gate.clear()
        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(websocket.send_text(str(number)))
            await turns()
            assert peer.messages() == ["0"]  # one at a time
            peer.gate.set()
        await websocket.send_bytes(b"last")

    async with serve(handler) as peer:
        peer.deliver("go")
    assert peer.messages() == [*(str(number) for number in range(20)), b"last"]


async def test_a_close_does_not_overtake_a_send_that_has_begun() -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.receive_text()
        peer.gate.clear()
        async with asyncio.TaskGroup() as group:
            for text in ("a", "b"):
                group.create_task(websocket.send_text(text))
            await turns()
            closing = group.create_task(websocket.close(4000))
            await turns()
            late = asyncio.create_task(websocket.send_text("late"))
            await turns()
            assert not closing.done()
            peer.gate.set()
        with pytest.raises(WebSocketDisconnect) as caught:
            await late
        assert caught.value.code == 4000

    async with serve(handler) as peer:
        peer.deliver("go")
    assert peer.messages() == ["a", "b"]
    assert peer.close() == (4000, None)


async def test_a_cancelled_send_lets_the_next_one_go() -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.receive_text()
        peer.gate.clear()
        sends = [asyncio.create_task(websocket.send_text(text)) for text in "abcd"]
        await turns()
        sends[1].cancel()  # while it waits for its turn
        sends[0].cancel()  # while the server takes it
        await turns()
        assert peer.messages() == ["a", "c"]
        peer.gate.set()
        await sends[2]
        await sends[3]
        await asyncio.wait(sends)
        assert [send.cancelled() for send in sends] == [True, True, False, False]

    async with serve(handler) as peer:
        peer.deliver("go")
    assert peer.messages() == ["a", "c", "d"]


async def test_a_send_that_is_cancelled_in_the_moment_of_its_turn_passes_the_turn_on() -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.receive_text()
        peer.gate.clear()
        sends = [asyncio.create_task(websocket.send_text(text)) for text in "abc"]
        await turns()
        peer.gate.set()
        await asyncio.sleep(0)  # the first send is done, and the second one about to begin
        sends[1].cancel()
        await asyncio.wait(sends)
        assert sends[1].cancelled()
        await websocket.send_text("d")

    async with serve(handler) as peer:
        peer.deliver("go")
    assert peer.messages() == ["a", "c", "d"]


async def test_when_all_that_wait_were_cancelled_the_next_send_goes() -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.receive_text()
        peer.gate.clear()
        sends = [asyncio.create_task(websocket.send_bytes(data)) for data in (b"a", b"b", b"c")]
        await turns()
        sends[1].cancel()
        sends[2].cancel()
        await turns()
        peer.gate.set()
        await asyncio.wait(sends)
        await websocket.send_bytes(b"d")

    async with serve(handler) as peer:
        peer.deliver("go")
    assert peer.messages() == [b"a", b"d"]


async def test_after_a_disconnect_a_send_raises_without_calling_the_server() -> None:
    async def handler() -> None:
        await websocket.accept()
        async for _ in websocket.iter_text():
            pass
        calls: list[Callable[[], Awaitable[None]]] = [
            lambda: websocket.send_text("x"),
            lambda: websocket.send_bytes(b"x"),
            lambda: websocket.send_json(1),
            lambda: websocket.send_payload("x"),
            lambda: websocket.send({"type": "websocket.send", "text": "x"}),
        ]
        for call in calls:
            with pytest.raises(WebSocketDisconnect) as caught:
                await call()
            assert (caught.value.code, caught.value.reason) == (4444, "bye")
        await websocket.close()

    async with serve(handler) as peer:
        peer.leave(4444, "bye")
    assert [event["type"] for event in peer.sent] == ["websocket.accept"]


async def test_sends_fail_while_messages_of_a_client_that_left_can_still_be_received() -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.deliver("a", "b")
        peer.leave(4444)
        assert await websocket.wait_disconnected() == 4444
        with pytest.raises(WebSocketDisconnect):
            await websocket.send_text("x")
        assert [text async for text in websocket.iter_text()] == ["a", "b"]

    async with serve(handler) as peer:
        pass


@pytest.mark.parametrize("call", ["send_text", "send_bytes"])
@pytest.mark.parametrize(("known", "code"), [(True, 4444), (False, 1006)])
async def test_oserror_of_the_server_becomes_a_disconnect_with_the_true_code_when_it_is_known(
    call: str, known: bool, code: int
) -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.send_error = BrokenPipeError()
        if known:
            peer.leave(4444)
        send: Any = getattr(websocket, call)
        with pytest.raises(WebSocketDisconnect) as caught:
            await send("x" if call == "send_text" else b"x")
        assert caught.value.code == code
        assert caught.value.connection == websocket
        assert await websocket.wait_disconnected() == code

    async with serve(handler) as peer:
        pass


async def test_runtimeerror_of_the_server_becomes_a_disconnect_when_the_connection_is_gone() -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.send_error = RuntimeError("unexpected ASGI message")
        peer.leave(1009)
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.send_json(1)
        assert caught.value.code == 1009

    async with serve(handler) as peer:
        pass


async def test_runtimeerror_of_the_server_is_raised_as_it_is_while_the_connection_lives() -> None:
    async def handler() -> None:
        await websocket.accept()
        error = peer.send_error = RuntimeError("a bug")
        with pytest.raises(RuntimeError) as caught:
            await websocket.send_text("x")
        assert caught.value is error
        peer.send_error = None
        await websocket.send_text("y")

    async with serve(handler) as peer:
        pass
    assert peer.messages() == ["y"]


async def test_the_true_code_is_known_when_another_task_receives() -> None:
    async def handler() -> None:
        await websocket.accept()
        receiving = asyncio.create_task(websocket.receive_text())
        await turns()
        peer.send_error = OSError()
        peer.leave(4444)
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.send_text("x")
        assert caught.value.code == 4444
        with pytest.raises(WebSocketDisconnect):
            await receiving

    async with serve(handler) as peer:
        pass


@pytest.mark.parametrize("data", [b"x", 1, None, {"a": 1}])
async def test_send_text_wants_str_and_names_both_types(data: Any) -> None:
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(TypeError, match=f"send_text wants a str, got {type(data).__name__}"):
            await websocket.send_text(data)

    async with serve(handler) as peer:
        pass
    assert not peer.messages()


@pytest.mark.parametrize("data", ["x", 1, None, [1]])
async def test_send_bytes_wants_bytes_and_names_both_types(data: Any) -> None:
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(TypeError, match=f"send_bytes wants bytes, got {type(data).__name__}"):
            await websocket.send_bytes(data)

    async with serve(handler) as peer:
        pass
    assert not peer.messages()


@pytest.mark.parametrize("server", SERVERS)
async def test_every_payload_arrives_intact(server: str) -> None:
    big = "ü" * 2**19
    sent: list[Any] = ["", "a\x00b", big, b"", b"\x00\xff", bytearray(b"x"), memoryview(b"y"), b"z" * 2**20]

    async def handler() -> None:
        await websocket.accept()
        for payload in sent:
            await websocket.send_payload(payload)
            await websocket.receive_text()

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        for payload in sent:
            got = await ws.receive()
            assert got == payload
            assert isinstance(got, str) == isinstance(payload, str)
            await ws.send_text("next")


@pytest.mark.parametrize("server", SERVERS)
async def test_send_json_is_compact_utf8_in_either_kind_of_frame(server: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.send_json({"a": ["ü", None, 1.5]})
        await websocket.receive_text()
        await websocket.send_json({"a": ["ü"]}, mode="binary")
        await websocket.receive_text()
        with pytest.raises(ValueError, match='mode is "text" or "binary"; got \'bytes\''):
            await websocket.send_json(1, mode="bytes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        with pytest.raises(TypeError, match="cannot encode object as JSON"):
            await websocket.send_json(object())

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        assert await ws.receive() == '{"a":["ü",null,1.5]}'
        await ws.send_text("next")
        assert await ws.receive() == '{"a":["ü"]}'.encode()
        await ws.send_text("next")


async def test_raw_events_are_sent_as_by_the_methods() -> None:
    async def handler() -> None:
        await websocket.send({"type": "websocket.accept", "subprotocol": "a", "headers": [(b"x", b"y")]})
        await websocket.send({"type": "websocket.send", "bytes": b"x"})
        with pytest.raises(ValueError, match=r"send takes websocket\.accept, \.send or \.close; got 'http"):
            await websocket.send({"type": "http.response.start"})
        await websocket.send({"type": "websocket.close", "code": 4000, "reason": "bye"})

    async with serve(handler, subprotocols=["a"]) as peer:
        pass
    assert peer.sent == [
        {"type": "websocket.accept", "subprotocol": "a", "headers": [(b"x", b"y")]},
        {"type": "websocket.send", "bytes": b"x"},
        {"type": "websocket.close", "code": 4000, "reason": "bye"},
    ]


@pytest.mark.parametrize("server", SERVERS)
async def test_a_handler_that_only_sends_learns_that_the_client_has_gone(server: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        while True:
            await websocket.send_text("tick")
            await asyncio.sleep(0)

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        await ws.receive_text()
        await ws.close()
        await ws.wait_ended()


@pytest.mark.parametrize("server", ["hypercorn", "granian", "daphne"])
async def test_tasks_that_always_send_at_once_learn_that_the_client_has_gone(server: str) -> None:
    async def send() -> None:
        while True:
            await websocket.send_text("tick")

    async def handler() -> None:
        await websocket.accept()
        async with asyncio.TaskGroup() as group:
            group.create_task(send())
            group.create_task(send())

    async with (
        TestClient(websocket_session(handler), server=server) as client,
        client.websocket("/", window=1) as ws,
    ):
        for _ in range(9):
            await ws.receive_text()
        await ws.close()
        await ws.wait_ended()


async def test_a_handler_that_only_sends_to_a_server_that_never_waits_learns_of_an_end_that_is_there() -> (
    None
):
    async def handler() -> None:
        await websocket.accept()
        peer.leave(4001)
        await websocket.send_text("x")
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.send_text("x")
        assert caught.value.code == 4001

    async with serve(handler) as peer:
        pass
    assert peer.messages() == ["x"]


async def test_the_true_code_is_known_where_it_comes_a_little_after_oserror() -> None:
    async def handler() -> None:
        await websocket.accept()
        listening = asyncio.create_task(websocket.receive_text())
        await turns()
        peer.send_error = OSError("gone")
        sending = asyncio.create_task(websocket.send_text("x"))
        await turns()
        peer.leave(4444)
        for task in (listening, sending):
            with pytest.raises(WebSocketDisconnect) as caught:
                await task
            assert caught.value.code == 4444
        assert websocket.close_code == 4444

    async with serve(handler) as peer:
        pass
