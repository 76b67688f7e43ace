"""What a suspended coroutine waits for."""

import asyncio
import gc
from typing import Any

__all__ = ["future_of"]


def future_of(awaitable: Any) -> "asyncio.Future[Any] | None":
    """Return the future at the end of what a coroutine of asyncio awaits: the one that `Task.cancel` cancels."""
    while (
        inner := getattr(awaitable, "cr_await", None) or getattr(awaitable, "gi_yieldfrom", None)
    ) is not None:
        awaitable = inner
    # `await future` goes through an iterator, which tells of its future to the garbage collector alone
    return next(
        (found for found in (awaitable, *gc.get_referents(awaitable)) if asyncio.isfuture(found)), None
    )
