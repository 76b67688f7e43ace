"""The router: handlers built from routes, found by path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Self

from .converters import Converter, known_converters
from .endpoint import Bind, Endpoint, Middleware, takes
from .errors import MethodNotAllowed, NoMatchFound, NoRouteFound, RouteConflict
from .finder import Finder
from .group import checked_route, flattened
from .listing import table as listed
from .mount import Mount, Mounted
from .path import Pattern
from .registration import Registration
from .reverse import path_for
from .route import BaseRoute, checked_middlewares, in_order
from .table import Method, Table
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
        http_middlewares: around the HTTP handlers; the last is the outermost. Mounts have none.
        socket_middlewares: likewise around the WebSocket handlers.
        bind: makes an endpoint of a protocol callable without arguments; identity by default.
        verify: called as `verify(route, trace)` for each protocol of a route, when its handler is built and before it
            goes into a table; may raise to refuse it.
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
        _check_function("bind", bind, "endpoint, protocol")
        if verify is not None:
            _check_function("verify", verify, "route, trace")
        self._bind = bind
        self._verify = verify
        self._converters = known_converters(converters)
        self._clear()
        self._extend(routes)

    def append(self, route: BaseRoute) -> None:
        """Add a route: build its handler and put it into the tables of its protocols.

        An error leaves the router as it was.

        Raises:
            ValueError: a slip in the path.
            RouteConflict: another route has the path or the name already.
            TypeError: no route, an endpoint that is not async, a middleware or a `bind` that returns no endpoint.
        """
        route = checked_route(route)
        if not all(route.served_protocols):
            raise TypeError(
                f"{type(route).__name__} has no protocol: set one on the class, or use HttpRoute or SocketRoute"
            )
        if not (route.path or isinstance(route, Mount)):
            route = replace(route, path="/")
        pattern = Pattern(route.path, self._converters, is_prefix=isinstance(route, Mount))
        self._check_name(route)
        for protocol in route.served_protocols:
            self._check_path(protocol, route, pattern)
        traces = tuple(self._compose(protocol, route, pattern) for protocol in route.served_protocols)
        kept = len(self._members)
        try:
            self._insert(traces)
        except BaseException:
            self._forget_after(kept)
            raise

    def __lshift__(self, routes: BaseRoute | Iterable[Any]) -> Self:
        """Add a route or a collection of routes, all or (where one is refused) none, and return this router."""
        if not isinstance(routes, BaseRoute | Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        self._extend(routes)
        return self

    def surround(
        self, http_middlewares: Iterable[Middleware] = (), socket_middlewares: Iterable[Middleware] = ()
    ) -> None:
        """Put middlewares around the handlers, also those that are built already, outside of the router's own; not around
        mounts.

        One that the router has stays where it is. An error leaves the router as it was.

        Args:
            http_middlewares, socket_middlewares: as for the router; the last is the outermost.

        Raises:
            TypeError: a middleware that returns no endpoint.
        """
        before = self.http_middlewares, self.socket_middlewares
        http, sockets = _missing(before[0], http_middlewares), _missing(before[1], socket_middlewares)
        if not (http or sockets):
            return
        self.http_middlewares, self.socket_middlewares = before[0] + http, before[1] + sockets
        try:
            members = [
                tuple(self._compose(trace.protocol, trace.route, trace.pattern) for trace in traces)
                for traces in self._members
            ]
        except BaseException:
            self.http_middlewares, self.socket_middlewares = before
            raise
        self._clear()
        for traces in members:
            self._insert(traces)

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
            finder = self._finders[protocol][method]
        except KeyError:
            finder = self._table(protocol).finder(method)
        if finder.static and (handler := finder.static.get(path)) is not None:
            return {}, handler
        find_dynamic = finder.find_dynamic
        found = find_dynamic(path)
        if found is not None:
            return found
        raise self._miss(protocol, path, method)

    def trace(self, protocol: str, path: str, method: str | None = None) -> tuple[dict[str, Any], Trace]:
        """Return the converted parameters and the trace of the route whose handler `search` returns.

        Args:
            protocol, path, method: as for `search`.

        Raises:
            NoMatchFound, MethodNotAllowed, ValueError: as by `search`.

        >>> async def room() -> None: ...
        >>> from kui.routing import SocketRoute
        >>> params, trace = Router([SocketRoute("/rooms/{room:int}", room)]).trace("websocket", "/rooms/5")
        >>> params, trace.route.path
        ({'room': 5}, '/rooms/{room:int}')
        """
        found = self._table(protocol).trace(path, method)
        if found is None:
            raise self._miss(protocol, path, method)
        return found

    def url_for(self, name: str, path_params: Mapping[str, Any] | None = None) -> str:
        """Return the percent-encoded path of a route; `url_for` of a connection gives the absolute URL.

        Args:
            name: with the namespaces, as in "live:news".
            path_params: a value for each parameter of the path, of the type that its converter gives.

        Raises:
            NoRouteFound: no route has the name.
            ValueError: a parameter is missing, superfluous, would not match or not alone, or would make a segment "." or
                "..", or a path that begins with "//".
            TypeError: a converter's `to_path` returned no string.
        """
        trace = self._named(name)
        try:
            return path_for(trace.pattern, path_params or {})
        except ValueError as error:
            raise ValueError(f"url_for({name!r}): {error}") from error.__cause__

    def protocol_of(self, name: str) -> str:
        """Return the protocol of a route, the first of them for one that serves several.

        Raises:
            NoRouteFound: no route has the name.
        """
        return self._named(name).protocol

    @property
    def traces(self) -> tuple[Trace, ...]:
        """How each handler was composed, in order of registration; one for each protocol of a route."""
        return tuple(trace for traces in self._members for trace in traces)

    @property
    def http_tree(self) -> RadixTree[Endpoint]:
        """The paths of the HTTP routes as they are now."""
        return self._tree("http")

    @property
    def websocket_tree(self) -> RadixTree[Endpoint]:
        """The paths of the WebSocket routes as they are now."""
        return self._tree("websocket")

    def __iter__(self) -> Iterator[BaseRoute]:
        """Yield the routes in order of registration, with what their groups gave them."""
        return (traces[0].route for traces in self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __str__(self) -> str:
        return listed(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} routes>"

    def _extend(self, routes: BaseRoute | Iterable[Any]) -> None:
        kept = len(self._members)
        try:
            for route in flattened(routes):
                self.append(route)
        except BaseException:
            self._forget_after(kept)
            raise

    def _forget_after(self, kept: int) -> None:
        members = self._members[:kept]
        self._clear()
        for traces in members:
            self._insert(traces)

    def _miss(self, protocol: str, path: str, method: str | None) -> LookupError:
        table = self._table(protocol)
        if method is not None and (allow := table.allowed(path)) and (first := table.trace(path)):
            params, trace = first
            return MethodNotAllowed(in_order(allow), path, method, params, trace.middlewares)
        return NoMatchFound(f"no {protocol} route matches the path {path!r}")

    def _named(self, name: str) -> Trace:
        trace = self._names.get(name)
        if trace is None:
            from difflib import get_close_matches  # only a mistake needs it

            close = get_close_matches(str(name), self._names)
            hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
            raise NoRouteFound(f"No route with name {name!r} exists{hint}")
        return trace

    def _clear(self) -> None:
        self._members: list[tuple[Trace, ...]] = []
        self._names: dict[str, Trace] = {}
        self._tables: dict[str, Table] = {}
        # what the search reads at each connection
        self._finders: dict[str, dict[Method, Finder[Endpoint]]] = {}
        for protocol in ("http", "websocket"):
            self._add_table(protocol)

    def _add_table(self, protocol: str) -> None:
        self._tables[protocol] = table = Table()
        self._finders[protocol] = table.finders

    def _insert(self, traces: tuple[Trace, ...]) -> None:
        self._members.append(traces)
        for trace in traces:
            if trace.protocol not in self._tables:
                self._add_table(trace.protocol)
            self._tables[trace.protocol].insert(trace)
        route = traces[0].route
        if route.name is not None:
            self._names.setdefault(route.name, traces[0])

    def _table(self, protocol: str) -> Table:
        try:
            return self._tables[protocol]
        except KeyError:
            raise ValueError(f"`protocol` must be in {tuple(self._tables)}, got {protocol!r}") from None

    def _tree(self, protocol: str) -> RadixTree[Endpoint]:
        tree: RadixTree[Endpoint] = RadixTree(self._converters)
        for trace in self.traces:
            # of several routes with one path, the tree knows the first
            if trace.protocol == protocol and not trace.pattern.is_prefix:
                with suppress(ValueError):
                    tree.append(trace.pattern.path, trace.handler)
        return tree

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
        other = protocol in self._tables and self._tables[protocol].conflict(pattern, route.served_methods)
        if other:
            raise RouteConflict(
                f"Routing conflict: {route.path}: both routes match the same paths\n    {other.route}\n    {route}\n"
                "change a path, or restrict HTTP routes to different methods"
            )

    def _check_name(self, route: BaseRoute) -> None:
        if route.name is None or route.name not in self._names:
            return
        other = self._names[route.name].route
        # routes that differ in their methods alone share a name; those that differ in nothing are a conflict of paths
        if (other.path, other.served_protocols) != (route.path, route.served_protocols):
            raise RouteConflict(
                f"Duplicate route name: {route.name}\n    {other}\n    {route}\n"
                "give one another name (name=None for none), or a namespace to the group that it is in"
            )


def _missing(known: list[Middleware], wanted: Iterable[Middleware]) -> list[Middleware]:
    """Return the middlewares that are wanted and not among those that are known, by identity."""
    ids = set(map(id, known))
    return [middleware for middleware in checked_middlewares(wanted) if id(middleware) not in ids]


def _check_function(name: str, value: object, arguments: str) -> None:
    if not (callable(value) and takes(value, *arguments.split(", "))):
        raise TypeError(
            f"the argument {name} of a router has to be a function of ({arguments}), got {value!r}"
        )
