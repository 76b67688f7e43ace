"""The disconnect: after the messages, with a code and a reason, and never asked for again."""

from collections.abc import Mapping
from typing import Any

import pytest
from websocket_peer import SERVERS, serve

from kui.testing import PROFILES, TestClient
from kui.websocket import WebSocketDisconnect, websocket, websocket_session


@pytest.mark.parametrize("server", SERVERS)
async def test_the_disconnect_is_cached_and_comes_after_the_messages(server: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        assert [await websocket.receive_text(), await websocket.receive_text()] == ["a", "b"]
        ends: set[tuple[int, str]] = set()
        for _ in range(3):
            for call in (websocket.receive_text, websocket.receive_bytes, websocket.receive):
                with pytest.raises(WebSocketDisconnect) as caught:
                    await call()
                ends.add((caught.value.code, caught.value.reason))
                assert caught.value.connection == websocket
        profile = PROFILES[server]
        code = 4444 if profile.passes_client_code else profile.code_of_cut
        reason = "bye" if profile.passes_client_reason else ""
        assert ends == {(code, reason)}

    async with TestClient(websocket_session(handler), server=server) as client, client.websocket("/") as ws:
        await ws.send_text("a")
        await ws.send_text("b")
        await ws.close(4444, "bye")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({}, (1005, "")),
        ({"code": None}, (1005, "")),
        ({"code": None, "reason": None}, (1005, "")),
        ({"code": 1006}, (1006, "")),
        ({"code": 4444, "reason": "bye"}, (4444, "bye")),
    ],
)
async def test_a_disconnect_has_an_int_and_a_str_whatever_the_server_gives(
    event: Mapping[str, Any], expected: tuple[int, str]
) -> None:
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.receive_text()
        assert (caught.value.code, caught.value.reason) == expected
        assert isinstance(caught.value.code, int)
        assert websocket.close_code == expected[0]

    async with serve(handler) as peer:
        peer.deliver({"type": "websocket.disconnect", **event})


@pytest.mark.parametrize("event", [{}, {"code": None, "reason": None}])
async def test_a_raw_disconnect_has_its_code_and_reason_too(event: Mapping[str, Any]) -> None:
    async def handler() -> None:
        await websocket.accept()
        assert await websocket.receive() == {"type": "websocket.disconnect", "code": 1005, "reason": ""}

    async with serve(handler) as peer:
        peer.deliver({"type": "websocket.disconnect", **event})


async def test_a_raw_receive_gives_the_disconnect_once() -> None:
    async def handler() -> None:
        await websocket.accept()
        assert (await websocket.receive())["text"] == "a"
        assert (await websocket.receive())["code"] == 1001
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive()

    async with serve(handler) as peer:
        peer.deliver("a")
        peer.leave()


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 1011, 4444])
async def test_iterators_end_silently_whatever_the_code(code: int) -> None:
    async def handler() -> None:
        await websocket.accept()
        texts = websocket.iter_text()
        assert [text async for text in texts] == ["a"]
        for iterator in (texts, websocket.iter_bytes(), websocket.iter_json(), websocket.iter_payloads()):
            assert [value async for value in iterator] == []
        assert websocket.close_code == code

    async with serve(handler) as peer:
        peer.deliver("a")
        peer.leave(code)


@pytest.mark.parametrize("second_receive", ["hang", "disconnect"])
async def test_after_the_disconnect_the_server_is_never_asked_again(second_receive: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        async for _ in websocket.iter_text():
            pass
        asked = peer.receives
        assert await websocket.is_disconnected()
        assert await websocket.wait_disconnected() == 1001
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive_text(timeout=5)
        assert peer.receives == asked

    async with serve(handler, second_receive=second_receive) as peer:
        peer.leave()
