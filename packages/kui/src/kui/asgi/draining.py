"""The orderly end of an application's live WebSockets."""

import asyncio
import inspect
import logging
import random
from collections.abc import Callable, Coroutine
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from kui.http import PlainTextResponse
from kui.websocket import CloseCode, ConnectionState, SocketSession, WebSocket, websocket

__all__ = ["Drained", "Draining"]

logger = logging.getLogger("kui.asgi")

Hook = Callable[[Any], Any]
H = TypeVar("H", bound=Hook)

RETRY_AFTER_SECONDS = 1
REASON = "service restart"
# how often to look for handshakes that have been accepted meanwhile
LOOK_SECONDS = 0.05
# how long what was cancelled may take to end
CANCELLED_SECONDS = 5.0


class Drained(NamedTuple):
    """What a drain has done.

    Args:
        closed: the number of sockets that were closed, and whose handlers ended in time.
        cancelled: the number of those whose handlers were cancelled at the deadline.
    """

    closed: int
    cancelled: int


class Draining:
    """Close the sockets of an application before its server does.

    Args:
        app: what the hooks are called with; its `should_exit` becomes true.
        sockets: what serves the connections.
    """

    def __init__(self, app: Any, sockets: SocketSession) -> None:
        self.has_begun = False
        self._app = app
        self._sockets = sockets
        self._live = sockets.live
        self._hooks: list[Hook] = []
        self._task: asyncio.Task[Drained] | None = None

    def add(self, hook: H) -> H:
        """Let a function of the application be told when the drain begins; return it."""
        if not callable(hook):
            raise TypeError(f"a hook of the drain is a function of the application; got {hook!r}")
        self._hooks.append(hook)
        return hook

    async def refuse(self) -> None:
        """Refuse the current handshake: the client is to try again, at another server or at the next one here."""
        await websocket.deny(_unavailable())

    async def drain(self, *, timeout: float, batch: int, jitter: float, code: int) -> Drained:
        """Begin, or join the drain that has begun; return when no connection is left."""
        if self._task is None:
            _check(timeout, batch, jitter, code)
            self.has_begun = self._app.should_exit = True
            self._task = asyncio.create_task(self._drain(timeout, batch, jitter, code), name="kui drain")
        return await asyncio.shield(self._task)

    async def _drain(self, timeout: float, batch: int, jitter: float, code: int) -> Drained:
        told: dict[WebSocket, asyncio.Task[None]] = {}
        telling = asyncio.create_task(self._tell())
        try:
            async with asyncio.timeout(timeout):
                await asyncio.wait([telling])
                while self._live:
                    await self._close(told, batch, jitter, code)
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:  # a hook may have used the time up: whoever was not told yet is told now
            await self._close(told, max(batch, len(self._live)), 0, code)
            await asyncio.sleep(LOOK_SECONDS)
        late = len(self._live)
        closed = sum(connection not in self._live for connection in told)
        tasks = [telling, *told.values()]
        for task in tasks:
            task.cancel()
        tasks += self._sockets.cancel(_unavailable(), code, REASON)
        await asyncio.wait(tasks, timeout=CANCELLED_SECONDS)
        logger.info("drained: %d sockets closed, %d handlers cancelled", closed, late)
        return Drained(closed, late)

    async def _tell(self) -> None:
        for hook in self._hooks:
            try:
                result = hook(self._app)
                if inspect.isawaitable(result):
                    await result
            except Exception:  # of a hook: the sockets are closed all the same
                logger.exception("%r failed when the drain began", hook)

    async def _close(
        self, told: "dict[WebSocket, asyncio.Task[None]]", batch: int, jitter: float, code: int
    ) -> None:
        """Close, batch by batch, what is open and was not closed before.

        A handshake is left to its handler, and closed when it has been accepted.
        """
        ready = (
            connection
            for connection in [*self._live]
            if connection not in told and connection.connection_state is not ConnectionState.CONNECTING
        )
        while connections := [*islice(ready, batch)]:
            for connection in connections:
                # a client that takes no data may hold up its own close, and nobody else's
                told[connection] = asyncio.create_task(_quietly(connection.close(code, REASON)))
            await asyncio.sleep(random.uniform(0, jitter))


async def _quietly(closing: Coroutine[Any, Any, None]) -> None:
    try:
        await closing
    except Exception:  # of the server, or a connection class: the others are closed all the same
        logger.exception("a socket could not be closed")


def _unavailable() -> PlainTextResponse:
    headers = {"retry-after": str(RETRY_AFTER_SECONDS)}
    return PlainTextResponse("the server is about to restart", 503, headers)


def _check(timeout: float, batch: int, jitter: float, code: int) -> None:
    for name, seconds in (("timeout", timeout), ("jitter", jitter)):
        _require(f"{name} is a number of seconds, 0 or more", seconds, float, lambda n: n >= 0)
    _require("batch is a number of sockets, 1 or more", batch, int, lambda n: n >= 1)
    _require("a drain closes with 1012, 1001 or a code from 3000 to 4999", code, int, _may_close)


def _may_close(code: float) -> bool:
    return code in (CloseCode.SERVICE_RESTART, CloseCode.GOING_AWAY) or 3000 <= code <= 4999


def _require(rule: str, value: float, type_: type, fits: Callable[[float], bool]) -> None:
    if not isinstance(value, (int, type_)):
        raise TypeError(f"{rule}; got {value!r}")
    if not fits(value):
        raise ValueError(f"{rule}; got {value!r}")
