"""Sessions that find a handler for each connection, and the tasks that serve them."""

import asyncio
from typing import Any

import pytest
from websocket_peer import Peer, turns

from kui.core import (
    HTTPConnection,
    Message,
    NoActiveConnection,
    Receive,
    Scope,
    Send,
    UnknownScopeType,
    http_connection_var,
)
from kui.websocket import Limits, SocketSession, WebSocket, WebSocketClose, websocket, websocket_var


async def accept() -> None:
    await websocket.accept()
    await websocket.wait_disconnected()


async def test_a_session_serves_with_the_handler_that_it_finds() -> None:
    asked: list[Any] = []

    def find(scope: Scope) -> Any:
        asked.append(scope["path"])
        return accept

    async with Peer(SocketSession(find=find)) as peer:
        peer.leave()
    assert asked == ["/"]
    assert [event["type"] for event in peer.sent] == ["websocket.accept"]


async def test_a_connection_without_a_handler_and_other_scopes_go_to_the_other_application() -> None:
    came: list[str] = []

    async def other(scope: Scope, receive: Receive, send: Send) -> None:
        came.append(scope["type"])

    async def nothing(message: Message | None = None) -> Any: ...

    session = SocketSession(find=lambda scope: None, other=other)
    for type_ in ("websocket", "http", "lifespan"):
        await session.serve({"type": type_, "path": "/", "headers": []}, nothing, nothing)
    assert came == ["websocket", "http", "lifespan"]


@pytest.mark.parametrize(
    ("type_", "message"), [("websocket", "got no handler"), ("lifespan", "of type 'lifespan'")]
)
async def test_without_another_application_what_cannot_be_served_is_refused(type_: str, message: str) -> None:
    async def nothing(message: Message | None = None) -> Any: ...

    with pytest.raises(UnknownScopeType, match=message):
        await SocketSession().serve({"type": type_, "path": "/"}, nothing, nothing)


async def test_a_session_tells_which_tasks_serve_its_connections() -> None:
    begun = asyncio.Event()

    async def handler() -> None:
        await websocket.accept()
        begun.set()
        await asyncio.Event().wait()

    session, another = SocketSession(handler), SocketSession(accept)
    async with Peer(session) as peer, Peer(another) as second:
        await begun.wait()
        (connection,) = session.live
        assert session.tasks() == {connection: peer.task}
        await peer.cancel()
        second.leave()
    assert not session.live
    assert not session.tasks()


async def refusal(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 503, "headers": []})
    await send({"type": "http.response.body", "body": b"later"})


async def hang() -> None:
    await asyncio.Event().wait()


async def hang_when_accepted() -> None:
    await websocket.accept()
    await hang()


async def test_a_session_that_cancels_a_pending_handshake_refuses_it_and_tells_the_server_of_no_error() -> (
    None
):
    session = SocketSession(hang)
    async with Peer(session) as peer:
        await turns()
        assert session.cancel(refusal, 1012) == [peer.task]
    assert (peer.status(), peer.body()) == (503, b"later")


async def test_a_session_that_cancels_an_open_connection_closes_it() -> None:
    session = SocketSession(hang_when_accepted)
    async with Peer(session) as peer:
        await turns()
        session.cancel(refusal, 1012, "service restart")
    assert peer.close() == (1012, "service restart")


async def test_a_session_that_cancels_closes_before_the_clean_ups_however_long_they_take() -> None:
    async def handler() -> None:
        await websocket.accept()
        websocket.exit_stack.push_async_callback(cleaned.wait)
        await hang()

    cleaned = asyncio.Event()
    session = SocketSession(handler)
    async with Peer(session) as peer:
        await turns()
        session.cancel(refusal, 1012)
        await turns()
        assert peer.close() == (1012, None)
        assert not peer.task.done()
        cleaned.set()


async def test_an_accept_that_is_under_way_when_the_session_cancels_is_followed_by_the_close() -> None:
    session = SocketSession(hang_when_accepted)
    async with Peer(session) as peer:
        peer.gate.clear()
        await turns()
        session.cancel(refusal, 1012)
        peer.gate.set()
    assert [event["type"] for event in peer.sent] == ["websocket.accept", "websocket.close"]


async def test_an_accept_that_waits_for_the_handshake_when_the_session_cancels_becomes_the_refusal() -> None:
    session = SocketSession(hang_when_accepted)
    async with Peer(session, connects=False) as peer:
        await turns()
        session.cancel(refusal, 1012)
        peer.deliver({"type": "websocket.connect"})
    assert peer.status() == 503


async def test_what_a_cancelled_handler_raises_instead_is_answered_as_ever() -> None:
    async def close_otherwise() -> None:
        try:
            await hang_when_accepted()
        except asyncio.CancelledError:
            raise WebSocketClose(4000) from None

    session = SocketSession(close_otherwise)
    async with Peer(session) as peer:
        await turns()
        session.cancel(refusal, 1012)
    assert peer.close() == (4000, None)


async def test_a_server_that_cancels_as_well_hears_of_its_cancellation() -> None:
    session = SocketSession(hang)
    async with Peer(session) as peer:
        await turns()
        session.cancel(refusal, 1012)
        await peer.cancel()
    assert not session.live


@pytest.mark.parametrize(
    "use",
    [
        lambda: websocket.send_text("x"),
        lambda: websocket.iter_json(),
        lambda: websocket.accept(),
        lambda: websocket.close(),
        lambda: websocket.is_disconnected(),
        lambda: websocket.url,
        lambda: websocket.state,
        lambda: websocket["path"],
        lambda: websocket_var.get(),
    ],
)
def test_a_websocket_is_not_the_connection_of_another_protocol(use: Any) -> None:
    token = http_connection_var.set(HTTPConnection({"type": "http", "path": "/", "headers": []}))
    try:
        assert not websocket
        with pytest.raises(LookupError) as caught:
            use()
        if use.__code__.co_names[0] == "websocket":
            assert isinstance(caught.value, NoActiveConnection)
    finally:
        http_connection_var.reset(token)


async def test_an_attribute_error_of_an_own_method_is_not_taken_for_the_lack_of_a_connection() -> None:
    class Broken(WebSocket):
        def send_json(self, data: Any, mode: Any = "text") -> Any:
            return data.missing

    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(AttributeError, match="missing"):
            await websocket.send_json(1)

    async with Peer(SocketSession(handler, websocket_class=Broken)):
        pass


def test_a_session_has_a_handler_or_finds_one() -> None:
    with pytest.raises(
        TypeError, match="a session has one handler, or finds one for each connection; got both"
    ):
        SocketSession(accept, find=lambda scope: accept)


@pytest.mark.parametrize("connection", [None, HTTPConnection({"type": "http", "path": "/", "headers": []})])
async def test_limits_are_for_websockets(connection: HTTPConnection | None) -> None:
    if connection is not None:
        http_connection_var.set(connection)
    with pytest.raises(NoActiveConnection, match="`websocket` was used outside of a connection"):
        await Limits(idle_timeout=1)(accept)()
