"""Receiving (rules 12-18)."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any

import pytest
from websocket_peer import serve, turns

from kui.core import Message, Receive
from kui.testing import PROFILES, TestClient
from kui.websocket import (
    DecodeError,
    InvalidState,
    PayloadTypeError,
    WebSocketDisconnect,
    websocket,
    websocket_session,
)

SERVERS = sorted(PROFILES)


class Model:
    """What pydantic's model classes have."""

    @staticmethod
    def model_validate_json(data: str | bytes) -> int:
        return int(data)


@pytest.mark.parametrize("server", SERVERS)
async def test_a_payload_is_str_for_text_and_bytes_for_binary_and_empty_ones_are_data(server: str) -> None:
    got: list[str | bytes] = []

    async def handler() -> None:
        await websocket.accept()
        got.append(await websocket.receive_text())
        got.append(await websocket.receive_bytes())
        got.append(await websocket.receive_text())
        got.append(await websocket.receive_bytes())
        got.extend([payload async for payload in websocket.iter_payloads()])

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        for payload in ("a", b"b", "", b"", "", b"", "c"):
            await (ws.send_text(payload) if isinstance(payload, str) else ws.send_bytes(payload))
    assert got == ["a", b"b", "", b"", "", b"", "c"]


@pytest.mark.parametrize("both", [True, False])
async def test_both_keys_may_be_there_and_one_of_them_none(both: bool) -> None:
    async def handler() -> None:
        await websocket.accept()
        assert await websocket.receive_text() == ""
        assert await websocket.receive_bytes() == b""
        assert [payload async for payload in websocket.iter_payloads()] == ["", b"x"]

    async with serve(handler) as peer:
        for name, value in (("text", ""), ("bytes", b""), ("text", ""), ("bytes", b"x")):
            event: dict[str, Any] = {"type": "websocket.receive"}
            if both:
                event |= {"text": None, "bytes": None}
            peer.deliver({**event, name: value})
        peer.leave()


