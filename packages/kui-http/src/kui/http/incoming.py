"""What the server says about a request, read once and never lost."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from kui.core import Message, Receive

from .errors import BodyConsumed, ClientDisconnect

__all__ = ["Incoming"]

READ_AHEAD = 64 * 1024  # bytes of the body kept while somebody watches for the client to leave
UNREAD_SECONDS = 10.0  # that more of a body waits for a reader, where it may be thrown away


class Incoming:
    """Hand out the pieces of a body, and tell whether the client has left, without losing a piece.

    A look for the client reads what the server has and keeps the pieces for the reader. As long as somebody may
    read, the server's receive is not cancelled by a look: servers differ in what they lose then.
    """

    __slots__ = (
        "_is_thrown_away",
        "_kept",
        "_receive",
        "_room",
        "_size",
        "_task",
        "is_complete",
        "is_disconnected",
    )

    def __init__(self, receive: Receive) -> None:
        self._is_thrown_away = False
        self.is_complete = False  # the last piece of the body has been taken out
        self.is_disconnected = False
        self._receive = receive
        self._kept: deque[Message] = deque()
        self._size = 0
        self._task: asyncio.Task[Message] | None = None
        self._room: asyncio.Event | None = None

    async def next_piece(self) -> bytes:
        """Return the next piece of the body; sets `is_complete` with the last one.

        Raises:
            ClientDisconnect: the client left before.
            BodyConsumed: nobody has read it, and it was thrown away.
        """
        while True:
            if self._is_thrown_away:
                raise BodyConsumed(
                    "the body of this request waited for a reader while its answer was sent, and is gone; read it before"
                )
            if self._kept:
                message = self._kept.popleft()
                self._size -= _size_of(message)
                if self._room is not None:
                    self._room.set()
            elif self.is_disconnected:
                raise ClientDisconnect("the client left before its request had arrived")
            elif self._task is not None:
                await self._look()
                continue
            else:
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    self.is_disconnected = True
                    continue
            if message["type"] != "http.request":
                raise RuntimeError(f"expected http.request or http.disconnect; the server sent {message!r}")
            self.is_complete = not message.get("more_body", False)
            return message.get("body") or b""

    async def receive(self) -> Message:
        """Stand in for the server's receive: hand out what is left of the body, then wait for the client to leave."""
        if self.is_complete:
            await self.wait_disconnected()
            return {"type": "http.disconnect"}
        try:
            piece = await self.next_piece()
        except ClientDisconnect:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": not self.is_complete}

    async def poll(self) -> bool:
        """Return whether the client has left, as far as the server says without waiting."""
        while not self.is_disconnected and self._size < READ_AHEAD:
            task = self._begin()
            await asyncio.sleep(0)  # the look takes one step, in which it ends if the server has a message
            if not task.done():
                break
            self._keep(task)
        return self.is_disconnected

    async def wait_disconnected(self, is_unread: Callable[[], bool] | None = None) -> None:
        """Wait until the client has left; while much of the body is unread, until somebody reads it.

        Args:
            is_unread: says after a while whether the body has no reader; it is thrown away then. Default: None, it waits
                for one.
        """
        while not self.is_disconnected:
            if self._size < READ_AHEAD:
                await self._look()
                continue
            self._room = self._room or asyncio.Event()
            self._room.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(None if is_unread is None else UNREAD_SECONDS):
                    await self._room.wait()
            if is_unread is not None and not self._room.is_set() and is_unread():
                self._is_thrown_away = True
                self._kept.clear()
                self._size = 0

    async def close(self) -> None:
        """Stop the look that is under way, when nobody asks any more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _look(self) -> None:
        """Wait for one message and keep it; safe to cancel, and to run several times at once."""
        task = self._begin()
        await asyncio.wait({task})
        self._keep(task)

    def _begin(self) -> asyncio.Task[Message]:
        if self._task is None:
            self._task = asyncio.ensure_future(self._receive_one())
        return self._task

    def _keep(self, task: asyncio.Task[Message]) -> None:
        """Keep the message of a look that has ended, unless somebody else who waited for it has done so."""
        if self._task is not task:
            return
        self._task = None
        message = task.result()
        if message["type"] == "http.disconnect":
            self.is_disconnected = True
            return
        if not self._is_thrown_away:
            self._kept.append(message)
            self._size += _size_of(message)

    async def _receive_one(self) -> Message:
        return await self._receive()


def _size_of(message: Message) -> int:
    return len(message.get("body") or b"") + 64  # a message itself takes room, too
