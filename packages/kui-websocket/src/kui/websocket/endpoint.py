"""What serves a connection, and what cannot."""

import inspect

from kui.core import Endpoint

__all__ = ["checked", "is_plain"]


def is_plain(function: object) -> bool:
    """Return whether a function gives nothing to await; of a lambda that is not known before the call."""
    return (
        inspect.isfunction(function)
        and function.__name__ != "<lambda>"
        and not inspect.iscoroutinefunction(inspect.unwrap(function))
    )


def checked(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint.

    Raises:
        TypeError: it cannot be called, or not without arguments, or gives nothing to await.
    """
    if not callable(endpoint):
        raise TypeError(f"an endpoint is an async callable without arguments; got {endpoint!r}")
    name = getattr(endpoint, "__qualname__", repr(endpoint))
    is_class = inspect.isclass(endpoint)
    if is_class and not hasattr(endpoint, "__await__"):
        raise TypeError(
            f"the instances of {name} cannot be awaited: derive it from SocketView, or write an __await__ method"
        )
    if inspect.isasyncgenfunction(endpoint):
        raise TypeError(f"the endpoint {name} is an async generator function, whose call cannot be awaited")
    if is_plain(endpoint):
        raise TypeError(f"the endpoint {name} is a plain function: declare it with `async def`")
    try:
        signature = inspect.signature(endpoint, follow_wrapped=False)
    except ValueError:  # written in C
        return endpoint
    try:
        signature.bind()
    except TypeError as error:
        raise TypeError(
            f"an endpoint is called without arguments; {name}{signature} says: {error}. "
            "`websocket` is the connection, and kui-params binds parameters of it"
        ) from None
    return endpoint
