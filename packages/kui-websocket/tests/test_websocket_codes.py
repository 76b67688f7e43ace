"""Close codes, reasons, and the tree of errors."""

import pytest
from baize.asgi import WebSocketDisconnect as BaizeWebSocketDisconnect
from hypothesis import given
from hypothesis import strategies as st

from kui.websocket import (
    CloseCode,
    DecodeError,
    InvalidState,
    PayloadTypeError,
    WebSocketClose,
    WebSocketDisconnect,
    WebSocketError,
)
from kui.websocket.codes import describe, fit_reason, legal_code

LEGAL = {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}


def test_only_codes_that_rfc_6455_gives_to_applications_are_legal() -> None:
    for code in (-1, 0, 1, *range(990, 1030), *range(2990, 3010), *range(4990, 5010), 65536):
        if code in LEGAL:
            assert legal_code(code) == code
        else:
            with pytest.raises(ValueError, match=f"close code {code} may not be sent"):
                legal_code(code)


@given(st.text())
def test_a_reason_is_cut_to_123_bytes_and_never_inside_a_character(reason: str) -> None:
    fitted = fit_reason(reason)
    assert len(fitted.encode()) <= 123
    assert reason.startswith(fitted)
    rest = reason[len(fitted) :]
    assert not rest or len((fitted + rest[0]).encode()) > 123


def test_a_reason_without_utf8_form_is_sent_as_far_as_it_has_one() -> None:
    assert fit_reason("a\ud800b") == "a?b"


def test_no_reason_is_an_empty_one() -> None:
    assert fit_reason(None) == ""


def test_a_reason_that_is_no_text_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="a close reason is a str; got bytes"):
        fit_reason(b"x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_message_names_the_code_where_it_has_a_name() -> None:
    assert describe(1001) == "1001 (going away)"
    assert describe(4321) == "4321"


def test_errors_are_built_on_the_nearest_builtin() -> None:
    assert issubclass(InvalidState, (WebSocketError, RuntimeError))
    assert issubclass(PayloadTypeError, TypeError)
    assert issubclass(PayloadTypeError, WebSocketError)
    assert issubclass(DecodeError, ValueError)
    assert issubclass(DecodeError, WebSocketError)


def test_errors_know_the_code_to_close_with() -> None:
    assert InvalidState.close_code == CloseCode.INTERNAL_ERROR
    assert PayloadTypeError.close_code == DecodeError.close_code == CloseCode.UNSUPPORTED_DATA


def test_code_that_catches_the_disconnect_of_baize_catches_ours() -> None:
    with pytest.raises(BaizeWebSocketDisconnect) as caught:
        raise WebSocketDisconnect(4000, "bye")
    assert (caught.value.code, caught.value.reason) == (4000, "bye")


def test_a_disconnect_says_how_the_connection_ended() -> None:
    assert str(WebSocketDisconnect(1001, "bye")) == "the connection has ended: 1001 (going away), 'bye'"
    assert str(WebSocketDisconnect(4001)) == "the connection has ended: 4001"
    assert repr(WebSocketDisconnect(1005)) == "WebSocketDisconnect(code=1005, reason='')"


def test_a_close_with_an_illegal_code_cannot_be_raised() -> None:
    with pytest.raises(ValueError, match="1006 may not be sent"):
        WebSocketClose(1006)


def test_the_reason_of_a_raised_close_is_cut() -> None:
    assert len(WebSocketClose(1000, "x" * 200).reason) == 123
