"""A scripted ASGI server: what the tests of kui-websocket say to an application, and what it answers."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from kui.core import ASGIApp, Endpoint, Message, http_connection_var
from kui.testing import PROFILES
from kui.websocket import websocket_session

SERVERS = sorted(PROFILES)

_NEXT: dict[tuple[str, str], str] = {
    ("new", "websocket.accept"): "open",
    ("new", "websocket.close"): "over",
    ("new", "websocket.http.response.start"): "denying",
    ("denying", "websocket.http.response.body"): "denying",
    ("open", "websocket.send"): "open",
    ("open", "websocket.close"): "over",
}


def scope_of(**changes: Any) -> dict[str, Any]:
    """The scope of a handshake with uvicorn, but for the changes."""
    scope: dict[str, Any] = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": "/",
        "raw_path": b"/",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"kui.test")],
        "client": ("192.0.2.1", 4711),
        "server": ("192.0.2.2", 80),
        "subprotocols": [],
        "state": {},
        "extensions": {"websocket.http.response": {}},
    }
    scope.update(changes)
    return scope


class Peer:
    """One connection of a server whose every quirk can be chosen.

    Use it with `async with`: the application runs meanwhile, and has ended after. What it raises is raised there,
    and so is what it did against ASGI.

    Attributes:
        sent: the events that the application sent.
        send_error: what `send` raises, once set.
        gate: a send waits until it is set.
        wrap_receive: makes the receive callable that the application gets.
    """

    def __init__(
        self, application: ASGIApp, *, second_receive: str = "hang", connects: bool = True, **scope: Any
    ) -> None:
        self.application = application
        self.scope = scope_of(**scope)
        self.sent: list[Message] = []
        self.send_error: Exception | None = None
        self.accept_error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.receives = 0
        self.wrap_receive: Callable[[Any], Any] = lambda receive: receive
        self._second_receive = second_receive
        self._connects = connects
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._state = "new"
        self._receiving = self._has_left = self._is_expected = False
        self._broken: list[str] = []
        self._task: asyncio.Task[None] | None = None

    def deliver(self, *events: Message | str | bytes) -> None:
        """Bring events to the application: a str or bytes is a message."""
        for event in events:
            if isinstance(event, str):
                event = {"type": "websocket.receive", "text": event}
            elif isinstance(event, bytes):
                event = {"type": "websocket.receive", "bytes": event}
            self._events.put_nowait(event)

    def leave(self, code: int | None = 1001, reason: str | None = None) -> None:
        """Let the client leave."""
        self.deliver({"type": "websocket.disconnect", "code": code, "reason": reason})

    def messages(self) -> list[str | bytes]:
        """What the application sent as messages."""
        return [
            event["bytes"] if event.get("text") is None else event["text"]
            for event in self.sent
            if event["type"] == "websocket.send"
        ]

    def close(self) -> tuple[int | None, str | None] | None:
        """The code and reason of the application's close."""
        closes = [event for event in self.sent if event["type"] == "websocket.close"]
        return (closes[0].get("code"), closes[0].get("reason")) if closes else None

    def status(self) -> int | None:
        """The status of the application's denial."""
        starts = [event for event in self.sent if event["type"] == "websocket.http.response.start"]
        return starts[0]["status"] if starts else None

    def body(self) -> bytes:
        """The body of the application's denial."""
        bodies = [event for event in self.sent if event["type"] == "websocket.http.response.body"]
        return b"".join(event.get("body", b"") for event in bodies)

    async def cancel(self) -> None:
        """Cancel the application, as a server that stops, and expect that the cancellation comes out of it."""
        self.task.cancel()
        await asyncio.wait([self.task], timeout=5)
        assert self.task.cancelled(), "the application has swallowed its cancellation"
        self._is_expected = True

    async def forget_failure(self) -> None:
        """Wait for the application's end, which has failed as the test expects."""
        await asyncio.wait([self.task], timeout=5)
        self.task.exception()  # looked at: a task whose exception nobody has seen is logged whenever it is collected
        self._is_expected = True

    @property
    def task(self) -> asyncio.Task[None]:
        assert self._task is not None
        return self._task

    def start(self) -> None:
        async def run() -> None:
            outer = http_connection_var.get(None)
            try:
                await self.application(self.scope, self.wrap_receive(self._receive), self._send)
            finally:
                if http_connection_var.get(None) is not outer:
                    self._break("the connection is still the current one after its end")

        self._task = asyncio.create_task(run())

    async def __aenter__(self) -> Self:
        if self._connects:
            self.deliver({"type": "websocket.connect"})
        self.start()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if exc is not None:
            self.task.cancel()
        _, late = await asyncio.wait([self.task], timeout=5)
        if late:
            self.task.cancel()
            await asyncio.wait([self.task])
            raise TimeoutError("the application has not ended")
        assert not self._broken, self._broken
        if exc is None and not self._is_expected:
            self.task.result()

    async def _receive(self) -> Message:
        self.receives += 1
        if self._receiving:
            self._break("receive() was called while another one was waiting")
        if self._has_left:
            self._break("receive() was called after the disconnect")
            if self._second_receive == "disconnect":
                return {"type": "websocket.disconnect", "code": 1005}
        self._receiving = True
        try:
            event = await self._events.get()
        finally:
            self._receiving = False
        if event["type"] == "websocket.disconnect":
            self._has_left = True
        return event

    async def _send(self, event: Message) -> None:
        kind = event["type"]
        error = self.accept_error if kind == "websocket.accept" else self.send_error
        if error is not None:
            raise error
        state = _NEXT.get((self._state, kind))
        if state is None:
            self._break(f"{kind} was sent in the state {self._state!r}")
            return
        if kind == "websocket.http.response.body" and not event.get("more_body", False):
            state = "over"
        self._state = state
        self.sent.append(event)
        if kind in ("websocket.send", "websocket.close", "websocket.accept"):
            await self.gate.wait()

    def _break(self, what: str) -> None:
        self._broken.append(what)


async def turns(count: int = 10) -> None:
    """Let the other tasks run."""
    for _ in range(count):
        await asyncio.sleep(0)


def serve(endpoint: Endpoint, **options: Any) -> Peer:
    """A peer of an endpoint; options that are not the session's are the scope's."""
    mine = {"websocket_class", "middlewares", "limits", "json_codec"}
    session = {name: options.pop(name) for name in mine & options.keys()}
    return Peer(websocket_session(endpoint, **session), **options)
