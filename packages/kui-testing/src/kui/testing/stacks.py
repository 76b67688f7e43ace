"""Where a task is waiting, in the words of a traceback."""

import asyncio
import gc
import os
import sysconfig
from collections.abc import Iterator
from inspect import isasyncgen, iscoroutine
from types import FrameType
from typing import Any

_SHOWN = 5
_HERE = os.path.dirname(__file__) + os.sep
_LIBRARIES = tuple(
    sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


def stack_of(task: "asyncio.Task[Any]") -> str:
    """Name the innermost frames in which `task` waits, outermost first.

    Frames of the standard library and of installed packages are left out, unless there are no others.
    """
    frames = [frame for frame in _frames(task) if not frame.f_code.co_filename.startswith(_HERE)]
    own = [frame for frame in frames if not frame.f_code.co_filename.startswith(_LIBRARIES)] or frames
    if not own:
        return "  nowhere in its own code"
    return "\n".join(f"  {_place(frame)}" for frame in own[-_SHOWN:])


def _place(frame: FrameType) -> str:
    code = frame.f_code
    path = (
        os.path.relpath(code.co_filename)
        if code.co_filename.startswith(os.getcwd() + os.sep)
        else code.co_filename
    )
    return f"{path}:{frame.f_lineno} in {code.co_qualname}"


def _frames(task: "asyncio.Task[Any]") -> Iterator[FrameType]:
    """Walk what the task awaits; `Task.get_stack` stops at the outermost coroutine."""
    awaited: Any = task.get_coro()
    while awaited is not None:
        for frame_name, awaited_name in _CHAINS:
            if hasattr(awaited, frame_name):
                frame = getattr(awaited, frame_name)
                if frame is not None:
                    yield frame
                awaited = getattr(awaited, awaited_name)
                break
        else:
            awaited = _hidden_in(awaited)


_CHAINS = (("cr_frame", "cr_await"), ("ag_frame", "ag_await"), ("gi_frame", "gi_yieldfrom"))


def _hidden_in(awaited: object) -> object | None:
    """Find what the awaitable of `anext()` or of `coroutine.__await__()` runs; it does not say."""
    return next((o for o in gc.get_referents(awaited) if isasyncgen(o) or iscoroutine(o)), None)
