"""Refuse a handshake with an HTTP response, where the server can send one."""

from collections.abc import Mapping
from http import HTTPStatus

from kui.core import ASGIApp, Message, Receive, Scope, Send

from .handshake import supports_denial

__all__ = ["PlainResponse", "deny"]


class PlainResponse:
    """A small HTTP response, whole in memory.

    Args:
        status: the HTTP status.
        body: the body. Default: the status's own description as text.
        media_type: the body's content type.
        headers: further headers.
    """

    def __init__(
        self,
        status: int,
        body: bytes | None = None,
        media_type: str = "text/plain; charset=utf-8",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.body = _description(status).encode() if body is None else body
        self.headers = {"content-type": media_type, "content-length": str(len(self.body))}
        self.headers.update((name.lower(), value) for name, value in (headers or {}).items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


async def deny(scope: Scope, send: Send, response: ASGIApp | None) -> None:
    """Send the denial; without a response, or where the server has no extension for one, a close, seen as 403.

    The response runs as for a GET request and is sent whole. One that breaks off leaves an ended body behind, and
    raises.
    """
    if response is None or not supports_denial(scope):
        await send({"type": "websocket.close"})
        return
    started = ended = False

    async def forward(message: Message) -> None:
        nonlocal started, ended
        kind = message["type"]
        if kind == "http.response.start":
            started = True
        elif kind == "http.response.body":
            ended = not message.get("more_body", False)
        else:
            raise ValueError(f"a denial is made of http.response.start and .body; the response sent {kind!r}")
        await send({**message, "type": f"websocket.{kind}"})

    async def nothing_to_receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    try:
        await response({**scope, "type": "http", "method": "GET"}, nothing_to_receive, forward)
    finally:
        if not started:
            await send({"type": "websocket.close"})
        elif not ended:
            await send({"type": "websocket.http.response.body", "body": b""})


def _description(status: int) -> str:
    try:
        return HTTPStatus(status).description or HTTPStatus(status).phrase
    except ValueError:
        return ""
