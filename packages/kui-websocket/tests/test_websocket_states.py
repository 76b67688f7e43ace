"""The state table, without I/O."""

import pytest

from kui.websocket import ConnectionState, InvalidState
from kui.websocket.states import advance

CONNECTING, CONNECTED, CLOSING = (
    ConnectionState.CONNECTING,
    ConnectionState.CONNECTED,
    ConnectionState.CLOSING,
)
DISCONNECTED, DENIED = ConnectionState.DISCONNECTED, ConnectionState.DENIED

LEGAL = {
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
HAPPENINGS = ("accept", "deny", "send", "receive", "close", "closed", "disconnect")
ILLEGAL = [(state, what) for state in ConnectionState for what in HAPPENINGS if (state, what) not in LEGAL]


@pytest.mark.parametrize(("before", "happening"), LEGAL)
def test_a_legal_call_leads_to_the_next_state(before: ConnectionState, happening: str) -> None:
    assert advance(before, happening) is LEGAL[before, happening]


@pytest.mark.parametrize(("state", "happening"), ILLEGAL)
def test_an_illegal_call_raises_invalid_state(state: ConnectionState, happening: str) -> None:
    with pytest.raises(InvalidState, match=f"cannot {happening} while the connection is {state.value}"):
        advance(state, happening)


@pytest.mark.parametrize("happening", ["send", "receive"])
def test_the_error_says_what_to_call_first(happening: str) -> None:
    with pytest.raises(InvalidState, match=r"call `await websocket\.accept\(\)` first"):
        advance(CONNECTING, happening)


@pytest.mark.parametrize("state", [DISCONNECTED, DENIED])
def test_a_final_state_is_never_left(state: ConnectionState) -> None:
    assert all(before is not state for before, _ in LEGAL)


def test_invalid_state_is_a_runtime_error() -> None:
    assert issubclass(InvalidState, RuntimeError)
