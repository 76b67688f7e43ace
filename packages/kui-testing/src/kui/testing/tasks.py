"""The tasks that an application starts on behalf of one connection."""

import asyncio
import gc
import sys
from collections.abc import Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any

# A task inherits the context of the task that creates it, and with it the mark of its connection.
_mark: ContextVar[object] = ContextVar("kui.testing mark", default=None)


def start_application(coroutine: Coroutine[Any, Any, None], mark: object) -> "asyncio.Task[None]":
    """Run an application's coroutine in a task whose descendants are known by `mark`.

    The mark is not the connection itself: the two would keep each other alive until the next collection."""
    context = copy_context()
    context.run(_mark.set, mark)
    return asyncio.get_running_loop().create_task(coroutine, context=context)


def tasks_by_mark() -> "dict[object, list[asyncio.Task[Any]]]":
    """Group the unfinished tasks of the running loop by the mark of the call they were started for."""
    found: dict[object, list[asyncio.Task[Any]]] = {}
    for task in asyncio.all_tasks():
        mark = _context_of(task).get(_mark)
        if mark is not None:
            found.setdefault(mark, []).append(task)
    return found


def _context_of(task: "asyncio.Task[Any]") -> Context:
    if sys.version_info >= (3, 12):
        return task.get_context()
    # Python 3.11 does not tell; a task refers to its own context before those of its callbacks
    return next((o for o in gc.get_referents(task) if isinstance(o, Context)), Context())
