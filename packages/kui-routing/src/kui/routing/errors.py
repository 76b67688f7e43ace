"""What routing raises.

LookupError
├── NoMatchFound        no route matches the path of a connection
├── MethodNotAllowed    a route matches the path, none the method; `allow` lists those that would do
└── NoRouteFound        no route has the name that was asked for
ValueError
└── RouteConflict       two routes claim the same path or the same name
"""

from typing import Any

from .endpoint import Middleware


class NoMatchFound(LookupError):
    """Raised by `Router.search` when no route matches a path.

    >>> from kui.routing import Router
    >>> Router().search("websocket", "/chat")
    Traceback (most recent call last):
        ...
    kui.routing.errors.NoMatchFound: no websocket route matches the path '/chat'
    """


class MethodNotAllowed(LookupError):
    """Raised by `Router.search` when routes match the path, but none of them serves the method.

    Whoever serves the request answers 405 (RFC 9110, section 15.5.6) with `allow` as the `Allow` header, or, for the
    method OPTIONS, an empty success with the same header.

    Attributes:
        allow: the methods that the path does serve, in a stable order, HEAD included where GET is.
        path, method: what was asked for; empty where that is not known.
        path_params: the converted parameters of the first route that matches the path.
        middlewares: what is around that route, from the innermost to the outermost; the answer belongs inside them, as a
            middleware for CORS expects.

    >>> from kui.routing import HttpRoute, Router
    >>> async def read() -> None: ...
    >>> router = Router([HttpRoute("/item", read, methods=["GET"])])
    >>> try:
    ...     router.search("http", "/item", "PUT")
    ... except MethodNotAllowed as error:
    ...     error.allow
    ('GET', 'HEAD')
    """

    def __init__(
        self,
        allow: tuple[str, ...],
        path: str = "",
        method: str = "",
        path_params: dict[str, Any] | None = None,
        middlewares: tuple[Middleware, ...] = (),
    ) -> None:
        super().__init__(allow, path, method)
        self.allow = allow
        self.path = path
        self.method = method
        self.path_params = path_params or {}
        self.middlewares = middlewares

    def __str__(self) -> str:
        path = f"the path {self.path!r}" if self.path else "the path"
        return f"{path} does not serve {self.method or 'the method'}, only {', '.join(self.allow)}"


class NoRouteFound(LookupError):
    """Raised by `Router.url_for` when no route has the name.

    >>> from kui.routing import Router
    >>> Router().url_for("chat")
    Traceback (most recent call last):
        ...
    kui.routing.errors.NoRouteFound: No route with name 'chat' exists
    """


class RouteConflict(ValueError):
    """Raised when a route is refused because another has its path or its name already.

    >>> from kui.routing import Router, SocketRoute
    >>> async def chat() -> None: ...
    >>> try:
    ...     Router([SocketRoute("/{room}", chat, None), SocketRoute("/{name}", chat, None)])
    ... except RouteConflict as error:
    ...     print(str(error).splitlines()[0])
    Routing conflict: /{name}: both routes match the same paths
    """
