"""What stands behind a callable, and how it is called in messages."""

import functools
import inspect
from collections.abc import Hashable
from types import MethodType
from typing import Any, cast, get_origin

__all__ = ["key_of", "maker_of", "name_of", "without_arguments", "written_function"]


def written_function(call: Any) -> Any:
    """Return the function that somebody wrote: behind a partial, a method, a class or a callable instance."""
    call = without_arguments(call)
    if isinstance(call, MethodType):
        return call.__func__
    if inspect.isclass(call):
        return maker_of(call)[1]
    if not inspect.isroutine(call) and not hasattr(call, "__code__"):
        written: Any = inspect.getattr_static(call, "__call__", call)
        return getattr(written, "__func__", written)
    return call


def maker_of(kind: type[Any]) -> tuple[type[Any], Any]:
    """Return what makes the instances of a class, as `inspect.signature` looks for it, and the class that has it.

    That is `__call__` of its metaclass, or that of `__new__` and `__init__` which comes first.
    """
    for owner in inspect.getmro(type(kind)):
        if inspect.isfunction(call := vars(owner).get("__call__")):
            return owner, call
    for owner in inspect.getmro(kind):
        for name in ("__new__", "__init__"):
            found = vars(owner).get(name)
            if inspect.isfunction(function := getattr(found, "__func__", found)):
                return owner, function
    return kind, kind.__init__


def without_arguments(call: Any) -> Any:
    """Return what is called without the arguments that it has: those of a partial, and those of types, `Repo[int]`."""
    while True:
        if isinstance(call, functools.partial):
            call = cast("functools.partial[Any]", call).func
        elif inspect.isclass(origin := get_origin(call)):
            call = origin
        else:
            return call


def name_of(call: Any) -> str:
    """Return the name of `call` for a message."""
    call = without_arguments(call)
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
