"""The client for tests that are not coroutines: the same one, on a loop in one background thread."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypedDict, TypeVar, Unpack, overload

import httpx

from .call import note_failure
from .client import TestClient
from .errors import ConnectionClosed, DeadlineExceeded
from .leaks import AllowedTasks, stacks_of
from .lifespan import LifespanMode
from .payloads import Into, T
from .profiles import ServerProfile
from .session import WebSocketSession
from .types import ASGIApp
from .wire import Close

R = TypeVar("R")

# Without any task a loop and its thread take a moment to end, which a short deadline must not find too long.
_SECONDS_TO_END = 0.5


class ClientOptions(TypedDict, total=False):
    """The options of `TestClient`."""

    server: str | ServerProfile
    strict: bool
    deadline: float
    base_url: str
    lifespan: LifespanMode
    headers: Mapping[str, str] | Sequence[tuple[str, str]] | None
    cookies: Mapping[str, str] | None
    client: tuple[str, int] | None
    root_path: str
    allow_tasks: AllowedTasks


class WebSocketOptions(TypedDict, total=False):
    """The options of `TestClient.websocket`."""

    params: Mapping[str, str | int | float | bool | None] | None
    subprotocols: Iterable[str]
    headers: Mapping[str, str] | Sequence[tuple[str, str]] | None
    cookies: Mapping[str, str] | None
    origin: str | None
    deadline: float | None
    window: int | None
    allow_tasks: AllowedTasks | None
    wait_accept: bool


class _Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        is_ready = threading.Event()

        async def stay() -> None:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            is_ready.set()
            await self._stop.wait()

        self._thread = threading.Thread(target=lambda: asyncio.run(stay()), name="kui.testing", daemon=True)
        self._thread.start()
        is_ready.wait()

    def run(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine there and wait for its result."""
        __tracebackhide__ = True
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def call(self, function: Callable[[], R]) -> R:
        """Call a function there and wait for its result."""
        __tracebackhide__ = True

        async def called() -> R:
            return function()

        return self.run(called())

    def close(self, deadline: float, error: BaseException | None) -> None:
        """End the loop and its thread.

        Raises `DeadlineExceeded` when tasks go on after their cancellation, or notes that of the `error` under way.
        """
        __tracebackhide__ = True
        self._loop.call_soon_threadsafe(self._stop.set)
        seconds = max(deadline, _SECONDS_TO_END)
        self._thread.join(seconds)
        if not self._thread.is_alive():
            return
        tasks = stacks_of(asyncio.all_tasks(self._loop))
        missed = DeadlineExceeded(f"waited {seconds:g} s for the tasks of the application to end\n{tasks}")
        if error is None:
            raise missed
        note_failure(error, missed)


