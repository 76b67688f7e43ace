"""`auto_params`: an endpoint that takes its parameters from the connection."""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, get_origin

from .errors import UnresolvedName

# What reads signatures comes with the first endpoint that is given, and what runs with the first that has something to
# bind: `import kui.params` is done by many who bind nothing yet.
if TYPE_CHECKING:
    from .binding import Binding
    from .bound import Bound
    from .graph import Node
    from .messages import ModelEncoding

__all__ = ["auto_params", "bindings", "prepare"]

T = TypeVar("T")

_BEHIND = "_kui_bindings"


def auto_params(endpoint: Callable[..., Awaitable[T]], protocol: str = "http") -> Callable[..., Awaitable[T]]:
    """Return the endpoint with its parameters bound: an async callable without arguments, to be called in a connection.

    What has nothing to bind is returned as it is. Of a class view, a subclass is returned, or a function that makes
    an instance of one. Nothing is set on functions and classes that are given.

    Args:
        endpoint: an async function, method, partial or callable instance, or a class whose instances are awaitable
            (`View[int]` too).
        protocol: what it serves; a "websocket" has no body.

    Raises:
        SignatureError: a mistake in a signature; the message says what to write. Annotations that name what is not
            defined yet are looked up again by `prepare`, or else at the first call.

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


def bindings(handler: Callable[..., Any]) -> "tuple[Binding, ...] | None":
    """Return the bindings behind a handler that `auto_params` made, those of dependencies included.

    Empty for what had nothing to bind; None as long as an annotation names what is not defined yet.
    """
    behind = _behind(handler)
    return () if behind is None else behind.bindings()


def prepare(handler: Callable[..., Any]) -> None:
    """Make a handler that `auto_params` made ready for its first connection: names looked up, validators built.

    For the start of an application, where a mistake can still stop it; `Kui` does this. A handler that is not prepared is
    made ready by its first connection. What had nothing to bind is left alone.

    Args:
        handler: what `auto_params` returned.

    Raises:
        SignatureError: an annotation names what is not defined, what it names makes a mistake of it, or pydantic cannot
            validate its type.

    ```python
    >>> from typing import Annotated
    >>> from kui.params import Query, auto_params, prepare
    >>> async def search(q: Annotated["Words", Query()]): ...
    >>> handler = auto_params(search)
    >>> Words = list[str]
    >>> prepare(handler)

    ```
    """
    behind = _behind(handler)
    if behind is not None:
        behind.prepare()


def _behind(handler: Callable[..., Any]) -> "_Behind | _Later | None":
    from .wrappers import own_attribute

    found: _Behind | _Later | None = own_attribute(handler, _BEHIND)
    return found


def _bind(endpoint: Callable[..., Awaitable[T]], protocol: str) -> Callable[..., Awaitable[T]]:
    if inspect.isclass(get_origin(endpoint) or endpoint):
        from .views import bind_view

        handler, nodes, parts = bind_view(endpoint, protocol)
        if handler is not endpoint:
            # what is set on a bound view arrives at the user's class, unless type itself sets it
            set_: Any = type.__setattr__ if inspect.isclass(handler) else setattr
            set_(handler, _BEHIND, _Behind(nodes, protocol, parts))
        return handler
    from .graph import node_of
    from .handlers import check_async, handler_of

    check_async(endpoint)
    node = node_of(endpoint, protocol)
    if not node.parameters and not node.edges:
        return endpoint
    from .bound import Bound

    bound = Bound(node, protocol)
    handler = handler_of(bound, endpoint)
    setattr(handler, _BEHIND, _Behind([node], protocol, [bound]))
    return handler


def _bind_later(endpoint: Callable[..., Awaitable[T]], protocol: str) -> Callable[..., Awaitable[T]]:
    from .handlers import look_like

    later = _Later(endpoint, protocol)

    async def handler(*args: Any, **kwargs: Any) -> T:
        result: T = await later.handler()(*args, **kwargs)
        return result

    look_like(handler, endpoint, inspect.Signature())
    setattr(handler, _BEHIND, later)
    return handler


class _Behind:
    """What stands behind a handler: what was read, and what runs."""

    def __init__(
        self, nodes: "list[Node]", protocol: str, parts: "Sequence[Bound | ModelEncoding[Any]]"
    ) -> None:
        self._nodes = nodes
        self._protocol = protocol
        self._parts = parts

    def bindings(self) -> "tuple[Binding, ...]":
        from .binding import Binding

        return tuple(Binding(each, self._protocol) for node in self._nodes for each in node.walk())

    def prepare(self) -> None:
        for part in self._parts:
            part.prepare()


class _Later:
    """What stands behind the handler of an endpoint that is bound when all of its names are defined."""

    def __init__(self, endpoint: Callable[..., Awaitable[Any]], protocol: str) -> None:
        self._endpoint = endpoint
        self._protocol = protocol
        self._handler: Callable[..., Awaitable[Any]] | None = None

    def handler(self) -> Callable[..., Awaitable[Any]]:
        if self._handler is None:
            self._handler = _bind(self._endpoint, self._protocol)
        return self._handler

    def bindings(self) -> "tuple[Binding, ...] | None":
        try:
            return bindings(self.handler())
        except UnresolvedName:
            return None

    def prepare(self) -> None:
        prepare(self.handler())
