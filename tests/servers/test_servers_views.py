"""A class view lives its life exactly once: on_connect, on_receive for each message, on_disconnect."""

import pytest

from .case import Case, ended, sendable
from .running import Server


async def test_a_view_lives_once(server: Server) -> None:
    case = Case(server, "Life")
    async with case.connect() as client:
        for message in ["a", "b"]:
            await client.send(message)
            assert await client.recv() == message
        await client.close(4444)
    assert isinstance(await case.told("4 disconnect"), int)
    assert case.story == ["1 connect", "2 receive", "3 receive", "4 disconnect"]


@pytest.mark.parametrize(
    ("fail", "steps"),
    [
        ("connect", ["1 connect", "2 disconnect"]),
        ("receive", ["1 connect", "2 receive", "3 disconnect"]),
    ],
)
async def test_a_view_that_fails_is_cleaned_up_once(server: Server, fail: str, steps: list[str]) -> None:
    case = Case(server, "Life", fail=fail)
    async with case.connect() as client:
        if fail == "receive":
            await client.send("a")
        assert await ended(client) == (1011, "")
    assert await case.told(steps[-1]) == 1011
    assert case.story == steps


async def test_a_view_whose_clean_up_fails_is_cleaned_up_once(server: Server) -> None:
    case = Case(server, "Life", fail="disconnect")
    async with case.connect() as client:
        await client.send("a")
        assert await client.recv() == "a"
    await case.told("3 disconnect")
    assert case.story == ["1 connect", "2 receive", "3 disconnect"]


@pytest.mark.parametrize(
    ("view", "message"), [("TextOnly", b"binary"), ("JSONOnly", "{"), ("JSONOnly", "Infinity")]
)
async def test_a_message_that_the_encoding_refuses_closes_with_1003(
    server: Server, view: str, message: str | bytes
) -> None:
    async with Case(server, view).connect() as client:
        await client.send(message)
        assert await ended(client) == (sendable(server, 1003), "")
