"""Context proxies: a module-level name that means the connection of the current task."""

from collections.abc import Iterator
from contextvars import ContextVar
from functools import partial
from typing import Any, Generic, NoReturn, Self, SupportsIndex, TypeVar, cast

from .connection import HTTPConnection
from .current import ConnectionOf, http_connection_var
from .errors import NoActiveConnection

__all__ = ["ContextProxy", "DeclaredProxy", "http_connection"]

T = TypeVar("T", bound=HTTPConnection)


class DeclaredProxy(Generic[T]):
    """A `ContextProxy` that has no `__getattr__` before it needs one: it answers to the names of a class of connection.

    `__getattr__` keeps Python 3.11 from specialising the use of every other name: 25 ns for each. So each name of the
    class is declared here, by the subclass or else as a property. Attributes beyond them, which somebody gives to a connection
    or to a subclass of its class, are answered from `answer_other_names()` on. To set one on a proxy does that by itself.

    Args:
        of: the class of connection: `class TicketProxy(DeclaredProxy[Ticket], of=Ticket)`.
        var: the variable that has the connection; error messages call the proxy by its name.

    ```python
    >>> from contextvars import ContextVar
    >>> from kui.core import DeclaredProxy, HTTPConnection
    >>> class Ticket(HTTPConnection):
    ...     number = 7
    >>> ticket_var: ContextVar[Ticket] = ContextVar("ticket")
    >>> class TicketProxy(DeclaredProxy[Ticket], of=Ticket):
    ...     __slots__ = ()
    >>> ticket = TicketProxy(ticket_var)
    >>> token = ticket_var.set(Ticket({"type": "http", "path": "/t"}))
    >>> ticket.number, ticket["path"]
    (7, '/t')
    >>> ticket_var.reset(token)

    ```
    """

    __slots__ = ("_name", "_var")

    _name: str
    _var: ContextVar[T] | ConnectionOf[T]

    def __init_subclass__(cls, of: type | None = None) -> None:
        super().__init_subclass__()
        for name in () if of is None else dir(of):
            if name[:2] != "__" and not hasattr(cls, name):
                setattr(cls, name, cls._declared(name))

    @classmethod
    def _declared(cls, name: str) -> property:
        if name[:1] == "_":
            return property(partial(cls._answer, name=name))
        return property(lambda proxy: getattr(proxy._current(), name))

    @staticmethod
    def answer_other_names() -> None:
        """Let all proxies answer to names that their classes of connection do not have."""
        if "__getattr__" not in vars(DeclaredProxy):
            setattr(DeclaredProxy, "__getattr__", DeclaredProxy[Any]._answer)  # noqa: B010 - type checkers are not to know

    def __init__(self, var: ContextVar[T] | ConnectionOf[T]) -> None:
        object.__setattr__(self, "_var", var)
        object.__setattr__(self, "_name", var.name)

    def _current(self) -> T:
        try:
            return self._var.get()
        except LookupError:
            raise NoActiveConnection(self._name) from None

    def _answer(self, name: str) -> Any:
        current = self._var.get(None)
        if current is None:
            if name[:1] == "_":  # doctest, inspect and help() ask every object in a module for such names
                raise AttributeError(name)
            raise NoActiveConnection(self._name)
        return getattr(current, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._current(), name, value)
        if not hasattr(type(self), name):
            self.answer_other_names()

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
        if isinstance(other, DeclaredProxy):
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


class ContextProxy(DeclaredProxy[T]):
    """Answer for the connection of the current task: attributes, items, `==`, `isinstance`, `repr` and the rest.

    The proxy is no key and no member of a set, because it is another connection in every task: put
    `websocket_var.get()` there instead. Nor can it be pickled; a copy of it is the proxy itself. Outside of a
    connection its use raises `NoActiveConnection`; only `bool`, `repr`, `dir` and `isinstance` answer, and names
    that begin with an underscore are absent, as tools expect.

    A failed lookup on the proxy itself, which `__getattr__` needs, costs more than the call that follows. A
    subclass spells out the methods that run for every message; the rest is answered here. It finds the connection
    with `self._current()` or, faster, `self._var.get()`.

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

    __slots__ = ()

    __getattr__ = DeclaredProxy[Any]._answer


# A proxy is used as the object that it stands for: this is the one place that says so to a type checker.
http_connection = cast(HTTPConnection, ContextProxy(http_connection_var))
"""The connection of the current task, of either protocol; raises `NoActiveConnection` outside of one."""
