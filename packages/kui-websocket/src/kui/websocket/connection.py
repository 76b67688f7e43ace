"""One WebSocket connection."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import suppress
from types import BuiltinMethodType
from typing import Any, Final, Generic, Literal, NoReturn, Protocol, Self, TypeVar, cast

from kui.core import ASGIApp, HTTPConnection, Message, Receive, Scope, Send, end_connection

from .codes import CloseCode, fit_reason, legal_code
from .denial import PlainResponse, deny
from .errors import DecodeError, InvalidState, PayloadTypeError, WebSocketDisconnect
from .handshake import HeaderItems, accept_event, close_event, negotiate
from .limits import Limits
from .pump import ReadPump
from .states import ConnectionState, advance

__all__ = ["WebSocket"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# Globals for what is compared by identity on the way of every message
CONNECTING: Final = ConnectionState.CONNECTING
CONNECTED: Final = ConnectionState.CONNECTED
CLOSING: Final = ConnectionState.CLOSING
DISCONNECTED: Final = ConnectionState.DISCONNECTED
DENIED: Final = ConnectionState.DENIED
TEXT: Final = "text"
BYTES: Final = "bytes"
ANY: Final = "text or bytes"
JSON: Final = "JSON"

NO_LIMITS: Final = Limits()

Mode = Literal["text", "binary"]


class ModelClass(Protocol[T_co]):
    """What a pydantic model class has."""

    def model_validate_json(self, json_data: str | bytes, /) -> T_co: ...


class ModelValidator(Protocol[T_co]):
    """What a pydantic TypeAdapter has."""

    def validate_json(self, data: str | bytes, /) -> T_co: ...


class WebSocket(HTTPConnection):
    """A WebSocket connection: the handshake, messages both ways, and the end.

    Use it through `websocket`, which means the connection of the current task. Beside the methods here it has what
    every `kui.core.HTTPConnection` has: `url`, `headers`, `query_params`, `path_params`, `client`, `cookies`,
    `state`, `app` and the rest; and it is a mapping over the ASGI scope.

    What it promises: a call that the state does not allow raises `InvalidState` and sends nothing; messages arrive
    whole and in order; receiving may be cancelled or timed out without losing one; sends of several tasks keep
    their order; once the connection has ended, each send and receive raises `WebSocketDisconnect`.

    Args:
        scope: an ASGI scope of type "websocket" (https://asgi.readthedocs.io/en/latest/specs/www.html#websocket).
        receive: the server's receive callable.
        send: the server's send callable.
    """

    __slots__ = (
        "_blocked",
        "_connect_taken",
        "_end",
        "_ended",
        "_held",
        "_limits",
        "_open",
        "_over",
        "_pump",
        "_pump_wanted",
        "_ready",
        "_sending",
        "_sink",
        "_source",
        "_state",
        "_stays_ready",
        "_turns",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self._state = CONNECTING
        self._open = False  # accepted, and no end seen
        self._connect_taken = False
        self._limits = NO_LIMITS
        # Receiving. Blocked: a receive may not go to the source, because one is there already, or before accept()
        # or after the end; over: for good.
        self._source = receive
        self._blocked = True
        self._over = False
        self._held: Message | None = None
        self._pump: ReadPump | None = None
        self._pump_wanted = False
        # Sending. Ready: a send may go straight to the sink. It is made ready by each receive, because one that is
        # made again and again without any would never learn of the end: then the pump takes over the reading.
        self._sink = send
        self._ready = False
        self._stays_ready = False
        self._sending = False
        self._turns: deque[asyncio.Future[None]] | None = None
        # The end: its code and reason, and who waits for it
        self._end: tuple[int, str] | None = None
        self._ended: asyncio.Event | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._scope.get('path', '')!r} {self._state.value}>"

    # -- the handshake -------------------------------------------------------------------------------------------

    async def accept(self, subprotocol: str | None = None, headers: HeaderItems = ()) -> None:
        """Accept the connection. Call it once, before anything is sent or received.

        Args:
            subprotocol: one of those that the client offered; `negotiate` chooses one.
            headers: further headers of the handshake's response, as a mapping or as pairs.

        Raises:
            ValueError: the client did not offer this subprotocol, or a header may not be set here.
            InvalidState: the connection was accepted or refused before.
            WebSocketDisconnect: the client has left already.
        """
        if self._state is not CONNECTING:
            self._refuse("accept")
        event = accept_event(self._scope, subprotocol, headers)
        if not self._connect_taken:
            await self._take_connect()
        self._state = CONNECTED if self._state is CONNECTING else advance(self._state, "accept")
        self._open = self._ready = True
        self._blocked = False
        # A receive that is not written in Python (Granian's) drops the message when it is cancelled.
        if self._pump_wanted or type(self._receive) is BuiltinMethodType:
            self._start_pump()
        try:
            await self._send(event)
        except OSError:
            raise await self._lost() from None

    def negotiate(self, supported: Iterable[str]) -> str | None:
        """Return the first of these subprotocols that the client offered, or None.

        Args:
            supported: the server's subprotocols, the preferred one first.
        """
        return negotiate(self._scope, supported)

    async def deny(self, response: ASGIApp | int = 403) -> None:
        """Refuse the handshake with an HTTP response.

        A server without ASGI's denial extension answers 403 whatever is given.

        Args:
            response: a status, or any response that is an ASGI application, such as those of kui.http, baize or
                Starlette. Default: 403.

        Raises:
            ValueError: a status that is none of 300 to 599.
            InvalidState: the connection was accepted or refused before.
            WebSocketDisconnect: the client has left already.
        """
        if isinstance(response, int):
            if not 300 <= response <= 599:
                raise ValueError(f"a handshake is refused with a status from 300 to 599; got {response}")
            response = PlainResponse(response)
        if self._state is not CONNECTING:
            self._refuse("deny")
        await self._take_connect()
        self._note_end(CloseCode.ABNORMAL, "", DENIED)
        await deny(self._scope, self._send, response)

    async def _take_connect(self) -> None:
        """Receive the event that opens the connection; nothing else does, and only once."""
        if self._connect_taken:
            return
        self._connect_taken = True
        try:
            event = await self._receive()
        except BaseException:
            self._connect_taken = False
            raise
        if event["type"] == "websocket.disconnect":
            self._take_end(event)
            raise self._disconnected()

    # -- receiving -----------------------------------------------------------------------------------------------

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
        return self._take(TEXT) if timeout is None else self._take_within(TEXT, timeout)

    def receive_bytes(self, timeout: float | None = None) -> Coroutine[Any, Any, bytes]:
        """Receive a binary message; raises as `receive_text` does, with the kinds exchanged."""
        return self._take(BYTES) if timeout is None else self._take_within(BYTES, timeout)

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
        want = JSON if mode is None else _kind(mode)
        payload = await (self._take(want) if timeout is None else self._take_within(want, timeout))
        return payload if want is JSON else self._decode(payload)

    def receive_payload(self, timeout: float | None = None) -> Coroutine[Any, Any, str | bytes]:
        """Receive a message of either kind: `str` from a text message, `bytes` from a binary one."""
        return self._take(ANY) if timeout is None else self._take_within(ANY, timeout)

    async def receive_model(
        self, model: ModelClass[T] | ModelValidator[T], timeout: float | None = None
    ) -> T:
        """Receive a JSON message, validated straight from the frame.

        Args:
            model: a pydantic model class, or a `TypeAdapter` for any other type.
            timeout: seconds to wait. Default: None, without limit.

        Raises:
            ValueError: pydantic's ValidationError; the message was received.
            TypeError: the model is neither.
            WebSocketDisconnect, TimeoutError, InvalidState: as for `receive_text`.
        """
        validate = _validator(model)
        value: T = validate(await self.receive_payload(timeout))
        return value

    def iter_text(self) -> AsyncIterator[str]:
        """Iterate over text messages until the connection ends, whatever its code; raises as `receive_text`."""
        return _Messages(self, TEXT)

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """Iterate over binary messages until the connection ends; raises as `receive_bytes`."""
        return _Messages(self, BYTES)

    def iter_json(self) -> AsyncIterator[Any]:
        """Iterate over the values of JSON messages until the connection ends; raises as `receive_json`."""
        return _Messages(self, JSON)

    def iter_payloads(self) -> AsyncIterator[str | bytes]:
        """Iterate over messages of either kind until the connection ends."""
        return _Messages(self, ANY)

    async def iter_models(self, model: ModelClass[T] | ModelValidator[T]) -> AsyncIterator[T]:
        """Iterate over validated messages until the connection ends; raises as `receive_model`."""
        validate = _validator(model)
        async for payload in self.iter_payloads():
            yield validate(payload)

    async def receive(self) -> Message:
        """Receive a raw ASGI event, the first of them being `websocket.connect`.

        Raises:
            WebSocketDisconnect: the disconnect was received before.
            InvalidState: before `accept()`, or while another task is receiving.
        """
        if self._state is CONNECTING and not self._connect_taken:
            await self._take_connect()
            return {"type": "websocket.connect"}
        if self._blocked:
            self._refuse_receive(False)
        self._blocked = True
        try:
            event = await self._source()
        finally:
            self._blocked = self._over
        if event["type"] == "websocket.disconnect":
            self._take_end(event)
        self._ready = self._open
        return event

    async def _take(self, want: str, stops: bool = False) -> Any:
        """Take the next message: the one way in of every receive.

        Args:
            want: what kind is asked for.
            stops: at the end raise StopAsyncIteration, which costs less than WebSocketDisconnect.
        """
        if self._blocked:
            self._refuse_receive(stops)
        self._blocked = True
        try:
            event = await self._source()
        finally:
            self._blocked = self._over
        # Hypercorn sends both keys, one of them None; an empty message is a message.
        if want is TEXT:
            payload = event.get("text")
        elif want is BYTES:
            payload = event.get("bytes")
        else:
            payload = event.get("text")
            if payload is None:
                payload = event.get("bytes")
        if payload is None:
            self._take_other(event, want, stops)
        self._ready = self._open
        if self._pump_wanted:
            self._start_pump()
        return self._decode(payload) if want is JSON else payload

    async def _take_within(self, want: str, timeout: float) -> Any:
        self._start_pump()  # what the server was asked for is not lost when the time is up
        async with asyncio.timeout(timeout):
            return await self._take(want)

    def _take_other(self, event: Message, want: str, stops: bool) -> NoReturn:
        """Deal with an event that is not the message that was wanted."""
        if event["type"] == "websocket.disconnect":
            self._take_end(event)
            if stops:
                raise StopAsyncIteration
            raise self._disconnected()
        self._held, self._source = event, self._take_held
        self._ready = self._open
        came, other = ("binary", "bytes") if want is TEXT else ("text", "text")
        raise PayloadTypeError(
            f"expected a {'text' if want is TEXT else 'binary'} message, got a {came} one; "
            f"receive_{other}() or receive_payload() takes it"
        )

    async def _take_held(self) -> Message:
        event, self._held = cast(Message, self._held), None
        self._choose_source()
        return event

    async def _take_limited(self) -> Message:
        limits, source = self._limits, self._receive if self._pump is None else self._pump.take
        if limits.idle_timeout is None:
            event = await source()
        else:
            clock = asyncio.timeout(limits.idle_timeout)
            try:
                async with clock:
                    event = await source()
            except TimeoutError:
                if clock.expired():
                    await self.close(CloseCode.TIMEOUT, f"no message in {limits.idle_timeout:g} s")
                    raise self._disconnected() from None
                raise
        if limits.max_message_size is not None and _exceeds(event, limits.max_message_size):
            await self.close(CloseCode.MESSAGE_TOO_BIG, f"a message may have {limits.max_message_size} bytes")
            raise self._disconnected()
        return event

    def _decode(self, payload: str | bytes) -> Any:
        try:
            return self.json_codec.decode(payload)
        except ValueError as error:
            raise DecodeError(str(error)) from None

    def _refuse_receive(self, stops: bool) -> NoReturn:
        if self._over:
            if stops:
                raise StopAsyncIteration
            raise self._disconnected()
        if self._state is CONNECTING:
            self._refuse("receive")
        raise InvalidState(
            "another task is receiving from this connection: let one task receive and hand messages on"
        )

    # -- sending -------------------------------------------------------------------------------------------------

    def send_text(self, data: str) -> Coroutine[Any, Any, None]:
        """Send a text message.

        Raises:
            TypeError: the data is no str.
            InvalidState: before `accept()`.
            WebSocketDisconnect: the connection has ended.
        """
        if not isinstance(data, str):  # pyright: ignore[reportUnnecessaryIsInstance] - a caller may be untyped
            raise TypeError(
                f"send_text wants a str, got {type(data).__name__}; send_bytes and send_json take others"
            )
        return self._emit({"type": "websocket.send", "text": data})

    def send_bytes(self, data: bytes | bytearray | memoryview) -> Coroutine[Any, Any, None]:
        """Send a binary message; raises as `send_text` does."""
        if type(data) is not bytes:
            if not isinstance(data, (bytes, bytearray, memoryview)):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(
                    f"send_bytes wants bytes, got {type(data).__name__}; send_text and send_json take others"
                )
            data = bytes(data)
        return self._emit({"type": "websocket.send", "bytes": data})

    def send_json(self, data: Any, mode: Mode = "text") -> Coroutine[Any, Any, None]:
        """Send a value as compact JSON.

        Args:
            data: anything that the codec encodes: JSON's own types, dataclasses, pydantic models, datetimes and so on.
            mode: "text" or "binary": the kind of message. Default: "text".

        Raises:
            TypeError: the value has no JSON form.
            ValueError: an unknown mode.
            InvalidState, WebSocketDisconnect: as for `send_text`.
        """
        if mode == "text":
            return self._emit({"type": "websocket.send", "text": self.json_codec.encode_str(data)})
        _kind(mode)
        return self._emit({"type": "websocket.send", "bytes": self.json_codec.encode(data)})

    def send_payload(self, data: str | bytes) -> Coroutine[Any, Any, None]:
        """Send a str as a text message, bytes as a binary one; raises as `send_text` does."""
        return self.send_text(data) if isinstance(data, str) else self.send_bytes(data)

    async def send(self, message: Message) -> None:
        """Send a raw ASGI event: `websocket.accept`, `websocket.send` or `websocket.close`.

        Raises:
            ValueError: an event of another type.
            InvalidState, WebSocketDisconnect: as for the methods `accept`, `send_text` and `close`.
        """
        kind = message["type"]
        if kind == "websocket.send":
            await self._emit(message)
        elif kind == "websocket.accept":
            await self.accept(message.get("subprotocol"), message.get("headers") or ())
        elif kind == "websocket.close":
            await self.close(message.get("code", CloseCode.NORMAL), message.get("reason"))
        else:
            raise ValueError(f"send takes websocket.accept, .send or .close; got {kind!r}")

    async def _emit(self, event: Message) -> None:
        """Send a message event: the one way out of every send."""
        if not self._ready or self._sending:
            await self._prepare_send()
        self._ready = self._stays_ready
        self._sending = True
        try:
            await self._sink(event)
        except (OSError, RuntimeError) as error:
            raise await self._send_failed(error) from None
        finally:
            if self._turns:
                self._pass_turn()
            else:
                self._sending = False

    async def _prepare_send(self) -> None:
        if self._sending:
            await self._wait_for_turn()
        if not self._open:
            self._release_turn()
            self._refuse("send")
        if not self._ready and not self._blocked:
            self._start_pump()

    async def _wait_for_turn(self) -> None:
        """Wait until the sends that began before are done; whoever returns from here has the turn."""
        if self._turns is None:
            self._turns = deque()
        turn = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._release_turn()
            raise

    def _release_turn(self) -> None:
        if self._turns:
            self._pass_turn()
        else:
            self._sending = False

    def _pass_turn(self) -> None:
        turns = cast("deque[asyncio.Future[None]]", self._turns)
        while turns:
            turn = turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._sending = False

    async def _send_in_time(self, event: Message) -> None:
        limit = self._limits.send_timeout
        clock = asyncio.timeout(limit)
        try:
            async with clock:
                await self._send(event)
        except TimeoutError:
            if not clock.expired():
                raise
            reason = f"a message was not taken in {limit:g} s"
            self._note_end(CloseCode.TRY_AGAIN_LATER, reason, DISCONNECTED)
            self._over = self._blocked = True
            with suppress(
                OSError, RuntimeError
            ):  # TimeoutError is an OSError: the client takes no close either
                async with asyncio.timeout(limit):
                    await self._send(close_event(self._scope, CloseCode.TRY_AGAIN_LATER, reason))
            raise self._disconnected() from None

    async def _send_failed(self, error: OSError | RuntimeError) -> Exception:
        """Return what to raise for an exception of the server's send."""
        if isinstance(error, OSError):
            return await self._lost()
        # uvicorn raises RuntimeError for a send after a size violation; another one is the caller's mistake
        return self._disconnected() if await self.is_disconnected() else error

    async def _lost(self) -> WebSocketDisconnect:
        """Find out how the connection ended, now that the server refuses to send."""
        if not await self.is_disconnected():
            self._note_end(CloseCode.ABNORMAL, "", DISCONNECTED)
        return self._disconnected()

    # -- the end -------------------------------------------------------------------------------------------------

    async def close(self, code: int = CloseCode.NORMAL, reason: str | None = None) -> None:
        """Close the connection; before `accept()` refuse it with 403.

        The first close wins: a second one waits for it and does nothing, and after the end it does nothing.

        Args:
            code: 1000-1003, 1007-1014 or 3000-4999 (RFC 6455, section 7.4). Default: 1000.
            reason: a text for the client, cut to 123 bytes of UTF-8; left out where the server cannot send it.

        Raises:
            ValueError: a code that may not be sent.
            TypeError: a reason that is no text.
        """
        code, reason = legal_code(code), fit_reason(reason)
        if self._state is CONNECTING:
            with suppress(WebSocketDisconnect):  # it has left by itself
                await self.deny()
        elif self._state is CONNECTED:
            await self._close(code, reason)
        elif self._state is CLOSING:
            await self.wait_disconnected()

    async def _close(self, code: int, reason: str) -> None:
        self._state = CLOSING
        try:
            if self._sending:
                await self._wait_for_turn()
        except asyncio.CancelledError:
            self._state = CONNECTED if self._open else DISCONNECTED
            raise
        self._sending = True
        try:
            if self._open:
                self._open = self._ready = self._stays_ready = False
                self._over = self._blocked = True
                self._end = code, reason
                with suppress(OSError, RuntimeError):  # it has left by itself
                    await self._send(close_event(self._scope, code, reason))
        finally:
            self._note_end(code, reason, DISCONNECTED)
            self._release_turn()

    async def is_disconnected(self) -> bool:
        """Say whether the connection has ended. It loses no message, does not block, and may be polled.

        From the first call on the connection is read ahead, up to `limits.receive_buffer`.
        """
        if self._end is None and await self._watch():
            await asyncio.sleep(0)  # the pump takes what has arrived
        return self._end is not None

    async def wait_disconnected(self) -> int:
        """Wait until the connection has ended, and return its close code. It loses no message."""
        if self._ended is None:
            self._ended = asyncio.Event()
        if self._end is None:
            await self._watch()
        while self._end is None or self._state is CLOSING:
            await self._ended.wait()
        return self._end[0]

    @property
    def connection_state(self) -> ConnectionState:
        """Where the connection stands."""
        return self._state

    @property
    def close_code(self) -> int | None:
        """The code with which the connection ended, as soon as the end is known; else None."""
        return None if self._end is None else int(self._end[0])

    @property
    def limits(self) -> Limits:
        """The limits of this connection; assign others at any time."""
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._limits = limits
        self._sink = self._send if limits.send_timeout is None else self._send_in_time
        if self._held is None:
            self._choose_source()

    async def _watch(self) -> bool:
        """See to it that somebody reads; say whether a pump does."""
        if self._state is CONNECTING:
            self._pump_wanted = True
            with suppress(WebSocketDisconnect):
                await self._take_connect()
            return False
        if self._pump is None:
            self._pump_wanted = True  # when another task is receiving: it reads as well as the pump would
            self._start_pump()
        return self._pump is not None

    def _start_pump(self) -> None:
        if self._pump is not None or not self._open or self._blocked:
            return
        self._pump_wanted = False
        self._pump = ReadPump(self._receive, self._limits.receive_buffer, self._pump_ended)
        self._ready = self._stays_ready = True
        if self._held is None:
            self._choose_source()

    def _choose_source(self) -> None:
        limits = self._limits
        if limits.max_message_size is not None or limits.idle_timeout is not None:
            self._source = self._take_limited
        else:
            self._source = self._receive if self._pump is None else self._pump.take

    def _pump_ended(self, event: Message) -> None:
        """Note the end as soon as it is read; what was read before it can still be received."""
        self._note_end(*_code_and_reason(event), DISCONNECTED)

    def _take_end(self, event: Message) -> None:
        self._note_end(*_code_and_reason(event), DISCONNECTED)
        self._over = self._blocked = True

    def _note_end(self, code: int, reason: str, state: ConnectionState) -> None:
        if self._end is None:
            self._end = code, reason
        self._state = state
        self._open = self._ready = self._stays_ready = False
        if self._ended is not None:
            self._ended.set()

    def _disconnected(self) -> WebSocketDisconnect:
        code, reason = self._end or (CloseCode.ABNORMAL, "")
        return WebSocketDisconnect(code, reason, self)

    def _refuse(self, call: str) -> NoReturn:
        """Raise what the state has to say to a call that it does not allow."""
        if self._state in (DISCONNECTED, CLOSING):
            raise self._disconnected()
        advance(self._state, call)
        raise InvalidState(f"cannot {call} while the connection is {self._state.value}")

    @property
    def owns_something(self) -> bool:
        """Whether there is anything for `release` to do."""
        return self._exit_stack is not None or self._pump is not None

    async def release(self, error: BaseException | None = None) -> None:
        """End what the connection owns: its clean-ups, in reverse order, and its read pump.

        Args:
            error: what the handler raised, for the clean-ups to see.
        """
        try:
            await end_connection(self, error)
        finally:
            pump, self._pump = self._pump, None
            self._source, self._sink = self._receive, self._send
            if pump is not None:
                await pump.stop()


class _Messages(Generic[T]):
    """Messages of one kind, until the end.

    It is no generator, so that a cancelled or timed-out step does not finish it.
    """

    __slots__ = ("_connection", "_want")

    def __init__(self, connection: WebSocket, want: str) -> None:
        self._connection = connection
        self._want = want

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Coroutine[Any, Any, T]:
        step: Coroutine[Any, Any, T] = self._connection._take(self._want, True)  # pyright: ignore[reportPrivateUsage]
        return step


def _kind(mode: str) -> str:
    if mode == "text":
        return TEXT
    if mode == "binary":
        return BYTES
    raise ValueError(f'mode is "text" or "binary"; got {mode!r}')


def _validator(model: Any) -> Any:
    validate = getattr(model, "model_validate_json", None) or getattr(model, "validate_json", None)
    if validate is None:
        raise TypeError(
            f"got {model!r}; wanted a pydantic model class or a TypeAdapter: TypeAdapter({model!r})"
        )
    return validate


def _exceeds(event: Message, limit: int) -> bool:
    text = event.get("text")
    if text is None:
        return len(event.get("bytes") or b"") > limit
    # a character has one to four bytes: most texts need no look at them
    return len(text) > limit or (len(text) * 4 > limit and len(text.encode("utf-8", "replace")) > limit)


def _code_and_reason(event: Message) -> tuple[int, str]:
    code = event.get("code")
    return CloseCode.NO_STATUS if code is None else code, event.get("reason") or ""
