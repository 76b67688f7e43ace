"""Read ahead of the handler, so that a disconnect is noticed while it only sends."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from kui.core import Message, Receive

from .codes import CloseCode

__all__ = ["ReadPump", "size_of"]

logger = logging.getLogger("kui.websocket")

_CUT: Message = {"type": "websocket.disconnect", "code": CloseCode.ABNORMAL}


class ReadPump:
    """A task that reads the server's events into a bounded buffer until the connection ends.

    Taking an event is safe under cancellation: an event leaves the buffer in the step that returns it. When the
    buffer is full the pump stops reading until something is taken.

    Args:
        receive: the server's receive callable.
        buffer: how many messages, and how many bytes of them, are kept.
        on_end: called with the event that ended the connection, as soon as it is read.
    """

    __slots__ = (
        "_buffer",
        "_bytes",
        "_end",
        "_max_bytes",
        "_max_messages",
        "_on_end",
        "_reader",
        "_receive",
        "_space",
        "_task",
    )

    def __init__(self, receive: Receive, buffer: tuple[int, int], on_end: Callable[[Message], None]) -> None:
        self._receive = receive
        self._max_messages, self._max_bytes = buffer
        self._on_end = on_end
        self._buffer: deque[Message] = deque()
        self._bytes = 0
        self._end: Message | None = None
        self._reader: asyncio.Future[None] | None = None
        self._space: asyncio.Future[None] | None = None
        self._task = asyncio.create_task(self._run(), name="kui.websocket read pump")

    async def take(self) -> Message:
        """Return the next event: what is in the buffer, then, again and again, the one that ended the connection."""
        while not self._buffer:
            if self._end is not None:
                return self._end
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        event = self._buffer.popleft()
        self._bytes -= size_of(event)
        _wake(self._space)
        return event

    def resize(self, buffer: tuple[int, int]) -> None:
        """Keep so many messages, and bytes of them, from now on."""
        self._max_messages, self._max_bytes = buffer
        _wake(self._space)

    async def stop(self) -> None:
        """End the task, and wait until it has ended; who stops it knows how the connection ended."""
        self._on_end = _ignore
        self._task.cancel()
        try:
            await asyncio.wait([self._task])
        finally:  # who stops it may be cancelled, and whoever waits must not wait for ever
            if self._end is None:  # it had not begun
                self._finish(_CUT)

    async def _run(self) -> None:
        end = _CUT
        try:
            while (event := await self._receive())["type"] != "websocket.disconnect":
                self._buffer.append(event)
                self._bytes += size_of(event)
                _wake(self._reader)
                await self._wait_for_space()
            end = event
        except Exception:  # of the server, which nobody awaits here
            logger.exception("the server's receive failed; the connection counts as cut")
        finally:  # also when the task is cancelled: whoever waits must not wait for ever
            self._finish(end)

    def _finish(self, end: Message) -> None:
        self._end = end
        self._on_end(end)
        _wake(self._reader)

    async def _wait_for_space(self) -> None:
        while len(self._buffer) >= self._max_messages or self._bytes >= self._max_bytes:
            self._space = asyncio.get_running_loop().create_future()
            try:
                await self._space
            finally:
                self._space = None


def size_of(event: Message) -> int:
    """Return how many bytes the message has, a text in UTF-8."""
    text = event.get("text")
    if text is None:
        return len(event.get("bytes") or b"")
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _ignore(end: Message) -> None:
    """Tell nobody of the end."""


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
