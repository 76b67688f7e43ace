"""A response on its way to the server: what every answer to a request has in common."""

from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

from kui.core import Message, Scope, Send

from .errors import ClientDisconnect
from .requests import HttpRequest

__all__ = ["RawHeaders", "ResponseSender", "content_length", "has_body", "merge_headers", "send_whole"]

RawHeaders: TypeAlias = list[tuple[bytes, bytes]]


@lru_cache(maxsize=4096)
def content_length(size: int) -> tuple[bytes, bytes]:
    """Return the header for a body of so many bytes."""
    return b"content-length", b"%d" % size


def has_body(status: int) -> bool:
    """Return whether a response of this status may have a body (RFC 9110, sections 6.4.1 and 15.3.6)."""
    return status >= 200 and status not in (204, 205, 304)


async def send_whole(scope: Scope, send: Send, status: int, headers: RawHeaders, body: bytes) -> None:
    """Send a response that is complete; content-length is added, and the body left out where there is none."""
    if not has_body(status):
        # A length or type of nothing is forbidden (204), or would be that of the omitted representation (304).
        headers = [pair for pair in headers if pair[0] not in (b"content-length", b"content-type")]
        if status == 205:  # a client waits for the length of this one
            headers.append(content_length(0))
        body = b""
    elif not any(name == b"content-length" for name, _ in headers):
        headers.append(content_length(len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope.get("method") == "HEAD" else body})


def merge_headers(headers: Iterable[tuple[bytes, bytes]], extra: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    """Return the headers with the extra ones in the place of their namesakes.

    ```python
    >>> from kui.http.sending import merge_headers
    >>> merge_headers([(b"Vary", b"Accept"), (b"age", b"1")], [(b"vary", b"Origin"), (b"age", b"2")])
    [(b'vary', b'Accept, Origin'), (b'age', b'2')]

    ```
    """
    merged = [(name.lower(), value) for name, value in headers]
    for name, value in extra:
        if name == b"vary":
            listed = [field.strip() for key, line in merged if key == name for field in line.split(b",")]
            if b"*" not in listed and value.lower() not in [field.lower() for field in listed]:
                listed.append(value)
            value = b", ".join(listed)
        if name != b"set-cookie":
            merged = [pair for pair in merged if pair[0] != name]
        merged.append((name, value))
    return merged


class ResponseSender:
    """Send the messages of a response, whoever makes them.

    It adds the request's extra headers, keeps the bytes of a body back when the method is HEAD, and reports a client
    that has left as `ClientDisconnect`: since ASGI 2.4 the server's send raises OSError then.
    """

    __slots__ = ("_is_head", "_send", "has_started", "request")

    def __init__(self, request: HttpRequest, send: Send) -> None:
        self.has_started = False
        self.request = request
        self._send = send
        self._is_head = request.method == "HEAD"

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            extra = self.request.extra_headers
            if extra:
                message = {**message, "headers": merge_headers(message.get("headers", ()), extra)}
            self.has_started = True
        elif self._is_head and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        try:
            await self._send(message)
        except OSError as error:
            raise ClientDisconnect("the client left before it had its answer") from error
