"""The router: handlers built from routes, found by path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Self

from .converters import Converter, known_converters
from .endpoint import Bind, Endpoint, Middleware
from .errors import MethodNotAllowed, NoMatchFound, NoRouteFound, RouteConflict
from .group import checked_route, flattened
from .listing import table
from .mount import Mount, Mounted
from .node import ANY_METHOD
from .path import Pattern
from .registration import Registration
from .route import BaseRoute, checked_middlewares, in_order
from .trace import Trace, compose
from .tree import RadixTree

Verify = Callable[[BaseRoute, Trace], None]


def identity(endpoint: Endpoint, protocol: str) -> Endpoint:
    """Return an endpoint as it is: what `Router` uses for `bind` unless told otherwise."""
    return endpoint


class Router(Registration):
    """A table of routes for each protocol.

    Args:
        routes: routes and (nested) collections of routes.
        http_middlewares: around all HTTP handlers; the last is the outermost.
        socket_middlewares: likewise around all WebSocket handlers.
        bind: makes an endpoint of a protocol callable without arguments; identity by default.
        verify: called as `verify(route, trace)` before a route goes into the table; may raise to refuse it.
        converters: types of path parameters for this router, over the registered ones.

    >>> async def room() -> None: ...
    >>> from kui.routing import SocketRoute
    >>> router = Router([SocketRoute("/rooms/{room:int}", room)])
    >>> params, handler = router.search("websocket", "/rooms/5")
    >>> params, handler is room
    ({'room': 5}, True)
    >>> router.url_for("room", {"room": 5})
    '/rooms/5'
    """

    def __init__(
        self,
        routes: Iterable[Any] = (),
        http_middlewares: Iterable[Middleware] = (),
        socket_middlewares: Iterable[Middleware] = (),
        *,
        bind: Bind = identity,
        verify: Verify | None = None,
        converters: Mapping[str, Converter[Any]] | None = None,
    ) -> None:
        self.http_middlewares = list(checked_middlewares(http_middlewares))
        self.socket_middlewares = list(checked_middlewares(socket_middlewares))
        self._bind = bind
        self._verify = verify
        self._own_converters = converters
        self._converters = known_converters(converters)
        self._clear()
        self.__lshift__(routes)

    def append(self, route: BaseRoute) -> None:
        """Add a route: build its handler and put it into the tables of its protocols.

        An error leaves the router as it was.

        Raises:
            ValueError: a slip in the path.
            RouteConflict: another route has the path or the name already.
            TypeError: no route, an endpoint that is not async, a middleware that returns no endpoint.
        """
        route = checked_route(route)
        if not (route.path or isinstance(route, Mount)):
            route = replace(route, path="/")
        pattern = Pattern(route.path, self._converters)
        self._check_name(route)
        for protocol in route.served_protocols:
            self._check_path(protocol, route, pattern)
        traces = [self._compose(protocol, route, pattern) for protocol in route.served_protocols]
        for trace in traces:
            self._insert(trace)

    def __lshift__(self, routes: BaseRoute | Iterable[Any]) -> Self:
        """Add a route or a collection of routes, all or (where one is refused) none, and return this router."""
        if not isinstance(routes, BaseRoute | Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        kept = len(self._traces)
        try:
            for route in flattened(routes):
                self.append(route)
        except BaseException:
            traces = self._traces[:kept]
            self._clear()
            for trace in traces:
                self._insert(trace)
            raise
        return self

    def search(self, protocol: str, path: str, method: str | None = None) -> tuple[dict[str, Any], Endpoint]:
        """Return the converted parameters and the handler for a path.

        Args:
            protocol: "http", "websocket", or that of a route class of your own.
            path: decoded, without the root_path of the ASGI scope.
            method: of an HTTP request, in upper case. None, for protocols without methods, finds the first registered.

        Returns:
            A new dict, which the caller may keep, and the handler: what `bind` made of the endpoint and its
            middlewares, or a `Mounted` application.

        Raises:
            NoMatchFound: no route matches.
            MethodNotAllowed: routes match, but none serves the method.
            ValueError: no route class has brought this protocol.
        """
        try:
            tree = self._trees[protocol]
        except KeyError:
            raise ValueError(f"`protocol` must be in {tuple(self._trees)}, got {protocol!r}") from None
        entries = tree.static.get(path)
        if entries is not None:
            entry = entries.get(method) or entries.get(ANY_METHOD)
            if entry is not None:
                return {}, entry[0]
        found = tree.match_dynamic(path, method)
        if found is not None:
            return found
        allow = in_order(tree.allowed(path)) if method is not None else ()
        if method is not None and allow:
            raise MethodNotAllowed(path, method, allow)
        raise NoMatchFound(f"no {protocol} route matches the path {path!r}")

    def url_for(self, name: str, path_params: Mapping[str, Any] | None = None) -> str:
        """Return the percent-encoded path of a route.

        Args:
            name: with the namespaces, as in "live:news".
            path_params: a value for each parameter of the path, of the type that its converter gives.

        Raises:
            NoRouteFound: no route has the name.
            ValueError: a parameter is missing, superfluous, or would not match.
        """
        trace = self._names.get(name)
        if trace is None:
            close = get_close_matches(name, self._names)
            hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
            raise NoRouteFound(f"No route with name {name!r} exists{hint}")
        try:
            return trace.pattern.format(path_params or {})
        except ValueError as error:
            raise ValueError(f"url_for({name!r}): {error}") from error.__cause__

    @property
    def traces(self) -> tuple[Trace, ...]:
        """How each handler was composed, in order of registration; one per route and protocol."""
        return tuple(self._traces)

    @property
    def http_tree(self) -> RadixTree[Endpoint]:
        """The table of the HTTP routes."""
        return self._trees["http"]

    @property
    def websocket_tree(self) -> RadixTree[Endpoint]:
        """The table of the WebSocket routes."""
        return self._trees["websocket"]

    def __iter__(self) -> Iterator[BaseRoute]:
        """Yield the routes in order of registration, with the prefixes and the namespaces of their groups."""
        return iter({id(trace.pattern): trace.route for trace in self._traces}.values())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __str__(self) -> str:
        return table(self)

    def _clear(self) -> None:
        self._trees: dict[str, RadixTree[Endpoint]] = {
            protocol: RadixTree(self._own_converters) for protocol in ("http", "websocket")
        }
        self._names: dict[str, Trace] = {}
        self._traces: list[Trace] = []

    def _insert(self, trace: Trace) -> None:
        if trace.protocol not in self._trees:
            self._trees[trace.protocol] = RadixTree(self._own_converters)
        route = trace.route
        self._trees[trace.protocol].insert(
            trace.pattern, trace.handler, route.served_methods, isinstance(route, Mount)
        )
        self._traces.append(trace)
        if route.name is not None:
            self._names.setdefault(route.name, trace)

    def _compose(self, protocol: str, route: BaseRoute, pattern: Pattern) -> Trace:
        if isinstance(route, Mount):
            mounted = Mounted(route.endpoint, len(pattern.segments))
            trace = Trace(protocol, route, pattern, (), (mounted,))
        else:
            own = {"http": self.http_middlewares, "websocket": self.socket_middlewares}
            trace = compose(route, protocol, pattern, own.get(protocol, ()), self._bind)
        if self._verify is not None:
            self._verify(route, trace)
        return trace

    def _check_path(self, protocol: str, route: BaseRoute, pattern: Pattern) -> None:
        tree = self._trees.get(protocol)
        other = tree and tree.conflict(pattern, route.served_methods, isinstance(route, Mount))
        if other:
            holder = next(trace.route for trace in self._traces if trace.pattern is other.pattern)
            raise RouteConflict(
                f"Routing conflict: {route.path}: no path could tell these routes apart\n    {holder}\n    {route}\n"
                "change a path, or restrict HTTP routes to different methods"
            )

    def _check_name(self, route: BaseRoute) -> None:
        if route.name is None or route.name not in self._names:
            return
        other = self._names[route.name].route
        same_place = (other.path, other.served_protocols) == (route.path, route.served_protocols)
        if not (same_place and route.served_methods):
            raise RouteConflict(
                f"Duplicate route name: {route.name}\n    {other}\n    {route}\n"
                "give one another name (name=None for none), or a namespace to the group it is in"
            )
