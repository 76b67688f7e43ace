"""The WebSocket of the current task."""

from typing import Any, TypeVar, overload

from kui.core import ConnectionOf, DeclaredProxy, NoActiveConnection, http_connection_var

from .connection import WebSocket

__all__ = ["current", "current_var", "websocket_var"]

D = TypeVar("D")

current_var = ConnectionOf("websocket", WebSocket)


class WebSocketVar(ConnectionOf[WebSocket]):
    """Gives the object away, to which attributes may be given then that only `answer_other_names` lets `websocket` see."""

    __slots__ = ()

    @overload
    def get(self) -> WebSocket: ...

    @overload
    def get(self, default: D, /) -> WebSocket | D: ...

    def get(self, *default: Any) -> Any:
        DeclaredProxy.answer_other_names()
        return super().get(*default)


websocket_var = WebSocketVar("websocket", WebSocket)
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
