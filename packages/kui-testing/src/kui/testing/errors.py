"""What a test can meet, as exceptions.

Exception
├── HandshakeDenied           the application refused the WebSocket handshake
├── EOFError
│   └── ConnectionClosed      a receive met the close of the connection
├── TimeoutError
│   └── DeadlineExceeded      a wait took longer than its deadline
├── AssertionError
│   ├── ASGIViolation         the application broke a rule of the ASGI specification
│   └── LeakedTasks           tasks of the application outlived their connection
└── RuntimeError
    └── LifespanFailed        the application said that its start or its end failed
"""

import json
from typing import Any

import httpx


class HandshakeDenied(Exception):
    """The application answered the WebSocket handshake with an HTTP response.

    `status` is that response's status code (403 for a `websocket.close` before accept), `headers` are
    its headers and `body` its body.

    >>> HandshakeDenied(401, httpx.Headers({"x-reason": "token"}), b'{"error": "expired"}').json()
    {'error': 'expired'}
    """

    def __init__(self, status: int, headers: httpx.Headers, body: bytes) -> None:
        super().__init__(status, headers, body)
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        """Decode the body as JSON. Raises `ValueError` when it is not JSON."""
        return json.loads(self.body)

    def __str__(self) -> str:
        shown = self.body[:200] + b"..." if len(self.body) > 200 else self.body
        return f"the application denied the handshake with HTTP status {self.status} and the body {shown!r}"


class ConnectionClosed(EOFError):
    """A receive or a send met the end of the connection.

    `code` and `reason` are those of the close frame; 1005 stands for a frame without a code and 1006
    for a connection that was cut without one (RFC 6455, section 7.1.5).

    >>> str(ConnectionClosed(1008, "token expired"))
    "the connection is closed: code 1008, reason 'token expired'"
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return f"the connection is closed: code {self.code}, reason {self.reason!r}"


class DeadlineExceeded(TimeoutError):
    """A wait took longer than its deadline.

    The message says what was waited for, where the application stood and which messages went to and fro.
    """


class ASGIViolation(AssertionError):
    """The application broke a rule of the ASGI specification.

    The message says what the application did, which rule forbids it and in which section the rule stands.
    """


class LeakedTasks(AssertionError):
    """Tasks that the application started for a connection still ran after its end."""


class LifespanFailed(RuntimeError):
    """The application sent `lifespan.startup.failed` or `lifespan.shutdown.failed`; this is its message."""
