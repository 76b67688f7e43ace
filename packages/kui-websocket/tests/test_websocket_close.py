"""How a connection ends (rules 5-7, 9, 10, 33, 34)."""

import asyncio
import logging
from typing import Any, cast

import pytest
from websocket_peer import Peer, serve, turns

from kui.core import ASGIApp, HTTPException, Receive, Scope, Send
from kui.testing import PROFILES, HandshakeDenied, TestClient
from kui.websocket import (
    SocketSession,
    WebSocket,
    WebSocketClose,
    WebSocketDisconnect,
    websocket,
    websocket_session,
    websocket_var,
)

SERVERS = sorted(PROFILES)


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


# What the assembly answers with


class Unfit(Exception):
    close_code = 1008


async def response(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 422, "headers": []})
    await send({"type": "http.response.body", "body": b"[]"})


def peer_of(session: SocketSession, handler: Any) -> Peer:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await session.serve(scope, receive, send, handler)

    return Peer(app)


async def test_an_answer_refuses_before_accept_and_counts_as_dealt_with() -> None:
    async def answer(error: BaseException) -> ASGIApp | None:
        assert websocket.path_params == {}
        return response if isinstance(error, Unfit) else None

    async def handler() -> None:
        raise Unfit

    async with peer_of(SocketSession(answer=answer), handler) as peer:
        pass
    assert (peer.status(), peer.body()) == (422, b"[]")


async def test_an_exception_that_is_answered_after_accept_closes_with_its_code(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def answer(error: BaseException) -> ASGIApp | None:
        return response

    async def handler() -> None:
        await websocket.accept()
        raise Unfit

    async with peer_of(SocketSession(answer=answer), handler) as peer:
        pass
    assert peer.close() == (1008, None)
    assert not caplog.records


async def test_an_exception_that_is_answered_after_accept_but_has_no_code_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def answer(error: BaseException) -> ASGIApp | None:
        return response

    async def handler() -> None:
        await websocket.accept()
        raise KeyError

    async with peer_of(SocketSession(answer=answer), handler) as peer:
        pass
    assert peer.close() == (1011, None)
    assert len(caplog.records) == 1


async def test_an_answer_that_fails_is_logged_with_what_it_was_to_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def answer(error: BaseException) -> ASGIApp | None:
        raise ZeroDivisionError

    async def handler() -> None:
        raise Unfit

    peer = peer_of(SocketSession(answer=answer), handler)
    with pytest.raises(Unfit):
        async with peer:
            pass
    assert peer.status() == 500
    [record] = caplog.records
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ZeroDivisionError)
    assert isinstance(record.exc_info[1].__context__, Unfit)


