"""Messages arrive whole, in order and as what they were, on every server."""

import json
from typing import Any

import pytest

from .case import Case
from .running import Server

MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize(
    "message",
    ["hello", "gr\u00fc\u00df \U0001f40d", "\x00", b"\x00\xff", "x" * MEBIBYTE, bytes(MEBIBYTE)],
    ids=["text", "unicode", "nul", "binary", "1 MiB text", "1 MiB binary"],
)
async def test_a_message_comes_back_as_it_was(server: Server, message: str | bytes) -> None:
    async with Case(server, "echo").connect() as client:
        await client.send(message)
        assert await client.recv() == message


@pytest.mark.parametrize("message", ["", b""], ids=["text", "binary"])
async def test_an_empty_message_is_a_message(server: Server, message: str | bytes) -> None:
    case = Case(server, "echo_telling")
    async with case.connect() as client:
        await client.send(message)
        await client.send("next")
        if server.name != "daphne":  # which sends no empty message
            assert await client.recv() == message
        assert await client.recv() == "next"
    assert await case.told("1") == repr(message)
    assert await case.told("2") == repr("next")


@pytest.mark.parametrize(
    "value", [None, 0, "", [], {"name": "J\u00fcrgen", "list": [1, 2.5, True]}], ids=repr
)
@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
async def test_json_comes_back_as_it_was(server: Server, value: Any, binary: bool) -> None:
    text = json.dumps(value)
    async with Case(server, "echo_json").connect() as client:
        await client.send(text.encode() if binary else text)
        assert json.loads(await client.recv()) == value


async def test_compressed_messages_come_back_as_they_were(server: Server) -> None:
    async with Case(server, "echo").connect(compression="deflate") as client:
        message: str | bytes
        for message in ("a" * 5000, bytes(5000)):
            await client.send(message)
            assert await client.recv() == message
