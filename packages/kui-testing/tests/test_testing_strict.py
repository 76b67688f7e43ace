"""The rules of the ASGI specification that strict mode holds an application to."""

import gc
from collections.abc import Callable
from typing import Any

import pytest

from kui.testing import ASGIViolation, TestClient

ACCEPT = {"type": "websocket.accept"}
CLOSE = {"type": "websocket.close"}
TEXT = {"type": "websocket.send", "text": "hi"}
DENY_START = {"type": "websocket.http.response.start", "status": 403}
DENY_BODY = {"type": "websocket.http.response.body", "body": b"no"}
START = {"type": "http.response.start", "status": 200}
BODY = {"type": "http.response.body", "body": b"ok"}


def sending(*messages: Any) -> Callable[..., Any]:
    """An application that receives once and sends these."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        await receive()
        for message in messages:
            await send(message)

    return app


async def violation_of_socket(*messages: Any, server: str = "uvicorn") -> str:
    """Run an application that sends these on a socket; return what its violation says, without the messages."""
    async with TestClient(sending(*messages), server=server) as client:
        with pytest.raises(ASGIViolation) as broken:
            async with client.websocket("/") as ws:
                await ws.wait_ended()
    return str(broken.value).partition("\nmessages:")[0]


async def violation_of_request(*messages: Any) -> str:
    """Run an application that answers a request with these; return what its violation says."""
    async with TestClient(sending(*messages)) as client:
        with pytest.raises(ASGIViolation) as broken:
            await client.get("/")
    return str(broken.value).partition("\nmessages:")[0]


async def test_a_violation_says_what_was_seen_what_the_rule_is_and_what_was_exchanged() -> None:
    async with TestClient(sending(ACCEPT, TEXT, ACCEPT)) as client:
        with pytest.raises(ASGIViolation) as broken:
            async with client.websocket("/") as ws:
                await ws.wait_ended()
    assert str(broken.value) == (
        "websocket.accept after websocket.accept\n"
        "ASGI (WebSocket, Accept): an accepted connection is sent to or closed, nothing else\n"
        "messages:\n"
        "  to the application: websocket.connect\n"
        "  from the application: websocket.accept\n"
        "  from the application: websocket.send, text='hi'"
    )


HEADER_RULE = "ASGI (WebSocket, Accept): a header is a pair of bytes: name, value"
CODE_RULE = "ASGI (WebSocket, Close): the value of 'code' is an int out of 1000-1003, 1007-1014 or 3000-4999"
SENT_RULE = (
    "ASGI (Connection Scope): a websocket application sends websocket.accept, websocket.send, websocket.close, "
    "websocket.http.response.start, websocket.http.response.body"
)
FRAME_RULE = (
    "ASGI (WebSocket, Send): a message is one frame: one of 'text' and 'bytes' has a value, "
    "the other is None or missing"
)
TEXT_RULE = "ASGI (WebSocket, Send): the value of 'text' is a str that UTF-8 can encode, or None"
LAST_RULE = "ASGI (WebSocket, Close): websocket.close is the last message"
FIRST_RULE = (
    "ASGI (WebSocket, Connect): websocket.connect is answered first, by accept, close or a denial response"
)
DENIED_RULE = "ASGI (WebSocket Denial Response, Body): a body without more_body is the last message"


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([TEXT], f"websocket.send before websocket.accept\n{FIRST_RULE}"),
        ([], "the application returned without an answer to the handshake\n"
             "ASGI (WebSocket, Connect): websocket.connect is answered by accept, close or a denial response"),
        ([ACCEPT, CLOSE, TEXT], f"websocket.send after websocket.close\n{LAST_RULE}"),
        ([ACCEPT, CLOSE, CLOSE], f"websocket.close after websocket.close\n{LAST_RULE}"),
        ([ACCEPT, DENY_START],
         "websocket.http.response.start after websocket.accept\n"
         "ASGI (WebSocket, Accept): an accepted connection is sent to or closed, nothing else"),
        ([DENY_BODY], f"websocket.http.response.body before websocket.accept\n{FIRST_RULE}"),
        ([DENY_START, ACCEPT],
         "websocket.accept after websocket.http.response.start\n"
         "ASGI (WebSocket Denial Response, Body): after the start of a denial response come its bodies, "
         "until one without more_body"),
        ([DENY_START, DENY_BODY, DENY_BODY],
         f"websocket.http.response.body after the whole denial response\n{DENIED_RULE}"),
        ([{"text": "no type"}],
         "sent {'text': 'no type'}\nASGI (Events): an event is a dict whose 'type' is a str"),
        (["accept"], "sent 'accept'\nASGI (Events): an event is a dict whose 'type' is a str"),
        ([{"type": "websocket.ping"}], f"sent 'websocket.ping'\n{SENT_RULE}"),
        ([START], f"sent 'http.response.start'\n{SENT_RULE}"),
        ([ACCEPT | {"protocol": "chat"}],
         "websocket.accept with the key 'protocol'\n"
         "ASGI (WebSocket, Accept): the keys of this message are 'subprotocol', 'headers'"),
        ([ACCEPT | {"subprotocol": b"chat"}],
         "websocket.accept with subprotocol=b'chat'\n"
         "ASGI (WebSocket, Accept): the value of 'subprotocol' is a str or None"),
        ([ACCEPT | {"headers": 7}],
         "websocket.accept with headers=7\n"
         "ASGI (WebSocket, Accept): the value of 'headers' is an iterable of [name, value] pairs"),
        ([ACCEPT | {"headers": [("a", "b")]}],
         f"websocket.accept with the header ('a', 'b')\n{HEADER_RULE}"),
        ([ACCEPT | {"headers": [(b"a",)]}], f"websocket.accept with the header (b'a',)\n{HEADER_RULE}"),
        ([ACCEPT | {"headers": [(b"X-A", b"")]}],
         "websocket.accept with the header b'X-A'\nASGI (WebSocket, Accept): header names are in lower case"),
        ([ACCEPT | {"headers": [(b":path", b"")]}],
         "websocket.accept with the header b':path'\nASGI (WebSocket, Accept): pseudo headers are not sent"),
        ([ACCEPT | {"headers": [(b"sec-websocket-protocol", b"chat")]}],
         "websocket.accept with the header b'sec-websocket-protocol'\n"
         "ASGI (WebSocket, Accept): the subprotocol is given as 'subprotocol', not as a header"),
        ([ACCEPT, {"type": "websocket.send"}], f"websocket.send with text=None and bytes=None\n{FRAME_RULE}"),
        ([ACCEPT, TEXT | {"bytes": b""}], f"websocket.send with text='hi' and bytes=b''\n{FRAME_RULE}"),
        ([ACCEPT, {"type": "websocket.send", "text": b"x"}], f"websocket.send with text=b'x'\n{TEXT_RULE}"),
        ([ACCEPT, {"type": "websocket.send", "text": "\ud800"}],
         f"websocket.send with text='\\ud800'\n{TEXT_RULE}"),
        ([ACCEPT, {"type": "websocket.send", "bytes": bytearray(b"x")}],
         "websocket.send with bytes=bytearray(b'x')\n"
         "ASGI (WebSocket, Send): the value of 'bytes' is bytes or None"),
        *(
            ([ACCEPT, CLOSE | {"code": code}], f"websocket.close with code={code!r}\n{CODE_RULE}")
            for code in (999, 1004, 1005, 1006, 1015, 2999, 5000, None, "1000", True)
        ),
        ([ACCEPT, CLOSE | {"reason": b"bye"}],
         "websocket.close with reason=b'bye'\nASGI (WebSocket, Close): the value of 'reason' is a str or None"),
        ([{"type": "websocket.http.response.start"}],
         "websocket.http.response.start without 'status'\n"
         "ASGI (WebSocket Denial Response, Start): 'status' is required and is an int from 100 to 999"),
        ([DENY_START | {"status": 42}],
         "websocket.http.response.start with status=42\n"
         "ASGI (WebSocket Denial Response, Start): the value of 'status' is an int from 100 to 999"),
        ([DENY_START, DENY_BODY | {"more_body": 1}],
         "websocket.http.response.body with more_body=1\n"
         "ASGI (WebSocket Denial Response, Body): the value of 'more_body' is a bool"),
    ],
)  # fmt: skip
async def test_a_socket_application_is_held_to_the_rule(messages: list[Any], expected: str) -> None:
    assert await violation_of_socket(*messages) == expected


@pytest.mark.parametrize("code", [1000, 1003, 1007, 1014, 3000, 4999])
async def test_legal_close_codes_pass(code: int) -> None:
    async with TestClient(sending(ACCEPT, CLOSE | {"code": code})) as client, client.websocket("/") as ws:
        assert await ws.expect_close() == (code, "")


async def test_headers_may_be_an_iterator_of_lists() -> None:
    accept = ACCEPT | {"headers": iter([[b"x-a", b"1"]])}
    async with TestClient(sending(accept, CLOSE)) as client, client.websocket("/") as ws:
        assert ws.headers["x-a"] == "1"


async def test_keys_that_are_none_count_as_missing() -> None:
    app = sending(ACCEPT | {"subprotocol": None}, TEXT | {"bytes": None}, CLOSE | {"reason": None})
    async with TestClient(app) as client, client.websocket("/") as ws:
        assert [message async for message in ws] == ["hi"]


async def test_a_denial_needs_the_extension() -> None:
    assert await violation_of_socket(DENY_START, server="daphne") == (
        "websocket.http.response.start on a server without the extension\n"
        "ASGI (WebSocket Denial Response): a denial response needs 'websocket.http.response' in "
        "scope['extensions']; without it, websocket.close"
    )


async def test_accept_headers_need_spec_version_2_1() -> None:
    assert await violation_of_socket(ACCEPT | {"headers": [(b"x-a", b"1")]}, server="daphne") == (
        "websocket.accept with headers on a server of spec_version 2.0\n"
        "ASGI (WebSocket, Accept): 'headers' came with spec_version 2.1; older servers drop it"
    )


async def test_a_denial_that_is_never_finished_breaks_a_rule() -> None:
    assert await violation_of_socket(DENY_START, DENY_BODY | {"more_body": True}) == (
        "the application returned without an answer to the handshake\n"
        "ASGI (WebSocket, Connect): websocket.connect is answered by accept, close or a denial response"
    )


async def test_receiving_again_after_the_disconnect_breaks_a_rule() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await sending(ACCEPT)(scope, receive, send)
        await receive()
        await receive()

    async with TestClient(app) as client:
        with pytest.raises(ASGIViolation) as broken:
            async with client.websocket("/"):
                pass
    assert str(broken.value) == (
        "receive() was called after websocket.disconnect had been received\n"
        "ASGI (WebSocket, Disconnect): websocket.disconnect is the last event of a connection\n"
        "messages:\n"
        "  to the application: websocket.connect\n"
        "  from the application: websocket.accept\n"
        "  to the application: websocket.disconnect, code=1000, reason=''"
    )


async def test_an_application_that_swallows_its_violation_fails_the_test_all_the_same() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await sending(ACCEPT)(scope, receive, send)
        try:
            await send(ACCEPT)
        except AssertionError:
            await receive()

    async with TestClient(app) as client:
        with pytest.raises(ASGIViolation, match=r"websocket\.accept after websocket\.accept"):
            async with client.websocket("/") as ws:
                await ws.receive_text()


async def test_a_lenient_client_raises_in_the_application_alone() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await sending(ACCEPT)(scope, receive, send)
        with pytest.raises(RuntimeError, match=r"websocket\.accept after websocket\.accept"):
            await send(ACCEPT)
        await send({"type": "websocket.send", "text": "still here", "unknown": 1})
        await receive()

    async with TestClient(app, strict=False) as client, client.websocket("/") as ws:
        assert await ws.receive_text() == "still here"


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([BODY],
         "http.response.body before http.response.start\n"
         "ASGI (HTTP, Response Start): http.response.start comes first"),
        ([START, START],
         "http.response.start after http.response.start\n"
         "ASGI (HTTP, Response Body): after the start come bodies, until one without more_body"),
        ([START, BODY, BODY],
         "http.response.body after the whole response\n"
         "ASGI (HTTP, Response Body): a body without more_body is the last message"),
        ([],
         "the application returned before http.response.start\n"
         "ASGI (HTTP, Response Start): every request is answered"),
        ([START, BODY | {"more_body": True}],
         "the application returned after http.response.start\n"
         "ASGI (HTTP, Response Body): a response ends with a body without more_body"),
        ([START | {"headers": [(b"Content-Type", b"text/plain")]}],
         "http.response.start with the header b'Content-Type'\n"
         "ASGI (HTTP, Response Start): header names are in lower case"),
        ([START, BODY | {"body": "ok"}],
         "http.response.body with body='ok'\nASGI (HTTP, Response Body): the value of 'body' is bytes"),
        ([{"type": "http.response.pathsend"}],
         "sent 'http.response.pathsend'\n"
         "ASGI (Connection Scope): a http application sends http.response.start, http.response.body"),
    ],
)  # fmt: skip
async def test_an_http_application_is_held_to_the_rule(messages: list[Any], expected: str) -> None:
    assert await violation_of_request(*messages) == expected


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (["lifespan.startup.complete", "lifespan.startup.complete"],
         "lifespan.startup.complete before lifespan.shutdown\n"
         "ASGI (Lifespan): each of startup and shutdown is answered once, after it was received"),
        (["lifespan.shutdown.complete"],
         "lifespan.shutdown.complete before the answer to lifespan.startup\n"
         "ASGI (Lifespan): each of startup and shutdown is answered once, after it was received"),
        (["lifespan.started"],
         "sent 'lifespan.started'\n"
         "ASGI (Connection Scope): a lifespan application sends lifespan.startup.complete, "
         "lifespan.startup.failed, lifespan.shutdown.complete, lifespan.shutdown.failed"),
    ],
)  # fmt: skip
async def test_a_lifespan_is_held_to_the_rule(messages: list[str], expected: str) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        for message in messages:
            await send({"type": message})

    with pytest.raises(ASGIViolation) as broken:
        async with TestClient(app):
            pass
    assert str(broken.value).partition("\nmessages:")[0] == expected


async def test_nothing_is_logged_about_a_violation(caplog: pytest.LogCaptureFixture) -> None:
    await violation_of_socket(ACCEPT, ACCEPT)
    gc.collect()
    assert caplog.records == []
