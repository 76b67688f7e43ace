"""What a test can do with one WebSocket connection."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from httpx import Headers
from pydantic import BaseModel, TypeAdapter

from kui.testing import Close, ConnectionClosed, DeadlineExceeded, HandshakeDenied, TestClient

Accept = dict[str, Any]


def echo(accept: Accept | None = None) -> Callable[..., Any]:
    """An application that accepts and sends back what it gets; "close" makes it close with 4000 "bye"."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        assert await receive() == {"type": "websocket.connect"}
        await send({"type": "websocket.accept", **(accept or {})})
        while (event := await receive())["type"] == "websocket.receive":
            if event.get("text") == "close":
                await send({"type": "websocket.close", "code": 4000, "reason": "bye"})
                return
            await send({**event, "type": "websocket.send"})

    return app


def telling(scopes: list[Any]) -> Callable[..., Any]:
    """An echo that keeps the scopes it was called with."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            scopes.append(scope)
        await echo()(scope, receive, send)

    return app


def sends(*payloads: str | bytes) -> Callable[..., Any]:
    """An application that sends these and closes."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        for payload in payloads:
            await send({"type": "websocket.send", "text" if isinstance(payload, str) else "bytes": payload})
        await send({"type": "websocket.close"})

    return app


async def test_text_goes_to_and_fro() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_text("grüß dich")
        assert await ws.receive_text() == "grüß dich"


async def test_bytes_go_to_and_fro() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_bytes(b"\x00\xff")
        assert await ws.receive_bytes() == b"\x00\xff"


async def test_empty_messages_are_messages() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_text("")
        await ws.send_bytes(b"")
        assert [await ws.receive(), await ws.receive()] == ["", b""]


async def test_json_goes_in_a_text_frame() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_json({"x": [1, None]})
        assert await ws.receive() == '{"x":[1,null]}'


async def test_json_goes_in_a_binary_frame_on_request() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_json({"x": 1}, binary=True)
        assert await ws.receive() == b'{"x":1}'


@pytest.mark.parametrize("payload", ['{"x":1}', b'{"x":1}'])
async def test_json_is_received_from_either_frame(payload: str | bytes) -> None:
    async with TestClient(sends(payload)) as client, client.websocket("/") as ws:
        assert await ws.receive_json() == {"x": 1}


class Move(BaseModel):
    x: int


@dataclass
class Point:
    x: int


def point(value: Any) -> Point:
    return Point(**value)


async def test_json_becomes_a_pydantic_model() -> None:
    async with TestClient(sends('{"x":1}')) as client, client.websocket("/") as ws:
        assert await ws.receive_json(Move) == Move(x=1)


async def test_json_becomes_what_a_type_adapter_makes_of_it() -> None:
    async with TestClient(sends('[{"x":1}]')) as client, client.websocket("/") as ws:
        assert await ws.receive_model(TypeAdapter(list[Move])) == [Move(x=1)]


async def test_json_becomes_what_a_function_makes_of_it() -> None:
    async with TestClient(sends('{"x":1}')) as client, client.websocket("/") as ws:
        assert await ws.receive_model(point) == Point(1)


async def test_a_model_is_sent_as_its_json() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_json(Move(x=3))
        assert await ws.receive_text() == '{"x":3}'


async def test_the_wrong_kind_of_frame_is_refused_and_stays_readable() -> None:
    async with TestClient(sends(b"abc", "def")) as client, client.websocket("/") as ws:
        with pytest.raises(TypeError) as binary:
            await ws.receive_text()
        assert str(binary.value) == "expected a text message, got a binary one: b'abc'; use receive_bytes()"
        assert await ws.receive_bytes() == b"abc"
        with pytest.raises(TypeError) as text:
            await ws.receive_bytes()
        assert str(text.value) == "expected a binary message, got a text one: 'def'; use receive_text()"
        assert await ws.receive_text() == "def"


