"""Collections of routes, and what can be done with them."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Self, TypeVar, cast, overload

from .endpoint import Middleware
from .listing import table
from .registration import Registration
from .route import BaseRoute, checked_middlewares, checked_prefix, checked_tags

R = TypeVar("R", bound=BaseRoute)
G = TypeVar("G", bound="Routes")


class Routes(Registration, Sequence[BaseRoute]):
    """A list of routes with, for all of them, a namespace, tags and middlewares.

    These take effect when the group becomes part of something: a router, another group, a sum. The routes of the group
    itself stay as they are, so that it can be used in many places.

    Args:
        routes: routes and (nested) collections of routes.
        namespace: goes before the names, as in "namespace:name".
        tags: go before those of the HTTP routes.
        http_middlewares: around the HTTP routes; the last is the outermost.
        socket_middlewares: likewise around the WebSocket routes.

    >>> async def news() -> None: ...
    >>> from kui.routing import SocketRoute
    >>> live = Routes(SocketRoute("/news", news), namespace="live")
    >>> for route in Routes("/v1" // live):
    ...     print(route.path, route.name)
    /v1/news live:news
    """

    def __init__(
        self,
        *routes: BaseRoute | Iterable[Any],
        namespace: str = "",
        tags: Iterable[str] | None = None,
        http_middlewares: Iterable[Middleware] = (),
        socket_middlewares: Iterable[Middleware] = (),
    ) -> None:
        if not isinstance(namespace, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"the namespace of a group has to be a string, got {namespace!r}")
        self.namespace = str.__str__(namespace)  # of an Enum the text
        self.tags = list(checked_tags(tags or ()))
        self.http_middlewares = list(checked_middlewares(http_middlewares))
        self.socket_middlewares = list(checked_middlewares(socket_middlewares))
        self._routes: list[BaseRoute] = []
        for route in flattened(routes):
            self.append(route)

    def append(self, route: BaseRoute) -> None:
        """Add a route at the end.

        Raises:
            TypeError: it is no route.
        """
        self._routes.append(checked_route(route))

    def merged(self) -> tuple[BaseRoute, ...]:
        """Return the routes with the namespace, the tags and the middlewares of the group."""
        middlewares: dict[str, Sequence[Middleware]] = {
            "http": self.http_middlewares,
            "websocket": self.socket_middlewares,
        }
        if not (self.namespace or self.tags or self.http_middlewares or self.socket_middlewares):
            return tuple(self._routes)
        return tuple(
            route.within(
                self.namespace,
                self.tags,
                [m for protocol in route.served_protocols for m in middlewares.get(protocol, ())],
            )
            for route in self._routes
        )

    def __lshift__(self, routes: BaseRoute | Iterable[Any]) -> Self:
        """Add a route or a collection of routes at the end, all or (where one is refused) none, and return this group."""
        if not isinstance(routes, BaseRoute | Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        kept = len(self._routes)
        try:
            for route in flattened(routes):
                self.append(route)
        except BaseException:
            del self._routes[kept:]
            raise
        return self

    def __iadd__(self, routes: BaseRoute | Iterable[Any]) -> Self:
        """Do what `<<=` does: the group stays the same, with its settings."""
        return self.__lshift__(routes)

    def __add__(self, other: Iterable[Any]) -> Routes:
        """Return a new group of the routes of both."""
        if not isinstance(other, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        return Routes(self, other)

    def __radd__(self, other: Iterable[Any]) -> Routes:
        if not isinstance(other, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        return Routes(other, self)

    def __rfloordiv__(self, prefix: str) -> Self:
        """Return this group with its routes below a prefix."""
        if not isinstance(prefix, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        checked_prefix(prefix)
        group = copy.copy(self)
        group.tags = self.tags.copy()
        group.http_middlewares = self.http_middlewares.copy()
        group.socket_middlewares = self.socket_middlewares.copy()
        group._routes = [prefix // route for route in self._routes]
        return group

    @overload
    def __getitem__(self, index: int) -> BaseRoute: ...
    @overload
    def __getitem__(self, index: slice) -> list[BaseRoute]: ...
    def __getitem__(self, index: int | slice) -> BaseRoute | list[BaseRoute]:
        return self._routes[index]

    def __len__(self) -> int:
        return len(self._routes)

    def __iter__(self) -> Iterator[BaseRoute]:
        return iter(self._routes)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Routes):
            return self._routes == other._routes and self._settings() == other._settings()
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return self._routes == list(cast("Sequence[object]", other))

    __hash__: Final = None  # type: ignore[assignment] # Sequence types it as a method

    def __repr__(self) -> str:
        settings = [f"{name}={value!r}" for name, value in self._settings().items() if value]
        return f"{type(self).__name__}({', '.join([*map(repr, self._routes), *settings])})"

    def __str__(self) -> str:
        return table(self._routes)

    def _settings(self) -> dict[str, Any]:
        names = ("namespace", "tags", "http_middlewares", "socket_middlewares")
        return {name: getattr(self, name) for name in names}


class Prefix(str):
    """A prefix that goes before any iterable of routes: `Prefix("/v1") // [route, ...]`.

    A plain string does for one route and for `Routes`.

    >>> async def news() -> None: ...
    >>> from kui.routing import SocketRoute
    >>> (Prefix("/v1") // [SocketRoute("/news", news)])[0].path
    '/v1/news'

    Raises:
        ValueError: it does not begin with "/", or ends with it, or has a slip that a path could have.
        TypeError: it is no string.
    """

    __slots__ = ()

    def __new__(cls, prefix: str) -> Self:
        return super().__new__(cls, str.__str__(checked_prefix(prefix)))  # of an Enum the text

    @overload
    def __floordiv__(self, routes: R) -> R: ...
    @overload
    def __floordiv__(self, routes: G) -> G: ...
    @overload
    def __floordiv__(self, routes: Iterable[Any]) -> Routes: ...
    def __floordiv__(self, routes: BaseRoute | Iterable[Any]) -> BaseRoute | Routes:
        prefix = str(self)
        return prefix // (routes if isinstance(routes, BaseRoute | Routes) else Routes(routes))


def flattened(routes: BaseRoute | Iterable[Any]) -> tuple[BaseRoute, ...]:
    """Return the routes of a route, a group (with its settings applied) or a nested collection.

    Raises:
        TypeError: something among them is no route, or is a router.
    """
    if isinstance(routes, Routes):
        return routes.merged()
    if isinstance(routes, Registration):
        raise TypeError(
            "the routes of a Router would go without its middlewares and converters: put the routes into a Routes with"
            " http_middlewares and socket_middlewares, and that into the routers; or pass list(router), to go without"
        )
    if isinstance(routes, BaseRoute | str | bytes) or not hasattr(routes, "__iter__"):
        return (checked_route(routes),)
    return tuple(route for member in routes for route in flattened(member))


def checked_route(route: object) -> BaseRoute:
    """Return a route, or raise TypeError if it is none."""
    if not isinstance(route, BaseRoute):
        raise TypeError(f"Need type: BaseRoute (HttpRoute, SocketRoute, Mount ...), got {route!r}")
    return route
