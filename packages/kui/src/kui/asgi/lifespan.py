"""The 1.x spelling of a lifespan, as a pair of hooks."""

import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

__all__ = ["asynccontextmanager_lifespan"]

Hook = Callable[[Any], Awaitable[None]]


def asynccontextmanager_lifespan(function: Callable[[Any], AsyncGenerator[Any, None]]) -> tuple[Hook, Hook]:
    """Return the start-up and the shut-down of an async generator function. Deprecated: `Kui(lifespan=function)`.

    Args:
        function: takes the application; what stands before its `yield` is the start-up.

    ```python
    >>> import warnings
    >>> from kui.asgi.lifespan import asynccontextmanager_lifespan
    >>> async def database(app):
    ...     yield
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     open_database, close_database = asynccontextmanager_lifespan(database)

    ```
    """
    warnings.warn(
        "asynccontextmanager_lifespan: deprecated, use Kui(lifespan=...)", DeprecationWarning, stacklevel=2
    )
    managers: dict[Any, AbstractAsyncContextManager[Any]] = {}

    async def on_startup(app: Any) -> None:
        managers[app] = asynccontextmanager(function)(app)
        await managers[app].__aenter__()

    async def on_shutdown(app: Any) -> None:
        await managers.pop(app).__aexit__(None, None, None)

    return on_startup, on_shutdown