async def test_a_loop_over_the_socket_ends_with_the_close() -> None:
    async with TestClient(sends("a", b"b", "c")) as client, client.websocket("/") as ws:
        assert [message async for message in ws] == ["a", b"b", "c"]


async def test_a_receive_that_meets_the_close_raises() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_text("close")
        with pytest.raises(ConnectionClosed) as closed:
            await ws.receive_text()
        assert (closed.value.code, closed.value.reason) == (4000, "bye")
        assert str(closed.value) == "the connection is closed: code 4000, reason 'bye'"


async def test_a_send_after_the_close_raises() -> None:
    async with TestClient(sends()) as client, client.websocket("/") as ws:
        await ws.expect_close()
        with pytest.raises(ConnectionClosed):
            await ws.send_text("late")


async def test_expect_close_gives_the_code_and_the_reason() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_text("close")
        assert await ws.expect_close() == Close(code=4000, reason="bye") == (4000, "bye")


async def test_expect_close_refuses_a_message_and_leaves_it() -> None:
    async with TestClient(sends("first")) as client, client.websocket("/") as ws:
        with pytest.raises(AssertionError) as refused:
            await ws.expect_close()
        assert str(refused.value) == "expected the close, got the message 'first'"
        assert await ws.receive_text() == "first"
        assert await ws.expect_close() == (1000, "")


async def test_messages_before_a_cut_can_still_be_read() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.send_text("one")
        await asyncio.sleep(0)
        await ws.send_text("two")
        assert await ws.receive_text() == "one"
        assert await ws.receive_text() == "two"
        ws.abort()
        assert await ws.expect_close() == (1006, "")


async def test_a_close_of_the_client_is_seen_by_both() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        await ws.close(4001, "enough")
        await ws.close(4002, "the second does nothing")
        assert await ws.expect_close() == (4001, "enough")


async def test_two_tasks_may_receive_at_once() -> None:
    async with TestClient(sends("a", "b")) as client, client.websocket("/") as ws:
        assert sorted(await asyncio.gather(ws.receive_text(), ws.receive_text())) == ["a", "b"]


async def test_a_cancelled_receive_loses_no_message() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        receiving = asyncio.create_task(ws.receive_text())
        await asyncio.sleep(0)
        await ws.send_text("kept")
        receiving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await receiving
        assert await ws.receive_text() == "kept"


async def test_a_cancelled_receive_of_the_application_loses_no_event() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receive(), 0)
        await send({"type": "websocket.send", "text": "timed out"})
        await send({"type": "websocket.send", "text": (await receive())["text"]})
        await receive()

    async with TestClient(app) as client, client.websocket("/") as ws:
        assert await ws.receive_text() == "timed out"
        await ws.send_text("kept")
        assert await ws.receive_text() == "kept"


async def test_the_accepted_subprotocol_and_headers_are_told() -> None:
    app = echo({"subprotocol": "chat.v2", "headers": [(b"x-room", b"7")]})
    async with (
        TestClient(app) as client,
        client.websocket("/", subprotocols=["chat.v1", "chat.v2"]) as ws,
    ):
        assert ws.subprotocol == "chat.v2"
        assert ws.headers["x-room"] == "7"


async def test_a_close_before_accept_denies_with_403() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.close"})

    async with TestClient(app) as client:
        with pytest.raises(HandshakeDenied) as denied:
            await client.websocket("/").__aenter__()
    assert (denied.value.status, denied.value.body) == (403, b"")
    assert str(denied.value) == "the application denied the handshake with HTTP status 403 and the body b''"


