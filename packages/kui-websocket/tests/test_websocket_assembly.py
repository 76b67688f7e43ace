"""A session in an application: what the application answers, refuses and sees of it."""

from functools import partial
from typing import Any

import pytest
from websocket_peer import Peer, serve

from kui.core import ASGIApp, HTTPException, Receive, Scope, Send
from kui.websocket import SocketSession, websocket


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


async def test_what_finds_the_handler_may_refuse_in_its_place() -> None:
    session = SocketSession(find=lambda scope: partial(websocket.deny, 422))
    async with Peer(session) as peer:
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
