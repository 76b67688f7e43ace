"""A scripted server, and endpoints that return or raise what a test says."""

from typing import Any

import httpx

from kui.core import ASGIApp, Endpoint, HTTPException, Message, Scope
from kui.testing import TestClient

SCOPE: Scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": []}


async def call(app: ASGIApp, method: str = "GET", **arguments: Any) -> httpx.Response:
    async with TestClient(app, base_url="http://kui.test", lifespan="off") as client:
        return await client.request(method, "/x", **arguments)


async def nothing_comes() -> Message:
    return {"type": "http.disconnect"}


class Server:
    """Take what an application sends; raise `error` for the message with the given number."""

    def __init__(self, error: Exception | None = None, at: int = 0) -> None:
        self.sent: list[Message] = []
        self._error = error
        self._at = at

    async def send(self, message: Message) -> None:
        if self._error is not None and len(self.sent) == self._at:
            raise self._error
        self.sent.append(message)


def http_error(status: int, headers: dict[str, str] | None = None, content: Any = None) -> HTTPException[Any]:
    return HTTPException(status, headers, content)


def raising(error: Exception) -> Endpoint:
    async def endpoint() -> Any:
        raise error

    return endpoint


def returning(value: object) -> Endpoint:
    async def endpoint() -> Any:
        return value

    return endpoint
