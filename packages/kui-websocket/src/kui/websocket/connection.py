"""One WebSocket connection: the handshake, the close and the limits, on top of its two sides."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from types import BuiltinMethodType

from kui.core import ASGIApp, Message, Receive, Scope, Send, end_connection

from .codes import CloseCode, fit_reason, legal_code
from .denial import PlainResponse, deny, refuses
from .errors import WebSocketDisconnect
from .handshake import HeaderItems, accept_event, close_event, negotiate, send_event
from .lifetime import CLOSED, READY, SENDING, SENT
from .limits import Limits, checked_limits
from .pump import size_of
from .receiving import after_the_end
from .sending import Sending
from .states import CLOSING, CONNECTED, CONNECTING, advance

__all__ = ["WebSocket"]

ACCEPTED = advance(CONNECTING, "accept")


class WebSocket(Sending):
    """A WebSocket connection.

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

    A subclass may add to it (`websocket_session(..., websocket_class=Mine)`). What receives does not call another
    public method to do so: an own `receive_text` changes what `receive_text` gives, and not what `receive_json` does.

    ```python
    >>> from kui.websocket import WebSocketDisconnect, websocket, websocket_session
    >>> async def greet():
    ...     await websocket.accept(subprotocol=websocket.negotiate(["v2", "v1"]))
    ...     name = await websocket.receive_text(timeout=10)
    ...     await websocket.send_json({"hello": name, "from": websocket.url.path})
    ...     await websocket.close(1000, "bye")
    >>> app = websocket_session(greet)

    ```
    """

    __slots__ = ()

    _subprotocol: str | None = None
    _denial: asyncio.Event | None = None  # set when the answer that refuses the handshake is out

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The fields of all layers are set here: an `__init__` in each would cost as much as the rest of the object.
        self._scope, self._receive, self._send = scope, receive, send
        self.owns_something = False
        self._state = CONNECTING
        self._connect_taken = False
        # A receive that is not written in Python (Granian's) drops the message when it is cancelled.
        self._pump_wanted = type(receive) is BuiltinMethodType
        self._outgoing, self._after_send = CLOSED, SENT
        self._end = self._ended = self._pump = self._turns = self._writers = None
        self._blocked = True
        self._source, self._sink = receive, send

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
        if subprotocol is None and not headers:
            event: Message = {"type": "websocket.accept"}
        else:
            event = accept_event(self._scope, subprotocol, headers)
        if self._connect_taken is False:
            # As `_take_connect`, which would be a second coroutine for every connection.
            self._connect_taken = None
            receive = self._receive
            try:
                connect = await receive()
                if connect["type"] != "websocket.connect":
                    self._note_other_connect(connect)
            except BaseException as error:
                self._note_connect(not isinstance(error, asyncio.CancelledError))
                raise
            if self._connect_taken is None:
                self._connect_taken = True
            else:
                self._note_connect(True)
        elif self._connect_taken is not True:
            await self._take_connect()
        if self._state is not CONNECTING:
            self._refuse("accept")
        self._state = ACCEPTED
        if subprotocol is not None:
            self._subprotocol = subprotocol
        self._blocked = False
        self._outgoing = SENDING
        send = self._send
        try:
            await send(event)
        except (OSError, RuntimeError) as error:
            raise await self._send_failed(error) from None
        finally:
            if self._state is CONNECTED:
                self._outgoing = READY
            if self._turns:
                self._pass_turn()
        if self._pump_wanted:
            self._start_pump()

    @property
    def subprotocols(self) -> list[str]:
        """The subprotocols that the client offered, in its order."""
        return list(self._scope.get("subprotocols") or ())

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that was accepted, or None."""
        return self._subprotocol

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
            TypeError: neither a status nor a response.
            InvalidState: the connection was accepted or refused before.
            WebSocketDisconnect: the client has left already.
        """
        if isinstance(response, int):
            if not refuses(response):
                raise ValueError(f"a handshake is refused with a status from 300 to 599; got {response}")
            response = PlainResponse(response)
        elif not callable(response):
            raise TypeError(f"a handshake is refused with a status or with a response; got {response!r}")
        if self._state is not CONNECTING:
            self._refuse("deny")
        await self._take_connect()
        if self._state is not CONNECTING:
            self._refuse("deny")
        receive = self._receive if self._pump is None else self._pump.take
        self._note_end(CloseCode.ABNORMAL, "", advance(self._state, "deny"))
        self._denial = asyncio.Event()
        self.owns_something = True
        try:
            await deny(self._scope, receive, self._send_denial, response)
        finally:
            self._denial.set()

    async def close(self, code: int = CloseCode.NORMAL, reason: str | None = None) -> None:
        """Close the connection; before `accept()` refuse it with 403.

        The first close wins: a second one waits for it and does nothing, and after the end it does nothing. A send
        that has begun goes out before.

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
            await self._wait_ended()
        elif self._denial is not None:
            await self._denial.wait()

    async def send(self, message: Message) -> None:
        """Send a raw ASGI event: `websocket.accept`, `websocket.send` or `websocket.close`.

        Raises:
            ValueError: an event of another type, or a message without payload or with two.
            TypeError: a text that is no str, bytes that are none.
            InvalidState, WebSocketDisconnect: as for the methods `accept`, `send_text` and `close`.
        """
        kind = message.get("type")
        if kind == "websocket.send":
            await self._emit(send_event(message))
        elif kind == "websocket.accept":
            await self.accept(message.get("subprotocol"), message.get("headers") or ())
        elif kind == "websocket.close":
            await self.close(message.get("code", CloseCode.NORMAL), message.get("reason"))
        else:
            raise ValueError(f"send takes websocket.accept, .send or .close; got {kind!r}")

    @property
    def limits(self) -> Limits:
        """The limits of this connection; others may be assigned at any time."""
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._limits = checked_limits(limits)
        self._sink = self._send if limits.send_timeout is None else self._send_in_time
        if self._pump is not None:
            self._pump.resize(limits.receive_buffer)
        if self._held is None and self._source is not after_the_end:
            self._choose_source()

    async def release(self, error: BaseException | None = None) -> bool:
        """End what the connection owns: its clean-ups, in reverse order, and its read pump. It counts as cut then.

        Args:
            error: what the handler raised, for the clean-ups to see.

        Returns:
            Whether one of them has dealt with the error.
        """
        try:
            return await end_connection(self, error)
        finally:
            pump, self._pump = self._pump, None
            self._source, self._sink = after_the_end, self._send
            self._note_end(CloseCode.ABNORMAL, "")
            if pump is not None:
                await pump.stop()
            elif self._blocked:
                self._end_receive()

    async def _close(self, code: int, reason: str, patience: float | None = None) -> None:
        """Close in turn, or out of turn when a send has been under way for so many seconds."""
        if self._outgoing == SENDING:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._wait_for_turn()
        try:
            if self._state is CONNECTED:
                await self._shut(code, reason)
        finally:
            self._release_turn()

    async def _shut(self, code: int, reason: str) -> None:
        """Send the close, whoever has the turn; everything from now on finds the end."""
        self._note_end(code, reason, advance(self._state, "close"))
        self._source = after_the_end
        try:
            try:
                if self._pump is not None:
                    await self._pump.stop()  # Granian sends no close while a receive is under way
                elif self._blocked:
                    self._end_receive()
            finally:  # a cancellation meanwhile must not leave the client without a close
                await self._send_close(close_event(self._scope, code, reason))
        finally:
            self._note_end(code, reason)

    @property
    def _patience(self) -> float | None:
        """Seconds for a close: a client that takes no message may take no close either."""
        return self._limits.send_timeout or self._limits.idle_timeout

    async def _send_close(self, event: Message) -> None:
        """Send the close to a client that may have left."""
        limit = self._patience
        with suppress(OSError, RuntimeError, TimeoutError):
            if limit is None:
                await self._send(event)
                return
            async with asyncio.timeout(limit):
                await self._send(event)

    async def _send_denial(self, event: Message) -> None:
        try:
            await self._send(event)
        except OSError:
            raise self._disconnected() from None

    def _choose_source(self) -> None:
        if self._limits.max_message_size is None and self._limits.idle_timeout is None:
            super()._choose_source()
        else:
            self._source = self._take_limited

    async def _take_limited(self) -> Message:
        limits = self._limits
        source = self._receive if self._pump is None else self._pump.take
        clock = asyncio.timeout(limits.idle_timeout)
        try:
            async with clock:
                event = await source()
        except TimeoutError:
            if not clock.expired():
                raise
            try:
                async with asyncio.timeout(0):  # what has come in time, while something else held the loop
                    event = await source()
            except TimeoutError:
                return await self._break(CloseCode.TIMEOUT, f"no message in {limits.idle_timeout:g} s")
        limit = limits.max_message_size
        if limit is not None and size_of(event) > limit:
            return await self._break(CloseCode.MESSAGE_TOO_BIG, f"a message may have {limit} bytes")
        return event

    async def _break(self, code: int, reason: str) -> Message:
        """Close because of what came, or did not come, in; return the end in its place."""
        await self._close(code, reason, self._patience)
        self._source = after_the_end
        return await after_the_end()

    async def _send_in_time(self, event: Message) -> None:
        limit = self._limits.send_timeout
        clock = asyncio.timeout(limit)
        try:
            async with clock:
                await self._send(event)
        except TimeoutError:
            if not clock.expired():
                raise
            await self._shut(CloseCode.TRY_AGAIN_LATER, f"a message was not taken in {limit:g} s")
            raise self._disconnected() from None
