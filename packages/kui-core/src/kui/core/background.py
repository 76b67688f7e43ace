"""Functions that run when a connection's handler has ended."""

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec

__all__ = ["BackgroundTasks"]

logger = logging.getLogger("kui.core")

P = ParamSpec("P")


class BackgroundTasks:
    """Run functions in the order in which they were appended, each on its own.

    An async function is awaited, any other runs in a thread, with the context variables of the connection. One that
    fails is logged with its traceback, and the next one runs. `await tasks()` runs and forgets them, those too that
    are appended meanwhile. A cancellation ends the one that runs, and passes when the others have run.

    ```python
    >>> import asyncio
    >>> from kui.core import BackgroundTasks
    >>> tasks = BackgroundTasks()
    >>> tasks.append(print, "saved", 3)
    >>> asyncio.run(tasks())
    saved 3

    ```
    """

    __slots__ = ("_tasks",)

    def __init__(self) -> None:
        self._tasks: deque[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = deque()

    def __len__(self) -> int:
        return len(self._tasks)

    def append(self, function: Callable[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Add a call; raises `TypeError` for what cannot be called."""
        if not callable(function):
            raise TypeError(
                f"a background task is a function and its arguments; got {function!r}, which is no function"
            )
        self._tasks.append((function, args, kwargs))

    async def __call__(self) -> None:
        cancelled: asyncio.CancelledError | None = None
        while self._tasks:
            function, args, kwargs = self._tasks.popleft()
            try:
                if _is_async(function):
                    await function(*args, **kwargs)
                else:
                    # a plain function may still hand back something to await
                    result = await asyncio.to_thread(function, *args, **kwargs)
                    if inspect.isawaitable(result):
                        await result
            except asyncio.CancelledError as error:
                cancelled = error
            except Exception:  # of the user's function: the next one runs all the same
                logger.exception("background task %r failed", function)
        if cancelled is not None:
            raise cancelled


def _is_async(function: Callable[..., Any]) -> bool:
    """Say whether a function, a partial of one or an instance with `__call__` is async."""
    while isinstance(function, partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)
