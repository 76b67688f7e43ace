"""What can go wrong on a WebSocket, and how each error answers.

Exception
+-- WebSocketError                    an error of this package; knows the code to close with
|   +-- InvalidState (RuntimeError)   a call that the connection's state does not allow
|   +-- PayloadTypeError (TypeError)  a text message where a binary one was wanted, or the reverse
|   +-- DecodeError (ValueError)      a message that its encoding cannot read
+-- WebSocketClose                    raised by a handler to close with a code
+-- baize.asgi.WebSocketDisconnect
    +-- WebSocketDisconnect           the connection has ended
"""

from typing import TYPE_CHECKING

from baize.asgi import WebSocketDisconnect as BaizeWebSocketDisconnect

from .codes import CloseCode, describe, fit_reason, legal_code

if TYPE_CHECKING:
    from .connection import WebSocket

__all__ = [
    "DecodeError",
    "InvalidState",
    "PayloadTypeError",
    "WebSocketClose",
    "WebSocketDisconnect",
    "WebSocketError",
]


class WebSocketError(Exception):
    """The base of the mistakes of a handler or its client; one that escapes a handler closes the connection with `close_code`."""

    close_code: int = CloseCode.INTERNAL_ERROR


class InvalidState(WebSocketError, RuntimeError):
    """A call that the connection's state does not allow, such as a send before `accept()`."""


class PayloadTypeError(WebSocketError, TypeError):
    """A message of the other kind than the one asked for. The message can still be read by the right call."""

    close_code = CloseCode.UNSUPPORTED_DATA


class DecodeError(WebSocketError, ValueError):
    """A message that its encoding cannot read, such as malformed JSON."""

    close_code = CloseCode.UNSUPPORTED_DATA


class WebSocketClose(Exception):
    """Raise it anywhere in a handler to close the connection; before `accept()` it refuses the handshake.

    Args:
        code: the close code (RFC 6455, section 7.4). Default 1000.
        reason: a text for the client, cut to 123 bytes of UTF-8.

    Raises:
        ValueError: a code that an application may not send.

    ```python
    >>> from kui.websocket import WebSocketClose
    >>> WebSocketClose(4404, "no such room")
    WebSocketClose(4404, 'no such room')

    ```
    """

    def __init__(self, code: int = CloseCode.NORMAL, reason: str | None = None) -> None:
        self.code = legal_code(code)
        self.reason = fit_reason(reason)
        super().__init__(code, reason)


class WebSocketDisconnect(BaizeWebSocketDisconnect):
    """The connection has ended: the client left, the network did, or this side closed it.

    Attributes:
        code: the close code; 1005 when the client gave none, 1006 when the connection was cut.
        reason: the client's reason, "" without one.
        connection: the `WebSocket` that ended. One that escapes the handler of another connection is an error
            there, as any other exception.

    ```python
    >>> from kui.websocket import WebSocketDisconnect
    >>> str(WebSocketDisconnect(1001, "closing the tab"))
    "the connection has ended: 1001 (going away), 'closing the tab'"

    ```
    """

    def __init__(
        self, code: int = CloseCode.NORMAL, reason: str | None = None, connection: "WebSocket | None" = None
    ) -> None:
        # as baize's own initialiser, without the call: a short connection has no costlier step than its end
        self.code = code
        self.reason = reason or ""
        self.connection = connection

    def __str__(self) -> str:
        return f"the connection has ended: {describe(self.code)}{f', {self.reason!r}' if self.reason else ''}"

    def __repr__(self) -> str:
        return f"WebSocketDisconnect(code={self.code}, reason={self.reason!r})"
