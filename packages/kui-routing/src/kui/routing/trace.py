"""How a handler was composed."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass

from .endpoint import Bind, Endpoint, Middleware, described, takes, why_not_async
from .path import Pattern
from .route import BaseRoute


@dataclass(frozen=True, slots=True)
class Trace:
    """A route as a router has it.

    Attributes:
        protocol: the table it is in.
        route: with the prefixes, the namespaces and the middlewares of its groups.
        pattern: its parsed path; `pattern.names` are the parameters.
        middlewares: of the route, its groups and the router, from the innermost to the outermost.
        layers: what `bind` returned, for the endpoint and for each middleware, in this order; the last is the handler.

    >>> from kui.routing import Router, SocketRoute
    >>> async def chat() -> None: ...
    >>> (trace,) = Router([SocketRoute("/{room}", chat)]).traces
    >>> trace.protocol, trace.pattern.names, trace.handler is chat
    ('websocket', ('room',), True)
    """

    protocol: str
    route: BaseRoute
    pattern: Pattern
    middlewares: tuple[Middleware, ...]
    layers: tuple[Endpoint, ...]

    @property
    def handler(self) -> Endpoint:
        """What `Router.search` returns for this route."""
        return self.layers[-1]

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that the route is restricted to; empty where it is not restricted."""
        return self.route.served_methods

    def __str__(self) -> str:
        return " @ ".join([str(self.route), *map(described, self.middlewares)])


def compose(
    route: BaseRoute, protocol: str, pattern: Pattern, middlewares: Sequence[Middleware], bind: Bind
) -> Trace:
    """Build the handler of a route for a protocol.

    Raises:
        TypeError: the endpoint is not async, or what a middleware or `bind` returns is not, or cannot be called.
    """
    every = (*route.middlewares, *middlewares)
    try:
        layers = [_bound(route.endpoint, protocol, bind, route)]
        if problem := _problem(layers[0], protocol):
            raise TypeError(f"the endpoint {described(route.endpoint)} of the route {route.path!r} {problem}")
        for middleware in every:
            handler = layers[-1]
            wrapped = _wrapped(handler, middleware, route)
            layers.append(handler if wrapped is handler else _bound(wrapped, protocol, bind, route))
            if problem := _problem(layers[-1], protocol):
                raise TypeError(
                    f"the middleware {described(middleware)} returned {described(wrapped)} for the route"
                    f" {route.path!r}, which {problem}"
                )
    except Exception as error:
        error.add_note(f"This happened to the route {route}")
        raise
    return Trace(protocol, route, pattern, every, tuple(layers))


def _problem(endpoint: Endpoint, protocol: str) -> str | None:
    # what an endpoint of another protocol has to be is up to whoever serves it
    return why_not_async(endpoint) if protocol in ("http", "websocket") else None


def _bound(endpoint: Endpoint, protocol: str, bind: Bind, route: BaseRoute) -> Endpoint:
    return _checked(bind(endpoint, protocol), f"bind, {described(bind)},", route)


def _wrapped(endpoint: Endpoint, middleware: Middleware, route: BaseRoute) -> Endpoint:
    by = f"the middleware {described(middleware)}"
    try:
        returned = middleware(endpoint)
    except TypeError as error:
        if takes(middleware, endpoint):
            raise
        raise TypeError(
            f"{by} of the route {route.path!r} cannot be called with an endpoint as its only argument: {error}; one with"
            " settings is a function that returns a middleware, or a functools.partial"
        ) from None
    return _checked(returned, by, route)


def _checked(returned: Endpoint, by: str, route: BaseRoute) -> Endpoint:
    if callable(returned):
        return returned
    remedy = "it has to return an endpoint, an async callable"
    if inspect.iscoroutine(returned):
        returned.close()
        remedy = "declare it with def: what it returns has to be async, not itself"
    raise TypeError(f"{by} returned {returned!r} for the route {route.path!r}; {remedy}")
