"""Streams and server-sent events: they end with their source or with their client, and tidy up."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from kui.core import Message, Scope
from kui.http import SendEventResponse, ServerSentEvent, StreamResponse, http_session, request
from kui.http.events import encode_event

SCOPE: Scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}


class Client:
    """A client that leaves when it is told to, and what it was sent."""

    def __init__(self, *body: bytes) -> None:
        self.pieces: list[bytes] = []
        self.start: Message = {}
        self.is_complete = False
        self.got = asyncio.Condition()
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        for index, piece in enumerate(body, 1):
            self._incoming.put_nowait({"type": "http.request", "body": piece, "more_body": index < len(body)})

    def leave(self) -> None:
        self._incoming.put_nowait({"type": "http.disconnect"})

    async def receive(self) -> Message:
        return await self._incoming.get()

    async def send(self, message: Message) -> None:
        async with self.got:
            if message["type"] == "http.response.start":
                self.start = message
            else:
                self.pieces.append(message["body"])
                self.is_complete = not message.get("more_body")
            self.got.notify_all()

    async def has(self, count: int) -> None:
        async with self.got:
            await self.got.wait_for(lambda: len(self.pieces) >= count)


async def endless(closed: list[str], pieces: tuple[bytes, ...] = ()) -> AsyncGenerator[bytes, None]:
    try:
        for piece in pieces:
            yield piece
        await asyncio.Event().wait()
    finally:
        closed.append("closed")


async def test_a_stream_ends_with_its_source() -> None:
    async def pieces() -> AsyncGenerator[bytes, None]:
        for piece in (b"a", b"b"):
            yield piece

    client = Client()
    await StreamResponse(pieces(), 203, {"x-id": "7"}, content_type="text/csv")(
        SCOPE, client.receive, client.send
    )
    assert client.start["status"] == 203
    assert client.start["headers"] == [(b"x-id", b"7"), (b"content-type", b"text/csv")]
    assert (client.pieces, client.is_complete) == ([b"a", b"b", b""], True)


async def test_a_stream_is_left_when_the_client_leaves() -> None:
    closed: list[str] = []
    client = Client(b"")
    serving = asyncio.ensure_future(
        StreamResponse(endless(closed, (b"a",)))(SCOPE, client.receive, client.send)
    )
    await client.has(1)
    assert closed == []
    client.leave()
    await serving
    assert (closed, client.pieces, client.is_complete) == (["closed"], [b"a"], False)


async def test_a_stream_is_left_when_its_task_is_cancelled() -> None:
    closed: list[str] = []
    client = Client()
    serving = asyncio.ensure_future(
        StreamResponse(endless(closed, (b"a",)))(SCOPE, client.receive, client.send)
    )
    await client.has(1)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert closed == ["closed"]


async def test_what_a_source_raises_is_raised() -> None:
    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b"a"
        raise ValueError("broken")

    client = Client()
    with pytest.raises(ValueError, match="broken"):
        await StreamResponse(pieces())(SCOPE, client.receive, client.send)
    assert not client.is_complete


async def test_what_a_source_raises_while_it_is_left_is_raised() -> None:
    async def pieces() -> AsyncGenerator[bytes, None]:
        try:
            yield b"a"
            await asyncio.Event().wait()
        finally:
            raise ValueError("cannot tidy up")

    client = Client()
    serving = asyncio.ensure_future(StreamResponse(pieces())(SCOPE, client.receive, client.send))
    await client.has(1)
    client.leave()
    with pytest.raises(ValueError, match="tidy"):
        await serving


async def test_a_source_may_be_any_async_iterable() -> None:
    class Pieces:
        def __aiter__(self) -> AsyncIterator[bytes]:
            return self

        async def __anext__(self) -> bytes:
            if client.pieces:
                raise StopAsyncIteration
            return b"once"

    client = Client()
    pieces: AsyncIterable[bytes] = Pieces()
    await StreamResponse(pieces)(SCOPE, client.receive, client.send)
    assert client.pieces == [b"once", b""]


@pytest.mark.parametrize("class_", [StreamResponse, SendEventResponse])
async def test_head_does_not_begin_the_source(class_: type[Any]) -> None:
    begun: list[str] = []

    async def source() -> AsyncGenerator[Any, None]:
        begun.append("begun")
        yield b""

    client = Client()
    await class_(source())({**SCOPE, "method": "HEAD"}, client.receive, client.send)
    assert (begun, client.pieces, client.is_complete) == ([], [b""], True)


async def test_a_time_limit_may_span_the_pieces() -> None:
    async def pieces() -> AsyncGenerator[bytes, None]:
        try:
            async with asyncio.timeout(0.01):
                yield b"a"
                await asyncio.Event().wait()
        except TimeoutError:
            yield b"late"

    client = Client()
    await StreamResponse(pieces())(SCOPE, client.receive, client.send)
    assert client.pieces == [b"a", b"late", b""]


async def test_a_stream_may_be_made_of_the_body() -> None:
    async def endpoint() -> Any:
        async def pieces() -> AsyncGenerator[bytes, None]:
            async for piece in request.stream():
                await asyncio.sleep(0)
                yield piece.upper()

        return StreamResponse(pieces())

    client = Client(b"a", b"b", b"c")
    await http_session(endpoint)({**SCOPE, "method": "POST"}, client.receive, client.send)
    assert client.pieces == [b"A", b"B", b"C", b""]


async def test_a_session_notices_that_the_client_of_a_stream_leaves(caplog: pytest.LogCaptureFixture) -> None:
    closed: list[str] = []

    async def endpoint() -> Any:
        return StreamResponse(endless(closed, (b"a",)))

    client = Client(b"")
    serving = asyncio.ensure_future(http_session(endpoint)(SCOPE, client.receive, client.send))
    await client.has(1)
    client.leave()
    await serving
    assert closed == ["closed"]
    assert caplog.records == []


async def test_a_stream_is_left_when_a_client_leaves_whose_large_body_nobody_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kui.http.incoming.UNREAD_SECONDS", 0.01)
    closed: list[str] = []

    async def endpoint() -> Any:
        return StreamResponse(endless(closed, (b"a",)))

    client = Client(*[b"x" * 10_000] * 20)
    client.leave()
    await http_session(endpoint)({**SCOPE, "method": "POST"}, client.receive, client.send)
    assert closed == ["closed"]


@pytest.mark.parametrize("class_", [StreamResponse, SendEventResponse])
async def test_a_source_that_was_begun_is_closed_when_its_response_cannot_start(class_: type[Any]) -> None:
    closed: list[str] = []

    async def send(message: Message) -> None:
        raise OSError("the client has left")

    source = endless(closed, (b"a", b"b"))
    await anext(source)
    with pytest.raises(OSError, match="has left"):
        await class_(source)(SCOPE, Client().receive, send)
    assert closed == ["closed"]


@pytest.mark.parametrize("class_", [StreamResponse, SendEventResponse])
async def test_a_status_without_a_body_has_none_when_it_is_streamed(class_: type[Any]) -> None:
    closed: list[str] = []
    source = endless(closed, (b"a", b"b"))
    await anext(source)
    client = Client()
    await class_(source, 204)(SCOPE, client.receive, client.send)
    assert (closed, client.pieces, client.is_complete) == (["closed"], [b""], True)
    assert b"content-type" not in dict(client.start["headers"])


async def test_a_client_that_does_not_take_a_stream_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    closed: list[str] = []

    async def endpoint() -> Any:
        return StreamResponse(endless(closed, (b"a", b"b")))

    async def send(message: Message) -> None:
        if message.get("body") == b"b":
            raise BrokenPipeError

    await http_session(endpoint)(SCOPE, Client().receive, send)
    assert closed == ["closed"]
    assert caplog.records == []


async def test_events_are_sent_with_pings_in_between() -> None:
    go_on = asyncio.Event()

    async def events() -> AsyncGenerator[ServerSentEvent, None]:
        yield {"data": "1"}
        await go_on.wait()
        yield {"data": "2"}

    client = Client()
    response = SendEventResponse(events(), ping_interval=0.001)
    serving = asyncio.ensure_future(response(SCOPE, client.receive, client.send))
    await client.has(3)
    go_on.set()
    await serving
    assert client.start["headers"] == [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-cache"),
    ]
    assert client.pieces[0] == b"data: 1\n\n"
    assert set(client.pieces[1:-2]) == {b": ping\n\n"}
    assert client.pieces[-2:] == [b"data: 2\n\n", b""]


async def test_events_are_left_when_the_client_leaves_in_silence() -> None:
    closed: list[str] = []

    async def events() -> AsyncGenerator[ServerSentEvent, None]:
        try:
            yield {"data": "1"}
            await asyncio.Event().wait()
        finally:
            closed.append("closed")

    client = Client(b"")
    serving = asyncio.ensure_future(
        SendEventResponse(events(), ping_interval=60)(SCOPE, client.receive, client.send)
    )
    await client.has(1)
    client.leave()
    await serving
    assert closed == ["closed"]


@dataclass
class Application:
    """What kui, and others that know of a drain, have in the scope."""

    should_exit: bool = False


async def test_events_end_at_the_next_ping_when_the_application_drains() -> None:
    app, closed = Application(), list[str]()
    queue: asyncio.Queue[ServerSentEvent] = asyncio.Queue()
    queue.put_nowait({"data": "1"})

    async def events() -> AsyncGenerator[ServerSentEvent, None]:
        try:
            while True:
                yield await queue.get()
        finally:
            closed.append("closed")

    client = Client()
    response = SendEventResponse(events(), ping_interval=0.001)
    serving = asyncio.ensure_future(response({**SCOPE, "app": app}, client.receive, client.send))
    await client.has(3)
    app.should_exit = True
    await serving
    assert client.pieces[0] == b"data: 1\n\n"
    assert set(client.pieces[1:-1]) == {b": ping\n\n"}
    assert (client.pieces[-1], client.is_complete) == (b"", True)
    assert closed == ["closed"]


async def test_events_end_after_the_next_event_when_the_application_drains() -> None:
    app, closed = Application(), list[str]()

    async def events() -> AsyncGenerator[ServerSentEvent, None]:
        try:
            yield {"data": "1"}
            app.should_exit = True
            yield {"data": "2"}
            yield {"data": "3"}
        finally:
            closed.append("closed")

    client = Client()
    await SendEventResponse(events(), ping_interval=60)({**SCOPE, "app": app}, client.receive, client.send)
    assert (client.pieces, client.is_complete) == ([b"data: 1\n\n", b"data: 2\n\n", b""], True)
    assert closed == ["closed"]


async def test_an_event_that_its_client_takes_slowly_is_not_cut_when_the_application_drains() -> None:
    async def events() -> AsyncGenerator[ServerSentEvent, None]:
        yield {"data": "1"}
        await asyncio.Event().wait()

    async def send(message: Message) -> None:
        if message.get("body"):
            await asyncio.sleep(0.01)
        await client.send(message)

    client, app = Client(), Application(should_exit=True)
    response = SendEventResponse(events(), ping_interval=0.001)
    await response({**SCOPE, "app": app}, client.receive, send)
    assert client.pieces == [b"data: 1\n\n", b""]


async def test_events_that_nobody_can_read_are_an_error() -> None:
    async def events() -> AsyncGenerator[Any, None]:
        yield {"dat": "1"}

    client = Client()
    with pytest.raises(ValueError, match="'dat'"):
        await SendEventResponse(events())(SCOPE, client.receive, client.send)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"data": "a\r\nb\rc\u2028d\n"}, "data: a\ndata: b\ndata: c\u2028d\ndata: \n\n"),
        ({"data": ""}, "data: \n\n"),
        ({"event": "move", "id": "7", "retry": 100}, "event: move\nid: 7\nretry: 100\n\n"),
    ],
)
def test_an_event_is_lines(event: ServerSentEvent, text: str) -> None:
    before = dict(event)
    assert encode_event(event).decode() == text
    assert event == before


@pytest.mark.parametrize("event", [{"event": "a\nb"}, {"id": "a\rb"}, {"id": "\0"}, {"comment": "x"}])
def test_a_field_that_would_become_another_is_refused(event: Any) -> None:
    with pytest.raises(ValueError, match="event"):
        encode_event(event)


def test_a_ping_interval_is_above_zero() -> None:
    with pytest.raises(ValueError, match="ping_interval"):
        SendEventResponse(endless([]), ping_interval=0)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


async def test_events_may_be_in_another_charset() -> None:
    async def events() -> AsyncGenerator[ServerSentEvent, None]:
        yield {"data": "é"}

    client = Client()
    response = SendEventResponse(events(), charset="latin-1")
    assert response.headers["content-type"] == "text/event-stream; charset=latin-1"
    await response(SCOPE, client.receive, client.send)
    assert client.pieces[0] == b"data: \xe9\n\n"
    with pytest.raises(LookupError, match="unknown encoding: latin-x"):
        SendEventResponse(events(), charset="latin-x")
