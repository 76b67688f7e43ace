"""The handshake: accept, negotiate, deny (rules 2-4, 8, 11)."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from websocket_peer import Peer, serve, turns

from kui.core import HTTPException, Message, Receive, Scope, Send
from kui.testing import PROFILES, HandshakeDenied, TestClient
from kui.websocket import InvalidState, WebSocketDisconnect, websocket, websocket_session
from kui.websocket.handshake import accept_event, close_event, negotiate

SERVERS = sorted(PROFILES)
WITHOUT_DENIAL: dict[str, Any] = {"extensions": {}}


def scope(version: str | None = "2.4", offered: list[str] | None = None) -> dict[str, Any]:
    return {"asgi": {} if version is None else {"spec_version": version}, "subprotocols": offered}


# The events, without I/O


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


@pytest.mark.parametrize("headers", [{"x": "a\r\nset-cookie: b"}, {"x\n": "a"}])
def test_a_line_break_in_a_header_is_a_value_error(headers: Mapping[str, str]) -> None:
    with pytest.raises(ValueError, match="a header has no line break"):
        accept_event(scope(), None, headers)


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


# On a connection


@pytest.mark.parametrize("server", SERVERS)
async def test_accept_carries_what_negotiate_chose(server: str) -> None:
    async def handler() -> None:
        await websocket.accept(websocket.negotiate(["v2", "v1"]))

    async with (
        TestClient(websocket_session(handler), server=server) as client,
        client.websocket("/", subprotocols=["v1", "v2"]) as ws,
    ):
        assert ws.subprotocol == "v2"


async def test_a_wrong_accept_sends_nothing_and_may_be_corrected() -> None:
    async def handler() -> None:
        with pytest.raises(ValueError, match="not offered"):
            await websocket.accept("soap")
        await websocket.accept(headers={"x-a": "1"})

    async with serve(handler) as peer:
        pass
    assert [event["type"] for event in peer.sent] == ["websocket.accept", "websocket.close"]


async def test_connect_is_consumed_once_and_lazily() -> None:
    async def handler() -> None:
        assert peer.receives == 0
        await websocket.accept()
        assert peer.receives == 1

    async with serve(handler) as peer:
        pass


async def test_a_raw_receive_gives_the_connect_and_accept_takes_no_second_one() -> None:
    async def handler() -> None:
        assert await websocket.receive() == {"type": "websocket.connect"}
        await websocket.accept()
        assert await websocket.receive() == {"type": "websocket.receive", "text": "x"}

    async with serve(handler) as peer:
        peer.deliver("x")


async def test_calls_in_the_wrong_order_raise_invalid_state_and_send_nothing() -> None:
    async def handler() -> None:
        with pytest.raises(InvalidState, match=r"cannot send .* call `await websocket\.accept\(\)` first"):
            await websocket.send_text("x")
        with pytest.raises(InvalidState, match=r"cannot receive .*accept\(\)` first"):
            await websocket.receive_text()
        with pytest.raises(InvalidState, match=r"cannot receive .*accept\(\)` first"):
            await websocket.receive_text(timeout=1)
        with pytest.raises(InvalidState, match=r"cannot receive .*accept\(\)` first"):
            async for _ in websocket.iter_text():
                pass
        assert not peer.sent
        await websocket.accept()
        with pytest.raises(InvalidState, match=r"cannot accept .*call `accept\(\)` once"):
            await websocket.accept()
        with pytest.raises(InvalidState, match=r"cannot deny .*use `await websocket\.close\(code\)` now"):
            await websocket.deny()
        await websocket.close()
        with pytest.raises(WebSocketDisconnect):
            await websocket.accept()

    async with serve(handler) as peer:
        pass
    assert [event["type"] for event in peer.sent] == ["websocket.accept", "websocket.close"]


async def test_a_raw_receive_between_connect_and_accept_raises_invalid_state() -> None:
    async def handler() -> None:
        await websocket.receive()
        with pytest.raises(InvalidState, match="cannot receive while the connection is connecting"):
            await websocket.receive()

    async with serve(handler) as peer:
        pass
    assert peer.status() == 403


async def test_a_disconnect_in_place_of_connect_is_a_disconnect(caplog: pytest.LogCaptureFixture) -> None:
    async def handler() -> None:
        await websocket.accept()

    peer = serve(handler)
    peer.leave(1006)
    async with peer:
        pass
    assert not peer.sent
    assert not caplog.records


async def test_after_a_disconnect_in_place_of_connect_every_call_finds_the_end() -> None:
    async def handler() -> None:
        for call in (
            websocket.accept,
            websocket.deny,
            websocket.receive,
            websocket.receive_text,
            lambda: websocket.send_text("x"),
        ):
            with pytest.raises(WebSocketDisconnect) as caught:
                await call()
            assert caught.value.code == 1006
        async for _ in websocket.iter_text():
            raise AssertionError
        await websocket.close()

    peer = serve(handler)
    peer.leave(1006)
    async with peer:
        pass
    assert not peer.sent


@pytest.mark.parametrize("server", SERVERS)
async def test_a_client_that_leaves_before_accept_gives_a_disconnect_without_a_log(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    ready = asyncio.Event()

    async def handler() -> None:
        await ready.wait()
        await websocket.accept()
        await websocket.receive_text()

    async with (
        TestClient(websocket_session(handler), server=server) as client,
        client.websocket("/", wait_accept=False) as ws,
    ):
        await turns()
        ws.abort()
        ready.set()
    assert not caplog.records


async def test_an_accept_that_the_server_refuses_with_oserror_is_a_disconnect() -> None:
    async def handler() -> None:
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.accept()
        assert caught.value.code == 1001

    peer = serve(handler)
    peer.accept_error = OSError()
    async with peer:
        peer.leave(1001)


async def test_an_accept_that_the_server_refuses_otherwise_raises_as_it_is() -> None:
    async def handler() -> None:
        with pytest.raises(RuntimeError, match="no"):
            await websocket.accept()

    peer = serve(handler)
    peer.accept_error = RuntimeError("no")
    async with peer:
        pass


async def test_what_other_tasks_send_waits_until_accept_has_gone_out() -> None:
    async def handler() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(websocket.accept())
            await turns()
            group.create_task(websocket.send_text("x"))
            await turns()
            assert [event["type"] for event in peer.sent] == ["websocket.accept"]
            peer.gate.set()

    peer = serve(handler)
    peer.gate.clear()
    async with peer:
        pass
    assert peer.messages() == ["x"]


async def test_an_accept_that_was_cancelled_while_it_waited_for_connect_may_be_repeated() -> None:
    async def handler() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await websocket.accept()
        peer.deliver({"type": "websocket.connect"}, "a")
        await websocket.accept()
        assert await websocket.receive_text() == "a"

    async with serve(handler, connects=False) as peer:
        pass


@pytest.mark.parametrize("first", ["accept", "deny"])
async def test_of_two_answers_to_the_handshake_the_second_raises_and_sends_nothing(first: str) -> None:
    async def handler() -> None:
        calls: dict[str, Callable[[], Any]] = {"accept": websocket.accept, "deny": websocket.deny}
        late = asyncio.create_task(calls.pop("deny" if first == "accept" else "accept")())
        await turns()
        await calls.pop(first)()
        peer.deliver({"type": "websocket.connect"})
        with pytest.raises(InvalidState):
            await late

    async with serve(handler, connects=False) as peer:
        pass
    assert len([event for event in peer.sent if event["type"].endswith(("accept", "start"))]) == 1


# Denial


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


async def test_a_handler_that_neither_accepts_nor_denies_refuses_the_handshake() -> None:
    async def handler() -> None:
        pass

    async with serve(handler) as peer:
        pass
    assert peer.status() == 403


async def test_a_client_that_left_is_noticed_before_accept() -> None:
    async def handler() -> None:
        assert not await websocket.is_disconnected()
        peer.leave(1001)
        assert await websocket.wait_disconnected() == 1001
        with pytest.raises(WebSocketDisconnect):
            await websocket.accept()
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive_text()
        with pytest.raises(WebSocketDisconnect):
            await websocket.deny()

    async with serve(handler) as peer:
        pass
    assert not peer.sent


async def test_what_is_read_ahead_before_accept_arrives_after_it() -> None:
    async def handler() -> None:
        assert not await websocket.is_disconnected()
        await websocket.accept()
        assert [text async for text in websocket.iter_text()] == ["a", "b"]

    async with serve(handler) as peer:
        await turns()
        peer.deliver("a", "b")
        peer.leave()


async def test_a_watched_connection_can_be_denied() -> None:
    async def handler() -> None:
        assert not await websocket.is_disconnected()
        raise HTTPException(401)

    async with serve(handler) as peer:
        pass
    assert peer.status() == 401


async def test_the_peer_of_these_tests_finds_illegal_messages() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        event: Message = {"type": "websocket.send", "text": "too early"}
        await send(event)

    with pytest.raises(AssertionError, match="was sent in the state 'new'"):
        async with Peer(app):
            pass
