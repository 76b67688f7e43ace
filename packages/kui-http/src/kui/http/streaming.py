"""Responses whose body is made while it is sent."""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from typing import Any

from kui.core import Receive, Scope, Send

from .context import request_var
from .responses import HttpResponse
from .sending import has_body, send_whole

__all__ = ["StreamResponse", "close_iterable", "send_stream", "start_stream"]


class StreamResponse(HttpResponse):
    """A response of bytes that an async iterable yields.

    The iterable is left when the client has gone: a `finally` in a generator runs then, as it does at the end.

    Args:
        iterable: yields the pieces of the body.
        status_code, headers: as for HttpResponse.
        content_type: the content type.

    ```python
    >>> from kui.http import StreamResponse
    >>> async def lines():
    ...     yield b"one\\n"
    ...     yield b"two\\n"
    >>> StreamResponse(lines(), content_type="text/plain").headers["content-type"]
    'text/plain'

    ```
    """

    def __init__(
        self,
        iterable: AsyncIterable[bytes],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/octet-stream",
    ) -> None:
        super().__init__(status_code, headers)
        self.iterable = iterable
        self.headers.setdefault("content-type", content_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await start_stream(self, self.iterable, scope, send):
            await send_stream(self.iterable, scope, receive, send)


async def start_stream(response: HttpResponse, source: AsyncIterable[Any], scope: Scope, send: Send) -> bool:
    """Begin a response; say whether its body is to follow.

    Where it is not (to HEAD, or for a status without a body), or cannot begin, what the body would be made of is closed.
    """
    follows = False
    try:
        headers = response.list_headers(as_bytes=True)
        if not has_body(response.status_code):
            await send_whole(scope, send, response.status_code, headers, b"")
        else:
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            follows = scope.get("method") != "HEAD"
            if not follows:
                await send({"type": "http.response.body", "body": b""})
    finally:
        if not follows:
            await close_iterable(source)
    return follows


async def send_stream(
    pieces: AsyncIterable[bytes],
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    idle: Callable[[], bytes | None] = bytes,
    idle_seconds: float | None = None,
) -> None:
    """Send a body piece by piece until it ends, or until the client has left.

    The pieces come from one task of their own, from the first to the last, so that a time limit or a context
    variable may span them; what is open in them is closed before this returns.

    Args:
        pieces: the body.
        idle: called when nothing was sent for `idle_seconds`; returns what to send then, or None to end the body.
    """
    output = _Output(send)
    producer = asyncio.ensure_future(output.send_all(pieces))
    leaving = asyncio.ensure_future(_disconnect(scope, receive))
    is_over = False
    try:
        while not (producer.done() or leaving.done()):
            timeout = None if idle_seconds is None else output.silence_left(idle_seconds)
            await asyncio.wait({producer, leaving}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            is_idle = idle_seconds is not None and not output.silence_left(idle_seconds)
            if is_idle and not (producer.done() or leaving.done()):
                piece = idle()
                if piece is None:
                    is_over = True
                    break
                await output.write(piece)
        has_ended = producer.done()
    finally:
        for task in (producer, leaving):
            task.cancel()
        results = await asyncio.gather(producer, leaving, return_exceptions=True)
        if not output.has_begun:  # cancelled before its first step
            await close_iterable(pieces)
    for result in results:
        if isinstance(result, Exception):  # what the iterable raised, also while it was closed
            raise result
    if is_over or (has_ended and not producer.cancelled()):
        await send({"type": "http.response.body", "body": b""})


class _Output:
    """The body so far; pieces and pings never overlap."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._turn = asyncio.Lock()
        self._clock = asyncio.get_running_loop().time
        self._last = self._clock()
        self.has_begun = False

    async def send_all(self, pieces: AsyncIterable[bytes]) -> None:
        self.has_begun = True
        try:
            async for piece in pieces:
                if not isinstance(piece, bytes | bytearray | memoryview):  # pyright: ignore[reportUnnecessaryIsInstance]
                    raise TypeError(
                        f"a stream is made of bytes, and this one yielded {type(piece).__name__}; encode the text"
                    )
                await self.write(bytes(piece))
        finally:
            await close_iterable(pieces)

    def silence_left(self, seconds: float) -> float:
        """Return how long nothing more may be sent until there was silence for so many seconds."""
        if self._turn.locked():  # a piece is on its way, and its client is slow
            return seconds
        return max(0.0, self._last + seconds - self._clock())

    async def write(self, piece: bytes) -> None:
        async with self._turn:
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            self._last = self._clock()


async def _disconnect(scope: Scope, receive: Receive) -> None:
    request = request_var.get(None)
    if request is not None and request.is_of(scope):
        await request.wait_disconnected(keep_body=False)  # of which the pieces may be made
        return
    while (await receive())["type"] != "http.disconnect":
        pass


async def close_iterable(iterable: AsyncIterable[Any]) -> None:
    """Close an async generator; another iterable has nothing to close."""
    close = getattr(iterable, "aclose", None)
    if close is not None:
        closing: Awaitable[None] = close()
        await closing
