"""What a suspended coroutine waits for."""

import asyncio
import gc
import inspect
from typing import Any, cast

__all__ = ["future_of", "task_of"]


def future_of(awaitable: Any) -> "asyncio.Future[Any] | None":
    """Return the future at the end of what an awaitable of asyncio awaits: the one that `Task.cancel` cancels.

    There is none while it runs, and where it only gives way to the loop.
    """
    while not asyncio.isfuture(awaitable):
        inner = _awaited(awaitable)
        if inner is None and not _is_of_python(awaitable):
            # `await future` goes through an iterator, and so does `anext`, which tell of it to the garbage collector alone
            inner = next((found for found in gc.get_referents(awaitable) if _can_wait(found)), None)
        if inner is None:
            return None
        awaitable = inner
    return awaitable


def task_of(future: "asyncio.Future[Any]") -> "asyncio.Task[Any] | None":
    """Return the task that waits for a future, if that can be seen."""
    callbacks: list[tuple[Any, Any]] = getattr(future, "_callbacks", None) or []
    for callback, _ in callbacks:
        owner: Any = getattr(callback, "__self__", None)
        if isinstance(owner, asyncio.Task):
            return cast("asyncio.Task[Any]", owner)
    return None


def _awaited(awaitable: Any) -> Any:
    names = ("cr_await", "gi_yieldfrom", "ag_await")
    return next((inner for name in names if (inner := getattr(awaitable, name, None)) is not None), None)


def _is_of_python(awaitable: object) -> bool:
    return inspect.iscoroutine(awaitable) or inspect.isgenerator(awaitable) or inspect.isasyncgen(awaitable)


def _can_wait(found: object) -> bool:
    return asyncio.isfuture(found) or inspect.isasyncgen(found)