async def test_a_response_that_breaks_off_is_logged_and_the_first_exception_reaches_the_server(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def answer(error: BaseException) -> ASGIApp | None:
        return broken

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise FileNotFoundError("no such template")

    async def handler() -> None:
        raise Unfit

    peer = peer_of(SocketSession(answer=answer), handler)
    with pytest.raises(Unfit):
        async with peer:
            pass
    assert peer.sent == [{"type": "websocket.close"}]
    assert len(caplog.records) == 1


async def test_a_server_that_refuses_the_close_does_not_hide_what_the_handler_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler() -> None:
        peer.send_error = LookupError("a server's own")
        raise Unfit

    peer = serve(handler)
    with pytest.raises(Unfit):
        async with peer:
            pass
    assert [record.getMessage().split()[0] for record in caplog.records] == ["the", "closing"]


async def test_a_client_that_has_left_meanwhile_is_no_failure_of_the_refusal() -> None:
    async def handler() -> None:
        peer.send_error = OSError()
        raise HTTPException(401)

    async with serve(handler) as peer:
        pass
    assert not peer.sent


async def test_a_guard_refuses_before_the_handler() -> None:
    async def handler() -> None:
        raise AssertionError

    async with peer_of(SocketSession(guard=lambda connection: response), handler) as peer:
        pass
    assert peer.status() == 422


async def test_a_session_knows_its_live_connections() -> None:
    session = SocketSession()

    async def handler() -> None:
        assert list(session.live) == [websocket]
        await websocket.accept()
        raise Unfit

    peer = peer_of(session, handler)
    with pytest.raises(Unfit):
        async with peer:
            pass
    assert not session.live


# close()


async def test_close_is_idempotent_and_the_first_code_wins() -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.close(4001, "first")
        await websocket.close(4002, "second")
        assert websocket.close_code == 4001
        raise WebSocketClose(4003)

    async with serve(handler) as peer:
        pass
    assert peer.close() == (4001, "first")


async def test_a_concurrent_second_close_waits_for_the_first() -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.gate.clear()
        first = asyncio.create_task(websocket.close(4001))
        await turns()
        second = asyncio.create_task(websocket.close(4002))
        waiting = asyncio.create_task(websocket.wait_disconnected())
        await turns()
        assert websocket.connection_state.value == "closing"
        assert not second.done()
        assert not waiting.done()
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive_text()
        with pytest.raises(WebSocketDisconnect):
            await websocket.send_text("x")
        assert not second.done()
        peer.gate.set()
        await asyncio.gather(first, second)
        assert await waiting == 4001

    async with serve(handler) as peer:
        pass
    assert peer.close() == (4001, None)


async def test_a_wait_that_began_before_the_close_ends_with_it() -> None:
    async def handler() -> None:
        await websocket.accept()
        waiting = asyncio.create_task(websocket.wait_disconnected())
        await turns()
        peer.gate.clear()
        closing = asyncio.create_task(websocket.close(4001))
        await turns()
        assert not waiting.done()
        peer.gate.set()
        await closing
        assert await waiting == 4001

    async with serve(handler) as peer:
        pass


async def test_when_the_first_close_is_cancelled_before_it_went_out_the_second_one_closes() -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.receive_text()
        peer.gate.clear()
        sending = asyncio.create_task(websocket.send_text("x"))
        await turns()
        first = asyncio.create_task(websocket.close(4001))
        await turns()
        second = asyncio.create_task(websocket.close(4002))
        await turns()
        first.cancel()
        await turns()
        peer.gate.set()
        await asyncio.gather(sending, second)
        assert first.cancelled()

    async with serve(handler) as peer:
        peer.deliver("go")
    assert peer.messages() == ["x"]
    assert peer.close() == (4002, None)


async def test_two_closes_behind_a_send_close_once() -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.gate.clear()
        async with asyncio.TaskGroup() as group:
            group.create_task(websocket.send_text("x"))
            await turns()
            group.create_task(websocket.close(4001))
            group.create_task(websocket.close(4002))
            await turns()
            peer.gate.set()

    async with serve(handler) as peer:
        pass
    assert peer.close() == (4001, None)


async def test_a_close_cancelled_in_the_server_is_cancelled_and_the_connection_has_ended() -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.gate.clear()
        closing = asyncio.create_task(websocket.close(4001))
        await turns()
        closing.cancel()
        await asyncio.wait([closing])
        assert closing.cancelled()
        with pytest.raises(WebSocketDisconnect):
            await websocket.send_text("x")
        await websocket.close()

    async with serve(handler) as peer:
        pass


async def test_a_close_cancelled_before_the_server_has_it_still_goes_out() -> None:
    async def handler() -> None:
        await websocket.accept()
        assert not await websocket.is_disconnected()
        closing = asyncio.create_task(websocket.close(4001))
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        assert closing.cancelled()

    async with serve(handler) as peer:
        pass
    assert peer.close() == (4001, None)


@pytest.mark.parametrize("error", [OSError(), RuntimeError("already closed")])
async def test_a_close_that_the_server_refuses_is_no_error(error: Exception) -> None:
    async def handler() -> None:
        await websocket.accept()
        peer.send_error = error
        await websocket.close()

    async with serve(handler) as peer:
        pass


async def test_after_the_client_left_close_does_nothing() -> None:
    async def handler() -> None:
        await websocket.accept()
        async for _ in websocket.iter_text():
            pass
        await websocket.close(4000)
        assert websocket.close_code == 1001

    async with serve(handler) as peer:
        peer.leave(1001)
    assert peer.close() is None


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, "1000"])
async def test_an_illegal_code_is_a_value_error_before_any_state_changes(code: Any) -> None:
    async def handler() -> None:
        with pytest.raises(ValueError, match="may not be sent"):
            await websocket.close(code)
        await websocket.accept()
        with pytest.raises(ValueError, match="may not be sent"):
            await websocket.close(code)
        with pytest.raises(TypeError, match="a close reason is a str"):
            await websocket.close(1000, b"x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        await websocket.send_text("still open")

    async with serve(handler) as peer:
        pass
    assert peer.messages() == ["still open"]


@pytest.mark.parametrize("server", SERVERS)
async def test_a_long_reason_reaches_the_client_cut_where_a_reason_can_be_sent(server: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        await websocket.close(4000, "ü" * 100)

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        assert await ws.expect_close() == (4000, "" if server == "daphne" else "ü" * 61)


# Groups and cancellation


@pytest.mark.parametrize("server", SERVERS)
async def test_a_group_of_this_sockets_disconnects_and_cancellations_is_a_normal_end(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def listen() -> None:
        while True:
            await websocket.receive_text()

    async def speak() -> None:
        await websocket.wait_disconnected()
        await websocket.send_text("x")

    async def handler() -> None:
        await websocket.accept()
        async with asyncio.TaskGroup() as group:
            group.create_task(listen())
            group.create_task(speak())

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        await ws.send_text("x")
    assert not caplog.records


async def test_a_group_of_cancellations_alone_is_a_normal_end() -> None:
    async def handler() -> None:
        await websocket.accept()
        raise BaseExceptionGroup("", [asyncio.CancelledError()])

    async with serve(handler) as peer:
        pass
    assert peer.close() == (1000, None)


@pytest.mark.parametrize(
    ("errors", "close"),
    cast(
        "list[Any]",
        [
            ([WebSocketClose(4001)], (4001, None)),
            ([ExceptionGroup("", [WebSocketClose(4001)])], (4001, None)),
            ([WebSocketClose(4001, "a"), WebSocketClose(4002)], (4001, "a")),
            ([HTTPException(404)], (4404, None)),
        ],
    ),
)
async def test_the_one_exception_of_a_group_is_answered_as_itself(
    errors: list[Exception], close: tuple[int, str | None]
) -> None:
    async def handler() -> None:
        await websocket.accept()
        raise ExceptionGroup("", errors)

    async with serve(handler) as peer:
        pass
    assert peer.close() == close


async def test_a_group_with_another_failure_is_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    async def handler() -> None:
        await websocket.accept()
        raise ExceptionGroup("", [WebSocketDisconnect(1001, "", None), KeyError("x")])

    peer = serve(handler)
    with pytest.raises(ExceptionGroup):
        async with peer:
            pass
    assert peer.close() == (1011, None)
    assert len(caplog.records) == 1


@pytest.mark.parametrize("where", ["before accept", "receive", "send", "close", "wait", "sleep", "denial"])
async def test_a_cancellation_is_never_swallowed_nor_turned_into_1011(
    where: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def stuck(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    async def handler() -> None:
        if where == "denial":
            await websocket.deny(stuck)
        if where == "before accept":
            await asyncio.Event().wait()
        await websocket.accept()
        if where == "receive":
            await websocket.receive_text()
        if where == "wait":
            await websocket.wait_disconnected()
        peer.gate.clear()
        if where == "send":
            await websocket.send_text("x")
        if where == "close":
            await websocket.close(4000)
        await asyncio.Event().wait()

    async with serve(handler) as peer:
        await turns()
        await peer.cancel()
    assert peer.close() in (None, (4000, None), (None, None))
    assert not caplog.records


async def test_after_a_cancellation_a_task_that_outlived_it_finds_the_end() -> None:
    connections: list[WebSocket] = []

    async def handler() -> None:
        await websocket.accept()
        connections.append(websocket_var.get())
        await asyncio.Event().wait()

    async with serve(handler) as peer:
        await turns()
        await peer.cancel()
    sent = len(peer.sent)
    with pytest.raises(WebSocketDisconnect):
        await connections[0].send_text("x")
    with pytest.raises(WebSocketDisconnect):
        await connections[0].receive_text()
    assert len(peer.sent) == sent


async def test_a_system_exit_passes() -> None:
    class Stop(BaseException):
        pass

    async def handler() -> None:
        await websocket.accept()
        raise Stop

    peer = serve(handler)
    with pytest.raises(Stop):
        async with peer:
            pass
    assert peer.close() is None
