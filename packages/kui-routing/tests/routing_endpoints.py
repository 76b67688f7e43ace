"""Endpoints for tests of routes, and what their middlewares are."""

from collections.abc import Awaitable, Callable
from typing import Any

Endpoint = Callable[..., Awaitable[Any]]
Middleware = Callable[[Endpoint], Endpoint]


async def chat() -> None: ...


async def news() -> None: ...
