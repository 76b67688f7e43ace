"""An exit stack of which every failure is logged."""

import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any

__all__ = ["CleanupStack"]

logger = logging.getLogger("kui.core")


class CleanupStack(AsyncExitStack[bool | None]):
    """Log what each clean-up raises, before the next one suppresses it, replaces it or is cancelled.

    `contextlib` raises the last failure alone, without the ones before it as its context when the stack is closed
    outside of an `except` clause.
    """

    owner: object = None
    """Whose clean-ups they are, for the log."""

    known: BaseException | None = None
    """The error that needs no record: the handler's at first, then the one that was logged last."""

    # All that is put on the stack comes through here, in every Python so far: below each goes what sees its failure.
    def _push_exit_callback(self, callback: Callable[..., Any], is_sync: bool = True) -> None:
        push: Callable[..., None] = super()._push_exit_callback  # type: ignore[misc] # contextlib's own
        push(self._log)
        push(callback, is_sync)

    def _log(
        self, kind: type[BaseException] | None, failure: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(failure, Exception) and failure is not self.known:
            self.known = failure
            logger.error("a clean-up of %r failed", self.owner, exc_info=failure)
