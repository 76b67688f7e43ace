"""A server that starts an application and stops it, and lifespans with hooks for it."""

from collections.abc import Callable
from typing import Any

import pytest

from kui.core import Application, Lifespan, Message

Hook = Callable[[Any], Any]

STARTUP: Message = {"type": "lifespan.startup"}
SHUTDOWN: Message = {"type": "lifespan.shutdown"}
STARTED: Message = {"type": "lifespan.startup.complete"}
STOPPED: Message = {"type": "lifespan.shutdown.complete"}


class Server:
    """Send startup and shutdown at once, and keep what the application answers."""

    def __init__(self, lifespan: Lifespan, **scope: Any) -> None:
        self.app = Application({"lifespan": lifespan})
        self.scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0"}, **scope}
        self.answers: list[Message] = []
        self._events = [STARTUP, SHUTDOWN]

    async def run(self) -> list[Message]:
        await self.app(self.scope, self._receive, self._send)
        return self.answers

    async def fail(self, error: type[Exception], match: str) -> tuple[list[Message], str]:
        """Run to the failure; return the answers before it and the message of the last."""
        with pytest.raises(error, match=match):
            await self.run()
        last = self.answers.pop()
        return [*self.answers, {"type": last["type"]}], last["message"]

    async def _receive(self) -> Message:
        return self._events.pop(0)

    async def _send(self, message: Message) -> None:
        self.answers.append(message)


def with_startup(lifespan: Lifespan, hook: Hook) -> Lifespan:
    with pytest.warns(DeprecationWarning, match="use lifespan"):
        assert lifespan.on_startup(hook) is hook
    return lifespan


def with_shutdown(lifespan: Lifespan, hook: Hook) -> Lifespan:
    with pytest.warns(DeprecationWarning, match="use lifespan"):
        assert lifespan.on_shutdown(hook) is hook
    return lifespan


def fail(app: object) -> None:
    raise OSError("no disk")
