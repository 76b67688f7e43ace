"""The check that no task of an application outlives its connection."""

import asyncio
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from .call import Call, note_failure
from .errors import LeakedTasks
from .stacks import stack_of
from .tasks import tasks_by_mark

AllowedTasks: TypeAlias = bool | Iterable[str] | Callable[["asyncio.Task[Any]"], bool]
"""Which tasks may go on: True for all, patterns of the names of tasks or of their coroutines, or a function."""


def checked_tasks(allowed: AllowedTasks) -> AllowedTasks:
    """Return what may be asked for every connection. Raises `TypeError` for a single pattern."""
    if isinstance(allowed, str):
        raise TypeError(f"allow_tasks is a list, as in [{allowed!r}], got {allowed!r}")
    return allowed if isinstance(allowed, bool) or callable(allowed) else tuple(allowed)


class LeakCheck:
    """Finds the tasks that connections left behind.

    The tasks of the loop are looked through once for all connections that end in the same turn of the
    loop; a thousand that end together would otherwise look through all of them a thousand times.
    """

    def __init__(self) -> None:
        self._next_look: asyncio.Future[dict[object, list[asyncio.Task[Any]]]] | None = None

    async def end(self, call: Call, allowed: AllowedTasks, *, patient: bool) -> BaseException | None:
        """Bring a call to its end and return what the test has to see of it.

        Tasks that are left are cancelled; beside another failure they are a note of it.
        """
        failure = await call.end(patient=patient)
        try:
            await self.check(call.mark, allowed)
        except LeakedTasks as leaked:
            if failure is None:
                return leaked
            note_failure(failure, leaked)
        return failure

    async def check(self, mark: object, allowed: AllowedTasks) -> None:
        """Cancel the tasks of `mark` that still run and are not `allowed`, and raise `LeakedTasks`.

        A task that is about to end gets two turns of the loop to do so.
        """
        __tracebackhide__ = True
        if allowed is True:
            return
        leaked = await self._left_behind(mark, allowed)
        for _ in range(2):
            if leaked:
                leaked = await self._left_behind(mark, allowed)
        if not leaked:
            return
        lines = stacks_of(leaked)
        for task in leaked:
            task.cancel()
        count = "1 task" if len(leaked) == 1 else f"{len(leaked)} tasks"
        raise LeakedTasks(
            f"{count} of the application outlived the connection; end what was started, or declare it in allow_tasks\n"
            + lines
        )

    async def _left_behind(self, mark: object, allowed: AllowedTasks) -> "list[asyncio.Task[Any]]":
        look = self._next_look
        if look is None:
            loop = asyncio.get_running_loop()
            look = self._next_look = loop.create_future()
            loop.call_soon(self._answer, look)
        tasks = (await asyncio.shield(look)).get(mark, [])
        return [task for task in tasks if not task.done() and not _is_allowed(task, allowed)]

    def _answer(self, look: "asyncio.Future[dict[object, list[asyncio.Task[Any]]]]") -> None:
        self._next_look = None
        look.set_result(tasks_by_mark())


def stacks_of(tasks: Iterable["asyncio.Task[Any]"]) -> str:
    """Name where each of these tasks waits."""
    return "\n".join(
        f"{coroutine_name(task)} waits in\n{stack_of(task)}" for task in sorted(tasks, key=coroutine_name)
    )


def coroutine_name(task: "asyncio.Task[Any]") -> str:
    """Name the function that a task runs."""
    coroutine = task.get_coro()
    return getattr(coroutine, "__qualname__", repr(coroutine))


def _is_allowed(task: "asyncio.Task[Any]", allowed: AllowedTasks) -> bool:
    if isinstance(allowed, bool):
        return allowed
    if callable(allowed):
        return allowed(task)
    names = (task.get_name(), coroutine_name(task))
    return any(fnmatchcase(name, pattern) for name in names for pattern in allowed)
