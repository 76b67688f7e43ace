"""The lifespan of an application: its start, its state and its end."""

import asyncio
from typing import Any, Literal, TypeAlias

from .bell import Bell
from .errors import ASGIViolation, DeadlineExceeded, LifespanFailed
from .messages import check_message
from .order import RUNNING, STARTING, STOPPING, after_lifespan_send
from .stacks import stack_of
from .tasks import start_application
from .transcript import Transcript
from .types import ASGIApp, Message

LifespanMode: TypeAlias = Literal["auto", "on", "off"]


class LifespanRun:
    """Runs the lifespan protocol once.

    With "auto", an application that raises or returns before it has received `lifespan.startup` does not
    speak the protocol, and goes without; with "on" that is an error.
    """

    def __init__(self, app: ASGIApp, *, mode: LifespanMode, strict: bool, deadline: float) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._mode = mode
        self._strict = strict
        self._deadline = deadline
        self._inbound: asyncio.Queue[Message] = asyncio.Queue()
        self._changed = Bell()
        self._transcript = Transcript()
        self._where = STARTING
        self._received = 0
        self._failed: str | None = None
        self._violation: ASGIViolation | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the application. Raises what it raises, or `LifespanFailed`."""
        __tracebackhide__ = True
        if self._mode == "off":
            return
        self._task = start_application(self._run(), self)
        self._task.add_done_callback(lambda _: self._changed.ring())
        self._inbound.put_nowait({"type": "lifespan.startup"})
        await self._until_past(STARTING, self._task, "the application to start")
        if self._task.done() and self._failed is None and self._mode == "auto" and not self._received:
            if not self._task.cancelled():
                self._task.exception()
            self._task = None
            return
        if self._where != RUNNING or self._task.done():
            await self._end(self._task)
            raise RuntimeError("the application's lifespan ended before it had answered lifespan.startup")

    async def stop(self) -> None:
        """Stop the application. Raises what it raises, or `LifespanFailed`."""
        __tracebackhide__ = True
        task, self._task = self._task, None
        if task is None:
            return
        self._inbound.put_nowait({"type": "lifespan.shutdown"})
        await self._until_past(RUNNING, task, "the application to receive lifespan.shutdown")
        await self._until_past(STOPPING, task, "the application to stop")
        await self._end(task)

    async def _until_past(self, state: str, task: "asyncio.Task[None]", what: str) -> None:
        __tracebackhide__ = True
        while self._where == state and self._violation is None and not task.done():
            if not await self._changed.wait(self._deadline):
                message = (
                    f"waited {self._deadline:g} s for {what}\nthe application: it waits in\n{stack_of(task)}\n"
                    f"messages:\n{self._transcript}"
                )
                task.cancel()
                await asyncio.wait([task], timeout=self._deadline)
                raise DeadlineExceeded(message)

    async def _end(self, task: "asyncio.Task[None]") -> None:
        """Let the task end and raise the most telling of its failures."""
        __tracebackhide__ = True
        if self._violation is not None:
            task.cancel()
        await asyncio.wait([task], timeout=self._deadline)
        task.cancel()
        if self._violation is not None:
            raise self._violation
        if task.done() and not task.cancelled() and (raised := task.exception()) is not None:
            raise raised
        if self._failed is not None:
            raise LifespanFailed(self._failed)

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        await self._app(scope, self._receive, self._send)

    async def _receive(self) -> Message:
        message = await self._inbound.get()
        self._received += 1
        self._transcript.to_app(message)
        if message["type"] == "lifespan.shutdown":
            self._where = STOPPING
            self._changed.ring()
        return message

    async def _send(self, message: Message) -> None:
        try:
            if self._strict:
                message = check_message(message, "lifespan")
            self._where = after_lifespan_send(self._where, message)
        except ASGIViolation as broken:
            self._violation = self._violation or ASGIViolation(f"{broken}\nmessages:\n{self._transcript}")
            self._changed.ring()
            raise self._violation from None
        self._transcript.from_app(message)
        if message["type"].endswith(".failed"):
            self._failed = message.get("message", "")
        self._changed.ring()
