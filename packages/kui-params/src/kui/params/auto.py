"""`auto_params`: an endpoint that takes its parameters from the connection."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from .binding import Binding
from .errors import UnresolvedName
from .graph import Node, node_of
from .handlers import check_async, handler_of, look_like
from .wrappers import own_attribute

__all__ = ["auto_params", "bindings"]

T = TypeVar("T")

_BEHIND = "_kui_bindings"


def auto_params(endpoint: Callable[..., Awaitable[T]], protocol: str = "http") -> Callable[..., Awaitable[T]]:
    """Return the endpoint with its parameters bound: an async callable without arguments, to be called in a connection.

    What has nothing to bind is returned as it is. Of a class view, a subclass is returned, or a function that makes
    an instance of one. Nothing is set on functions and classes that are given.

    Args:
        endpoint: an async function, method, partial or callable instance, or a class whose instances are awaitable.
        protocol: what it serves; a "websocket" has no body.

    Raises:
        SignatureError: a mistake in a signature; the message says what to write. Annotations that name what is not
            defined yet are looked up again at the first call.

    ```python
    >>> import asyncio
    >>> from typing import Annotated
    >>> from kui.core import HTTPConnection, http_connection_var
    >>> from kui.params import Query, auto_params
    >>> @auto_params
    ... async def greet(name: Annotated[str, Query()], times: Annotated[int, Query(ge=1)] = 1) -> str:
    ...     return f"hello {name}" * times
    >>> async def serve(query):
    ...     scope = {"type": "http", "path": "/", "query_string": query, "headers": []}
    ...     http_connection_var.set(HTTPConnection(scope))
    ...     return await greet()
    >>> asyncio.run(serve(b"name=ada"))
    'hello ada'

    ```
    """
    try:
        return _bind(endpoint, protocol)
    except UnresolvedName:
        return _bind_later(endpoint, protocol)


def bindings(handler: Callable[..., Any]) -> tuple[Binding, ...] | None:
    """Return the bindings behind a handler that `auto_params` made, those of dependencies included.

    Empty for what had nothing to bind; None as long as an annotation names what is not defined yet.
    """
    behind: Callable[[], tuple[Binding, ...] | None] | None = own_attribute(handler, _BEHIND)
    return () if behind is None else behind()


def _bind(endpoint: Callable[..., Awaitable[T]], protocol: str) -> Callable[..., Awaitable[T]]:
    if inspect.isclass(endpoint):
        from .views import bind_view

        handler, nodes = bind_view(endpoint, protocol)
        if handler is not endpoint:
            _remember(handler, nodes, protocol)
        return handler
    check_async(endpoint)
    node = node_of(endpoint, protocol)
    if not node.parameters and not node.edges:
        return endpoint
    from .bound import Bound  # as the views: what runs comes with the first that has something to bind

    handler = handler_of(Bound(node, protocol), endpoint)
    _remember(handler, [node], protocol)
    return handler


def _bind_later(endpoint: Callable[..., Awaitable[T]], protocol: str) -> Callable[..., Awaitable[T]]:
    ready: Callable[..., Awaitable[T]] | None = None

    def resolved() -> Callable[..., Awaitable[T]]:
        nonlocal ready
        if ready is None:
            ready = _bind(endpoint, protocol)
        return ready

    async def handler(*args: Any, **kwargs: Any) -> T:
        return await resolved()(*args, **kwargs)

    def behind() -> tuple[Binding, ...] | None:
        try:
            return bindings(resolved())
        except UnresolvedName:
            return None

    look_like(handler, endpoint, inspect.Signature())
    setattr(handler, _BEHIND, behind)
    return handler


def _remember(handler: Any, nodes: list[Node], protocol: str) -> None:
    def behind() -> tuple[Binding, ...]:
        return tuple(Binding(each, protocol) for node in nodes for each in node.walk())

    # what is set on a bound view arrives at the user's class, unless type itself sets it
    set_ = type.__setattr__ if inspect.isclass(handler) else setattr
    set_(handler, _BEHIND, behind)
