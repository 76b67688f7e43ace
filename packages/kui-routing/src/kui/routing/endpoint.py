"""Endpoints and middlewares: what they are called, where they are written, and what they may not be."""

from __future__ import annotations

import functools
import inspect
import re
import typing
from collections.abc import Awaitable, Callable
from types import FunctionType, UnionType
from typing import Any, Final, TypeVar, cast

Endpoint = Callable[..., Awaitable[Any]]
"""An async callable, or a class whose instances can be awaited; without arguments once it is bound."""

Middleware = Callable[[Endpoint], Endpoint]
"""Takes an endpoint without arguments and returns one, which awaits the first or does not."""

Bind = Callable[[Endpoint, str], Endpoint]
"""Makes an endpoint of a protocol callable without arguments. `Router` calls it for the endpoint of a route, and for
what each middleware returns."""


def unbound(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Return what is below partials, methods and static methods: a function, a class, or an instance."""
    while True:
        if isinstance(endpoint, functools.partial):
            endpoint = cast("functools.partial[Any]", endpoint).func
        elif inspect.ismethod(endpoint) or isinstance(endpoint, staticmethod):
            endpoint = cast("Callable[..., Any]", endpoint.__func__)
        elif not isinstance(endpoint, FunctionType | type) and isinstance(typing.get_origin(endpoint), type):
            endpoint = cast("type[Any]", typing.get_origin(endpoint))  # View[int]
        else:
            return endpoint


def derived_name(endpoint: Callable[..., Any]) -> str | None:
    """Return the name of a route that is given none: of the function or class below; a lambda has none."""
    target = unbound(endpoint)
    name = getattr(target, "__name__", None)
    if not isinstance(name, str):
        name = type(target).__name__
    return None if name == "<lambda>" else name


def where(endpoint: Callable[..., Any]) -> str:
    """Return file:line of an endpoint, or "" where that is not known."""
    target: Any = _unwrapped(endpoint)
    if not (inspect.isfunction(target) or inspect.isclass(target)):
        target = cast("type[Any]", type(target))
    try:
        file = inspect.getsourcefile(target)
        line = (
            target.__code__.co_firstlineno
            if inspect.isfunction(target)
            else inspect.getsourcelines(target)[1]
        )
    except (OSError, TypeError):
        return ""
    is_file = file and not file.startswith("<")  # what `python -c` and `exec` run is in "<string>"
    return f"{file}:{line}" if is_file else ""


def described(endpoint: Callable[..., Any]) -> str:
    """Return module.name of an endpoint, for messages and listings."""
    target: Any = _unwrapped(endpoint)
    if not hasattr(target, "__qualname__"):
        target = cast("type[Any]", type(target))
    module: str | None = getattr(target, "__module__", None)  # what is not written in Python may have none
    return f"{module}.{target.__qualname__}" if module else target.__qualname__


def _unwrapped(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Return what wrappers say that they wrap; what wraps itself is itself."""
    target = unbound(endpoint)
    try:
        return cast("Callable[..., Any]", inspect.unwrap(target))
    except ValueError:
        return target


def takes(function: Callable[..., object], *arguments: object) -> bool:
    """Return whether a function can be called with some arguments, as far as that is known."""
    try:
        inspect.signature(function, follow_wrapped=False).bind(*arguments)
    except TypeError:
        return False
    except ValueError:  # what is not written in Python may have no signature
        return True
    return True


def only_method(layer: object) -> str | None:
    """Return the one HTTP method that an endpoint or a middleware lets through, if it says so, as those of
    `kui.http.required_method` do."""
    method = getattr(layer, "__method__", None)
    return method if isinstance(method, str) else None


def why_not_async(endpoint: Callable[..., Any]) -> str | None:
    """Return what is wrong with an endpoint that is known not to be awaitable when called, else None.

    Judged are functions and classes written in Python. What a lambda returns is not known before the call, nor what a class
    does that makes its instances in a way of its own.
    """
    target = unbound(endpoint)
    if isinstance(target, type):
        return _why_no_awaitable_instances(target)
    if isinstance(target, FunctionType):
        return _why_function_not_async(target, "")
    call = unbound(type(target).__call__)
    # a mock of an async function is none, but says so
    may_be_async = inspect.iscoroutinefunction(target) or (
        isinstance(call, FunctionType) and call.__annotations__.get("return") in _ANY
    )
    return None if may_be_async else _why_function_not_async(call, "has a __call__ that ")


_ANY: Final = (Any, "Any", "typing.Any")


def _why_no_awaitable_instances(view: Any) -> str | None:
    makes_its_own = type(view).__call__ is not type.__call__ or isinstance(view.__new__, FunctionType)
    if makes_its_own:
        return None
    if inspect.iscoroutinefunction(awaiting := getattr(view, "__await__", None)):
        return "is a class with an async __await__; declare it with def, and return self.run().__await__()"
    if awaiting is not None:
        return None
    problem = "is a class whose instances cannot be awaited"
    if any("__call__" in vars(base) for base in view.__mro__):
        return f"{problem}, only called; register an instance: {view.__name__}()"
    return f"{problem}; write an __await__ method, or register an async function"


def _why_function_not_async(function: Callable[..., Any], subject: str) -> str | None:
    seen: set[int] = set()
    while isinstance(function, FunctionType) and function.__name__ != "<lambda>" and id(function) not in seen:
        seen.add(id(function))
        if inspect.isasyncgenfunction(function):
            return f"{subject}is an async generator function, whose call cannot be awaited"
        if (
            inspect.iscoroutinefunction(function)
            or function.__code__.co_flags & inspect.CO_ITERABLE_COROUTINE
        ):
            return None
        if _may_return_awaitable(function):
            return None
        # Python 3.11 makes a plain function of a partialmethod
        below = function.__dict__.get("__wrapped__") or getattr(
            function.__dict__.get("_partialmethod"), "func", None
        )
        if below is None:
            return f"{subject}is not async; declare it with async def"
        function = unbound(below)
    return None


def _may_return_awaitable(function: FunctionType) -> bool:
    annotation = function.__annotations__.get("return")
    if not isinstance(annotation, str):
        return _may_be_awaitable(annotation)
    if re.search(r"\b(Awaitable|Coroutine|CoroutineType|Future|Task|Any)\b", annotation):
        return True
    try:
        return _may_be_awaitable(typing.get_type_hints(function).get("return"))
    except Exception:  # of a name that is not defined, or of anything that an annotation may run
        return False


def _may_be_awaitable(annotation: Any) -> bool:
    origin = typing.get_origin(annotation) or annotation
    if origin in (Any, typing.Annotated, typing.Union, UnionType) or isinstance(origin, TypeVar):
        return not typing.get_args(annotation) or any(map(_may_be_awaitable, typing.get_args(annotation)))
    return isinstance(origin, type) and issubclass(origin, Awaitable)
