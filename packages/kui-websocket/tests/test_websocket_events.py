"""The events of accept and close, without I/O."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from kui.websocket.handshake import accept_event, close_event, negotiate, send_event


def scope(version: str | None = "2.4", offered: list[str] | None = None) -> dict[str, Any]:
    return {"asgi": {} if version is None else {"spec_version": version}, "subprotocols": offered}


def test_a_plain_accept_is_an_event_of_its_own_each_time() -> None:
    event = accept_event(scope(), None, ())
    assert event == {"type": "websocket.accept"}
    assert accept_event(scope(), None, ()) is not event


def test_an_accept_carries_the_subprotocol_and_headers_with_names_in_lower_case() -> None:
    event = accept_event(scope(offered=["a", "b"]), "b", {"X-One": "1"})
    assert event == {"type": "websocket.accept", "subprotocol": "b", "headers": [(b"x-one", b"1")]}


def test_headers_may_be_pairs_of_str_or_bytes() -> None:
    event = accept_event(scope(), None, [("X-A", "ü"), (b"X-A", b"2")])
    assert event["headers"] == [(b"x-a", b"\xfc"), (b"x-a", b"2")]
    assert "headers" not in accept_event(scope(), None, iter([]))


@pytest.mark.parametrize("offered", [None, [], ["chat"]])
def test_a_subprotocol_that_was_not_offered_is_a_value_error(offered: list[str] | None) -> None:
    with pytest.raises(ValueError, match="subprotocol 'soap' was not offered"):
        accept_event(scope(offered=offered), "soap", ())


def test_the_subprotocol_is_no_header() -> None:
    with pytest.raises(ValueError, match=r"pass accept\(subprotocol=\.\.\.\)"):
        accept_event(scope(), None, {"Sec-WebSocket-Protocol": "chat"})


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        ({"x": "a\r\nset-cookie: b"}, "the header 'x' has no line break and no NUL (RFC 9110, section 5.5)"),
        ({"x": "a\0"}, "the header 'x' has no line break and no NUL"),
        ({"x\n": "a"}, "the name of a header is a token"),
        ({"x": "\u20ac"}, "the header 'x' has characters beyond Latin-1; got '\u20ac'"),
    ],
)
def test_a_header_that_would_be_another_one_is_a_value_error(
    headers: Mapping[str, str], problem: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        accept_event(scope(), None, headers)


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        (5, "headers are a mapping, or pairs of a name and a value; got 5"),
        ("x: a", "headers are a mapping, or pairs of a name and a value; got 'x: a'"),
        ([("x",)], "headers are pairs of a name and a value, both str or bytes; got ('x',)"),
        (["xa"], "headers are pairs of a name and a value, both str or bytes; got 'xa'"),
    ],
)
def test_what_are_no_headers_is_a_type_error(headers: Any, problem: str) -> None:
    with pytest.raises(TypeError, match=re.escape(problem)):
        accept_event(scope(), None, headers)


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({}, ValueError),
        ({"text": "a", "bytes": b"a"}, ValueError),
        ({"text": b"a"}, TypeError),
        ({"bytes": "a"}, TypeError),
    ],
)
def test_a_raw_message_has_one_payload_of_its_kind(event: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=r"websocket\.send"):
        send_event({"type": "websocket.send", **event})


@pytest.mark.parametrize("payload", [bytearray(b"x"), memoryview(b"x")])
def test_a_raw_message_may_have_bytes_of_any_kind(payload: bytearray | memoryview) -> None:
    event = send_event({"type": "websocket.send", "bytes": payload})
    assert type(event["bytes"]) is bytes


def test_a_raw_message_may_have_the_other_key_too() -> None:
    event = {"type": "websocket.send", "text": "", "bytes": None}
    assert send_event(event) == {"type": "websocket.send", "text": ""}


@pytest.mark.parametrize("version", ["2.0", None])
def test_headers_on_a_server_that_cannot_send_them_are_an_error_that_says_so(version: str | None) -> None:
    with pytest.raises(ValueError, match=r"cannot send headers with an accept.*ASGI before 2\.1"):
        accept_event(scope(version), None, {"x": "1"})


def test_the_reason_of_a_close_is_omitted_before_asgi_2_3() -> None:
    assert close_event(scope("2.3"), 4000, "bye") == {
        "type": "websocket.close",
        "code": 4000,
        "reason": "bye",
    }
    assert close_event(scope("2.2"), 4000, "bye") == {"type": "websocket.close", "code": 4000}
    assert close_event(scope(None), 4000, "bye") == {"type": "websocket.close", "code": 4000}


def test_negotiate_picks_the_first_of_the_servers_list_that_was_offered() -> None:
    assert negotiate(scope(offered=["a", "b"]), ["c", "b", "a"]) == "b"
    assert negotiate(scope(offered=["a"]), ["c"]) is None
    assert negotiate(scope(offered=None), ["c"]) is None
    assert negotiate(scope(offered=["chat"]), "chat") == "chat"
