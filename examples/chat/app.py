"""A chat in rooms: history, who is here, several tabs. Start it with `python3 run.py demo`."""

import asyncio
import logging
import time
from collections import deque
from pathlib import Path as FilePath
from typing import Annotated, Any

from pydantic import BaseModel, Field

from kui.asgi import (
    Depends,
    FileResponse,
    HTTPException,
    HttpRoute,
    Kui,
    Limits,
    Path,
    Query,
    Routes,
    SocketRoute,
    SocketView,
    WebSocket,
    WebSocketDisconnect,
    websocket,
    websocket_var,
)

PAGE = FilePath(__file__).with_name("page.html")
logger = logging.getLogger("uvicorn.error")


class Say(BaseModel):
    """What a client sends."""

    text: str = Field(min_length=1, max_length=500, pattern=r"\S")


class Room:
    """The members of a room, by connection, and what was said last."""

    def __init__(self) -> None:
        self.members: dict[WebSocket, str] = {}
        self.history: deque[dict[str, Any]] = deque(maxlen=50)

    async def tell(self, message: dict[str, Any]) -> None:
        await asyncio.gather(*(self.deliver(member, message) for member in list(self.members)))

    async def deliver(self, member: WebSocket, message: dict[str, Any]) -> None:
        try:
            await member.send_json(message)
        except WebSocketDisconnect:
            self.members.pop(member, None)

    async def tell_members(self) -> None:
        await self.tell({"type": "members", "names": sorted(set(self.members.values()), key=str.casefold)})


MAX_ROOMS = 200
rooms: dict[str, Room] = {}


async def room_of(room: Annotated[str, Path(max_length=40)]) -> Room:
    """Find or open the room of the path; the oldest empty one makes place for it."""
    if room not in rooms and len(rooms) >= MAX_ROOMS:
        empty = next((name for name, other in rooms.items() if not other.members), None)
        if empty is None:
            raise HTTPException(503, content="all rooms are taken")
        del rooms[empty]
    return rooms.setdefault(room, Room())


class Chat(SocketView):
    """One tab in a room."""

    async def on_connect(
        self,
        room: Annotated[Room, Depends(room_of)],
        name: Annotated[str, Query(min_length=1, max_length=30, pattern=r"\S")],
    ) -> None:
        self.room, self.name = room, name.strip()
        await websocket.accept()
        room.members[websocket_var.get()] = self.name
        await websocket.send_json({"type": "history", "messages": list(room.history)})
        await room.tell_members()

    async def on_receive(self, data: Say) -> None:
        message = {"type": "message", "name": self.name, "text": data.text.strip(), "at": time.time()}
        self.room.history.append(message)
        await self.room.tell(message)

    async def on_disconnect(self, close_code: int) -> None:
        self.room.members.pop(websocket_var.get(), None)
        await self.room.tell_members()


def log_connections(endpoint: Any) -> Any:
    """A middleware: it takes an endpoint and returns one."""

    async def logged() -> None:
        started = time.monotonic()
        logger.info("%s came to %s", websocket.query_params.get("name"), websocket.url.path)
        try:
            await endpoint()
        finally:
            logger.info("left after %.0f s with %s", time.monotonic() - started, websocket.close_code)

    return logged


async def page() -> FileResponse:
    return FileResponse(str(PAGE), content_type="text/html; charset=utf-8")


chat = Routes(SocketRoute("/{room}", Chat), namespace="chat", socket_middlewares=[log_connections])

# A client that does not read is closed after five seconds, so that it cannot hold up its room.
app = Kui(
    routes=[HttpRoute("/", page), "/rooms" // chat], limits=Limits(send_timeout=5, max_message_size=4096)
)
