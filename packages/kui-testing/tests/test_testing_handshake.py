"""The handshake: its scope, its answer, its denial, and a client that does not wait for it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from httpx import Headers
from testing_applications import echo

from kui.testing import ConnectionClosed, HandshakeDenied, TestClient


def telling(scopes: list[Any]) -> Callable[..., Any]:
    """An echo that keeps the scopes it was called with."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            scopes.append(scope)
        await echo()(scope, receive, send)

    return app


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


def test_a_denial_may_have_a_body_that_is_no_json() -> None:
    denied = HandshakeDenied(500, Headers(), b"x" * 300)
    assert str(denied).endswith("xxx...'")
    with pytest.raises(json.JSONDecodeError):
        denied.json()


async def test_a_single_subprotocol_that_is_not_in_a_list_is_refused() -> None:
    async with TestClient(echo()) as client:
        with pytest.raises(TypeError, match=r"subprotocols is a list, as in \['v1'\], got 'v1'"):
            client.websocket("/", subprotocols="v1")


@pytest.mark.parametrize(
    "headers",
    [
        [("Sec-WebSocket-Protocol", "chat, x")],
        [("sec-websocket-protocol", "chat"), ("sec-websocket-protocol", " x")],
    ],
    ids=["one", "two"],
)
@pytest.mark.parametrize("subprotocols", [[], ["chat", "x"]], ids=["alone", "said twice"])
async def test_subprotocols_offered_in_a_header_are_in_the_scope(
    headers: list[tuple[str, str]], subprotocols: list[str]
) -> None:
    async with TestClient(echo()) as client:
        session = client.websocket("/", headers=headers, subprotocols=subprotocols)
        assert session.scope["subprotocols"] == ["chat", "x"]
        named = [value for name, value in session.scope["headers"] if name == b"sec-websocket-protocol"]
        assert named == [value.encode() for _, value in headers]


async def test_subprotocols_that_differ_from_the_header_are_refused() -> None:
    async with TestClient(echo(), headers={"sec-websocket-protocol": "chat, x"}) as client:
        with pytest.raises(ValueError, match="subprotocols") as refused:
            client.websocket("/", subprotocols=["x", "chat"])
    assert str(refused.value) == (
        "subprotocols is ['x', 'chat'], but the header sec-websocket-protocol offers ['chat', 'x']; give one of the two"
    )
