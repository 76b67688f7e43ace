"""Messages to and fro: text, bytes, JSON, models, and what is refused."""

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter
from testing_applications import echo, sends

from kui.testing import TestClient


async def test_text_goes_to_and_fro() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_text("grüß dich")
        assert await ws.receive_text() == "grüß dich"


async def test_bytes_go_to_and_fro() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_bytes(b"\x00\xff")
        assert await ws.receive_bytes() == b"\x00\xff"


async def test_empty_messages_are_messages() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_text("")
        await ws.send_bytes(b"")
        assert [await ws.receive(), await ws.receive()] == ["", b""]


async def test_json_goes_in_a_text_frame() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_json({"x": [1, None]})
        assert await ws.receive() == '{"x":[1,null]}'


async def test_json_goes_in_a_binary_frame_on_request() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_json({"x": 1}, binary=True)
        assert await ws.receive() == b'{"x":1}'


@pytest.mark.parametrize("payload", ['{"x":1}', b'{"x":1}'])
async def test_json_is_received_from_either_frame(payload: str | bytes) -> None:
    async with TestClient(sends(payload)) as client, client.websocket("/") as ws:
        assert await ws.receive_json() == {"x": 1}


class Move(BaseModel):
    x: int


@dataclass
class Point:
    x: int


def point(value: Any) -> Point:
    return Point(**value)


async def test_json_becomes_a_pydantic_model() -> None:
    async with TestClient(sends('{"x":1}')) as client, client.websocket("/") as ws:
        assert await ws.receive_json(Move) == Move(x=1)


async def test_json_becomes_what_a_type_adapter_makes_of_it() -> None:
    async with TestClient(sends('[{"x":1}]')) as client, client.websocket("/") as ws:
        assert await ws.receive_model(TypeAdapter(list[Move])) == [Move(x=1)]


async def test_json_becomes_what_a_function_makes_of_it() -> None:
    async with TestClient(sends('{"x":1}')) as client, client.websocket("/") as ws:
        assert await ws.receive_model(point) == Point(1)


async def test_a_model_is_sent_as_its_json() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_json(Move(x=3))
        assert await ws.receive_text() == '{"x":3}'


async def test_the_wrong_kind_of_frame_is_refused_and_stays_readable() -> None:
    async with TestClient(sends(b"abc", "def")) as client, client.websocket("/") as ws:
        with pytest.raises(TypeError) as binary:
            await ws.receive_text()
        assert str(binary.value) == "expected a text message, got a binary one: b'abc'; use receive_bytes()"
        assert await ws.receive_bytes() == b"abc"
        with pytest.raises(TypeError) as text:
            await ws.receive_bytes()
        assert str(text.value) == "expected a binary message, got a text one: 'def'; use receive_text()"
        assert await ws.receive_text() == "def"


async def test_a_payload_of_the_wrong_type_is_refused_where_it_is_sent() -> None:
    text: Any = b"abc"
    data: Any = "abc"
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        with pytest.raises(TypeError, match=r"expected a str, got b'abc'; use send_bytes\(\)"):
            await ws.send_text(text)
        with pytest.raises(TypeError, match=r"expected bytes, got 'abc'; use send_text\(\) or bytes\(\)"):
            await ws.send_bytes(data)
        await ws.send_text("still open")
        assert await ws.receive_text() == "still open"
