"""Refuse a handshake with an HTTP response, where the server can send one."""

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus

from kui.core import ASGIApp, Message, Receive, Scope, Send

from .errors import WebSocketDisconnect
from .handshake import header_pairs, supports_denial

__all__ = ["PlainResponse", "deny", "refuses"]

_SCHEMES = {"ws": "http", "wss": "https"}
_DEFAULTS: dict[str, Message] = {
    "http.response.start": {"headers": []},
    "http.response.body": {"body": b"", "more_body": False},
}
_WITHOUT_BODY = frozenset({204, 304})  # RFC 9110, sections 15.3.5 and 15.4.5


class PlainResponse:
    """A small HTTP response, whole in memory.

    Args:
        status: the HTTP status.
        body: the body. Default: the status's own description as text. 204 and 304 have none.
        media_type: the body's content type.
        headers: further headers, or others in the place of `content-type`.
    """

    def __init__(
        self,
        status: int,
        body: bytes | None = None,
        media_type: str = "text/plain; charset=utf-8",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.headers: dict[str, str] = {}
        self.body = b""
        if status not in _WITHOUT_BODY:
            self.body = _description(status).encode() if body is None else body
            self.headers["content-type"] = media_type
        self.headers.update((name.lower(), value) for name, value in (headers or {}).items())
        if status not in _WITHOUT_BODY:
            self.headers["content-length"] = str(len(self.body))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = header_pairs(self.headers)
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


async def deny(scope: Scope, receive: Receive, send: Send, response: ASGIApp) -> None:
    """Send the denial; where the server has no extension for one, a close, which the client sees as 403.

    The response runs as for a GET request without a body, and is sent whole. One that breaks off leaves an ended
    body behind, and raises.
    """
    if not supports_denial(scope):
        await send({"type": "websocket.close"})
        return
    denial = _Denial(receive, send)
    scheme = scope.get("scheme", "ws")
    # no extension: what the server can do with an HTTP response of its own it cannot do with a denial
    request: Scope = {
        **scope,
        "type": "http",
        "method": "GET",
        "scheme": _SCHEMES.get(scheme, scheme),
        "extensions": {},
    }
    try:
        await response(request, denial.receive, denial.send)
    except BaseException:
        with suppress(WebSocketDisconnect, RuntimeError):  # what the response raised says more
            await denial.end()
        raise
    await denial.end()


class _Denial:
    """The events of an HTTP response as those of a denial."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._requested = self._left = self._started = self._ended = False

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind not in _DEFAULTS:
            raise ValueError(f"a denial is made of http.response.start and .body; the response sent {kind!r}")
        # servers ask a denial for what ASGI lets a response leave out
        event = {**_DEFAULTS[kind], **message, "type": f"websocket.{kind}"}
        self._started = True
        self._ended = not event.get("more_body", True)
        await self._send(event)

    async def receive(self) -> Message:
        """Give the request's empty body, and then, when the client has left, the disconnect."""
        if not self._requested:
            self._requested = True
            return {"type": "http.request", "body": b"", "more_body": False}
        if not self._left:
            await self._receive()  # before accept() nothing but a disconnect can come
            self._left = True
        return {"type": "http.disconnect"}

    async def end(self) -> None:
        """Send what the response has left out."""
        if not self._started:
            await self._send({"type": "websocket.close"})
        elif not self._ended:
            await self._send({"type": "websocket.http.response.body", "body": b""})


def refuses(status: object) -> bool:
    """Return whether a handshake can be refused with a status."""
    return isinstance(status, int) and 300 <= status <= 599


def _description(status: int) -> str:
    try:
        return HTTPStatus(status).description or HTTPStatus(status).phrase
    except ValueError:
        return ""
