"""The sending side of a connection."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, cast

from kui.core import JSONCodec, Message, Send

from .codes import CloseCode
from .iteration import Iterating
from .lifetime import SENDING, SENT
from .receiving import Mode
from .states import CONNECTED

__all__ = ["Sending"]

_END_FOLLOWS_SECONDS = 1.0  # after a send that a closing connection refused


class Sending(Iterating):
    """How messages go out: one at a time, in the order in which the sends began."""

    __slots__ = ("_sink", "_turns", "_writers")

    _sink: Send
    _turns: deque[asyncio.Future[None]] | None  # sends that wait for the one under way
    _writers: Mapping[type, Callable[[Any], bytes]] | None  # those of the JSON codec, once it was used

    async def send_text(self, data: str) -> None:
        """Send a text message.

        Raises:
            TypeError: the data is no str.
            InvalidState: before `accept()`.
            WebSocketDisconnect: the connection has ended.
        """
        # a caller may be untyped; the look at the type is a third of the price of `isinstance`
        if type(data) is not str and not isinstance(data, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(
                f"send_text wants a str, got {type(data).__name__}; send_bytes and send_json take others"
            )
        # As `_emit`, which would be a second coroutine for the most frequent of all calls.
        if self._outgoing:
            await self._prepare_send()
        self._outgoing = SENDING
        sink = self._sink
        try:
            await sink({"type": "websocket.send", "text": data})
        except (OSError, RuntimeError) as error:
            raise await self._send_failed(error) from None
        finally:
            self._outgoing = self._after_send
            if self._turns:
                self._pass_turn()

    def send_bytes(self, data: bytes | bytearray | memoryview) -> Coroutine[Any, Any, None]:
        """Send a binary message; raises as `send_text` does."""
        if type(data) is not bytes:
            if not isinstance(data, (bytes, bytearray, memoryview)):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(
                    f"send_bytes wants bytes, got {type(data).__name__}; send_text and send_json take others"
                )
            data = bytes(data)
        return self._emit({"type": "websocket.send", "bytes": data})

    async def send_json(self, data: object, mode: Mode = "text") -> None:
        """Send a value as compact JSON.

        Args:
            data: anything that the codec encodes: JSON's own types, dataclasses, pydantic models, datetimes and so on.
            mode: "text" or "binary": the kind of message. Default: "text".

        Raises:
            TypeError: the value has no JSON form.
            ValueError: an unknown mode.
            InvalidState, WebSocketDisconnect: as for `send_text`.
        """
        writers = self._writers
        if writers is None:
            writers = self._writers = self.json_codec.writers
        write = writers.get(type(data))
        encoded = _encoded(self.json_codec, data) if write is None else write(data)
        if mode == "text":
            event: Message = {"type": "websocket.send", "text": encoded.decode()}
        elif mode == "binary":
            event = {"type": "websocket.send", "bytes": encoded}
        else:
            raise ValueError(f'mode is "text" or "binary"; got {mode!r}')
        # As `_emit`, which would be a call more.
        if self._outgoing:
            await self._prepare_send()
        self._outgoing = SENDING
        sink = self._sink
        try:
            await sink(event)
        except (OSError, RuntimeError) as error:
            raise await self._send_failed(error) from None
        finally:
            self._outgoing = self._after_send
            if self._turns:
                self._pass_turn()

    def send_payload(self, data: str | bytes) -> Coroutine[Any, Any, None]:
        """Send a str as a text message, bytes as a binary one; raises as `send_text` does."""
        return self.send_text(data) if isinstance(data, str) else self.send_bytes(data)

    async def _emit(self, event: Message) -> None:
        if self._outgoing:
            await self._prepare_send()
        self._outgoing = SENDING
        sink = self._sink
        try:
            await sink(event)
        except (OSError, RuntimeError) as error:
            raise await self._send_failed(error) from None
        finally:
            self._outgoing = self._after_send
            if self._turns:
                self._pass_turn()

    async def _prepare_send(self) -> None:
        """Wait for the send under way, refuse after the end, or start to read ahead."""
        has_turn = self._outgoing == SENDING
        if has_turn:
            await self._wait_for_turn()
        if self._state is CONNECTED and self._after_send == SENT:
            self._start_pump()  # a send has gone out before, and nothing reads ahead
            if self._pump is not None:
                has_turn, self._outgoing = True, SENDING
                try:
                    await asyncio.sleep(0)  # for the pump: what has come in may be the end
                except BaseException:
                    self._release_turn()
                    raise
        if self._state is not CONNECTED:
            if has_turn:
                self._release_turn()
            self._refuse("send")

    async def _wait_for_turn(self) -> None:
        """Wait until the sends that began before are done."""
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

    def _pass_turn(self) -> None:
        """Let the next send that waits begin; until it does, nobody else may."""
        turns = cast("deque[asyncio.Future[None]]", self._turns)
        while turns:
            turn = turns.popleft()
            if not turn.done():
                self._outgoing = SENDING
                turn.set_result(None)
                return

    def _release_turn(self) -> None:
        self._outgoing = self._after_send
        if self._turns:
            self._pass_turn()

    async def _send_failed(self, error: OSError | RuntimeError) -> Exception:
        """Return what to raise for an exception of the server's send."""
        # OSError says that the connection is gone, and the event that says how may come a little later. uvicorn
        # raises RuntimeError for a send after a size violation; Daphne from a client's close frame on; any other is
        # the caller's affair.
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_FOLLOWS_SECONDS):
                await self.wait_disconnected()
            return self._disconnected()
        if isinstance(error, RuntimeError):
            return error
        self._note_end(CloseCode.ABNORMAL, "")
        return self._disconnected()


def _encoded(codec: JSONCodec, data: object) -> bytes:
    encoded = codec.encode(data)
    if not isinstance(encoded, bytes):  # pyright: ignore[reportUnnecessaryIsInstance] - a subclass may be untyped
        raise TypeError(
            f"{type(codec).__name__}.encode has to return bytes, and returned {type(encoded).__name__}; write .encode()"
            " behind json.dumps(...)"
        )
    return encoded
