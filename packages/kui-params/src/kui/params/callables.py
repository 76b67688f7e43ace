"""What calling something does, and how it is called in messages."""

import functools
import inspect
from collections.abc import Hashable
from enum import Enum
from types import FunctionType, MethodType
from typing import Any, cast

__all__ = [
    "Kind",
    "globals_of",
    "key_of",
    "kind_of",
    "locals_of",
    "name_of",
    "own_attribute",
    "signature_of",
    "written_function",
]


class Kind(Enum):
    """What a call gives: a value, an awaitable, or a generator."""

    SYNC = "sync"
    ASYNC = "async"
    GENERATOR = "generator"
    ASYNC_GENERATOR = "async generator"


def kind_of(call: Any) -> Kind:
    """Return what calling `call` gives."""
    function = call if inspect.isclass(call) else written_function(call)
    if inspect.iscoroutinefunction(function):
        return Kind.ASYNC
    if inspect.isasyncgenfunction(function):
        return Kind.ASYNC_GENERATOR
    if inspect.isgeneratorfunction(function):
        return Kind.GENERATOR
    return Kind.SYNC


def written_function(call: Any) -> Any:
    """Return the function that somebody wrote: behind a partial, a method, a class or a callable instance."""
    while isinstance(call, functools.partial):
        call = cast("functools.partial[Any]", call).func
    if isinstance(call, MethodType):
        return call.__func__
    if inspect.isclass(call):
        return call.__init__
    if not inspect.isroutine(call) and not hasattr(call, "__code__"):
        written: Any = inspect.getattr_static(call, "__call__", call)
        return getattr(written, "__func__", written)
    return call


def own_attribute(function: Any, name: str) -> Any:
    """Return an attribute unless functools.wraps has copied it from the wrapped function; None then."""
    value = getattr(function, name, None)
    return None if value is getattr(getattr(function, "__wrapped__", None), name, None) else value


def signature_of(call: Any) -> inspect.Signature:
    """Return the signature of `call` itself, not that of what it wraps.

    Raises:
        ValueError: a built-in function that tells none.
    """
    if hasattr(call, "__signature__") and own_attribute(call, "__signature__") is None:
        # functools.wraps has copied it: the same function without attributes tells its own
        plain = FunctionType(
            call.__code__, call.__globals__, call.__name__, call.__defaults__, call.__closure__
        )
        plain.__kwdefaults__ = call.__kwdefaults__
        plain.__annotations__ = call.__annotations__
        call = plain
    return inspect.signature(call, follow_wrapped=False)


def globals_of(call: Any) -> dict[str, Any]:
    """Return the global names that the annotations of `call` mean."""
    function = written_function(call)
    # functools.wraps has put the annotations of the wrapped function in the place of the wrapper's own
    wrapped = getattr(function, "__wrapped__", None)
    if wrapped is not None and own_attribute(function, "__annotations__") is None:
        return globals_of(wrapped)
    names: dict[str, Any] = getattr(function, "__globals__", {})
    return names


def locals_of(call: Any) -> dict[str, Any]:
    """Return the names around `call` that it can see beside the global ones: its closure."""
    function = written_function(call)
    code = getattr(function, "__code__", None)
    names: dict[str, Any] = {}
    for name, cell in zip(
        code.co_freevars if code else (), getattr(function, "__closure__", None) or (), strict=True
    ):
        try:
            names[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return names


def name_of(call: Any) -> str:
    """Return the name of `call` for a message."""
    while isinstance(call, functools.partial):
        call = cast("functools.partial[Any]", call).func
    function = call if inspect.isclass(call) else written_function(call)
    module = getattr(function, "__module__", None)
    name = getattr(function, "__qualname__", None) or repr(call)
    return f"{module}.{name}" if module else str(name)


class _Identity:
    """Stands for a callable that has no hash."""

    __slots__ = ("call",)

    def __init__(self, call: Any) -> None:
        self.call = call

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.call is other.call

    def __hash__(self) -> int:
        return id(self.call)


def key_of(call: Any) -> Hashable:
    """Return what a connection keeps the result of the callable under."""
    return call if isinstance(call, Hashable) and _has_hash(call) else _Identity(call)


def _has_hash(call: Hashable) -> bool:
    try:
        hash(call)
    except TypeError:  # a partial or a method of what has none
        return False
    return True
