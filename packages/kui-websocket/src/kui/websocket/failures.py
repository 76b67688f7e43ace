"""What ended a handler, and the close code that stands for it."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from kui.core import HTTPException

from .codes import CloseCode
from .denial import refuses
from .errors import WebSocketClose, WebSocketDisconnect, WebSocketError

if TYPE_CHECKING:
    from .lifetime import Lifetime

__all__ = ["cause_of", "code_of"]


def cause_of(connection: "Lifetime", error: BaseException) -> BaseException | None:
    """Return what ended the handler, without what an ended connection brings about; None for its normal end.

    A task group raises a group: of the disconnects that its tasks saw, of cancellations, and of what else went
    wrong in them. If that is one exception, it is the cause; of several that have the same code the first is, and of
    several closes.
    """
    if isinstance(error, WebSocketDisconnect):
        return None if error.connection is connection else error
    if not isinstance(error, BaseExceptionGroup):
        return error
    group = cast("BaseExceptionGroup[BaseException]", error)
    leaves = [
        leaf
        for leaf in _leaves(group)
        if not isinstance(leaf, asyncio.CancelledError) and cause_of(connection, leaf) is not None
    ]
    if not leaves:
        return None
    codes = {code_of(leaf) for leaf in leaves}
    has_code = codes != {CloseCode.INTERNAL_ERROR} and len(codes) == 1
    if len(leaves) == 1 or has_code or all(isinstance(leaf, WebSocketClose) for leaf in leaves):
        return leaves[0]
    return group


def code_of(cause: BaseException) -> int:
    """Return the close code that stands for what ended the handler."""
    if isinstance(cause, WebSocketClose):
        return cause.code
    if isinstance(cause, HTTPException):
        status = cast("HTTPException[Any]", cause).status_code
        return 4000 + status if refuses(status) else CloseCode.INTERNAL_ERROR
    if isinstance(cause, asyncio.CancelledError):
        return CloseCode.GOING_AWAY
    return cause.close_code if isinstance(cause, WebSocketError) else CloseCode.INTERNAL_ERROR


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(cast("BaseExceptionGroup[BaseException]", error))
        else:
            yield error
