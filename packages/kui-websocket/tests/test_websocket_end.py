"""What the end of a handler becomes: a close or a refusal, with the code that it stands for."""

import asyncio
import logging
from typing import Any, cast

import pytest
from websocket_peer import SERVERS, serve, turns

from kui.core import HTTPException
from kui.testing import PROFILES, HandshakeDenied, TestClient
from kui.websocket import (
    WebSocket,
    WebSocketClose,
    WebSocketDisconnect,
    websocket,
    websocket_session,
    websocket_var,
)


@pytest.mark.parametrize("server", SERVERS)
async def test_a_handler_that_returns_leaves_a_close_with_1000(server: str) -> None:
    async def handler() -> None:
        await websocket.accept()

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        assert await ws.expect_close() == (1000, "")


@pytest.mark.parametrize("server", SERVERS)
async def test_a_handler_that_raises_closes_with_1011_logs_once_and_the_exception_reaches_the_server(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler() -> None:
        await websocket.accept()
        raise KeyError("secret")

    async with TestClient(websocket_session(handler), server=server) as client:
        with pytest.raises(KeyError, match="secret"):
            async with client.websocket("/") as ws:
                assert await ws.expect_close() == (1011, "")
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[0] is KeyError


async def test_a_handler_that_raises_before_accept_refuses_with_500_without_the_exception_text() -> None:
    async def handler() -> None:
        raise KeyError("secret")

    peer = serve(handler)
    with pytest.raises(KeyError):
        async with peer:
            pass
    assert peer.status() == 500
    assert b"secret" not in peer.body()


@pytest.mark.parametrize("server", SERVERS)
async def test_a_disconnect_of_this_socket_that_escapes_is_a_normal_end(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler() -> None:
        await websocket.accept()
        while True:
            await websocket.receive_text()

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        await ws.send_text("x")
    assert not caplog.records


async def test_a_disconnect_of_another_socket_that_escapes_is_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def upstream() -> None:
        await websocket.accept()
        others.append(websocket_var.get())
        await done.wait()

    async def handler() -> None:
        await websocket.accept()
        try:
            await others[0].receive_text()
        finally:
            done.set()

    others: list[WebSocket] = []
    done = asyncio.Event()
    async with serve(upstream) as other:
        await turns()
        other.leave(4444)
        peer = serve(handler)
        with pytest.raises(WebSocketDisconnect) as caught:
            async with peer:
                pass
        assert caught.value.code == 4444
    assert peer.close() == (1011, None)
    assert len(caplog.records) == 1


@pytest.mark.parametrize("server", SERVERS)
async def test_websocket_close_from_anywhere_closes_with_its_code(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    def deep() -> None:
        raise WebSocketClose(4404, "no such room")

    async def handler() -> None:
        await websocket.accept()
        deep()

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        told = server != "daphne"  # whose ASGI knows no reason
        assert await ws.expect_close() == (4404, "no such room" if told else "")
    assert not caplog.records


async def test_websocket_close_before_accept_refuses_with_403() -> None:
    async def handler() -> None:
        raise WebSocketClose(4404)

    async with serve(handler) as peer:
        pass
    assert peer.status() == 403


@pytest.mark.parametrize("server", SERVERS)
async def test_httpexception_before_accept_denies_with_that_response(server: str) -> None:
    async def handler() -> None:
        raise HTTPException(401, {"WWW-Authenticate": "Bearer"}, "token expired")

    async with TestClient(websocket_session(handler), server=server) as client:
        with pytest.raises(HandshakeDenied) as denied:
            async with client.websocket("/"):
                pass
    if PROFILES[server].denial_extension:
        assert (denied.value.status, denied.value.body) == (401, b"token expired")
        assert denied.value.headers["www-authenticate"] == "Bearer"
    else:
        assert denied.value.status == 403


@pytest.mark.parametrize(
    ("content", "body", "media_type"),
    [
        (None, b"Nothing matches the given URI", b"text/plain; charset=utf-8"),
        ("ü", "ü".encode(), b"text/plain; charset=utf-8"),
        (b"\xff", b"\xff", b"text/plain; charset=utf-8"),
        ([{"loc": ["x"]}], b'[{"loc":["x"]}]', b"application/json"),
        ({}, b"{}", b"application/json"),
        ("", b"", b"text/plain; charset=utf-8"),
    ],
)
async def test_the_content_of_an_httpexception_is_the_body(
    content: Any, body: bytes, media_type: bytes
) -> None:
    async def handler() -> None:
        raise HTTPException(404, content=content)

    async with serve(handler) as peer:
        pass
    assert (peer.status(), peer.body()) == (404, body)
    assert dict(peer.sent[0]["headers"]) == {
        b"content-type": media_type,
        b"content-length": str(len(body)).encode(),
    }


async def test_an_httpexception_may_name_its_content_type() -> None:
    async def handler() -> None:
        raise HTTPException(422, {"Content-Type": "application/problem+json", "Content-Length": "9"}, "{}")

    async with serve(handler) as peer:
        pass
    assert dict(peer.sent[0]["headers"]) == {
        b"content-type": b"application/problem+json",
        b"content-length": b"2",
    }


@pytest.mark.parametrize(
    "error",
    cast(
        "list[Any]",
        [HTTPException(404, content=object()), HTTPException(404, {"x": "\u2603"}), HTTPException(1200)],
    ),
)
async def test_an_httpexception_that_makes_no_response_is_logged_and_refused(
    error: HTTPException[Any], caplog: pytest.LogCaptureFixture
) -> None:
    async def handler() -> None:
        if error.status_code > 999:
            await websocket.accept()
        raise error

    peer = serve(handler)
    with pytest.raises(HTTPException):
        async with peer:
            pass
    assert peer.close() is not None or peer.status() == 500
    assert len([record for record in caplog.records if "answering" in record.getMessage()]) == 1


@pytest.mark.parametrize(("status", "records"), [(401, 0), (403, 0), (404, 0), (500, 1), (503, 1)])
async def test_httpexception_after_accept_closes_with_4000_plus_its_status(
    status: int, records: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler() -> None:
        await websocket.accept()
        raise HTTPException(status)

    async with serve(handler) as peer:
        pass
    assert peer.close() == (4000 + status, None)
    assert len(caplog.records) == records
