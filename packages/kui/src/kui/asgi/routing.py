"""The router of an application, which binds the parameters of its handlers."""

from collections.abc import Iterable, Mapping
from typing import Any

from kui.core import Middleware
from kui.params import auto_params
from kui.routing import Bind, Converter, Verify
from kui.routing import Router as PlainRouter

from .verify import verify_path_parameters

__all__ = ["Router"]


class Router(PlainRouter):
    """A `kui.routing.Router` whose handlers get their parameters; to be assigned: `app.router = Router([...])`.

    It brings its middlewares along: those that `Kui` was given belong to the router that it replaces.

    Args:
        routes: routes and (nested) collections of routes.
        http_middlewares, socket_middlewares: around all handlers of a protocol; the last is the outermost.
        bind, verify, converters: as for `kui.routing.Router`, with the parameters of kui as the default.

    ```python
    >>> from typing import Annotated
    >>> from kui.asgi import HttpRoute, Kui, Query
    >>> from kui.asgi.routing import Router
    >>> async def hello(name: Annotated[str, Query()]):
    ...     return f"Hello, {name}!"
    >>> app = Kui()
    >>> app.router = Router([HttpRoute("/hello", hello)])

    ```
    """

    def __init__(
        self,
        routes: Iterable[Any] = (),
        http_middlewares: Iterable[Middleware] = (),
        socket_middlewares: Iterable[Middleware] = (),
        *,
        bind: Bind = auto_params,
        verify: Verify | None = verify_path_parameters,
        converters: Mapping[str, Converter[Any]] | None = None,
    ) -> None:
        super().__init__(
            routes, http_middlewares, socket_middlewares, bind=bind, verify=verify, converters=converters
        )