async def test_a_denial_response_is_told_whole() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        headers = [(b"x-reason", b"token"), (b"set-cookie", b"seen=yes")]
        await send({"type": "websocket.http.response.start", "status": 401, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": b'{"error":', "more_body": True})
        await send({"type": "websocket.http.response.body", "body": b' "expired"}'})

    async with TestClient(app) as client:
        with pytest.raises(HandshakeDenied) as denied:
            async with client.websocket("/"):
                pytest.fail("it was denied")
        assert client.cookies["seen"] == "yes"
    assert denied.value.status == 401
    assert denied.value.headers["x-reason"] == "token"
    assert denied.value.json() == {"error": "expired"}


async def test_the_scope_has_what_the_specification_asks_for() -> None:
    async with TestClient(echo(), base_url="https://example.org:8443") as client:
        session = client.websocket(
            "/r%C3%B6om/1?a=1",
            params={"b": "2"},
            subprotocols=["v1", "v2"],
            headers={"X-Token": "T"},
            cookies={"id": "7"},
            origin="https://example.org",
        )
        async with session as ws:
            headers = dict(ws.scope.pop("headers"))
            assert ws.scope == {
                "type": "websocket",
                "asgi": {"version": "3.0", "spec_version": "2.4"},
                "http_version": "1.1",
                "scheme": "wss",
                "path": "/röom/1",
                "raw_path": b"/r%C3%B6om/1",
                "query_string": b"a=1&b=2",
                "root_path": "",
                "client": ("testclient", 50000),
                "server": ("example.org", 8443),
                "subprotocols": ["v1", "v2"],
                "state": {},
                "extensions": {"websocket.http.response": {}},
            }
            assert headers[b"host"] == b"example.org:8443"
            assert headers[b"x-token"] == b"T"
            assert headers[b"cookie"] == b"id=7"
            assert headers[b"origin"] == b"https://example.org"
            assert headers[b"upgrade"] == b"websocket"
            assert headers[b"connection"] == b"Upgrade"
            assert headers[b"sec-websocket-version"] == b"13"
            assert headers[b"sec-websocket-protocol"] == b"v1, v2"


async def test_the_root_path_is_put_before_the_path() -> None:
    scopes: list[Any] = []
    async with TestClient(telling(scopes), root_path="/api") as client, client.websocket("/ws"):
        pass
    assert (scopes[0]["root_path"], scopes[0]["path"], scopes[0]["raw_path"]) == (
        "/api",
        "/api/ws",
        b"/api/ws",
    )


async def test_a_server_may_not_know_the_client() -> None:
    scopes: list[Any] = []
    async with TestClient(telling(scopes), client=None) as client, client.websocket("/"):
        pass
    assert scopes[0]["client"] is None


async def test_headers_and_cookies_of_the_client_go_with_each_socket() -> None:
    scopes: list[Any] = []
    async with TestClient(
        telling(scopes), headers={"authorization": "Bearer t"}, cookies={"id": "7"}
    ) as client:
        client.cookies.set("later", "8")
        async with client.websocket("/"):
            pass
    headers = dict(scopes[0]["headers"])
    assert headers[b"authorization"] == b"Bearer t"
    assert headers[b"cookie"] == b"id=7; later=8"


async def test_cookies_set_with_accept_are_kept() -> None:
    scopes: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            scopes.append(scope)
        await echo({"headers": [(b"set-cookie", b"id=7")]})(scope, receive, send)

    async with TestClient(app) as client:
        async with client.websocket("/"):
            pass
        async with client.websocket("/"):
            pass
    assert dict(scopes[1]["headers"])[b"cookie"] == b"id=7"


async def test_a_window_makes_the_application_wait_for_the_reader() -> None:
    sent: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        for number in range(3):
            await send({"type": "websocket.send", "text": str(number)})
            sent.append(number)
        await receive()

    async with TestClient(app) as client, client.websocket("/", window=1) as ws:
        with pytest.raises(DeadlineExceeded):
            await ws.wait_ended(deadline=0.01)
        assert sent == [0]
        assert [await ws.receive_text() for _ in range(3)] == ["0", "1", "2"]


async def test_a_close_does_not_wait_for_the_window() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "unread"})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(send({"type": "websocket.send", "text": "too much"}), 0.01)
        await send({"type": "websocket.close", "code": 1013})

    async with TestClient(app) as client, client.websocket("/", window=1) as ws:
        await ws.wait_ended()
        assert await ws.receive_text() == "unread"
        assert await ws.expect_close() == (1013, "")


