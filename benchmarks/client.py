"""An ASGI server without a network: scopes, and what a connection receives and sends."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

SEEN: deque[Any] = deque(maxlen=1)
"""What a handler got, for the checks of parameters and dependencies; a handler calls `saw(value)`."""
saw = SEEN.append

SOCKET_SCOPE: dict[str, Any] = {
    "type": "websocket",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "http_version": "1.1",
    "scheme": "ws",
    "server": ("127.0.0.1", 8000),
    "client": ("127.0.0.1", 50000),
    "root_path": "",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "headers": [
        (b"host", b"127.0.0.1:8000"),
        (b"user-agent", b"bench"),
        (b"upgrade", b"websocket"),
        (b"connection", b"Upgrade"),
        (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
        (b"sec-websocket-version", b"13"),
    ],
    "subprotocols": [],
    "extensions": {"websocket.http.response": {}},
}

HTTP_SCOPE: dict[str, Any] = {
    **{key: SOCKET_SCOPE[key] for key in ("asgi", "http_version", "server", "client", "root_path")},
    "type": "http",
    "method": "GET",
    "scheme": "http",
    "path": "/",
    "raw_path": b"/",
    "query_string": b"",
    "headers": [
        (b"host", b"127.0.0.1:8000"),
        (b"user-agent", b"bench"),
        (b"accept", b"*/*"),
        (b"accept-encoding", b"gzip, deflate"),
        (b"connection", b"keep-alive"),
    ],
}


def fresh(scope: dict[str, Any]) -> dict[str, Any]:
    """Return a scope as a server makes one for each connection."""
    scope = scope.copy()
    scope["state"] = {}
    return scope


def at(path: str, query: bytes = b"", headers: Iterable[tuple[bytes, bytes]] = ()) -> dict[str, Any]:
    """Return the scope of a WebSocket at a path."""
    return {
        **SOCKET_SCOPE,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [*SOCKET_SCOPE["headers"], *headers],
    }


async def start(app: App) -> asyncio.Task[None]:
    """Run the start-up of an application, if it has one; the task is its lifespan and goes on."""
    answered = asyncio.Event()
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            await asyncio.Event().wait()
        asked = True
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        if message["type"] == "lifespan.startup.failed":
            raise RuntimeError(f"the start-up failed: {message.get('message')}")
        answered.set()

    async def live() -> None:
        try:
            await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
        finally:
            answered.set()

    task = asyncio.create_task(live())
    await answered.wait()
    return task


async def converse(app: App, scope: dict[str, Any], text: str, count: int, suspends: bool = False) -> None:
    """Run a connection whose client sends `count` messages, each of which has one answer, and leaves.

    Args:
        suspends: whether each receive gives way to the event loop once.
    """
    received = sent = 0
    answered: asyncio.Future[None] | None = None

    async def receive() -> Message:
        nonlocal received, answered
        if suspends:
            await asyncio.sleep(0)
        received += 1
        if received == 1:
            return {"type": "websocket.connect"}
        if received < count + 2:
            return {"type": "websocket.receive", "text": text}
        if sent <= count:  # this application reads ahead: the client leaves when it has its answers
            answered = asyncio.get_running_loop().create_future()
            await answered
        return {"type": "websocket.disconnect", "code": 1000, "reason": ""}

    async def send(message: Message) -> None:
        nonlocal sent
        sent += 1
        if answered is not None and sent > count and not answered.done():
            answered.set_result(None)

    await app(fresh(scope), receive, send)
    if sent <= count:
        raise RuntimeError(f"{sent} messages were sent, {count + 1} expected")


async def ask(app: App, scope: dict[str, Any], body: bytes = b"") -> list[Message]:
    """Run an HTTP request; return what the application sent."""
    sent: list[Message] = []
    is_asked = False
    answered: asyncio.Future[None] | None = None

    async def receive() -> Message:
        nonlocal is_asked, answered
        if is_asked:  # this application waits for the end of the connection beside answering
            if answered is None:
                answered = asyncio.get_running_loop().create_future()
            await answered
            return {"type": "http.disconnect"}
        is_asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)
        if answered is not None and not answered.done() and message["type"] == "http.response.body":
            answered.set_result(None)

    await app(fresh(scope), receive, send)
    return sent


class Transcript:
    """What came of a connection: what the application sent, and the exception that it raised, if any."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.error: BaseException | None = None

    @property
    def texts(self) -> list[str]:
        return [
            text
            for message in self.sent
            if message["type"] == "websocket.send" and (text := text_of(message))
        ]

    @property
    def is_accepted(self) -> bool:
        return bool(self.sent) and self.sent[0]["type"] == "websocket.accept"


def text_of(message: Message) -> str:
    """Return a message's text; some frameworks send JSON in a binary message."""
    return message.get("text") or (message.get("bytes") or b"").decode()


async def talk(app: App, scope: dict[str, Any], texts: Iterable[str] = ()) -> Transcript:
    """Run a connection whose client waits for the answer to each message, and leaves when none comes any more."""
    transcript = Transcript()
    events: asyncio.Queue[Message] = asyncio.Queue()
    progress = asyncio.Event()

    async def send(message: Message) -> None:
        transcript.sent.append(message)
        progress.set()

    async def run() -> None:
        try:
            await app(fresh(scope), events.get, send)
        except Exception as error:
            transcript.error = error
        progress.set()

    task = asyncio.create_task(run())
    for event in [
        {"type": "websocket.connect"},
        *({"type": "websocket.receive", "text": text} for text in texts),
    ]:
        progress.clear()
        events.put_nowait(event)
        try:
            await asyncio.wait_for(progress.wait(), 0.5)
        except TimeoutError:
            break
    await asyncio.sleep(0.02)
    events.put_nowait({"type": "websocket.disconnect", "code": 1000, "reason": ""})
    await asyncio.wait_for(task, 5)
    return transcript
