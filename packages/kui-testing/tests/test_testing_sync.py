"""The client for tests without `async`."""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from pydantic import BaseModel

from kui.testing import (
    ASGIViolation,
    ConnectionClosed,
    DeadlineExceeded,
    HandshakeDenied,
    SyncTestClient,
)


class Move(BaseModel):
    x: int


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Echo on sockets, name the method of requests, keep the state of the start."""
    if scope["type"] == "lifespan":
        await receive()
        scope["state"]["thread"] = threading.current_thread().name
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": scope["method"].encode()})
    elif scope["path"] == "/denied":
        await receive()
        await send({"type": "websocket.close"})
    else:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "v1", "headers": [(b"x-a", b"1")]})
        while (event := await receive())["type"] == "websocket.receive":
            if event.get("text") == "close":
                await send({"type": "websocket.close", "code": 4000})
                return
            if event.get("text") == "fail":
                raise ValueError("broken")
            await send({**event, "type": "websocket.send"})


def test_messages_go_to_and_fro() -> None:
    with SyncTestClient(app) as client, client.websocket("/", subprotocols=["v1"]) as ws:
        assert (ws.subprotocol, ws.headers["x-a"]) == ("v1", "1")
        ws.send_text("text")
        ws.send_bytes(b"bytes")
        ws.send_json({"x": 1})
        ws.send_json({"x": 2})
        ws.send_json({"x": 3})
        assert (ws.receive_text(), ws.receive_bytes(), ws.receive_json()) == ("text", b"bytes", {"x": 1})
        assert (ws.receive_json(Move), ws.receive_model(Move)) == (Move(x=2), Move(x=3))


def test_a_loop_over_the_socket_ends_with_the_close() -> None:
    with SyncTestClient(app) as client, client.websocket("/") as ws:
        ws.send_text("one")
        ws.send_text("close")
        assert list(ws) == ["one"]
        assert ws.expect_close() == (4000, "")
        with pytest.raises(ConnectionClosed):
            ws.receive()


def test_a_denial_raises() -> None:
    with SyncTestClient(app) as client, pytest.raises(HandshakeDenied):
        client.websocket("/denied").__enter__()


def test_the_client_may_leave_in_each_way() -> None:
    with SyncTestClient(app) as client:
        with client.websocket("/") as ws:
            ws.close(4001)
            ws.wait_ended()
        with client.websocket("/") as ws:
            ws.abort()
            assert ws.expect_close() == (1006, "")
        with client.websocket("/") as ws:
            ws.stop_server()
            assert ws.expect_close() == (1012, "")


def test_the_handshake_may_be_awaited_later() -> None:
    with SyncTestClient(app) as client, client.websocket("/", wait_accept=False) as ws:
        ws.accept()
        ws.send_text("now")
        assert ws.receive_text() == "now"


def test_an_exception_of_the_application_surfaces() -> None:
    with SyncTestClient(app) as client, pytest.raises(ValueError, match="broken"):
        fail_on(client)


def fail_on(client: SyncTestClient) -> None:
    with client.websocket("/") as ws:
        ws.send_text("fail")
        ws.expect_close()


def test_a_deadline_holds() -> None:
    with SyncTestClient(app) as client, client.websocket("/") as ws, pytest.raises(DeadlineExceeded):
        ws.receive_text(deadline=0.01)


def test_a_violation_fails_the_test() -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"

    with SyncTestClient(silent) as client, pytest.raises(ASGIViolation):
        client.websocket("/").__enter__()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
def test_each_method_has_its_name(method: str) -> None:
    with SyncTestClient(app) as client:
        response = getattr(client, method.lower())("/")
    assert response.text == method


def test_everything_runs_in_one_thread_that_ends_with_the_client() -> None:
    with SyncTestClient(app) as client:
        assert client.client.state == {"thread": "kui.testing"}
        assert "kui.testing" in [thread.name for thread in threading.enumerate()]
    assert "kui.testing" not in [thread.name for thread in threading.enumerate()]


def test_the_thread_ends_when_the_start_fails() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise ValueError("no database")

    with pytest.raises(ValueError, match="no database"):
        SyncTestClient(broken).__enter__()
    assert "kui.testing" not in [thread.name for thread in threading.enumerate()]


def test_a_client_has_to_be_open() -> None:
    client = SyncTestClient(app)
    for use in (client.get, client.websocket):
        with pytest.raises(RuntimeError) as closed:
            use("/")
        assert str(closed.value) == "the client is not open: use 'with SyncTestClient(app) as client'"


async def test_it_works_beside_a_running_loop() -> None:
    with SyncTestClient(app) as client:
        assert client.get("/").text == "GET"


class Stubborn:
    """An application that goes on after each cancellation, until it is released."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        await self.go_on()

    async def go_on(self) -> None:
        self.thread = threading.current_thread()
        self.loop, self.is_released = asyncio.get_running_loop(), asyncio.Event()
        while not self.is_released.is_set():
            with suppress(asyncio.CancelledError):
                await self.is_released.wait()

    def release(self) -> None:
        self.loop.call_soon_threadsafe(self.is_released.set)
        self.thread.join()


@pytest.fixture
def stubborn() -> Iterator[Stubborn]:
    app = Stubborn()
    yield app
    app.release()


def visit(app: Any, **options: Any) -> None:
    with SyncTestClient(app, deadline=0.05, **options) as client, client.websocket("/"):
        pass


def test_an_application_that_swallows_its_cancellation_misses_the_deadline(stubborn: Stubborn) -> None:
    with pytest.raises(DeadlineExceeded, match=r"waited 0\.05 s for the application to end") as missed:
        visit(stubborn)
    assert missed.value.__notes__[-1].startswith(
        "the application also failed: DeadlineExceeded: waited 0.5 s for the tasks of the application to end"
    )


def test_a_declared_task_that_swallows_its_cancellation_misses_the_deadline(stubborn: Stubborn) -> None:
    async def starting(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        scope["state"]["task"] = asyncio.create_task(stubborn.go_on())
        await receive()

    with pytest.raises(DeadlineExceeded) as missed:
        visit(starting, allow_tasks=True)
    assert re.sub(r"\S*(test_testing_sync\.py):\d+", r"\1:N", str(missed.value)) == (
        "waited 0.5 s for the tasks of the application to end\n"
        "Stubborn.go_on waits in\n"
        "  test_testing_sync.py:N in Stubborn.go_on"
    )


def test_a_start_that_fails_and_swallows_its_cancellation_ends(stubborn: Stubborn) -> None:
    async def starting(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        scope["state"]["task"] = asyncio.create_task(stubborn.go_on())
        await asyncio.sleep(0)
        raise ValueError("no database")

    with pytest.raises(ValueError, match="no database") as raised:
        visit(starting)
    assert "waited 0.5 s for the tasks of the application to end" in raised.value.__notes__[-1]
