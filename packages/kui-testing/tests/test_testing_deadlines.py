"""Deadlines of waits during which much happens, but not what is waited for."""

import asyncio
from typing import Any

import pytest

from kui.testing import DeadlineExceeded, TestClient

DEADLINE = 0.05


async def endless(scope: Any, receive: Any, send: Any) -> None:
    """Send for ever, whoever listens."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        message: dict[str, Any] = {"type": "websocket.send", "text": "x"}
    else:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200})
        message = {"type": "http.response.body", "body": b"x", "more_body": True}
    while True:
        await send(message)
        await asyncio.sleep(0)


async def test_leaving_a_socket_on_which_the_application_sends_for_ever_misses_its_deadline() -> None:
    async with TestClient(endless, server="hypercorn", deadline=DEADLINE) as client:
        with pytest.raises(DeadlineExceeded, match=r"waited 0\.05 s for the application to end"):
            async with client.websocket("/"):
                pass


async def test_waiting_for_the_end_of_an_application_that_sends_for_ever_misses_its_deadline() -> None:
    async with TestClient(endless, server="hypercorn") as client:
        with pytest.raises(DeadlineExceeded, match=r"waited 0\.05 s for the application to end"):
            async with client.websocket("/") as ws:
                await ws.wait_ended(deadline=DEADLINE)


async def test_a_handshake_without_an_end_misses_its_deadline() -> None:
    async def denying(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
        while True:
            await send({"type": "websocket.http.response.body", "body": b"x", "more_body": True})
            await asyncio.sleep(0)

    async with TestClient(denying, deadline=DEADLINE) as client:
        with pytest.raises(DeadlineExceeded, match=r"waited 0\.05 s for an answer to the handshake"):
            async with client.websocket("/"):
                pass


async def test_leaving_an_endless_response_misses_its_deadline() -> None:
    async with TestClient(endless, deadline=DEADLINE) as client:
        with pytest.raises(DeadlineExceeded, match=r"waited 0\.05 s for the application to end"):
            async with client.stream("GET", "/") as response:
                assert await anext(response.aiter_raw()) == b"x"


async def test_a_cancelled_request_of_an_endless_response_ends_at_once() -> None:
    async with TestClient(endless, deadline=60) as client:
        request = asyncio.create_task(client.get("/"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(request, DEADLINE)
    assert request.cancelled()


async def test_a_deadline_of_zero_takes_what_is_there() -> None:
    async def brief(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "x"})
        await receive()

    async with TestClient(brief) as client, client.websocket("/") as ws:
        assert await ws.receive_text(deadline=0) == "x"
        with pytest.raises(DeadlineExceeded, match="waited 0 s for a text message"):
            await ws.receive_text(deadline=0)
