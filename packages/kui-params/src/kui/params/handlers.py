"""What stands in the place of the user's functions: async functions that look up the connection and run."""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kui.core import HTTPConnection, NoActiveConnection, http_connection_var

from .callables import name_of, without_arguments, written_function
from .errors import SignatureError

if TYPE_CHECKING:
    from .bound import Bound

__all__ = ["check_async", "current_connection", "handler_of", "look_like", "method_of"]

_get_connection = http_connection_var.get


def current_connection() -> HTTPConnection:
    """Return the connection of the current task."""
    try:
        return _get_connection()
    except LookupError:
        raise NoActiveConnection("http_connection") from None


def handler_of(bound: "Bound", original: Callable[..., Any], skip: int = 0) -> Callable[..., Any]:
    """Return the bound function: async, without parameters but those that are not bound.

    An argument that is given all the same counts before what the connection has. `skip` is how many of the
    parameters that are not bound nobody gives: the `self` of an `__init__`.
    """
    signature = inspect.Signature(bound.node.left[skip:])

    async def handler(*args: Any, **kwargs: Any) -> Any:
        try:  # what current_connection does, without the call: every connection comes through here
            connection = _get_connection()
        except LookupError:
            raise NoActiveConnection("http_connection") from None
        if args or kwargs:
            given = {**signature.bind_partial(*args).arguments, **kwargs}
            return await bound.without(given.keys()).function(connection, "named")(connection, **given)
        return await bound.function(connection)(connection)

    look_like(handler, original, signature)
    return handler


def method_of(bound: "Bound", original: Callable[..., Any], given: int) -> Callable[..., Any]:
    """Return the bound method: async, with the first parameter, which somebody else gives, unless it is static.

    An argument that is given all the same, `self.get(7)`, counts before what the connection has. By position it is what
    it is to the method as it was written.
    """

    async def with_more(
        connection: HTTPConnection, first: tuple[Any, ...], /, *args: Any, **kwargs: Any
    ) -> Any:
        arguments = inspect.signature(original).bind_partial(*first, *args).arguments
        named = {**dict([*arguments.items()][given:]), **kwargs}
        return await bound.without(named.keys()).function(connection, "named")(connection, *first, **named)

    async def method(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        connection = current_connection()
        if args or kwargs:
            return await with_more(connection, (self,), *args, **kwargs)
        return await bound.function(connection)(connection, self)

    async def static(*args: Any, **kwargs: Any) -> Any:
        connection = current_connection()
        if args or kwargs:
            return await with_more(connection, (), *args, **kwargs)
        return await bound.function(connection)(connection)

    made = method if given else static
    look_like(made, original, inspect.Signature(bound.node.left[:given]))
    return made


def look_like(
    handler: Callable[..., Any], original: Callable[..., Any], signature: inspect.Signature
) -> None:
    """Give a handler the name of the original, and the signature of what is still to be given."""
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        value = getattr(original, name, None)
        if isinstance(value, str):
            setattr(handler, name, value)
    vars(handler)["__signature__"] = signature


def check_async(function: Callable[..., Any]) -> None:
    """Refuse what a connection cannot await.

    A function that is no `async def` but says that it returns an awaitable is let through, and so is a lambda.

    Raises:
        SignatureError: a plain function, a generator, or a partial of a class.
    """
    if inspect.isclass(without_arguments(function)):
        raise SignatureError(
            f"{name_of(function)} is a class with arguments given by a partial, which is no endpoint; register a class "
            "derived from it, whose __init__ gives them"
        )
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
