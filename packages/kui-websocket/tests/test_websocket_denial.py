"""Denials: a real response where the server can send one, else 403."""

import asyncio
from typing import Any

import pytest
from websocket_peer import SERVERS, serve, turns

from kui.core import HTTPException, Receive, Scope, Send
from kui.testing import PROFILES, HandshakeDenied, TestClient
from kui.websocket import InvalidState, WebSocketDisconnect, websocket, websocket_session

WITHOUT_DENIAL: dict[str, Any] = {"extensions": {}}


@pytest.mark.parametrize("server", SERVERS)
async def test_a_denial_is_a_real_response_where_the_server_can_send_one_else_403(server: str) -> None:
    async def handler() -> None:
        await websocket.deny(401)

    async with TestClient(websocket_session(handler), server=server) as client:
        with pytest.raises(HandshakeDenied) as denied:
            async with client.websocket("/"):
                pass
    assert denied.value.status == (401 if PROFILES[server].denial_extension else 403)
    if PROFILES[server].denial_extension:
        assert denied.value.body == b"No permission -- see authorization schemes"
        assert denied.value.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("server", SERVERS)
async def test_close_before_accept_is_a_denial_403(server: str) -> None:
    async def handler() -> None:
        await websocket.close(4000)

    async with TestClient(websocket_session(handler), server=server) as client:
        with pytest.raises(HandshakeDenied) as denied:
            async with client.websocket("/"):
                pass
    assert denied.value.status == 403


async def test_a_denial_is_terminal() -> None:
    async def handler() -> None:
        await websocket.deny()
        for call in (
            websocket.accept,
            websocket.deny,
            websocket.receive_text,
            websocket.receive,
            lambda: websocket.send_text("x"),
        ):
            with pytest.raises(InvalidState, match="while the connection is denied: it has ended"):
                await call()
        await websocket.close()
        assert await websocket.is_disconnected()
        assert await websocket.wait_disconnected() == 1006

    async with serve(handler) as peer:
        pass
    assert peer.status() == 403


@pytest.mark.parametrize("status", [200, 299, 600, 0, True])
async def test_a_denial_has_a_status_that_refuses(status: int) -> None:
    async def handler() -> None:
        with pytest.raises(ValueError, match="a status from 300 to 599"):
            await websocket.deny(status)

    async with serve(handler):
        pass


@pytest.mark.parametrize("status", [304, 599])
async def test_a_denial_with_an_unusual_status_is_well_formed(status: int) -> None:
    async def handler() -> None:
        await websocket.deny(status)

    async with serve(handler) as peer:
        pass
    assert peer.status() == status
    assert peer.body() == b""
    names = [name for name, _ in peer.sent[0]["headers"]]
    assert (b"content-length" in names) == (status != 304)


async def test_any_asgi_response_is_sent_whole_and_seen_as_for_http() -> None:
    seen: list[Any] = []

    async def response(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([scope["type"], scope["method"], scope["scheme"], await receive()])
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})

    async def handler() -> None:
        await websocket.deny(response)

    async with serve(handler, scheme="wss") as peer:
        pass
    assert seen == ["http", "GET", "https", {"type": "http.request", "body": b"", "more_body": False}]
    assert (peer.status(), peer.body()) == (418, b"ab")
    assert peer.scope["type"] == "websocket"


async def test_a_denial_has_what_a_response_may_leave_out() -> None:
    async def response(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 401})
        await send({"type": "http.response.body"})

    async def handler() -> None:
        await websocket.deny(response)

    async with serve(handler) as peer:
        pass
    assert peer.sent == [
        {"type": "websocket.http.response.start", "status": 401, "headers": []},
        {"type": "websocket.http.response.body", "body": b"", "more_body": False},
    ]


async def test_a_response_that_is_no_response_leaves_a_refused_handshake() -> None:
    async def response(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(ValueError, match="a denial is made of"):
            await send({"type": "http.response.push"})

    async def handler() -> None:
        await websocket.deny(response)

    async with serve(handler) as peer:
        pass
    assert peer.sent == [{"type": "websocket.close"}]


async def breaks_off(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    raise KeyError("broken")


async def test_a_response_that_breaks_off_leaves_an_ended_body_and_raises() -> None:
    async def handler() -> None:
        with pytest.raises(KeyError):
            await websocket.deny(breaks_off)

    async with serve(handler) as peer:
        pass
    assert peer.body() == b"a"
    assert not peer.sent[-1].get("more_body")


async def test_a_response_that_never_ends_ends_when_the_client_leaves() -> None:
    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        assert await receive() == {"type": "http.disconnect"}
        assert await receive() == {"type": "http.disconnect"}

    async def handler() -> None:
        await websocket.deny(endless)

    async with serve(handler) as peer:
        await turns()
        peer.leave()


@pytest.mark.parametrize("is_watched", [True, False])
async def test_a_denial_to_a_client_that_has_left_is_a_disconnect(is_watched: bool) -> None:
    async def response(scope: Scope, receive: Receive, send: Send) -> None:
        peer.send_error = OSError()
        await send({"type": "http.response.start", "status": 401, "headers": []})

    async def handler() -> None:
        if is_watched:
            assert not await websocket.is_disconnected()
        with pytest.raises(WebSocketDisconnect):
            await websocket.deny(response)

    async with serve(handler) as peer:
        pass
    assert not peer.sent


async def test_a_cancelled_denial_stays_cancelled_when_the_client_has_left() -> None:
    async def stuck(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            peer.send_error = OSError()

    async def handler() -> None:
        await websocket.deny(stuck)

    async with serve(handler) as peer:
        await turns()
        await peer.cancel()


async def test_without_the_extension_a_denial_is_a_close_before_accept() -> None:
    async def handler() -> None:
        await websocket.deny(breaks_off)

    async with serve(handler, **WITHOUT_DENIAL) as peer:
        pass
    assert peer.sent == [{"type": "websocket.close"}]


async def test_a_watched_connection_can_be_denied() -> None:
    async def handler() -> None:
        assert not await websocket.is_disconnected()
        raise HTTPException(401)

    async with serve(handler) as peer:
        pass
    assert peer.status() == 401


async def test_a_response_does_not_use_what_the_server_can_do_for_http_alone() -> None:
    async def response(scope: Scope, receive: Receive, send: Send) -> None:
        assert "http.response.pathsend" not in scope["extensions"]
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b"no"})

    async def handler() -> None:
        await websocket.deny(response)

    extensions: dict[str, Any] = {"websocket.http.response": {}, "http.response.pathsend": {}}
    async with serve(handler, extensions=extensions) as peer:
        pass
    assert (peer.status(), peer.body()) == (404, b"no")
    assert peer.scope["extensions"] == extensions