async def test_a_client_may_leave_before_the_answer_to_the_handshake() -> None:
    events: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        events.append(await receive())
        events.append(await receive())

    async with TestClient(app) as client, client.websocket("/", wait_accept=False) as ws:
        ws.abort()
        await ws.wait_ended()
    assert events == [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}]


@pytest.mark.parametrize("server", ["hypercorn", "granian", "daphne"])
async def test_an_application_may_not_notice_that_the_client_left_during_the_handshake(server: str) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "nobody hears it"})
        await send({"type": "websocket.close"})

    async with (
        TestClient(app, server=server) as client,
        client.websocket("/", wait_accept=False) as ws,
    ):
        ws.abort()
        with pytest.raises(ConnectionClosed):
            await ws.accept()


async def test_a_denied_socket_is_a_closed_one() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.close"})

    async with TestClient(app) as client, client.websocket("/", wait_accept=False) as ws:
        await ws.wait_ended()
        with pytest.raises(ConnectionClosed):
            await ws.receive()


async def test_the_handshake_may_be_awaited_later() -> None:
    async with TestClient(echo()) as client, client.websocket("/", wait_accept=False) as ws:
        with pytest.raises(RuntimeError) as early:
            await ws.send_text("early")
        assert str(early.value) == "the handshake is not over: await ws.accept() first"
        await ws.accept()
        await ws.send_text("now")
        assert await ws.receive_text() == "now"


async def test_a_session_is_for_one_connection() -> None:
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        with pytest.raises(RuntimeError) as again:
            await ws.__aenter__()
        assert (
            str(again.value) == "this session was entered before; call client.websocket() for each connection"
        )


async def test_a_client_has_to_be_open() -> None:
    client = TestClient(echo())
    with pytest.raises(RuntimeError) as closed:
        client.websocket("/")
    assert str(closed.value) == "the client is not open: use 'async with TestClient(app) as client'"


async def test_a_session_has_to_be_entered() -> None:
    async with TestClient(echo()) as client:
        with pytest.raises(RuntimeError) as closed:
            await client.websocket("/").receive_text()
    assert str(closed.value) == "the connection is not open: use 'async with client.websocket(...) as ws'"


async def test_a_loop_of_sends_does_not_stop_the_world() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            await send({"type": "websocket.send", "text": "more"})

    async with TestClient(app) as client, client.websocket("/") as ws:
        assert await ws.receive_text() == "more"


async def test_a_thousand_connections_are_open_at_once() -> None:
    async with TestClient(echo()) as client:
        everyone_is_here = asyncio.Barrier(1000)

        async def one(number: int) -> Any:
            async with client.websocket(f"/{number}") as ws:
                await everyone_is_here.wait()
                await ws.send_json(number)
                return await ws.receive_json()

        assert await asyncio.gather(*map(one, range(1000))) == list(range(1000))


def test_a_denial_may_have_a_body_that_is_no_json() -> None:
    denied = HandshakeDenied(500, Headers(), b"x" * 300)
    assert str(denied).endswith("xxx...'")
    with pytest.raises(json.JSONDecodeError):
        denied.json()


async def test_a_payload_of_the_wrong_type_is_refused_where_it_is_sent() -> None:
    text: Any = b"abc"
    data: Any = "abc"
    async with TestClient(echo()) as client, client.websocket("/") as ws:
        with pytest.raises(TypeError, match=r"expected a str, got b'abc'; use send_bytes\(\)"):
            await ws.send_text(text)
        with pytest.raises(TypeError, match=r"expected bytes, got 'abc'; use send_text\(\) or bytes\(\)"):
            await ws.send_bytes(data)
        await ws.send_text("still open")
        assert await ws.receive_text() == "still open"


async def test_a_single_subprotocol_that_is_not_in_a_list_is_refused() -> None:
    async with TestClient(echo()) as client:
        with pytest.raises(TypeError, match=r"subprotocols is a list, as in \['v1'\], got 'v1'"):
            client.websocket("/", subprotocols="v1")
