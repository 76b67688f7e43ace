"""One ASGI application made of one per scope type."""

from collections.abc import Awaitable, Mapping
from typing import Any

from .errors import UnknownScopeType
from .types import ASGIApp, Receive, Scope, Send

__all__ = ["Application", "application_of"]


class Application:
    """Hand each connection to the ASGI application of its scope type, and put itself into the scope as `app`.

    Args:
        apps: ASGI applications by scope type: "http", "websocket", "lifespan", or any that the server knows.

    Raises:
        UnknownScopeType: when called with a scope type that has no application.

    ```python
    >>> import asyncio
    >>> from kui.core import Application
    >>> async def hello(scope, receive, send):
    ...     print("hello", scope["path"])
    >>> asyncio.run(Application({"http": hello})({"type": "http", "path": "/"}, None, None))
    hello /

    ```
    """

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        self._apps = dict(apps)
        # what the lifespan yields, on a server that keeps no state for its connections
        self.lifespan_state: dict[str, Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.dispatch(scope, receive, send)

    def dispatch(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Return what serves a connection, to be awaited: what a subclass with a coroutine of its own awaits there.

        Raises:
            UnknownScopeType: the scope type has no application.
        """
        scope["app"] = self
        try:
            app = self._apps[scope["type"]]
        except KeyError:
            raise UnknownScopeType(
                f"got a scope of type {scope['type']!r}; this application serves: {', '.join(self._apps) or 'nothing'}"
            ) from None
        return app(scope, receive, send)


def application_of(scope: Scope) -> Any:
    try:
        return scope["app"]
    except KeyError:
        raise RuntimeError(
            'there is no application: nothing set scope["app"], as kui.core.Application does'
        ) from None
