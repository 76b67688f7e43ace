"""Context proxies: a module-level name that means the connection of the current task."""

from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, Generic, NoReturn, Self, SupportsIndex, TypeVar, cast

from .connection import HTTPConnection
from .current import ConnectionOf, http_connection_var
from .errors import NoActiveConnection

__all__ = ["ContextProxy", "http_connection"]

T = TypeVar("T", bound=HTTPConnection)


class ContextProxy(Generic[T]):
    """Answer for the connection of the current task: attributes, items, `==`, `isinstance`, `repr` and the rest.

    The proxy is no key and no member of a set, because it is another connection in every task: put
    `websocket_var.get()` there instead. Nor can it be pickled; a copy of it is the proxy itself. Outside of a
    connection its use raises `NoActiveConnection`; only `bool`, `repr`, `dir` and `isinstance` answer, and names
    that begin with an underscore are absent, as tools expect.

    A subclass may name the class of connection, `class TicketProxy(ContextProxy[Ticket], of=Ticket)`: what it does not spell
    out of the public names of that class is declared as properties, which are quicker than `__getattr__`.

    Args:
        var: the variable that has the connection; error messages call the proxy by its name.

    ```python
    >>> from kui.core import HTTPConnection, http_connection, http_connection_var
    >>> bool(http_connection)
    False
    >>> token = http_connection_var.set(HTTPConnection({"type": "http", "path": "/", "headers": []}))
    >>> http_connection["path"], isinstance(http_connection, HTTPConnection)
    ('/', True)
    >>> http_connection_var.reset(token)

    ```
    """

    __slots__ = ("_name", "_var")

    _name: str
    _var: ContextVar[T] | ConnectionOf[T]

    def __init_subclass__(cls, of: type | None = None) -> None:
        super().__init_subclass__()
        for name in () if of is None else dir(of):
            if name[:1] != "_" and not any(name in vars(base) for base in cls.__mro__):
                setattr(cls, name, _declared(name, getattr(of, name)))

    def __init__(self, var: ContextVar[T] | ConnectionOf[T]) -> None:
        object.__setattr__(self, "_var", var)
        object.__setattr__(self, "_name", var.name)

    def _current(self) -> T:
        try:
            return self._var.get()
        except LookupError:
            raise NoActiveConnection(self._name) from None

    def __getattr__(self, name: str) -> Any:
        current = self._var.get(None)
        if current is None:
            if name[:1] == "_":  # doctest, inspect and help() ask every object in a module for such names
                raise AttributeError(name)
            raise NoActiveConnection(self._name)
        return getattr(current, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._current(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._current(), name)

    def __getitem__(self, key: str) -> Any:
        return self._current()[key]

    def __setitem__(self, key: str, value: object) -> None:
        self._current()[key] = value

    def __delitem__(self, key: str) -> None:
        del self._current()[key]

    def __contains__(self, key: object) -> bool:
        return key in self._current()

    def __iter__(self) -> Iterator[str]:
        return iter(self._current())

    def __len__(self) -> int:
        return len(self._current())

    def __bool__(self) -> bool:
        return self._var.get(None) is not None

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ContextProxy):
            other = cast(HTTPConnection, other._current())
        return self._current() == other

    def __hash__(self) -> int:
        raise TypeError(
            f"`{self._name}` is another connection in every task, so it is no key: use {self._name}_var.get()"
        )

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(f"`{self._name}` is another connection in every task, so it cannot be pickled")

    def __dir__(self) -> list[str]:
        current = self._var.get(None)
        return dir(type(self) if current is None else current)

    def __repr__(self) -> str:
        current = self._var.get(None)
        return f"<`{self._name}` outside of a connection>" if current is None else repr(current)

    def _current_class(self) -> type:
        current = self._var.get(None)
        return type(self) if current is None else type(current)

    __class__: Any = property(_current_class)  # isinstance() asks for it beside type()


def _declared(name: str, value: object) -> property:
    return property(lambda proxy: getattr(proxy._current(), name), doc=value.__doc__)


# A proxy is used as the object that it stands for: this is the one place that says so to a type checker.
http_connection = cast(HTTPConnection, ContextProxy(http_connection_var))
"""The connection of the current task, of either protocol; raises `NoActiveConnection` outside of one."""
