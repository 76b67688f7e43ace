"""The WebSocket of the current task."""

from kui.core import ConnectionOf, NoActiveConnection, http_connection_var

from .connection import WebSocket

__all__ = ["current", "websocket_var"]

websocket_var = ConnectionOf("websocket", WebSocket)
"""The connection that the current task serves; `websocket_var.get()` is the object to keep in a set."""

_get_connection = http_connection_var.get


def current() -> WebSocket:
    """Return the connection that the current task serves.

    Raises:
        NoActiveConnection: it serves none, or an HTTP request.
    """
    connection = _get_connection(None)
    if isinstance(connection, WebSocket):
        return connection
    raise NoActiveConnection("websocket")
