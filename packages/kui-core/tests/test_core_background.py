"""Functions that run when a connection's handler has ended."""

import asyncio
import logging
import threading
from collections.abc import Generator
from contextvars import ContextVar
from functools import partial
from typing import Any

import pytest

from kui.core import BackgroundTasks

var: ContextVar[str] = ContextVar("var")


class Log(list[str]):
    async def note(self, word: str) -> None:
        self.append(f"{word} in {'the main thread' if is_main_thread() else 'a thread'}")

    def note_sync(self, word: str) -> None:
        self.append(f"{word} in {'the main thread' if is_main_thread() else 'a thread'}")


class Notes(Log):
    async def __call__(self, word: str) -> None:
        await self.note(word)


class Later:
    """Something to await that is no coroutine."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    def __await__(self) -> Generator[Any, None, None]:
        self.log.append("awaited")
        yield from asyncio.sleep(0).__await__()


def is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def fail() -> None:
    raise OSError("no disk")


async def fail_async() -> None:
    fail()


async def test_tasks_run_in_the_order_in_which_they_were_appended() -> None:
    tasks, log = BackgroundTasks(), Log()
    tasks.append(log.note, "first")
    tasks.append(log.note_sync, word="second")
    tasks.append(log.note, word="third")
    assert len(tasks) == 3
    await tasks()
    assert log == ["first in the main thread", "second in a thread", "third in the main thread"]


async def test_partials_and_instances_that_are_async_run_in_the_loops_thread() -> None:
    tasks, notes = BackgroundTasks(), Notes()
    tasks.append(partial(notes.note, "partial"))
    tasks.append(partial(partial(notes), "partial of an instance"))
    tasks.append(notes, "instance")
    tasks.append(partial(notes.note_sync, "sync"))
    await tasks()
    assert notes == [
        "partial in the main thread",
        "partial of an instance in the main thread",
        "instance in the main thread",
        "sync in a thread",
    ]


async def test_what_a_plain_function_hands_back_is_awaited() -> None:
    tasks, log = BackgroundTasks(), Log()
    tasks.append(lambda: log.note("coroutine"))
    tasks.append(Later, log)
    await tasks()
    assert log == ["coroutine in the main thread", "awaited"]


async def test_a_thread_has_the_context_variables_of_the_connection() -> None:
    tasks: BackgroundTasks = BackgroundTasks()
    seen: list[str] = []
    token = var.set("here")
    tasks.append(lambda: seen.append(var.get()))
    await tasks()
    var.reset(token)
    assert seen == ["here"]


async def test_a_failure_is_logged_and_the_next_task_runs(caplog: pytest.LogCaptureFixture) -> None:
    tasks, log = BackgroundTasks(), Log()
    tasks.append(fail)
    tasks.append(fail_async)
    tasks.append(log.note, "next")
    await tasks()
    assert log == ["next in the main thread"]
    assert [(record.name, record.levelno) for record in caplog.records] == [("kui.core", logging.ERROR)] * 2
    assert "background task <function fail_async" in caplog.messages[1]
    assert caplog.records[0].exc_info
    assert str(caplog.records[0].exc_info[1]) == "no disk"


async def test_tasks_appended_while_others_run_run_too() -> None:
    tasks, log = BackgroundTasks(), Log()

    async def again() -> None:
        tasks.append(log.note, "later")

    tasks.append(again)
    await tasks()
    assert log == ["later in the main thread"]
    assert len(tasks) == 0


async def test_tasks_run_once() -> None:
    tasks, log = BackgroundTasks(), Log()
    tasks.append(log.note, "once")
    await tasks()
    await tasks()
    assert len(log) == 1


async def test_a_cancellation_ends_one_task_and_passes_when_the_others_have_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tasks, log, running = BackgroundTasks(), Log(), asyncio.Event()

    async def wait() -> None:
        running.set()
        await asyncio.Future()

    tasks.append(wait)
    tasks.append(log.append, "rest")
    task = asyncio.ensure_future(tasks())
    await running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (log, caplog.records) == (["rest"], [])


def test_what_cannot_be_called_is_refused_when_it_is_appended() -> None:
    function: Any = fail_async()
    with pytest.raises(TypeError, match="a background task is a function and its arguments; got <coroutine"):
        BackgroundTasks().append(function)
    function.close()


async def test_any_keyword_may_be_an_argument() -> None:
    tasks: BackgroundTasks = BackgroundTasks()
    seen: dict[str, str] = {}
    tasks.append(seen.update, function="f", self="s")
    await tasks()
    assert seen == {"function": "f", "self": "s"}
