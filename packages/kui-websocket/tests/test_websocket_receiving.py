"""Receiving: text, bytes, JSON and models, and frames of the other kind."""

from typing import Any

import pytest
from websocket_peer import SERVERS, serve

from kui.core import JSONCodec
from kui.testing import TestClient
from kui.websocket import DecodeError, PayloadTypeError, WebSocketDisconnect, websocket, websocket_session


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


@pytest.mark.parametrize("payload", ["{", "", "NaN", "[Infinity]", b"\xff", "\ud800", "[" * 100_000])
async def test_malformed_json_is_a_decode_error_and_the_next_message_is_readable(
    payload: str | bytes,
) -> None:
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(DecodeError, match="malformed JSON"):
            await websocket.receive_json()
        values = websocket.iter_json()
        with pytest.raises(DecodeError, match="malformed JSON"):
            await anext(values)
        assert await anext(values) == 1

    async with serve(handler) as peer:
        peer.deliver(payload, payload, "1")


async def test_a_codec_that_decodes_by_itself_decodes_what_is_iterated() -> None:
    class Shouting(JSONCodec):
        def decode(self, payload: str | bytes) -> Any:
            if payload == "!":
                raise ValueError("no shouting")
            return str(super().decode(payload)).upper()

    async def handler() -> None:
        await websocket.accept()
        values = websocket.iter_json()
        assert await anext(values) == "A"
        with pytest.raises(DecodeError, match="no shouting"):
            await anext(values)
        assert await anext(values) == "B"

    async with serve(handler, json_codec=Shouting()) as peer:
        peer.deliver('"a"', "!", b'"b"')


async def test_what_a_model_fails_on_by_itself_is_no_decode_error() -> None:
    class Endless:
        @staticmethod
        def model_validate_json(data: str | bytes) -> int:
            raise RecursionError("endless") if data == "deep" else ValueError("unfit")

    async def handler() -> None:
        await websocket.accept()
        values = websocket.iter_models(Endless)
        with pytest.raises(RecursionError, match="endless"):
            await anext(values)
        with pytest.raises(DecodeError, match="unfit"):
            await anext(values)

    async with serve(handler) as peer:
        peer.deliver("deep", "other")


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


async def test_a_message_that_its_model_refuses_is_a_decode_error() -> None:
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(DecodeError, match="invalid literal"):
            await websocket.receive_model(Model)
        assert await websocket.receive_model(Model) == 1

    async with serve(handler) as peer:
        peer.deliver("x", "1")
