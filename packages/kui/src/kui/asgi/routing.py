"""The router of an application, which binds the parameters of its handlers."""

from collections.abc import Iterable, Mapping
from typing import Any

from kui.core import Endpoint, Middleware
from kui.http import HttpView
from kui.params import SignatureError, UnresolvedName, auto_params, prepare
from kui.routing import BaseRoute, Bind, Converter, Trace, Verify
from kui.routing import Router as PlainRouter
from kui.websocket import SocketView

from .verify import verify_path_parameters

__all__ = ["Router", "bind_parameters"]

_VIEWS = (
    (HttpView, "http", "HttpRoute or @router.http"),
    (SocketView, "websocket", "SocketRoute or @router.websocket"),
)


def bind_parameters(endpoint: Endpoint, protocol: str) -> Endpoint:
    """Bind an endpoint as `auto_params` does, and refuse a class view of the other protocol.

    Raises:
        SignatureError: a mistake in a signature, or a view that serves another protocol.

    ```python
    >>> from kui.asgi import SocketView
    >>> from kui.asgi.routing import bind_parameters
    >>> bind_parameters(SocketView, "http")
    Traceback (most recent call last):
    kui.params.errors.SignatureError: SocketView is a SocketView, which serves no http; use SocketRoute or @router.websocket

    ```
    """
    kinds: tuple[type, ...] = endpoint.__mro__ if isinstance(endpoint, type) else ()
    for view, own, remedy in _VIEWS:
        if view in kinds and protocol != own:
            raise SignatureError(
                f"{getattr(endpoint, '__qualname__', endpoint)} is a {view.__name__}, which serves no {protocol}; use {remedy}"
            )
    return auto_params(endpoint, protocol)


class Router(PlainRouter):
    """A `kui.routing.Router` whose handlers get their parameters; to be assigned: `app.router = Router([...])`.

    Its middlewares are inside of those that the `Kui` was given, which are put around its handlers when it is assigned: it
    serves one application.

    Args:
        routes: routes and (nested) collections of routes.
        http_middlewares, socket_middlewares: around all handlers of a protocol; the last is the outermost.
        bind, verify, converters: as for `kui.routing.Router`, with the parameters of kui as the default. Where `verify`
            raises `UnresolvedName` the route is let in, and `prepare` asks again.

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
        bind: Bind = bind_parameters,
        verify: Verify | None = verify_path_parameters,
        converters: Mapping[str, Converter[Any]] | None = None,
    ) -> None:
        self._judge = verify
        self._unjudged: list[Trace] = []
        super().__init__(
            routes,
            http_middlewares,
            socket_middlewares,
            bind=bind,
            verify=self._judge_now,
            converters=converters,
        )

    def prepare(self) -> None:
        """Make all handlers ready for their first connection, and verify the routes that could not be judged before.

        `Kui` does this when its lifespan starts: names are looked up and validators built, so that a mistake in them stops
        the start-up.

        Raises:
            SignatureError: the mistake; a note says in which route it is.
        """
        unjudged = set(map(id, self._unjudged))
        for trace in self.traces:
            try:
                for layer in trace.layers:
                    prepare(layer)
                if self._judge is not None and id(trace) in unjudged:
                    self._judge(trace.route, trace)
            except Exception as error:
                error.add_note(f"This happened to the route {trace.route}")
                raise
        self._unjudged.clear()

    def _judge_now(self, route: BaseRoute, trace: Trace) -> None:
        if self._judge is None:
            return
        try:
            self._judge(route, trace)
        except UnresolvedName:
            self._unjudged.append(trace)
