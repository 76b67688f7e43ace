"""The same messages over WebSocket, and as server-sent events where a proxy lets no WebSocket through."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

from kui.asgi import Body, Kui, SendEventResponse, ServerSentEvent, websocket

app = Kui()


class Channel:
    """Hands each message to everybody who listens at that moment."""

    def __init__(self) -> None:
        self.listeners: set[asyncio.Queue[str]] = set()

    async def listen(self) -> AsyncGenerator[str]:
        queue: asyncio.Queue[str] = asyncio.Queue(100)
        self.listeners.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self.listeners.discard(queue)

    def send(self, message: str) -> None:
        for queue in self.listeners:
            if not queue.full():
                queue.put_nowait(message)


news = Channel()


@app.router.http.post("/news")
async def publish(text: Annotated[str, Body()]) -> tuple[str, int]:
    news.send(text)
    return "published", 202


@app.router.websocket("/news")
async def over_websocket() -> None:
    async def tell() -> None:
        async for message in news.listen():
            await websocket.send_json({"text": message})

    await websocket.accept()
    telling = asyncio.create_task(tell())
    try:
        await websocket.wait_disconnected()
    finally:
        telling.cancel()


@app.router.http.get("/news")
async def over_events() -> SendEventResponse:
    async def events() -> AsyncGenerator[ServerSentEvent]:
        async for message in news.listen():
            yield {"event": "news", "data": message}

    return SendEventResponse(events(), ping_interval=15)
