"""What calling something gives."""

import functools
import inspect
from contextlib import asynccontextmanager, contextmanager
from enum import Enum
from types import FunctionType
from typing import Any

from .callables import name_of, without_arguments, written_function
from .errors import SignatureError
from .wrappers import wrapped_of

__all__ = ["Kind", "check_gives", "kind_of"]


class Kind(Enum):
    """What a call gives: a value, an awaitable, or a generator.

    `UNTOLD` is a plain function that does not say what it returns: a value, or a coroutine by way of another function.
    The `WRAPPED` ones are plain functions around what is async or yields; mostly they return what that gives.
    """

    SYNC = "sync"
    ASYNC = "async"
    GENERATOR = "generator"
    ASYNC_GENERATOR = "async generator"
    UNTOLD = "untold"
    WRAPPED_ASYNC = "wrapped async"
    WRAPPED_GENERATOR = "wrapped generator"

    @property
    def yields(self) -> bool:
        """Whether there may be something to end."""
        return self in (Kind.GENERATOR, Kind.ASYNC_GENERATOR, Kind.WRAPPED_GENERATOR)


def kind_of(call: Any) -> Kind:
    """Return what calling `call` gives."""
    call = without_arguments(call)
    if inspect.isclass(call):
        return Kind.SYNC
    function = written_function(call)
    if inspect.iscoroutinefunction(function):
        return Kind.ASYNC
    if inspect.isasyncgenfunction(function):
        return Kind.ASYNC_GENERATOR
    if inspect.isgeneratorfunction(function):
        return Kind.GENERATOR
    if not inspect.isfunction(function):
        return Kind.SYNC  # built in, as functools.lru_cache is, which gives the same value again
    wrapped = wrapped_of(call)
    if wrapped is None:
        return Kind.UNTOLD if _may_return_coroutine(function) else Kind.SYNC
    kind = kind_of(wrapped)
    if kind is Kind.ASYNC:
        return Kind.WRAPPED_ASYNC
    return Kind.WRAPPED_GENERATOR if kind.yields else kind


def check_gives(call: Any) -> None:
    """Refuse a dependency that would not give what its function makes.

    Raises:
        SignatureError: a context manager of contextlib, or a cache around what is async or yields.
    """
    function = written_function(call)
    if getattr(function, "__code__", None) in _MANAGERS:
        raise SignatureError(
            f"{name_of(call)} gives a context manager, which nobody would open; depend on the generator function itself, "
            "without the decorator of contextlib, or on a function that returns the manager, to open it in the handler"
        )
    if isinstance(function, _CACHE) and kind_of(function.__wrapped__) not in (Kind.SYNC, Kind.UNTOLD):
        raise SignatureError(
            f"{name_of(call)} is async or yields, and functools.lru_cache keeps what can be used once; depend on the "
            "function itself, which a connection calls once"
        )


def _nothing() -> Any: ...


# what the decorators return is of one code each, whatever they decorate
_MANAGERS = {contextmanager(_nothing).__code__, asynccontextmanager(_nothing).__code__}
_CACHE = type(functools.lru_cache(_nothing))


def _may_return_coroutine(function: FunctionType) -> bool:
    returned: Any = getattr(function, "__annotations__", {}).get("return", Any)
    return returned in (Any, "Any") or any(word in str(returned) for word in ("Awaitable", "Coroutine"))
