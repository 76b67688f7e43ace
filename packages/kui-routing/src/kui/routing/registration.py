"""The decorators that `Routes` and `Router` share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Self, TypeVar

from .endpoint import Middleware
from .route import (
    BaseRoute,
    HttpRoute,
    SocketRoute,
    check_path,
    checked_methods,
    checked_middlewares,
    checked_tags,
)

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
        return HttpDecorators(self.append)

    def websocket(
        self, path: str, *, name: str | None = "", middlewares: Iterable[Middleware] = ()
    ) -> Callable[[E], E]:
        """Return a decorator that adds a WebSocket endpoint and returns it unchanged."""
        check_path(path)  # at once: without its parentheses the decorator gets the endpoint here
        around = checked_middlewares(middlewares, f" of the route {path!r}")

        def add(endpoint: E) -> E:
            self.append(SocketRoute(path, endpoint, name, middlewares=around))
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


class HttpDecorator:
    """`.http.get(path)` and the like: a decorator for endpoints of certain methods."""

    def __init__(self, append: Callable[[HttpRoute], None], methods: Collection[str] | None) -> None:
        self._append = append
        self._methods = methods

    def __call__(
        self,
        path: str,
        *,
        name: str | None = "",
        middlewares: Iterable[Middleware] = (),
        summary: str | None = None,
        description: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Callable[[E], E]:
        """Return a decorator that adds an HTTP endpoint and returns it unchanged; the arguments are those of `HttpRoute`."""
        check_path(path)  # at once: without its parentheses the decorator gets the endpoint here
        of = f" of the route {path!r}"
        methods = checked_methods(self._methods, of)
        labels = None if tags is None else checked_tags(tags, of)
        around = checked_middlewares(middlewares, of)

        def add(endpoint: E) -> E:
            self._append(
                HttpRoute(path, endpoint, name, methods, summary, description, labels, middlewares=around)
            )
            return endpoint

        return add


class HttpDecorators:
    """`.http(path)` for every method or for `methods`, and `.http.get(path)` and so on for one.

    Attributes:
        get, post, put, patch, delete: the decorators for one method.
    """

    def __init__(self, append: Callable[[HttpRoute], None]) -> None:
        self._append = append
        self.get = HttpDecorator(append, ("GET",))
        self.post = HttpDecorator(append, ("POST",))
        self.put = HttpDecorator(append, ("PUT",))
        self.patch = HttpDecorator(append, ("PATCH",))
        self.delete = HttpDecorator(append, ("DELETE",))

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
        """Return a decorator that adds an HTTP endpoint and returns it unchanged; the arguments are those of `HttpRoute`."""
        decorator = HttpDecorator(self._append, methods)
        return decorator(
            path, name=name, middlewares=middlewares, summary=summary, description=description, tags=tags
        )