class SyncTestClient:
    """Calls an ASGI application from a test without `async`; the options are those of `TestClient`.

    The application, its lifespan and all its connections run on one loop in one background thread, which
    ends with the `with` block.

    >>> async def app(scope, receive, send):
    ...     await receive()
    ...     await send({"type": "websocket.accept"})
    ...     await send({"type": "websocket.send", "text": "hello"})
    ...     await send({"type": "websocket.close"})
    >>> with SyncTestClient(app, lifespan="off") as client, client.websocket("/") as ws:
    ...     list(ws)
    ['hello']
    """

    __test__ = False

    def __init__(self, app: ASGIApp, **options: Unpack[ClientOptions]) -> None:
        self.client = TestClient(app, **options)
        """The asynchronous client underneath, with its `headers`, `cookies` and `state`."""
        self._loop: _Loop | None = None

    def __enter__(self) -> Self:
        __tracebackhide__ = True
        loop = _Loop()
        try:
            loop.run(self.client.__aenter__())
        except BaseException as failure:
            loop.close(self.client.deadline, failure)
            raise
        self._loop = loop
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        loop, self._loop = self._the_loop, None
        try:
            loop.run(self.client.__aexit__(exc_type, exc, tb))
        except BaseException as failure:
            loop.close(self.client.deadline, failure)
            raise
        loop.close(self.client.deadline, exc)

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Send a request; the options are those of `httpx.AsyncClient.request`."""
        __tracebackhide__ = True
        return self._the_loop.run(self.client.request(method, url, **options))

    def get(self, url: str, **options: Any) -> httpx.Response:
        """Send a GET request."""
        __tracebackhide__ = True
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Any) -> httpx.Response:
        """Send a HEAD request."""
        __tracebackhide__ = True
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Any) -> httpx.Response:
        """Send an OPTIONS request."""
        __tracebackhide__ = True
        return self.request("OPTIONS", url, **options)

    def post(self, url: str, **options: Any) -> httpx.Response:
        """Send a POST request."""
        __tracebackhide__ = True
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> httpx.Response:
        """Send a PUT request."""
        __tracebackhide__ = True
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Any) -> httpx.Response:
        """Send a PATCH request."""
        __tracebackhide__ = True
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Any) -> httpx.Response:
        """Send a DELETE request."""
        __tracebackhide__ = True
        return self.request("DELETE", url, **options)

    def websocket(self, path: str, **options: Unpack[WebSocketOptions]) -> "SyncWebSocketSession":
        """Open a WebSocket: `with client.websocket("/ws") as ws`; the options are those of `TestClient.websocket`."""
        loop = self._the_loop
        return SyncWebSocketSession(self.client.websocket(path, **options), loop)

    @property
    def _the_loop(self) -> _Loop:
        if self._loop is None:
            raise RuntimeError("the client is not open: use 'with SyncTestClient(app) as client'")
        return self._loop


class SyncWebSocketSession:
    """One connection of a `SyncTestClient`; its methods are those of `WebSocketSession`, without `await`."""

    def __init__(self, session: WebSocketSession, loop: _Loop) -> None:
        self.session = session
        """The asynchronous session underneath, with its `scope`, `headers` and `subprotocol`."""
        self._loop = loop

    def __enter__(self) -> Self:
        __tracebackhide__ = True
        self._loop.run(self.session.__aenter__())
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        self._loop.run(self.session.__aexit__(exc_type, exc, tb))

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the application accepted, or None."""
        return self.session.subprotocol

    @property
    def headers(self) -> httpx.Headers:
        """The headers that the application sent with accept."""
        return self.session.headers

    def accept(self, *, deadline: float | None = None) -> None:
        """Wait until the application has accepted; only needed with `wait_accept=False`."""
        __tracebackhide__ = True
        self._loop.run(self.session.accept(deadline=deadline))

    def send_text(self, text: str) -> None:
        """Send a text frame."""
        __tracebackhide__ = True
        self._loop.run(self.session.send_text(text))

    def send_bytes(self, data: bytes) -> None:
        """Send a binary frame."""
        __tracebackhide__ = True
        self._loop.run(self.session.send_bytes(data))

    def send_json(self, value: Any, *, binary: bool = False) -> None:
        """Send a value as JSON."""
        __tracebackhide__ = True
        self._loop.run(self.session.send_json(value, binary=binary))

    def receive(self, *, deadline: float | None = None) -> str | bytes:
        """Receive a message of either kind."""
        __tracebackhide__ = True
        return self._loop.run(self.session.receive(deadline=deadline))

    def receive_text(self, *, deadline: float | None = None) -> str:
        """Receive a text message."""
        __tracebackhide__ = True
        return self._loop.run(self.session.receive_text(deadline=deadline))

    def receive_bytes(self, *, deadline: float | None = None) -> bytes:
        """Receive a binary message."""
        __tracebackhide__ = True
        return self._loop.run(self.session.receive_bytes(deadline=deadline))

    @overload
    def receive_json(self, *, deadline: float | None = None) -> Any: ...

    @overload
    def receive_json(self, into: Into[T], *, deadline: float | None = None) -> T: ...

    def receive_json(self, into: Into[Any] | None = None, *, deadline: float | None = None) -> Any:
        """Receive JSON, turned `into` a value if one is named."""
        __tracebackhide__ = True
        if into is None:
            return self._loop.run(self.session.receive_json(deadline=deadline))
        return self._loop.run(self.session.receive_json(into, deadline=deadline))

    def receive_model(self, into: Into[T], *, deadline: float | None = None) -> T:
        """Receive a message as a value of the type `into`."""
        __tracebackhide__ = True
        return self._loop.run(self.session.receive_model(into, deadline=deadline))

    def __iter__(self) -> Iterator[str | bytes]:
        __tracebackhide__ = True
        while True:
            try:
                yield self.receive()
            except ConnectionClosed:
                return

    def expect_close(self, *, deadline: float | None = None) -> Close:
        """Wait for the close and return it as a pair `(code, reason)`."""
        __tracebackhide__ = True
        return self._loop.run(self.session.expect_close(deadline=deadline))

    def close(self, code: int | None = 1000, reason: str = "") -> None:
        """Send a close frame; None sends one without a code."""
        __tracebackhide__ = True
        self._loop.run(self.session.close(code, reason))

    def abort(self) -> None:
        """Cut the connection without a close frame."""
        self._loop.call(self.session.abort)

    def stop_server(self) -> None:
        """Let the server end this connection as it does on SIGTERM."""
        self._loop.call(self.session.stop_server)

    def wait_ended(self, *, deadline: float | None = None) -> None:
        """Wait until the application's task is done."""
        __tracebackhide__ = True
        self._loop.run(self.session.wait_ended(deadline=deadline))
