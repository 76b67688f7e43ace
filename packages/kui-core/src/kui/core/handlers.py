"""Which function answers for which exception."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar, cast

from .errors import HTTPException

__all__ = ["ExceptionHandler", "ExceptionHandlers"]

ExceptionHandler: TypeAlias = Callable[[Any], Awaitable[Any] | Any]
Key: TypeAlias = int | type[BaseException]
H = TypeVar("H", bound=ExceptionHandler)


class ExceptionHandlers(Mapping[Key, ExceptionHandler]):
    """Find the handler of an exception: by status for an `HTTPException`, else by the nearest of its classes.

    A handler is a function of the exception, sync or async; what it returns is the answer. An `HTTPException` answers for
    itself: a handler for `Exception` is not found for it, one for `HTTPException` or a status is. An exception group is
    found by its own classes, not by those of the exceptions in it.

    Args:
        handlers: functions by status or by class of exception.

    ```python
    >>> from kui.core import ExceptionHandlers, HTTPException
    >>> handlers = ExceptionHandlers({404: lambda error: "nothing here", LookupError: lambda error: "lost"})
    >>> handlers.find(HTTPException(404))(None), handlers.find(KeyError("x"))(None), handlers.find(OSError())
    ('nothing here', 'lost', None)
    >>> print(ExceptionHandlers({Exception: lambda error: "sorry"}).find(HTTPException(404)))
    None

    ```
    """

    def __init__(self, handlers: Mapping[Any, ExceptionHandler] | None = None) -> None:
        self._handlers: dict[Key, ExceptionHandler] = {}
        for key, handler in (handlers or {}).items():
            self.add(key, handler)

    def add(self, key: Key, handler: H) -> H:
        """Let the handler answer for a status or a class of exception, in the place of an earlier one; return it.

        Raises:
            TypeError: the key is neither a status nor a class of exception, or the handler cannot be called.
            ValueError: the status is none of HTTP's (100 to 599; RFC 9110, section 15).
        """
        _check_key(key)
        if not callable(handler):
            raise TypeError(f"the handler of {key!r} is {handler!r}, which cannot be called")
        self._handlers[key] = handler
        return handler

    def decorator(self, key: Key) -> Callable[[H], H]:
        """Return a decorator that does what `add` does, and raises for a wrong key before there is a function."""
        _check_key(key)
        return lambda handler: self.add(key, handler)

    def find(self, error: BaseException) -> ExceptionHandler | None:
        """Return the handler that answers for the exception, or None."""
        handlers, classes = self._handlers, type(error).__mro__
        if isinstance(error, HTTPException):
            by_status = handlers.get(cast("HTTPException[Any]", error).status_code)
            if by_status is not None:
                return by_status
        for class_ in classes:
            if class_ in handlers:
                return handlers[class_]
            if class_ is HTTPException:
                break
        return None

    def __getitem__(self, key: Key) -> ExceptionHandler:
        return self._handlers[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._handlers)

    def __len__(self) -> int:
        return len(self._handlers)


def _check_key(key: object) -> None:
    if isinstance(key, int) and not isinstance(key, bool):
        if not 100 <= key <= 599:
            raise ValueError(f"an exception handler answers for a status from 100 to 599; got {key}")
    elif not (isinstance(key, type) and issubclass(key, BaseException)):
        raise TypeError(f"an exception handler answers for a status or a class of exception; got {key!r}")
