"""The start and the end of an application, told to the server."""

import inspect
import logging
import traceback
import warnings
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar, cast

from .application import application_of
from .types import Receive, Scope, Send

__all__ = ["Lifespan"]

logger = logging.getLogger("kui.core")

LifespanFunction = Callable[[Any], AsyncGenerator[Any, None]]
Hook = Callable[[Any], Any]
H = TypeVar("H", bound=Hook)


class Lifespan:
    """Run an application's start-up and shut-down for the server (ASGI's lifespan protocol).

    Args:
        function: an async generator function of one argument, the application. What stands before its `yield` is
            the start-up, what stands after is the shut-down. A mapping that it yields becomes the initial state
            of every connection.
        on_startup, on_shutdown: functions of one argument, the application; sync or async. Deprecated in favour
            of `function`. Every on_shutdown runs, whatever another raises; failures are logged, and the first is raised.

    Order: function up to its `yield`, on_startup, on_shutdown, the rest of function. What fails between is raised
    into function at its `yield`, so that `finally` clauses there run; then it is reported to the server with the
    traceback, as ASGI asks, and raised (https://asgi.readthedocs.io/en/latest/specs/lifespan.html). A cancellation
    is raised there too, and is no failure to report.

    Raises:
        TypeError: the function is no async generator function, or a hook cannot be called.
        ValueError: a function and hooks together.

    ```python
    >>> from kui.core import Application, Lifespan
    >>> async def database(app):
    ...     app.database = "open"
    ...     yield {"database": app.database}
    ...     app.database = "closed"
    >>> app = Application({"lifespan": Lifespan(database)})

    ```
    """

    def __init__(
        self,
        function: LifespanFunction | None = None,
        on_startup: Iterable[Hook] = (),
        on_shutdown: Iterable[Hook] = (),
    ) -> None:
        if function is not None and not inspect.isasyncgenfunction(function):
            # what `contextlib.asynccontextmanager` decorates, as other frameworks ask for
            function = inspect.unwrap(function)
        if function is not None and not inspect.isasyncgenfunction(function):
            raise TypeError(
                f"a lifespan is an async generator function (async def with a yield); got {function!r}"
            )
        self._function = function
        self._on_startup = list(on_startup)
        self._on_shutdown = list(on_shutdown)
        for hooks, name in ((self._on_startup, "on_startup"), (self._on_shutdown, "on_shutdown")):
            for hook in hooks:
                _check(hook, name)
        if self._on_startup or self._on_shutdown:
            if function is not None:
                raise ValueError(
                    "Cannot use lifespan together with on_startup or on_shutdown: put them into the lifespan"
                )
            _warn("on_startup and on_shutdown")

    def on_startup(self, hook: H) -> H:
        """Add a function to run at start-up, and return it. Deprecated."""
        _check(hook, "on_startup")
        _warn("on_startup")
        self._on_startup.append(hook)
        return hook

    def on_shutdown(self, hook: H) -> H:
        """Add a function to run at shut-down, and return it. Deprecated."""
        _check(hook, "on_shutdown")
        _warn("on_shutdown")
        self._on_shutdown.append(hook)
        return hook

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        phase = "startup"
        try:
            async with AsyncExitStack() as stack:
                await receive()
                app = application_of(scope)
                if self._function is not None:
                    state = await stack.enter_async_context(asynccontextmanager(self._function)(app))
                    _keep(state, scope, app)
                for hook in self._on_startup:
                    await _call(hook, app)
                await send({"type": "lifespan.startup.complete"})
                phase = "shutdown"
                await receive()
                await self._run_on_shutdown(app)
            _require_start(phase)
        except Exception:  # whatever it is: ASGI asks to be told before it is raised
            await send({"type": f"lifespan.{phase}.failed", "message": traceback.format_exc()})
            raise
        await send({"type": "lifespan.shutdown.complete"})

    async def _run_on_shutdown(self, app: Any) -> None:
        failures: list[Exception] = []
        for hook in self._on_shutdown:
            try:
                await _call(hook, app)
            except Exception as error:
                logger.exception("the on_shutdown hook %r failed", hook)
                failures.append(error)
        if failures:
            raise failures[0]


def _check(hook: Hook, name: str) -> None:
    if not callable(hook):
        raise TypeError(f"{name} is for functions of the application; got {hook!r}")


def _require_start(phase: str) -> None:
    if phase == "startup":
        raise RuntimeError("the start-up failed, and the lifespan function suppressed the error")


def _keep(state: object, scope: Scope, app: Any) -> None:
    """Give the state to the server, which copies it into each scope, or to the application where it does not."""
    if state is None:
        return
    if not isinstance(state, Mapping):
        raise TypeError(
            f"a lifespan yields nothing or a mapping, the connections' initial state; got {state!r}"
        )
    if "state" in scope:
        scope["state"].update(state)
    else:
        app.lifespan_state = dict(cast("Mapping[str, Any]", state))


async def _call(hook: Hook, app: Any) -> None:
    result = hook(app)
    if inspect.isawaitable(result):
        await result


def _warn(what: str) -> None:
    """Warn on the line of the code that uses kui, however many of kui's own calls are between."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith("kui."):
        level, frame = level + 1, frame.f_back
    warnings.warn(f"{what}: deprecated, use lifespan", DeprecationWarning, stacklevel=level)
