"""Two hundred connections, a hundred thousand messages, and nothing left of them."""

import asyncio
import gc
import random
import sys

from websocket_peer import Peer, serve

from kui.websocket import WebSocket, websocket


class Soaked(WebSocket):
    """Connections that no other test makes."""


CONNECTIONS = 200
MESSAGES = 500  # on each


async def echo() -> None:
    """Echo in one of the ways that a handler may choose, among them those that read ahead."""
    await websocket.accept()
    way = websocket["way"]
    if way == "iterate":
        async for text in websocket.iter_text():
            await websocket.send_text(text)
    elif way == "poll":
        while not await websocket.is_disconnected():
            await websocket.send_text(await websocket.receive_text(timeout=30))
    elif way == "impatient":
        while True:
            try:
                async with asyncio.timeout(0):
                    text = await websocket.receive_text()
            except TimeoutError:
                await asyncio.sleep(0)
            else:
                await websocket.send_text(text)
    else:
        async with asyncio.TaskGroup() as group:
            texts: asyncio.Queue[str] = asyncio.Queue(8)
            sender = group.create_task(send_all(texts))
            async for text in websocket.iter_text():
                await texts.put(text)
            sender.cancel()


async def send_all(texts: "asyncio.Queue[str]") -> None:
    while True:
        await websocket.send_text(await texts.get())


async def talk(number: int, messages: int, chance: random.Random) -> int:
    way = ("iterate", "poll", "impatient", "group")[number % 4]
    fate = chance.choice(["stays", "leaves", "is cut", "is cancelled"])
    last = messages if fate == "stays" else chance.randrange(messages)
    async with serve(echo, websocket_class=Soaked, way=way) as peer:
        for index in range(messages):
            if index == last:
                await end(peer, fate)
                fate = "over"
            peer.deliver(f"{number}.{index}")
            if index % 4 == 0:
                await asyncio.sleep(0)
        if fate != "over":
            while len(peer.sent) <= messages:
                await asyncio.sleep(0)
            peer.leave()
    echoes = peer.messages()
    assert echoes == [f"{number}.{index}" for index in range(len(echoes))]
    assert last < messages or len(echoes) == messages
    return messages


async def end(peer: Peer, fate: str) -> None:
    if fate == "leaves":
        peer.leave(1000)
    elif fate == "is cut":
        peer.send_error = OSError("gone")
        peer.leave(None)
    elif not peer.task.done():
        await peer.cancel()


async def soak(connections: int, messages: int, seed: int) -> int:
    chance = random.Random(seed)
    sizes = await asyncio.gather(*(talk(number, messages, chance) for number in range(connections)))
    return sum(sizes)


async def test_two_hundred_connections_with_a_hundred_thousand_messages_leave_nothing_behind() -> None:
    await soak(40, 20, seed=1)  # what is made once
    before = blocks()
    assert await soak(CONNECTIONS, MESSAGES, seed=2) == 100_000
    after = blocks()
    assert not [each for each in gc.get_objects() if type(each) is Soaked]
    assert asyncio.all_tasks() == {asyncio.current_task()}
    # one block for each message, or a hundred for each connection, would be a leak
    assert after - before < 10 * CONNECTIONS


def blocks() -> int:
    """Return how many blocks of memory Python has given out."""
    for _ in range(3):
        gc.collect()
    return sys.getallocatedblocks()