@pytest.mark.parametrize("server", SERVERS)
async def test_a_frame_of_the_other_kind_is_a_payload_type_error_and_stays_readable(server: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        for _ in range(2):
            with pytest.raises(PayloadTypeError, match="expected a text message, got a binary one"):
                await websocket.receive_text()
        with pytest.raises(PayloadTypeError):
            await anext(websocket.iter_text())
        assert await websocket.receive_bytes() == b"x"
        with pytest.raises(PayloadTypeError, match="expected a binary message, got a text one") as caught:
            await websocket.receive_bytes()
        assert caught.value.close_code == 1003
        assert await websocket.receive_payload() == "y"
        with pytest.raises(PayloadTypeError):
            await websocket.receive_json(mode="text")
        assert await websocket.receive_json(mode="binary") == 1
        assert await websocket.receive_text() == "z"

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        await ws.send_bytes(b"x")
        await ws.send_text("y")
        await ws.send_bytes(b"1")
        await ws.send_text("z")


async def test_a_frame_of_the_other_kind_stays_when_the_client_has_left_since() -> None:
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(PayloadTypeError):
            await websocket.receive_text()
        peer.leave()
        assert await websocket.wait_disconnected() == 1001
        assert await websocket.receive_bytes() == b"x"
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive_bytes()

    async with serve(handler) as peer:
        peer.deliver(b"x")


async def test_a_payload_type_error_that_escapes_closes_with_1003(caplog: pytest.LogCaptureFixture) -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.receive_text()

    async with serve(handler) as peer:
        peer.deliver(b"x")
    assert peer.close() == (1003, None)
    assert not caplog.records


@pytest.mark.parametrize("server", SERVERS)
async def test_json_is_accepted_in_text_and_in_binary_frames(server: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        assert await websocket.receive_json() == {"a": 1}
        assert await websocket.receive_json(timeout=5) == ["ü"]
        assert [value async for value in websocket.iter_json()] == [1, None]

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        await ws.send_text('{"a": 1}')
        await ws.send_bytes('["ü"]'.encode())
        await ws.send_text("1")
        await ws.send_bytes(b"null")


@pytest.mark.parametrize("payload", ["{", "", "NaN", "[Infinity]", b"\xff"])
async def test_malformed_json_is_a_decode_error_and_the_next_message_is_readable(
    payload: str | bytes,
) -> None:
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(DecodeError, match="malformed JSON"):
            await websocket.receive_json()
        values = websocket.iter_json()
        with pytest.raises(DecodeError):
            await anext(values)
        assert await anext(values) == 1

    async with serve(handler) as peer:
        peer.deliver(payload, payload, "1")


async def test_an_unknown_mode_is_a_value_error() -> None:
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(ValueError, match='mode is "text" or "binary"; got \'bytes\''):
            await websocket.receive_json(mode="bytes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    async with serve(handler):
        pass


async def test_models_are_validated_from_the_frame() -> None:
    async def handler() -> None:
        await websocket.accept()
        assert await websocket.receive_model(Model) == 1
        assert await websocket.receive_model(Model, timeout=5) == 2
        assert [value async for value in websocket.iter_models(Model)] == [3, 4]
        with pytest.raises(TypeError, match="wanted a pydantic model class or a TypeAdapter"):
            await websocket.receive_model(int)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    async with serve(handler) as peer:
        peer.deliver("1", b"2", "3", b"4")
        peer.leave()


@pytest.mark.parametrize("server", SERVERS)
async def test_the_disconnect_is_cached_and_comes_after_the_messages(server: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        assert [await websocket.receive_text(), await websocket.receive_text()] == ["a", "b"]
        ends: set[tuple[int, str]] = set()
        for _ in range(3):
            for call in (websocket.receive_text, websocket.receive_bytes, websocket.receive):
                with pytest.raises(WebSocketDisconnect) as caught:
                    await call()
                ends.add((caught.value.code, caught.value.reason))
                assert caught.value.connection == websocket
        profile = PROFILES[server]
        code = 4444 if profile.passes_client_code else profile.code_of_cut
        reason = "bye" if profile.passes_client_reason else ""
        assert ends == {(code, reason)}

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        await ws.send_text("a")
        await ws.send_text("b")
        await ws.close(4444, "bye")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({}, (1005, "")),
        ({"code": None}, (1005, "")),
        ({"code": None, "reason": None}, (1005, "")),
        ({"code": 1006}, (1006, "")),
        ({"code": 4444, "reason": "bye"}, (4444, "bye")),
    ],
)
async def test_a_disconnect_has_an_int_and_a_str_whatever_the_server_gives(
    event: Mapping[str, Any], expected: tuple[int, str]
) -> None:
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.receive_text()
        assert (caught.value.code, caught.value.reason) == expected
        assert isinstance(caught.value.code, int)
        assert websocket.close_code == expected[0]

    async with serve(handler) as peer:
        peer.deliver({"type": "websocket.disconnect", **event})


async def test_a_message_that_its_model_refuses_is_a_decode_error() -> None:
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(DecodeError, match="invalid literal"):
            await websocket.receive_model(Model)
        assert await websocket.receive_model(Model) == 1

    async with serve(handler) as peer:
        peer.deliver("x", "1")


@pytest.mark.parametrize("event", [{}, {"code": None, "reason": None}])
async def test_a_raw_disconnect_has_its_code_and_reason_too(event: Mapping[str, Any]) -> None:
    async def handler() -> None:
        await websocket.accept()
        assert await websocket.receive() == {"type": "websocket.disconnect", "code": 1005, "reason": ""}

    async with serve(handler) as peer:
        peer.deliver({"type": "websocket.disconnect", **event})


async def test_a_raw_receive_gives_the_disconnect_once() -> None:
    async def handler() -> None:
        await websocket.accept()
        assert (await websocket.receive())["text"] == "a"
        assert (await websocket.receive())["code"] == 1001
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive()

    async with serve(handler) as peer:
        peer.deliver("a")
        peer.leave()


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


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 1011, 4444])
async def test_iterators_end_silently_whatever_the_code(code: int) -> None:
    async def handler() -> None:
        await websocket.accept()
        texts = websocket.iter_text()
        assert [text async for text in texts] == ["a"]
        for iterator in (texts, websocket.iter_bytes(), websocket.iter_json(), websocket.iter_payloads()):
            assert [value async for value in iterator] == []
        assert websocket.close_code == code

    async with serve(handler) as peer:
        peer.deliver("a")
        peer.leave(code)


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


@pytest.mark.parametrize("second_receive", ["hang", "disconnect"])
async def test_after_the_disconnect_the_server_is_never_asked_again(second_receive: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        async for _ in websocket.iter_text():
            pass
        asked = peer.receives
        assert await websocket.is_disconnected()
        assert await websocket.wait_disconnected() == 1001
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive_text(timeout=5)
        assert peer.receives == asked

    async with serve(handler, second_receive=second_receive) as peer:
        peer.leave()
