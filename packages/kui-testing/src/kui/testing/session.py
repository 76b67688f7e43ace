"""The client's side of one WebSocket connection."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, overload

import httpx

from .call import note_failure, raise_as_it_is
from .errors import ConnectionClosed, DeadlineExceeded, HandshakeDenied, LeakedTasks
from .leaks import AllowedTasks, LeakCheck
from .messages import violation
from .payloads import Into, T, decode_json, encode_json
from .types import ASGIApp, Scope
from .wire import Close, Wire

_ENDINGS = (ConnectionClosed, HandshakeDenied)
_SYMPTOMS = (*_ENDINGS, DeadlineExceeded)


class WebSocketSession:
    """One connection, as `TestClient.websocket` gives it; use it with `async with`.

    Entering waits until the application has accepted. Leaving closes with code 1000 if the connection is
    still open, waits for the application to end, raises what the application raised, and checks that none
    of its tasks is left.

    Each method that waits takes a `deadline` in seconds; the client's is the default. A missed one raises
    `DeadlineExceeded`.
    """

    def __init__(
        self,
        app: ASGIApp,
        scope: Scope,
        wire: Wire,
        *,
        leaks: LeakCheck,
        allow_tasks: AllowedTasks,
        wait_accept: bool,
        on_response: Callable[[int, httpx.Headers], None],
    ) -> None:
        self.scope = scope
        """The scope that the application was called with."""
        self._app = app
        self._wire = wire
        self._call = wire.call
        self._leaks = leaks
        self._allow_tasks = allow_tasks
        self._wait_accept = wait_accept
        self._on_response = on_response
        self._response_was_seen = False

    async def __aenter__(self) -> Self:
        __tracebackhide__ = True
        if self._call.has_started:
            raise RuntimeError("this session was entered before; call client.websocket() for each connection")
        self._call.start(self._app, self.scope, self._wire.receive, self._wire.send)
        self._call.on_end(self._on_end)
        if self._wait_accept:
            try:
                await self.accept()
            except BaseException as exc:
                await self._finish(exc)
                raise
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        await self._finish(exc)

    # The handshake

    async def accept(self, *, deadline: float | None = None) -> None:
        """Wait until the application has accepted.

        Only needed with `wait_accept=False`. Raises `HandshakeDenied` when it refuses, and what the
        application raises before it has answered.
        """
        __tracebackhide__ = True
        await self._call.wait_until(self._handshake_is_over, "an answer to the handshake", deadline)
        if self._wire.accepted is None:
            raise self._refusal()
        self._see_response(101, self.headers)

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the application accepted, or None."""
        return None if self._wire.accepted is None else self._wire.accepted.get("subprotocol")

    @property
    def headers(self) -> httpx.Headers:
        """The headers that the application sent with accept; empty on servers that do not pass them."""
        if self._wire.accepted is None or not self._wire.profile.passes_accept_headers:
            return httpx.Headers()
        return httpx.Headers(list(self._wire.accepted.get("headers", ())))

    # Sending

    async def send_text(self, text: str) -> None:
        """Send a text frame. Raises `ConnectionClosed` when the connection is closed."""
        __tracebackhide__ = True
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected a str, got {text!r:.80}; use send_bytes()")
        self._deliver(text)

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary frame. Raises `ConnectionClosed` when the connection is closed."""
        __tracebackhide__ = True
        if not isinstance(data, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected bytes, got {data!r:.80}; use send_text() or bytes()")
        self._deliver(data)

    async def send_json(self, value: Any, *, binary: bool = False) -> None:
        """Send a value as JSON, in a text frame or, with `binary`, in a binary one. Models encode themselves."""
        text = encode_json(value)
        self._deliver(text.encode() if binary else text)

    def _deliver(self, payload: str | bytes) -> None:
        __tracebackhide__ = True
        self._require_handshake()
        if self._wire.close is not None:
            raise ConnectionClosed(*self._wire.close)
        self._wire.deliver(payload)

    # Receiving

    async def receive(self, *, deadline: float | None = None) -> str | bytes:
        """Receive a message: str for a text frame, bytes for a binary one.

        Raises `ConnectionClosed` when there is none left and the connection is closed.
        """
        __tracebackhide__ = True
        await self._arrival("a message", deadline)
        if self._wire.unread:
            return self._wire.take()
        raise ConnectionClosed(*self._the_close)

    async def receive_text(self, *, deadline: float | None = None) -> str:
        """Receive a text message. Raises `TypeError` on a binary one, which stays readable."""
        __tracebackhide__ = True
        await self._arrival("a text message", deadline)
        if self._wire.unread and isinstance(payload := self._wire.unread[0], bytes):
            raise TypeError(
                f"expected a text message, got a binary one: {payload[:60]!r}; use receive_bytes()"
            )
        return str(await self.receive(deadline=deadline))

    async def receive_bytes(self, *, deadline: float | None = None) -> bytes:
        """Receive a binary message. Raises `TypeError` on a text one, which stays readable."""
        __tracebackhide__ = True
        await self._arrival("a binary message", deadline)
        if self._wire.unread and isinstance(payload := self._wire.unread[0], str):
            raise TypeError(
                f"expected a binary message, got a text one: {payload[:60]!r}; use receive_text()"
            )
        received = await self.receive(deadline=deadline)
        return received if isinstance(received, bytes) else received.encode()

    @overload
    async def receive_json(self, *, deadline: float | None = None) -> Any: ...

    @overload
    async def receive_json(self, into: Into[T], *, deadline: float | None = None) -> T: ...

    async def receive_json(self, into: Into[Any] | None = None, *, deadline: float | None = None) -> Any:
        """Receive JSON from a text or a binary frame, decoded, and turned `into` a value if one is named.

        `into` is a class with `model_validate_json` (a pydantic model), an object with `validate_json`
        (a pydantic `TypeAdapter`), or a callable that takes the decoded value.
        """
        __tracebackhide__ = True
        await self._arrival("a JSON message", deadline)
        return decode_json(await self.receive(deadline=deadline), into)

    async def receive_model(self, into: Into[T], *, deadline: float | None = None) -> T:
        """Receive a message as a value of the type `into`; the same as `receive_json(into)`."""
        __tracebackhide__ = True
        return await self.receive_json(into, deadline=deadline)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str | bytes:
        __tracebackhide__ = True
        try:
            return await self.receive()
        except ConnectionClosed:
            raise StopAsyncIteration from None

    async def expect_close(self, *, deadline: float | None = None) -> Close:
        """Wait for the close and return it as a pair `(code, reason)`.

        Raises `AssertionError` when a message comes instead; it stays readable.
        """
        __tracebackhide__ = True
        await self._arrival("the close", deadline)
        if self._wire.unread:
            raise AssertionError(f"expected the close, got the message {self._wire.unread[0]!r:.80}")
        return self._the_close

    # Leaving

    async def close(self, code: int | None = 1000, reason: str = "") -> None:
        """Send a close frame; None sends one without a code. Does nothing on a closed connection.

        The application gets the disconnect event as the server of the profile reports it.
        """
        self._wire.leave(code, reason)

    def abort(self) -> None:
        """Cut the connection without a close frame, as a lost network does."""
        self._wire.cut()

    def stop_server(self) -> None:
        """Let the server end this connection as it does on SIGTERM."""
        self._wire.stop()
        if self._wire.profile.shutdown_cancels:
            self._call.cancel()

    async def wait_ended(self, *, deadline: float | None = None) -> None:
        """Wait until the application's task is done, whatever it raised."""
        __tracebackhide__ = True
        await self._call.wait_ended(deadline)

    # Inside

    @property
    def _the_close(self) -> Close:
        if self._wire.close is None:
            raise RuntimeError("the connection is still open")
        return self._wire.close

    def _on_end(self) -> None:
        self._wire.application_ended(raised=self._call.failure() is not None)

    def _see_response(self, status: int, headers: httpx.Headers) -> None:
        if not self._response_was_seen:
            self._response_was_seen = True
            self._on_response(status, headers)

    async def _arrival(self, what: str, deadline: float | None) -> None:
        """Wait until a message lies unread or the connection is closed."""
        __tracebackhide__ = True
        self._require_handshake()
        wire = self._wire
        await self._call.wait_until(lambda: bool(wire.unread) or wire.close is not None, what, deadline)

    def _require_handshake(self) -> None:
        __tracebackhide__ = True
        if not self._call.has_started:
            raise RuntimeError("the connection is not open: use 'async with client.websocket(...) as ws'")
        if self._wire.accepted is None and self._wire.close is None:
            raise RuntimeError("the handshake is not over: await ws.accept() first")

    def _handshake_is_over(self) -> bool:
        wire, call = self._wire, self._call
        return (
            wire.accepted is not None
            or wire.close is not None
            or call.violation is not None
            or call.has_ended
        )

    def _refusal(self) -> BaseException:
        """Tell how the handshake ended that was not accepted."""
        wire = self._wire
        if self._call.violation is not None:
            return self._call.violation
        if wire.denial_start is not None and wire.close is not None:
            headers = httpx.Headers(list(wire.denial_start.get("headers", ())))
            self._see_response(wire.denial_start["status"], headers)
            return HandshakeDenied(wire.denial_start["status"], headers, bytes(wire.denial_body))
        if wire.close is not None:
            return ConnectionClosed(*wire.close)
        return self._ended_unanswered()

    def _ended_unanswered(self) -> BaseException:
        failure = self._call.failure()
        if failure is not None:
            return failure
        if not self._call.strict:
            return HandshakeDenied(500, httpx.Headers(), b"Internal Server Error")
        return self._call.broke(
            violation(
                "the application returned without an answer to the handshake",
                "WebSocket, Connect",
                "websocket.connect is answered by accept, close or a denial response",
            )
        )

    async def _finish(self, exc: BaseException | None) -> None:
        """Leave, wait for the application and raise what it raised, unless `exc` says more."""
        __tracebackhide__ = True
        self._wire.leave(1000, "")
        is_hurried = isinstance(exc, DeadlineExceeded) or (exc is not None and not isinstance(exc, Exception))
        failure = await self._leaks.end(self._call, self._allow_tasks, patient=not is_hurried)
        if failure is None:
            return
        # a test may expect how the connection ended; it never expects that the application hangs or leaks
        replaced = _ENDINGS if isinstance(failure, (DeadlineExceeded, LeakedTasks)) else _SYMPTOMS
        if exc is None or isinstance(exc, replaced):
            raise_as_it_is(failure)
        else:
            note_failure(exc, failure)
