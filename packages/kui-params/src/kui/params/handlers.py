"""What stands in the place of the user's functions: async functions that look up the connection and run."""

import inspect
from collections.abc import Callable
from typing import Any

from kui.core import HTTPConnection, NoActiveConnection, http_connection_var

from .bound import Bound
from .callables import name_of, written_function
from .errors import SignatureError

__all__ = ["check_async", "current_connection", "handler_of", "look_like", "method_of"]


def current_connection() -> HTTPConnection:
    """Return the connection of the current task."""
    try:
        return http_connection_var.get()
    except LookupError:
        raise NoActiveConnection("http_connection") from None


def handler_of(bound: Bound) -> Callable[[], Any]:
    """Return the bound function: async, without parameters."""

    async def handler() -> Any:
        connection = current_connection()
        return await bound.function(connection)(connection)

    return handler


def method_of(bound: Bound) -> Callable[..., Any]:
    """Return the bound method: async, with the parameters that somebody else gives."""

    async def method(*given: Any) -> Any:
        connection = current_connection()
        return await bound.function(connection)(connection, *given)

    return method


def look_like(handler: Callable[..., Any], original: Callable[..., Any], keep: int) -> None:
    """Give a handler the name of the original, and the signature of its first parameters, which are still to be given."""
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        value = getattr(original, name, None)
        if isinstance(value, str):
            setattr(handler, name, value)
    parameters = list(inspect.signature(original, follow_wrapped=False).parameters.values())[:keep]
    vars(handler)["__signature__"] = inspect.Signature(parameters)


def check_async(function: Callable[..., Any]) -> None:
    """Refuse what a connection cannot await.

    A function that is no `async def` but says that it returns an awaitable is let through, and so is a lambda.

    Raises:
        SignatureError: a plain function or a generator.
    """
    written = written_function(function)
    if inspect.isasyncgenfunction(written) or inspect.isgeneratorfunction(written):
        raise SignatureError(f"{name_of(function)} yields, and a handler returns; take the yield out of it")
    if (
        not inspect.isfunction(written)
        or inspect.iscoroutinefunction(written)
        or written.__name__ == "<lambda>"
    ):
        return
    returns = written.__annotations__.get("return")
    if returns is None or not any(
        word in str(returns) for word in ("Awaitable", "Coroutine", "Future", "Task")
    ):
        raise SignatureError(f"{name_of(function)} is no async function; declare it with async def")
