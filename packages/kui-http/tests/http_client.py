"""A client that sends its body in pieces, waits, or leaves."""

import asyncio

from kui.core import Message
from kui.http import HttpRequest, RequestLimits


class Client:
    """The server's side of receive: pieces of a body, then nothing until the client leaves."""

    def __init__(self, *pieces: bytes, is_whole: bool = True) -> None:
        last = len(pieces) - 1
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self.is_waited_for = asyncio.Event()
        for index, piece in enumerate(pieces):
            more = index < last or not is_whole
            self._messages.put_nowait({"type": "http.request", "body": piece, "more_body": more})

    @property
    def unread(self) -> int:
        return self._messages.qsize()

    def send(self, last_piece: bytes) -> None:
        self._messages.put_nowait({"type": "http.request", "body": last_piece})

    def leave(self) -> None:
        self._messages.put_nowait({"type": "http.disconnect"})

    async def receive(self) -> Message:
        if self._messages.empty():
            self.is_waited_for.set()
        return await self._messages.get()


def make(client: Client, content_type: str = "", limits: RequestLimits | None = None) -> HttpRequest:
    headers = [(b"content-type", content_type.encode())] if content_type else []
    request = HttpRequest({"type": "http", "method": "POST", "path": "/", "headers": headers}, client.receive)
    if limits is not None:
        request.limits = limits
    return request


def multipart(*parts: tuple[str, bytes]) -> bytes:
    body = b"".join(
        b"--x\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + content + b"\r\n"
        for head, content in parts
    )
    return body + b"--x--\r\n"


FORM = "multipart/form-data; boundary=x"
URLENCODED = "application/x-www-form-urlencoded"


async def read_body(request: HttpRequest) -> bytes:
    return await request.body
