"""What calling something gives."""

import inspect
from enum import Enum
from types import FunctionType
from typing import Any

from .callables import without_arguments, written_function
from .wrappers import wrapped_of

__all__ = ["Kind", "kind_of"]


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


def _may_return_coroutine(function: FunctionType) -> bool:
    returned: Any = getattr(function, "__annotations__", {}).get("return", Any)
    return returned in (Any, "Any") or any(word in str(returned) for word in ("Awaitable", "Coroutine"))
