"""The memory of a connection that is open and quiet."""

import asyncio
import gc
import tracemalloc

from .client import SOCKET_SCOPE, App, Message, fresh


async def bytes_per_connection(app: App, count: int) -> float:
    """Return what Python allocated for each of many connections that were accepted and wait for a message.

    The scope, the task and the server's two functions are counted for every entry alike.
    """
    leave = asyncio.Event()
    accepted = 0

    async def connect() -> None:
        asked = 0

        async def receive() -> Message:
            nonlocal asked
            asked += 1
            if asked == 1:
                return {"type": "websocket.connect"}
            await leave.wait()
            return {"type": "websocket.disconnect", "code": 1000, "reason": ""}

        async def send(message: Message) -> None:
            nonlocal accepted
            accepted += message["type"] == "websocket.accept"

        await app(fresh(SOCKET_SCOPE), receive, send)

    async def open_many(number: int) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(connect()) for _ in range(number)]
        while accepted < number:
            await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)
        return tasks

    tracemalloc.start()
    try:
        for number in (100, count):  # the first hundred fill the caches
            accepted = 0
            leave.clear()
            gc.collect()
            before = tracemalloc.get_traced_memory()[0]
            tasks = await open_many(number)
            gc.collect()
            taken = tracemalloc.get_traced_memory()[0] - before
            leave.set()
            await asyncio.gather(*tasks)
    finally:
        tracemalloc.stop()
    return taken / count
