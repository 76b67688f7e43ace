"""Server-sent events, the stream that a browser's EventSource reads."""

import re
from collections.abc import AsyncGenerator, AsyncIterable, Mapping

from baize.typing import ServerSentEvent

from kui.core import Receive, Scope, Send

from .responses import HttpResponse
from .streaming import close_iterable, send_stream, start_stream

__all__ = ["SendEventResponse", "ServerSentEvent", "encode_event"]

# the line ends of an event stream; str.splitlines() knows more, which are ordinary text here
LINE_END = re.compile("\r\n|\r|\n")


def encode_event(event: ServerSentEvent, charset: str = "utf-8") -> bytes:
    """Return an event as the lines that an EventSource reads
    (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).

    Raises:
        ValueError: a key that is no field of an event, or a line break in a field other than data.

    ```python
    >>> from kui.http.events import encode_event
    >>> encode_event({"event": "move", "data": "x\\ny"})
    b'event: move\\ndata: x\\ndata: y\\n\\n'

    ```
    """
    lines: list[str] = []
    for field, value in event.items():
        text = str(value)
        if field == "data":
            lines.extend(f"data: {line}" for line in LINE_END.split(text))
        elif field not in ("event", "id", "retry"):
            raise ValueError(f"an event has the fields event, data, id and retry; got {field!r}")
        elif LINE_END.search(text) or "\0" in text:
            raise ValueError(f"the field {field!r} of an event is one line; got {text!r}")
        else:
            lines.append(f"{field}: {text}")
    return ("\n".join(lines) + "\n\n").encode(charset)


class SendEventResponse(HttpResponse):
    """A response of server-sent events, with a comment as a ping when nothing else is sent.

    The events are left when the client has gone: a `finally` in a generator runs then, as it does at the end.

    When the application in the scope has begun to drain (its `should_exit` is true), the response ends after the next
    event, or in the place of the next ping, whatever the generator waits for. An EventSource connects again, then.

    Args:
        iterable: yields events: dictionaries with `data`, `event`, `id` and `retry` (milliseconds), each optional.
        status_code, headers: as for HttpResponse.
        ping_interval: seconds of silence before a ping.
        charset: the charset of the events, for clients that read another one than UTF-8; browsers do not.

    Raises:
        ValueError: ping_interval is not above 0.
        LookupError: there is no such charset.

    ```python
    >>> from kui.http import SendEventResponse
    >>> async def ticks():
    ...     yield {"event": "tick", "data": "1"}
    >>> SendEventResponse(ticks(), ping_interval=10).headers["content-type"]
    'text/event-stream; charset=utf-8'

    ```
    """

    def __init__(
        self,
        iterable: AsyncIterable[ServerSentEvent],
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        ping_interval: float = 3,
        charset: str = "utf-8",
    ) -> None:
        if ping_interval <= 0:
            raise ValueError(f"ping_interval is a number of seconds above 0; got {ping_interval}")
        super().__init__(status_code, headers)
        self.iterable = iterable
        self.ping_interval = ping_interval
        self.charset = charset
        self._ping = ": ping\n\n".encode(charset)
        self.headers.setdefault("content-type", f"text/event-stream; charset={charset}")
        self.headers.setdefault("cache-control", "no-cache")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await start_stream(self, self.iterable, scope, send):
            return
        app = scope.get("app")

        def ping() -> bytes | None:
            return None if _drains(app) else self._ping

        await send_stream(
            self._encoded(app), scope, receive, send, idle=ping, idle_seconds=self.ping_interval
        )

    async def _encoded(self, app: object) -> AsyncGenerator[bytes, None]:
        try:
            async for event in self.iterable:
                yield encode_event(event, self.charset)
                if _drains(app):
                    break
        finally:
            await close_iterable(self.iterable)


def _drains(app: object) -> bool:
    """Return whether the application is about to stop: kui's, or another that says so by this attribute."""
    return bool(getattr(app, "should_exit", False))
