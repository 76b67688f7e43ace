"""The connection of the current task."""

from contextvars import ContextVar, Token
from typing import Any, Generic, TypeVar, overload

from .connection import HTTPConnection
from .errors import NoActiveConnection

__all__ = ["ConnectionOf", "http_connection_var"]

T = TypeVar("T", bound=HTTPConnection)
D = TypeVar("D")

http_connection_var: ContextVar[HTTPConnection] = ContextVar("http_connection")
"""The connection of the current task, of either protocol."""


class ConnectionOf(Generic[T]):
    """The connection of the current task, if it is of a class; used like a `ContextVar`.

    It is a view of `http_connection_var`: what one sets the other gets. So a connection is in one context variable
    and not in two, which every connection would pay for.

    Args:
        name: what error messages call it.
        class_: the class of connection.

    ```python
    >>> from kui.core import ConnectionOf, HTTPConnection, http_connection_var
    >>> class Request(HTTPConnection): ...
    >>> class Socket(HTTPConnection): ...
    >>> request_var, socket_var = ConnectionOf("request", Request), ConnectionOf("socket", Socket)
    >>> token = request_var.set(Request({"type": "http", "path": "/"}))
    >>> request_var.get(), http_connection_var.get(), socket_var.get(None)
    (<Request '/'>, <Request '/'>, None)
    >>> request_var.reset(token)

    ```
    """

    __slots__ = ("_class", "name")

    name: str
    """What error messages call it."""

    def __init__(self, name: str, class_: type[T]) -> None:
        self.name = name
        self._class = class_

    def __repr__(self) -> str:
        return f"ConnectionOf({self.name!r}, {self._class.__name__})"

    @overload
    def get(self) -> T: ...

    @overload
    def get(self, default: D, /) -> T | D: ...

    def get(self, *default: Any) -> Any:
        """Return the current connection, or the default.

        Raises:
            NoActiveConnection: there is none of the class, and no default.
        """
        connection = http_connection_var.get(None)
        if isinstance(connection, self._class):
            return connection
        if default:
            return default[0]
        raise NoActiveConnection(self.name)

    def set(self, connection: T, /) -> Token[HTTPConnection]:
        """Make a connection the current one; return what `reset` takes back."""
        return http_connection_var.set(connection)

    def reset(self, token: Token[HTTPConnection], /) -> None:
        """Make the connection from before the `set` of this token the current one."""
        http_connection_var.reset(token)
