"""The legal order of a connection's calls and events, as a table."""

from enum import Enum

from .errors import InvalidState

__all__ = ["ConnectionState", "advance", "refusal"]


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


_S = ConnectionState

# (state, what happens) -> state. What is missing is refused with the message below.
_TABLE = {
    (_S.CONNECTING, "accept"): _S.CONNECTED,
    (_S.CONNECTING, "deny"): _S.DENIED,
    (_S.CONNECTING, "close"): _S.DENIED,
    (_S.CONNECTING, "disconnect"): _S.DISCONNECTED,
    (_S.CONNECTED, "send"): _S.CONNECTED,
    (_S.CONNECTED, "receive"): _S.CONNECTED,
    (_S.CONNECTED, "close"): _S.CLOSING,
    (_S.CONNECTED, "disconnect"): _S.DISCONNECTED,
    (_S.CLOSING, "closed"): _S.DISCONNECTED,
    (_S.CLOSING, "disconnect"): _S.DISCONNECTED,
}

_REMEDIES = {
    (_S.CONNECTING, "send"): "call `await websocket.accept()` first",
    (_S.CONNECTING, "receive"): "call `await websocket.accept()` first",
    (_S.CONNECTED, "accept"): "it was accepted before; call `accept()` once",
    (_S.CONNECTED, "deny"): "it was accepted; use `await websocket.close(code)` now",
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
