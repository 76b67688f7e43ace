"""Where a connection stands, and how it ended."""

import asyncio
from typing import Final, NoReturn

from baize.asgi import WebSocketState

from kui.core import HTTPConnection

from .codes import CloseCode
from .errors import WebSocketDisconnect
from .states import CLOSING, CONNECTED, CONNECTING, DENIED, DISCONNECTED, ConnectionState, refusal

__all__ = ["CLOSED", "READY", "SENDING", "SENT", "Lifetime"]

_CLIENT_STATES = {
    CONNECTING: WebSocketState.CONNECTING,
    CONNECTED: WebSocketState.CONNECTED,
    CLOSING: WebSocketState.CONNECTED,
    DISCONNECTED: WebSocketState.DISCONNECTED,
    DENIED: WebSocketState.DISCONNECTED,
}
_APPLICATION_STATES = {**_CLIENT_STATES, CLOSING: WebSocketState.DISCONNECTED}

# Whether a send may go out at once. It may not while another one is under way, nor when one has gone out and
# nothing was received since, unless somebody reads ahead: a task that only sends would never learn of the end.
READY: Final = 0
SENDING: Final = 1
SENT: Final = 2
CLOSED: Final = 3


class Lifetime(HTTPConnection):
    """The state of a WebSocket connection, which its receiving and sending sides share."""

    __slots__ = ("_after_send", "_end", "_ended", "_outgoing", "_state")

    _state: ConnectionState
    _outgoing: int
    _after_send: int  # what `_outgoing` will be when the send under way is done
    _end: tuple[int, str] | None
    _ended: asyncio.Event | None  # where somebody waits for the end

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._scope.get('path', '')!r} {self._state.value}>"

    @property
    def connection_state(self) -> ConnectionState:
        """Where the connection stands."""
        return self._state

    @property
    def client_state(self) -> WebSocketState:
        """The state of the client's side, as kui 1.x and baize name it."""
        return _CLIENT_STATES[self._state]

    @property
    def application_state(self) -> WebSocketState:
        """The state of this side, as kui 1.x and baize name it."""
        return _APPLICATION_STATES[self._state]

    @property
    def close_code(self) -> int | None:
        """The code with which the connection ended, as soon as the end is known; else None."""
        return None if self._end is None else int(self._end[0])

    @property
    def close_reason(self) -> str:
        """The reason with which the connection ended; "" while it lasts, and where none was given."""
        return "" if self._end is None else self._end[1]

    def _note_end(self, code: int | None, reason: str | None, state: ConnectionState = DISCONNECTED) -> None:
        """Let nothing go out any more. The first end counts; only that of a close under way comes in two steps."""
        if self._end is None:
            # Daphne gives None where the client gave none
            self._end = CloseCode.NO_STATUS if code is None else code, reason or ""
            self._state = state
        elif self._state is CLOSING:
            self._state = state
        self._outgoing = self._after_send = CLOSED
        if self._ended is not None and self._state is not CLOSING:
            self._ended.set()

    async def _wait_ended(self) -> None:
        """Wait for the final state, which is still to come."""
        if self._ended is None:
            self._ended = asyncio.Event()
        await self._ended.wait()

    def _disconnected(self) -> WebSocketDisconnect:
        code, reason = self._end or (CloseCode.ABNORMAL, "")
        # every connection is a WebSocket; a `cast` would be a call for each of them
        return WebSocketDisconnect(code, reason, self)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    def _refuse(self, call: str) -> NoReturn:
        """Raise what the state has to say to a call that it does not allow."""
        if self._state in (DISCONNECTED, CLOSING):
            raise self._disconnected()
        raise refusal(self._state, call)
