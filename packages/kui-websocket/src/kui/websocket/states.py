"""The legal order of a connection's calls and events, as a table."""

from enum import Enum
from typing import Final

from .errors import InvalidState

__all__ = [
    "CLOSING",
    "CONNECTED",
    "CONNECTING",
    "DENIED",
    "DISCONNECTED",
    "ConnectionState",
    "advance",
    "refusal",
]


class ConnectionState(Enum):
    """Where a connection stands.

    CONNECTING, until it is accepted or denied; CONNECTED, while messages go both ways; CLOSING, while this side's
    close is being sent; DISCONNECTED and DENIED, for good.
    """

    CONNECTING = "connecting"
    CONNECTED = "connected"
    CLOSING = "closing"
    DISCONNECTED = "disconnected"
    DENIED = "denied"

    __hash__ = object.__hash__  # Enum's own hashes the name, in Python


# Looking up a member on the class takes longer than anything else in a transition.
CONNECTING: Final = ConnectionState.CONNECTING
CONNECTED: Final = ConnectionState.CONNECTED
CLOSING: Final = ConnectionState.CLOSING
DISCONNECTED: Final = ConnectionState.DISCONNECTED
DENIED: Final = ConnectionState.DENIED

# (state, what happens) -> state. What is missing is refused with the message below, as long as the connection lasts;
# once it has ended, a send or a receive raises WebSocketDisconnect, and a close does nothing. The connection asks where a
# call changes its state; a test of thousands of sequences holds it to every row.
_TABLE = {
    (CONNECTING, "accept"): CONNECTED,
    (CONNECTING, "deny"): DENIED,
    (CONNECTING, "close"): DENIED,
    (CONNECTING, "disconnect"): DISCONNECTED,
    (CONNECTED, "send"): CONNECTED,
    (CONNECTED, "receive"): CONNECTED,
    (CONNECTED, "close"): CLOSING,
    (CONNECTED, "disconnect"): DISCONNECTED,
    (CLOSING, "closed"): DISCONNECTED,
    (CLOSING, "disconnect"): DISCONNECTED,
}

_REMEDIES = {
    (CONNECTING, "send"): "call `await websocket.accept()` first",
    (CONNECTING, "receive"): "call `await websocket.accept()` first",
    (CONNECTED, "accept"): "it was accepted before; call `accept()` once",
    (CONNECTED, "deny"): "it was accepted; use `await websocket.close(code)` now",
}


def advance(state: ConnectionState, happening: str) -> ConnectionState:
    """Return the state after a call or an event.

    Args:
        state: the state before.
        happening: "accept", "deny", "send", "receive", "close" or "closed" for this side; "disconnect" for the other.

    Raises:
        InvalidState: the state does not allow it.

    ```python
    >>> advance(ConnectionState.CONNECTING, "accept")
    <ConnectionState.CONNECTED: 'connected'>
    >>> advance(ConnectionState.CONNECTING, "send")
    Traceback (most recent call last):
    kui.websocket.errors.InvalidState: cannot send while the connection is connecting: call `await websocket.accept()` first

    ```
    """
    try:
        return _TABLE[state, happening]
    except KeyError:
        raise refusal(state, happening) from None


def refusal(state: ConnectionState, happening: str) -> InvalidState:
    """Return the error of a call that the state does not allow."""
    remedy = _REMEDIES.get((state, happening), "it has ended")
    return InvalidState(f"cannot {happening} while the connection is {state.value}: {remedy}")
