"""Where the time of an entry goes: a case run under cProfile, by function."""

import asyncio
import cProfile
import importlib
import logging
import pstats
import time
from typing import Any

from .cases import CASES
from .client import start


def profile(name: str, entry: str = "kui", seconds: float = 2.0) -> None:
    """Print the functions in which a case spends most, with the calls of each for one operation.

    cProfile adds to each call of a Python function and nothing to what a function does by itself: read the order and
    the number of calls, not the times.
    """
    case = CASES[name]
    builder = getattr(
        importlib.import_module(f"benchmarks.entries.{entry.replace('-', '_')}"), case.builder, None
    )
    if builder is None:
        raise SystemExit(f"{entry} has no application for {name}")
    logging.disable(logging.CRITICAL)
    profiler = cProfile.Profile()

    async def run() -> int:
        app = builder(*case.arguments)
        lifespan = await start(app) if case.is_application else None
        problem = await case.check(app)
        if problem:
            raise SystemExit(f"{entry} does not pass the check of {name}: {problem}")
        operations, end = 0, time.process_time() + seconds
        profiler.enable()
        while time.process_time() < end:
            operations += await case.drive(app)
        profiler.disable()
        if lifespan is not None:
            lifespan.cancel()
        return operations

    operations = asyncio.run(run())
    print(f"{case.title}: {entry}, {operations:,} operations")
    print(f"{'calls each':>10} {'us each':>9} {'share':>6}  function")
    stats: Any = pstats.Stats(profiler)
    functions = sorted(stats.stats.items(), key=lambda item: -item[1][2])
    for (file, line, function), (_, calls, own, _, _) in functions[:25]:
        where = f"{_module(file)}:{line} {function}" if line else function
        share = own / stats.total_tt
        print(f"{calls / operations:10.2f} {1e6 * own / operations:9.3f} {share:6.1%}  {where}")


def _module(file: str) -> str:
    for folder in ("/src/", "/site-packages/", "/benchmarks/"):
        if folder in file:
            return file.rsplit(folder, 1)[1]
    return file
