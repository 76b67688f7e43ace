"""Messages, as `async for` takes them."""
# pyright: reportPrivateUsage=false
# Messages is the other half of Iterating, in a class of its own.

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Generic, Self, TypeVar, cast

from .errors import DecodeError
from .lifetime import READY, SENT
from .models import ModelClass, ModelValidator, validator_of
from .receiving import Receiving, after_the_end, converted

__all__ = ["Iterating"]

T = TypeVar("T")


class Iterating(Receiving):
    """How messages come in one after the other, until the end; the connection itself is the iterator of its texts.

    No iterator here is a generator, so that a step that was cancelled or timed out does not finish it.
    """

    __slots__ = ()

    def iter_text(self) -> AsyncIterator[str]:
        """Iterate over text messages until the connection ends, whatever its code; raises as `receive_text`.

        `async for text in websocket` does the same.
        """
        return self  # an iterator of its own would be one object more for every connection

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """Iterate over binary messages until the connection ends; raises as `receive_bytes`."""
        return Messages(self, "bytes")

    def iter_payloads(self) -> AsyncIterator[str | bytes]:
        """Iterate over messages of either kind until the connection ends."""
        return Messages(self, "text", "bytes")

    def iter_json(self) -> AsyncIterator[Any]:
        """Iterate over the values of JSON messages until the connection ends; raises as `receive_json`."""
        codec = self.json_codec
        return Messages(self, "text", "bytes", codec.reader or codec.decode, codec.decode)

    def iter_models(self, model: ModelClass[T] | ModelValidator[T]) -> AsyncIterator[T]:
        """Iterate over validated messages until the connection ends; raises as `receive_model`."""
        return Messages(self, "text", "bytes", validator_of(model))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        # As `_take`, which would be a second coroutine for each message.
        if self._blocked:
            if self._source is after_the_end:
                raise StopAsyncIteration
            self._refuse_receive()
        source = self._source
        try:
            self._blocked = receiving = source()
            event = await receiving
        except BaseException as error:
            if self._stop_receiving(error):
                raise StopAsyncIteration from None
            raise
        self._blocked = False
        text: str | None = event.get("text")
        if text is None:
            if event["type"] == "websocket.disconnect":
                self._finish_receiving(event)
                raise StopAsyncIteration
            text = cast(str, self._take_other(event, "text", None))
        if self._outgoing == SENT:
            self._outgoing = READY
        if self._pump_wanted:
            self._start_pump()
        return text

    async def deliver(
        self,
        take: Callable[[Any], Awaitable[object]],
        decode: Callable[[str | bytes], Any] | None = None,
        refuse: Callable[[ValueError], Awaitable[object]] | None = None,
    ) -> None:
        """Hand each message, of either kind, to a function until the connection ends.

        It is what a class view runs on: nothing is made for a message but what the function makes.

        Args:
            take: an async function of a message.
            decode: makes of a payload what `take` gets. Default: None, the payload itself.
            refuse: an async function of the `ValueError` that `decode` raised. Default: None, it is raised.

        Raises:
            InvalidState: before `accept()`, or while another task is receiving.
        """
        while True:
            if self._blocked:
                if self._source is after_the_end:
                    return
                self._refuse_receive()
            source = self._source
            try:
                self._blocked = receiving = source()
                event = await receiving
            except BaseException as error:
                if self._stop_receiving(error):
                    return
                raise
            self._blocked = False
            payload: Any = event.get("text")
            if payload is None:
                if event["type"] == "websocket.disconnect":
                    self._finish_receiving(event)
                    return
                payload = event.get("bytes")
                if payload is None:
                    payload = self._take_other(event, "text", "bytes")
            if self._outgoing == SENT:
                self._outgoing = READY
            if self._pump_wanted:
                self._start_pump()
            if decode is not None:
                try:
                    payload = decode(payload)
                except ValueError as error:
                    if refuse is None:
                        raise
                    await refuse(error)
                    continue
            await take(payload)


class Messages(Generic[T]):
    """The iterator of other messages than texts.

    Args:
        kind, other_kind: the kinds of messages, of which there may be one.
        convert: makes of a payload what the iterator gives. Default: None, the payload itself.
        explain: called with a payload that `convert` cannot take, to raise an error in better words.
    """

    __slots__ = ("_connection", "_convert", "_explain", "_kind", "_other_kind")

    def __init__(
        self,
        connection: Receiving,
        kind: str,
        other_kind: str | None = None,
        convert: Callable[[Any], T] | None = None,
        explain: Callable[[Any], T] | None = None,
    ) -> None:
        self._connection = connection
        self._kind = kind
        self._other_kind = other_kind
        self._convert = convert
        self._explain = explain

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        connection = self._connection
        if connection._blocked:
            if connection._source is after_the_end:
                raise StopAsyncIteration
            connection._refuse_receive()
        source = connection._source
        try:
            connection._blocked = receiving = source()
            event = await receiving
        except BaseException as error:
            if connection._stop_receiving(error):
                raise StopAsyncIteration from None
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
        convert = self._convert
        if convert is None:
            return message
        try:
            return convert(payload)
        except Exception as error:
            if self._explain is not None:
                return converted(self._explain, payload)
            if not isinstance(error, ValueError):
                raise
            raise DecodeError(str(error)) from error
