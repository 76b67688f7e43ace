"""The receiving side of a connection."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Literal, NoReturn, TypeVar, cast

from kui.core import Message, Receive

from .errors import DecodeError, InvalidState, PayloadTypeError, WebSocketDisconnect
from .lifetime import READY, SENT, Lifetime
from .limits import NO_LIMITS, Limits
from .models import ModelClass, ModelValidator, validator_of
from .pump import ReadPump
from .states import CLOSING, CONNECTING, DENIED, DISCONNECTED
from .suspended import future_of, task_of

__all__ = ["Mode", "Receiving", "after_the_end", "converted"]

T = TypeVar("T")

Mode = Literal["text", "binary"]


async def after_the_end() -> Message:
    """The source of a connection that has ended."""
    return {"type": "websocket.disconnect"}


class Receiving(Lifetime):
    """How messages come in.

    An event comes from the source: the server's receive, or the read pump, or one that puts limits on either. One
    task at a time may wait there.
    """

    __slots__ = ("_blocked", "_connect_taken", "_pump", "_pump_wanted", "_source")

    _source: Receive
    # a receive may not begin: before accept(), and while this one is under way
    _blocked: Awaitable[Message] | bool
    # of the event that opens the connection: None while it is being received, an Event if others wait for that
    _connect_taken: bool | asyncio.Event | None
    _cancelling: int | None = None  # what the task of a receive that `_end_receive` has ended said then
    _held: Message | None = None  # a message that was of the wrong kind for the one who asked
    _pump: ReadPump | None
    _pump_wanted: bool
    _limits: Limits = NO_LIMITS

    def receive_text(self, timeout: float | None = None) -> Coroutine[Any, Any, str]:
        """Receive a text message.

        Args:
            timeout: seconds to wait. Default: None, without limit. A message that comes later is not lost.

        Raises:
            WebSocketDisconnect: the connection has ended, and all that came before was received.
            PayloadTypeError: the next message is binary; `receive_bytes` gets it.
            TimeoutError: no message came in time.
            InvalidState: before `accept()`, or while another task is receiving.
        """
        return self._take("text") if timeout is None else self._take_within(timeout, "text")

    def receive_bytes(self, timeout: float | None = None) -> Coroutine[Any, Any, bytes]:
        """Receive a binary message; raises as `receive_text` does, with the kinds exchanged."""
        return self._take("bytes") if timeout is None else self._take_within(timeout, "bytes")

    def receive_payload(self, timeout: float | None = None) -> Coroutine[Any, Any, str | bytes]:
        """Receive a message of either kind: `str` from a text message, `bytes` from a binary one."""
        return self._take("text", "bytes") if timeout is None else self._take_within(timeout, "text", "bytes")

    async def receive_json(self, mode: Mode | None = None, timeout: float | None = None) -> Any:
        """Receive a JSON message and return its value.

        Args:
            mode: "text" or "binary" to take messages of this kind alone. Default: None, either.
            timeout: seconds to wait. Default: None, without limit.

        Raises:
            DecodeError: the message is no JSON; `NaN` and `Infinity` are none.
            ValueError: an unknown mode.
            WebSocketDisconnect, PayloadTypeError, TimeoutError, InvalidState: as for `receive_text`.
        """
        kinds = _kinds(mode)
        payload = await (self._take(*kinds) if timeout is None else self._take_within(timeout, *kinds))
        return converted(self.json_codec.decode, payload)

    async def receive_model(
        self, model: ModelClass[T] | ModelValidator[T], timeout: float | None = None
    ) -> T:
        """Receive a JSON message, validated straight from the frame.

        What is JSON is up to pydantic: it takes `NaN` and `Infinity` for floats, and for `Any`, unless the model says
        `ConfigDict(allow_inf_nan=False)`, which is about its floats. To look for them here would cost every message.

        Args:
            model: a pydantic model class, or a `TypeAdapter` for any other type.
            timeout: seconds to wait. Default: None, without limit.

        Raises:
            DecodeError: the message is none of the model's; pydantic's ValidationError is its `__cause__`.
            TypeError: the model is neither.
            WebSocketDisconnect, TimeoutError, InvalidState: as for `receive_text`.
        """
        validate = validator_of(model)
        return converted(validate, await self.receive_payload(timeout))

    async def receive(self) -> Message:
        """Receive a raw ASGI event, the first of them being `websocket.connect`.

        Raises:
            WebSocketDisconnect: the disconnect was received before.
            InvalidState: before `accept()`, or while another task is receiving.
        """
        if self._state is CONNECTING and self._connect_taken is False:
            await self._take_connect()
            return {"type": "websocket.connect"}
        if self._source is after_the_end:
            raise self._disconnected()
        if self._blocked:
            self._refuse_receive()
        source = self._source
        try:
            self._blocked = receiving = source()
            event = await receiving
        except BaseException as error:
            if not self._stop_receiving(error):
                raise
            event = await after_the_end()
        self._blocked = False
        if event["type"] == "websocket.disconnect":
            self._finish_receiving(event)
            end = self._disconnected()
            return {"type": "websocket.disconnect", "code": end.code, "reason": end.reason}
        self._note_receive()
        return event

    async def is_disconnected(self) -> bool:
        """Say whether the connection has ended. It loses no message, does not block, and may be polled.

        From the first call on the connection is read ahead, up to `limits.receive_buffer`.
        """
        if self._end is None:
            await self._watch()
            await asyncio.sleep(0)  # one turn for whoever reads to take what has arrived
        return self._end is not None

    async def wait_disconnected(self) -> int:
        """Wait until the connection has ended, and return its close code. It loses no message.

        From the call on the connection is read ahead, up to `limits.receive_buffer`.
        """
        if self._end is None:
            await self._watch()
        if self._end is None or self._state is CLOSING:
            await self._wait_ended()
        return cast(int, self.close_code)

    async def _take(self, kind: str, other_kind: str | None = None) -> Any:
        """Take the next message, a payload of the kind or of the other one."""
        if self._blocked:
            self._refuse_receive()
        source = self._source
        try:
            self._blocked = receiving = source()
            event = await receiving
        except BaseException as error:
            if self._stop_receiving(error):
                raise self._disconnected() from None
            raise
        self._blocked = False
        # Hypercorn gives both keys, one of them None; an empty message is a message.
        payload = event.get(kind)
        if payload is None:
            payload = self._take_other(event, kind, other_kind)
        if self._outgoing == SENT:
            self._outgoing = READY
        if self._pump_wanted:
            self._start_pump()
        return payload

    async def _take_within(self, timeout: float, kind: str, other_kind: str | None = None) -> Any:
        if not isinstance(timeout, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a timeout is a number of seconds, or None for no limit; got {timeout!r}")
        self._start_pump()  # a message that the server gives when the time is up goes to the buffer
        async with asyncio.timeout(timeout):
            return await self._take(kind, other_kind)

    def _take_other(self, event: Message, kind: str, other_kind: str | None) -> str | bytes:
        """Return the payload of the other kind; raise for an event that has none."""
        if event["type"] == "websocket.disconnect":
            self._finish_receiving(event)
            raise self._disconnected()
        payload = event.get("bytes" if kind == "text" else "text")
        if payload is None:
            raise RuntimeError(f"the server gave an event with neither text nor bytes: {event!r}")
        if other_kind is not None:
            return cast("str | bytes", payload)
        if self._source is after_the_end:  # a close came between
            raise self._disconnected()
        self._held, self._source = event, self._take_held
        self._note_receive()
        wanted, came, method = ("text", "binary", "bytes") if kind == "text" else ("binary", "text", "text")
        raise PayloadTypeError(
            f"expected a {wanted} message, got a {came} one; receive_{method}() or receive_payload() takes it"
        )

    def _stop_receiving(self, error: BaseException) -> bool:
        """Let others receive, or the pump, after a receive that brought nothing; say whether `_end_receive` ended it."""
        self._blocked = False
        if self._pump_wanted:
            self._start_pump()
        if self._cancelling is None or not isinstance(error, asyncio.CancelledError):
            return False
        task = asyncio.current_task()
        # more of them, and somebody has cancelled the task meanwhile
        return task is None or task.cancelling() <= self._cancelling

    def _end_receive(self, turns: int = 8) -> None:
        """Let a receive of another task find the end now, and not when the server hears from the client.

        It ends as if it were cancelled. One that waits for nothing in this turn is tried again.
        """
        receiving = self._blocked
        if isinstance(receiving, bool) or getattr(receiving, "cr_running", False):  # none, or what closes
            return
        future = future_of(receiving)
        if future is not None and not future.done():
            task = task_of(future)
            self._cancelling = 0 if task is None else task.cancelling()
            future.cancel()
        elif turns:
            asyncio.get_running_loop().call_soon(self._end_receive, turns - 1)

    def _note_receive(self) -> None:
        if self._outgoing == SENT:
            self._outgoing = READY
        if self._pump_wanted:
            self._start_pump()

    async def _take_held(self) -> Message:
        event, self._held = cast(Message, self._held), None
        self._choose_source()
        return event

    async def _take_connect(self) -> None:
        """Receive the event that opens the connection, or wait until another task has; it comes only once."""
        while self._connect_taken is not True:
            if self._connect_taken is not False:
                self._connect_taken = self._connect_taken or asyncio.Event()
                await self._connect_taken.wait()
                continue
            self._connect_taken = None
            is_taken = True  # another failure than a cancellation is not asked for again: it might hang
            try:
                event = await self._receive()
                if event["type"] != "websocket.connect":
                    self._note_other_connect(event)
            except asyncio.CancelledError:
                is_taken = False
                raise
            finally:
                self._note_connect(is_taken)
        if self._state is DISCONNECTED:
            raise self._disconnected()

    def _note_other_connect(self, event: Message) -> None:
        """Note the end, which has come in the place of the event that opens the connection."""
        if event["type"] != "websocket.disconnect":
            raise RuntimeError(f"the server has to begin with websocket.connect, and gave {event!r}")
        self._finish_receiving(event)

    def _note_connect(self, is_taken: bool) -> None:
        waiting, self._connect_taken = self._connect_taken, is_taken
        if isinstance(waiting, asyncio.Event):
            waiting.set()

    async def _watch(self) -> None:
        """See to it that somebody reads: the pump, or, until its receive ends, another task."""
        self._pump_wanted = True
        if self._state is CONNECTING:
            with suppress(WebSocketDisconnect):
                await self._take_connect()
        self._start_pump()

    def _start_pump(self) -> None:
        if self._pump is not None or self._end is not None:
            return
        if self._blocked and not (self._state is CONNECTING and self._connect_taken is True):
            return
        self._pump_wanted = False
        self._pump = ReadPump(self._receive, self._limits.receive_buffer, self._note_disconnect)
        self._after_send = READY
        if self._outgoing == SENT:
            self._outgoing = READY
        if self._held is None:
            self._choose_source()

    def _choose_source(self) -> None:
        self._source = self._receive if self._pump is None else self._pump.take

    def _finish_receiving(self, event: Message) -> None:
        """Let every receive from now on find the end."""
        if self._source is not after_the_end:
            self._source = after_the_end
            if self._state is CONNECTING:  # there will be no accept() to open the receiving side
                self._blocked = False
            self._note_end(event.get("code"), event.get("reason"))

    def _note_disconnect(self, event: Message) -> None:
        """Note the end that the pump has read; what it read before can still be received."""
        if self._state is CONNECTING:
            self._finish_receiving(event)
        else:
            self._note_end(event.get("code"), event.get("reason"))

    def _refuse_receive(self) -> NoReturn:
        if self._source is after_the_end:  # the receive under way will find it
            raise self._disconnected()
        if self._state in (CONNECTING, DENIED):
            self._refuse("receive")
        raise InvalidState(
            "another task is receiving from this connection: let one task receive and hand messages on"
        )


def converted(convert: Callable[[Any], T], payload: str | bytes) -> T:
    """Return what a function makes of a payload; its ValueError becomes a `DecodeError`."""
    try:
        return convert(payload)
    except ValueError as error:
        raise DecodeError(str(error)) from error


def _kinds(mode: Mode | None) -> tuple[str, str | None]:
    if mode is None:
        return "text", "bytes"
    if mode not in ("text", "binary"):
        raise ValueError(f'mode is "text" or "binary"; got {mode!r}')
    return ("text" if mode == "text" else "bytes"), None
