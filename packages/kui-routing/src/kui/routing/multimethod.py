"""The 1.x spelling of one path with several methods."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from .endpoint import Middleware, described, only_method
from .errors import RouteConflict
from .group import Routes
from .route import BaseRoute, HttpRoute


class MultimethodRoutes(Routes):
    """Routes in which one path may occur with several methods.

    A `Router` takes such routes from anywhere. This group tells of a mistake earlier: at the decorator. It also knows an
    endpoint or a middleware that lets one method through by its attribute `__method__`, as `kui.http.required_method` makes
    them: such a route is one with this method.

    Args:
        base_class: not used; 1.x made a class view out of the functions.
        routes, namespace, tags, http_middlewares, socket_middlewares: as for `Routes`.

    >>> async def read() -> None: ...
    >>> async def write() -> None: ...
    >>> routes = MultimethodRoutes()
    >>> _ = routes.http.get("/item")(read), routes.http.post("/item")(write)
    >>> [(route.path, *route.served_methods) for route in routes]
    [('/item', 'GET'), ('/item', 'POST')]
    """

    def __init__(
        self,
        *routes: BaseRoute | Iterable[Any],
        base_class: type | None = None,
        namespace: str = "",
        tags: Iterable[str] | None = None,
        http_middlewares: Iterable[Middleware] = (),
        socket_middlewares: Iterable[Middleware] = (),
    ) -> None:
        super().__init__(
            *routes,
            namespace=namespace,
            tags=tags,
            http_middlewares=http_middlewares,
            socket_middlewares=socket_middlewares,
        )

    def append(self, route: BaseRoute) -> None:
        """Add a route at the end.

        Raises:
            TypeError: an HTTP route whose endpoint is a class.
            RuntimeError: an HTTP route without methods beside another for the same path.
            RouteConflict: the path has the method already.
        """
        if isinstance(route, HttpRoute):
            route = _restricted(route)
            if inspect.isclass(route.endpoint):
                raise TypeError(
                    "MultimethodRoutes not allow use class-base view."
                    f" Add {described(route.endpoint)} to Routes or to the router."
                )
            for other in self:
                if isinstance(other, HttpRoute) and other.path == route.path:
                    self._check_methods(other, route)
        super().append(route)

    def _check_methods(self, other: HttpRoute, route: HttpRoute) -> None:
        if not (other.methods and route.methods):
            raise RuntimeError(f"restrict both routes to methods:\n    {other}\n    {route}")
        if set(other.methods) & set(route.methods):
            raise RouteConflict(f"Routing conflict: {route.path}\n    {other}\n    {route}")


def _restricted(route: HttpRoute) -> HttpRoute:
    """Return the route with the method that its endpoint or a middleware lets through, and without such a middleware."""
    layers: tuple[object, ...] = (route.endpoint, *route.middlewares)
    methods = [method for layer in layers if (method := only_method(layer)) is not None]
    if route.methods or not methods:
        return route
    others = tuple(middleware for middleware in route.middlewares if only_method(middleware) is None)
    return replace(route, methods=methods[:1], middlewares=others)
