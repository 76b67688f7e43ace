"""Receiving loses no message, whatever is cancelled, timed out or polled."""

import asyncio
import json

import pytest
from websockets.asyncio.client import ClientConnection

from .case import Case
from .running import Server

COUNT = 100


@pytest.mark.parametrize(
    "handler", ["receive_with_timeout", "receive_under_timeout", "receive_while_polling"]
)
async def test_no_message_is_lost(server: Server, handler: str) -> None:
    sent = [str(number) for number in range(COUNT)] + ["last"]
    async with Case(server, handler).connect() as client:
        assert await client.recv() == "begin"
        for text in sent:
            await client.send(text)
            await asyncio.sleep(0.001)  # about as long as a receive may take: many are cancelled
        assert json.loads(await client.recv()) == sent


async def test_both_ways_are_used_at_once(server: Server) -> None:
    numbers = [str(number) for number in range(COUNT)]
    case = Case(server, "duplex", count=COUNT)
    async with case.connect() as client:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_send_all(client, numbers))
            received = [await client.recv() for _ in numbers]
        assert received == numbers
        assert await case.told("read") == numbers


async def _send_all(client: ClientConnection, messages: list[str]) -> None:
    for message in messages:
        await client.send(message)
