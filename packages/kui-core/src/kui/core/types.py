"""The shapes that the packages share: ASGI's, an endpoint's and a middleware's."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from baize.typing import ASGIApp, Message, Receive, Scope, Send

Endpoint: TypeAlias = Callable[[], Awaitable[Any]]
"""What a router runs for one connection: an async callable without arguments."""

Middleware: TypeAlias = Callable[[Endpoint], Endpoint]
"""Takes an endpoint, returns another one."""

__all__ = ["ASGIApp", "Endpoint", "Message", "Middleware", "Receive", "Scope", "Send"]
