"""A normal end leaves no traceback in the server's log."""

import asyncio

import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from .case import Case, ended
from .running import Server


async def test_normal_ends_leave_no_traceback(server: Server) -> None:
    before = server.log_size
    await asyncio.gather(
        _left(server, "wait_for_the_end"),
        _left(server, "poll_until_the_end"),
        _left(server, "await_the_end"),
        _left(server, "send_until_the_end"),
        _cut(server, "wait_for_the_end"),
        _cut(server, "send_until_the_end"),
        _closed(server, "close", code=4001, reason="enough"),
        _closed(server, "return_at_once"),
        _closed(server, "idle"),
        _denied(server, "deny", status=404),
        _denied(server, "refuse"),
        _denied(server, "own_origin", origin=Origin("https://evil.example")),
    )
    async with Case(server, "echo").connect() as client:  # by now whatever was to be logged is
        await client.send("still there")
        assert await client.recv() == "still there"
    assert server.tracebacks(before) == []


async def _left(server: Server, scenario: str) -> None:
    case = Case(server, scenario)
    async with case.connect():
        pass
    await case.told("end")


async def _cut(server: Server, scenario: str) -> None:
    case = Case(server, scenario)
    async with case.connect() as client:
        client.transport.abort()
    await case.told("end")


async def _closed(server: Server, scenario: str, **query: object) -> None:
    async with Case(server, scenario, **query).connect() as client:
        await ended(client)


async def _denied(server: Server, scenario: str, origin: Origin | None = None, **query: object) -> None:
    with pytest.raises(InvalidStatus):
        await Case(server, scenario, **query).connect(origin=origin)
