"""One entry in a process of its own: a line of JSON in, a line of JSON out, as the parent asks."""

import asyncio
import importlib
import json
import logging
import os
import sys
import time
from types import ModuleType
from typing import Any

from .cases import CASES, Case
from .client import App, start
from .memory import bytes_per_connection


class Worker:
    """The application of one case at a time, built, checked and driven.

    Args:
        entry: the name of a module of `benchmarks.entries`.
    """

    def __init__(self, entry: str) -> None:
        self._entry: ModuleType = importlib.import_module(f"benchmarks.entries.{entry}")
        self._case: Case | None = None
        self._app: App | None = None
        self._lifespan: asyncio.Task[None] | None = None

    async def build(self, name: str) -> dict[str, Any]:
        """Make and check the application of a case; tell what is wrong, and how long it took to make it."""
        if self._lifespan is not None:
            self._lifespan.cancel()
            self._lifespan = None
        self._case = case = CASES[name]
        self._app = None
        builder = getattr(self._entry, case.builder, None)
        if builder is None:
            return {"problem": "has none"}
        began = time.process_time()
        app = builder(*case.arguments)
        if case.is_application:
            self._lifespan = await start(app)
        milliseconds = 1000 * (time.process_time() - began)
        problem = await case.check(app)
        if not problem:
            self._app = app
        return {"problem": problem, "milliseconds": milliseconds}

    async def warm(self, seconds: float) -> dict[str, Any]:
        """Run the case until it is warm; tell how often it runs in that many seconds."""
        await self.run(1)
        times, spent = 1, 0.0
        while spent < seconds:
            began = time.process_time()
            await self.run(times)
            spent = time.process_time() - began
            if spent < seconds:
                times = max(times + 1, min(10 * times, int(times * seconds / max(spent, 1e-6))))
        return {"times": times}

    async def run(self, times: int) -> dict[str, Any]:
        """Run the case so often; return the CPU time of an operation in nanoseconds."""
        if self._case is None or self._app is None:
            raise RuntimeError("nothing was built, or it did not pass its check")
        drive, app, operations = self._case.drive, self._app, 0
        began = time.process_time_ns()
        for _ in range(times):
            operations += await drive(app)
        return {"nanoseconds": (time.process_time_ns() - began) / operations}

    async def idle(self, count: int) -> dict[str, Any]:
        """Return the bytes of an idle connection of the application of the case."""
        if self._app is None:
            raise RuntimeError("nothing was built, or it did not pass its check")
        return {"bytes": await bytes_per_connection(self._app, count)}


def share_a_core() -> None:
    """Stay on the core on which all other workers stay.

    They run in turns. Where they may choose their core beside other work, one was seen to take 1.6 times the CPU time of
    another that does the same.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def main(entry: str) -> None:
    """Answer the parent until it closes the pipe."""
    share_a_core()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what an application prints is no answer
    logging.disable(logging.CRITICAL)
    try:
        worker, problem = Worker(entry), ""
    except ImportError as error:
        worker, problem = None, str(error)
    print(json.dumps({"problem": problem}), file=answers, flush=True)
    if worker is None:
        return
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            method, *arguments = json.loads(line)
            try:
                answer = runner.run(getattr(worker, method)(*arguments))
            except Exception as error:
                answer = {"problem": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
