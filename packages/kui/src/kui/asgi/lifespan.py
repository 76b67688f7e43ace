"""The lifespan of an application, and the 1.x spelling of one."""

import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from kui.core import Lifespan, Message, Receive, Scope, Send

__all__ = ["PreparingLifespan", "asynccontextmanager_lifespan"]

Hook = Callable[[Any], Awaitable[None]]


class PreparingLifespan(Lifespan):
    """Prepare an application at the end of its start-up, when all of its routes are there; what that raises stops it.

    Args:
        prepare: called before the server is told that the start-up is complete.
        function, on_startup, on_shutdown: as for `kui.core.Lifespan`.
    """

    def __init__(
        self,
        prepare: Callable[[], object],
        function: Callable[[Any], AsyncGenerator[Any, None]] | None = None,
        on_startup: Iterable[Callable[[Any], Any]] = (),
        on_shutdown: Iterable[Callable[[Any], Any]] = (),
    ) -> None:
        super().__init__(function, on_startup, on_shutdown)
        self._prepare = prepare

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_prepared(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._prepare()
            await send(message)

        await super().__call__(scope, receive, send_prepared)


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
