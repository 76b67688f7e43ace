"""The lifespan of an application: its start, its state and its end."""

import asyncio
from typing import Any, Literal, TypeAlias

from .call import Call, raise_as_it_is
from .errors import LifespanFailed
from .leaks import AllowedTasks, LeakCheck
from .order import RUNNING, STARTING, STOPPING, after_lifespan_send
from .types import ASGIApp, Message

LifespanMode: TypeAlias = Literal["auto", "on", "off"]


class Lifespan:
    """Runs the lifespan protocol once.

    With "auto", an application goes without if it ends before it has received `lifespan.startup`, or if it
    answers with a message of another protocol; with "on" both are errors.
    """

    def __init__(self, app: ASGIApp, *, mode: LifespanMode, strict: bool, deadline: float) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._mode = mode
        self._call = Call(strict=strict, deadline=deadline)
        self._inbound: asyncio.Queue[Message] = asyncio.Queue()
        self._where = STARTING
        self._has_received = False
        self._speaks_other = False
        self._failed: str | None = None
        self._is_running = False

    async def start(self) -> None:
        """Start the application. Raises what it raises, or `LifespanFailed`."""
        __tracebackhide__ = True
        if self._mode == "off":
            return
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        self._call.start(self._app, scope, self._receive, self._send)
        self._inbound.put_nowait({"type": "lifespan.startup"})
        await self._leave(STARTING, "the application to start")
        self._is_running = self._where == RUNNING and self._call.failure() is None
        if self._is_running:
            return
        failure = await self._call.end(patient=True)
        if self._mode == "on" or (self._has_received and not self._speaks_other):
            self._raise(failure)
            raise LifespanFailed("the application ended before it had answered lifespan.startup")

    async def stop(self, leaks: LeakCheck, allowed: AllowedTasks) -> None:
        """Stop the application. Raises what it raises, or `LifespanFailed`."""
        __tracebackhide__ = True
        if not self._is_running:
            return
        self._is_running = False
        self._inbound.put_nowait({"type": "lifespan.shutdown"})
        await self._leave(RUNNING, "the application to receive lifespan.shutdown")
        await self._leave(STOPPING, "the application to stop")
        self._raise(await self._call.end(patient=True))
        await leaks.check(self._call.mark, allowed)

    async def _leave(self, state: str, what: str) -> None:
        """Wait until `state` is past or cannot be left any more."""
        __tracebackhide__ = True
        call = self._call
        try:
            await call.wait_until(
                lambda: self._where != state or call.violation is not None or call.has_ended, what
            )
        except BaseException:
            await call.end(patient=False)
            raise

    def _raise(self, failure: BaseException | None) -> None:
        __tracebackhide__ = True
        if failure is not None:
            if self._mode == "auto" and self._where == STARTING:
                failure.add_note('raised while it started; if it has no lifespan, say so: lifespan="off"')
            raise_as_it_is(failure)
        if self._failed is not None:
            raise LifespanFailed(self._failed)

    async def _receive(self) -> Message:
        message = await self._inbound.get()
        self._has_received = True
        self._call.transcript.to_app(message)
        if message["type"] == "lifespan.shutdown":
            self._where = STOPPING
            self._call.changed.ring()
        return message

    async def _send(self, message: Message) -> None:
        if (
            self._mode == "auto"
            and self._where == STARTING
            and not str(message["type"]).startswith("lifespan.")
        ):
            self._speaks_other = True
            raise RuntimeError(f"expected lifespan.startup.complete, got {message['type']}")
        message, self._where = self._call.accept(
            message, "lifespan", lambda checked: after_lifespan_send(self._where, checked)
        )
        if message["type"].endswith(".failed"):
            self._failed = message.get("message", "")
        self._call.changed.ring()
