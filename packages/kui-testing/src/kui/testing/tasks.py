"""The tasks that an application starts for one connection."""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine, Iterable
from contextvars import Context, ContextVar, copy_context
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from .errors import LeakedTasks
from .stacks import stack_of

AllowedTasks: TypeAlias = bool | Iterable[str] | Callable[["asyncio.Task[Any]"], bool]

# A task inherits the context of the task that creates it, and with it the mark of its connection.
_connection: ContextVar[object] = ContextVar("kui.testing connection")


def start_application(coroutine: Coroutine[Any, Any, None], connection: object) -> "asyncio.Task[None]":
    """Run an application's coroutine in a task whose descendants are known by `connection`."""
    context = copy_context()
    context.run(_connection.set, connection)
    return asyncio.get_running_loop().create_task(coroutine, context=context)


def tasks_of(connection: object) -> "list[asyncio.Task[Any]]":
    """List the unfinished tasks that were started on behalf of `connection`."""
    return [task for task in asyncio.all_tasks() if _context_of(task).get(_connection) is connection]


def _context_of(task: "asyncio.Task[Any]") -> Context:
    if sys.version_info >= (3, 12):
        return task.get_context()
    # Python 3.11 does not tell; a task refers to its own context before those of its callbacks
    return next((o for o in gc.get_referents(task) if isinstance(o, Context)), Context())


async def check_leaks(connection: object, allowed: AllowedTasks) -> None:
    """Raise `LeakedTasks` if tasks of `connection` still run and none of `allowed` names them.

    Tasks that have been cancelled, or woken for the last time, get one turn of the loop to end.
    """
    if allowed is True or not any(not _is_allowed(task, allowed) for task in tasks_of(connection)):
        return
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    leaked = [task for task in tasks_of(connection) if not _is_allowed(task, allowed)]
    if not leaked:
        return
    leaked.sort(key=lambda task: task.get_name())
    lines = [f"{_name(task)}, waiting in\n{stack_of(task)}" for task in leaked]
    for task in leaked:
        task.cancel()
    raise LeakedTasks(
        f"{len(leaked)} of the application's tasks outlived the connection; end them with it, or declare them"
        " in allow_tasks=\n" + "\n".join(lines)
    )


def _name(task: "asyncio.Task[Any]") -> str:
    return getattr(task.get_coro(), "__qualname__", repr(task.get_coro()))


def _is_allowed(task: "asyncio.Task[Any]", allowed: AllowedTasks) -> bool:
    if isinstance(allowed, bool):
        return allowed
    if callable(allowed):
        return allowed(task)
    return any(fnmatchcase(task.get_name(), name) or fnmatchcase(_name(task), name) for name in allowed)
