"""Messages, as `async for` takes them."""
# pyright: reportPrivateUsage=false
# Messages is the other half of Receiving, in a class of its own.

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from .errors import DecodeError
from .lifetime import READY, SENT

if TYPE_CHECKING:
    from .receiving import Receiving

__all__ = ["Messages"]

T = TypeVar("T")


class Messages(Generic[T]):
    """Messages until the end, as `async for` takes them.

    This is no generator, so that a step that was cancelled or timed out does not finish it. It does what `_take`
    does, without a second coroutine for each message.
    """

    __slots__ = ("_connection", "_convert", "_kind", "_other_kind")

    def __init__(
        self,
        connection: "Receiving",
        kind: str,
        other_kind: str | None = None,
        convert: Callable[[Any], T] | None = None,
    ) -> None:
        self._connection = connection
        self._kind = kind
        self._other_kind = other_kind
        self._convert = convert

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        connection = self._connection
        if connection._blocked:
            connection._refuse_receive()
        connection._blocked = True
        source = connection._source
        try:
            event = await source()
        except BaseException:
            connection._stop_receiving()
            raise
        connection._blocked = False
        payload: Any = event.get(self._kind)
        if payload is None:
            if event["type"] == "websocket.disconnect":
                connection._finish_receiving(event)
                raise StopAsyncIteration
            payload = connection._take_other(event, self._kind, self._other_kind)
        if connection._outgoing == SENT:
            connection._outgoing = READY
        if connection._pump_wanted:
            connection._start_pump()
        message: T = payload
        if self._convert is None:
            return message
        try:
            return self._convert(payload)
        except ValueError as error:
            raise DecodeError(str(error)) from error
