"""A thousand clients at once are served by every server."""

import asyncio

from websockets.asyncio.client import ClientConnection

from .case import Case
from .running import Server

CLIENTS = 1000


async def test_a_thousand_clients_at_once_get_their_echo(server: Server) -> None:
    at_the_door = asyncio.Semaphore(100)
    case = Case(server, "echo")

    async def enter() -> ClientConnection:
        async with at_the_door:
            return await case.connect(ping_interval=None)

    clients = await asyncio.gather(*(enter() for _ in range(CLIENTS)))
    try:
        for number, client in enumerate(clients):
            await client.send(str(number))
        answers = [await client.recv() for client in clients]
    finally:
        await asyncio.gather(*(client.close() for client in clients))
    assert answers == [str(number) for number in range(CLIENTS)]
