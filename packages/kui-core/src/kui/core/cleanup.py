"""An exit stack of which every failure is logged."""

import logging
from collections import deque
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, TypeAlias, cast

__all__ = ["CleanupStack"]

logger = logging.getLogger("kui.core")

Callback: TypeAlias = tuple[bool, Callable[..., Any]]


class CleanupStack(AsyncExitStack[bool | None]):
    """Log what each clean-up raises, before the next one suppresses it, replaces it or is cancelled.

    `contextlib` raises the last failure alone, without the ones before it as its context when the stack is closed
    outside of an `except` clause.
    """

    owner: object = None
    """Whose clean-ups they are, for the log."""

    known: BaseException | None = None
    """The error that needs no record: the handler's at first, then the one that was logged last."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> bool:
        pending = error
        # contextlib keeps its callbacks there in every Python so far; to put one for the log below each would cost more
        callbacks = cast("deque[Callback]", self._exit_callbacks)  # type: ignore[attr-defined] # contextlib's own
        while callbacks:
            is_sync, callback = callbacks.pop()
            details = (
                (None, None, None) if pending is None else (type(pending), pending, pending.__traceback__)
            )
            try:
                dealt = callback(*details)
                if dealt if is_sync else await dealt:
                    pending = None
            except BaseException as raised:
                if raised is not pending and raised.__context__ is None:
                    raised.__context__ = pending
                pending = raised
                if isinstance(raised, Exception) and raised is not self.known:
                    self.known = raised
                    logger.error("a clean-up of %r failed", self.owner, exc_info=raised)
        if pending is not None and pending is not error:
            raise pending
        return error is not None and pending is None
