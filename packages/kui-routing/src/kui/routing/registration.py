"""The decorators that `Routes` and `Router` share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Self, TypeVar

from .endpoint import Middleware
from .route import BaseRoute, HttpRoute, SocketRoute

E = TypeVar("E", bound=Callable[..., Any])
M = TypeVar("M", bound=Middleware)


class Registration(ABC):
    """What routes can be added to, one by one, with `<<`, or with decorators."""

    http_middlewares: list[Middleware]
    socket_middlewares: list[Middleware]

    @abstractmethod
    def append(self, route: BaseRoute) -> None:
        """Add one route."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __lshift__(self, routes: BaseRoute | Iterable[Any]) -> Self: ...

    def __ilshift__(self, routes: BaseRoute | Iterable[Any]) -> Self:
        return self << routes

    @property
    def http(self) -> HttpDecorators:
        """Decorators for HTTP endpoints: `@routes.http(path)`, `@routes.http.get(path)` and so on."""
        return HttpDecorators(self)

    def websocket(
        self, path: str, *, name: str | None = "", middlewares: Iterable[Middleware] = ()
    ) -> Callable[[E], E]:
        """Return a decorator that adds a WebSocket endpoint and returns it unchanged."""

        def add(endpoint: E) -> E:
            self.append(SocketRoute(path, endpoint, name, middlewares=tuple(middlewares)))
            return endpoint

        return add

    def http_middleware(self, middleware: M) -> M:
        """Add a middleware around the HTTP routes, outside of the earlier ones, and return it.

        Raises:
            RuntimeError: there are routes already, which would go without it.
        """
        self._check_empty(middleware)
        self.http_middlewares.append(middleware)
        return middleware

    def socket_middleware(self, middleware: M) -> M:
        """Add a middleware around the WebSocket routes; otherwise as `http_middleware`."""
        self._check_empty(middleware)
        self.socket_middlewares.append(middleware)
        return middleware

    def _check_empty(self, middleware: Middleware) -> None:
        if not callable(middleware):
            raise TypeError(
                f"a middleware has to be a function from an endpoint to an endpoint, got {middleware!r}"
            )
        if len(self):
            raise RuntimeError("Can not append middleware after route: add the middlewares first")


class HttpDecorators:
    """`.http(path)` for every method or for `methods`, `.http.get(path)` and the like for one."""

    def __init__(self, target: Registration) -> None:
        self._target = target

    def __call__(
        self,
        path: str,
        *,
        name: str | None = "",
        methods: Collection[str] | None = None,
        middlewares: Iterable[Middleware] = (),
        summary: str | None = None,
        description: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Callable[[E], E]:
        """Return a decorator that adds an HTTP endpoint and returns it unchanged."""

        def add(endpoint: E) -> E:
            self._target.append(
                HttpRoute(
                    path, endpoint, name, methods, summary, description, tags, middlewares=tuple(middlewares)
                )
            )
            return endpoint

        return add

    def get(
        self,
        path: str,
        *,
        name: str | None = "",
        middlewares: Iterable[Middleware] = (),
        summary: str | None = None,
        description: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Callable[[E], E]:
        """Return a decorator for the method GET."""
        return self(
            path,
            name=name,
            methods=("GET",),
            middlewares=middlewares,
            summary=summary,
            description=description,
            tags=tags,
        )

    def post(
        self,
        path: str,
        *,
        name: str | None = "",
        middlewares: Iterable[Middleware] = (),
        summary: str | None = None,
        description: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Callable[[E], E]:
        """Return a decorator for the method POST."""
        return self(
            path,
            name=name,
            methods=("POST",),
            middlewares=middlewares,
            summary=summary,
            description=description,
            tags=tags,
        )

    def put(
        self,
        path: str,
        *,
        name: str | None = "",
        middlewares: Iterable[Middleware] = (),
        summary: str | None = None,
        description: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Callable[[E], E]:
        """Return a decorator for the method PUT."""
        return self(
            path,
            name=name,
            methods=("PUT",),
            middlewares=middlewares,
            summary=summary,
            description=description,
            tags=tags,
        )

    def patch(
        self,
        path: str,
        *,
        name: str | None = "",
        middlewares: Iterable[Middleware] = (),
        summary: str | None = None,
        description: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Callable[[E], E]:
        """Return a decorator for the method PATCH."""
        return self(
            path,
            name=name,
            methods=("PATCH",),
            middlewares=middlewares,
            summary=summary,
            description=description,
            tags=tags,
        )

    def delete(
        self,
        path: str,
        *,
        name: str | None = "",
        middlewares: Iterable[Middleware] = (),
        summary: str | None = None,
        description: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Callable[[E], E]:
        """Return a decorator for the method DELETE."""
        return self(
            path,
            name=name,
            methods=("DELETE",),
            middlewares=middlewares,
            summary=summary,
            description=description,
            tags=tags,
        )
