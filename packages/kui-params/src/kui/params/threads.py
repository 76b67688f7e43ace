"""A call that may block, in a thread."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from .callables import name_of

__all__ = ["to_thread"]

T = TypeVar("T")


async def to_thread(function: Callable[..., T], /, **arguments: Any) -> T:
    """Call a function in a thread; raises what it raises, as a coroutine would."""
    return await asyncio.to_thread(_called, function, arguments)


def _called(function: Callable[..., T], arguments: dict[str, Any]) -> T:
    try:
        return function(**arguments)
    except StopIteration as error:  # no future takes one, and who waits would wait for ever
        raise RuntimeError(f"{name_of(function)} raised StopIteration") from error
