"""Draining: every socket is told before the server stops, and no handler is waited for without end."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest

from kui.asgi import Drained, FactoryClass, Kui, SocketView, WebSocket, websocket
from kui.testing import Close, HandshakeDenied, TestClient


@pytest.fixture
def app() -> Kui:
    app = Kui()

    @app.router.websocket("/echo")
    async def echo() -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    @app.router.websocket("/stubborn")
    async def stubborn() -> None:
        await websocket.accept()
        await asyncio.sleep(60)

    @app.router.http.get("/")
    async def home() -> str:
        return "draining" if app.should_exit else "serving"

    return app


async def test_live_sockets_are_closed_with_service_restart(app: Kui) -> None:
    async with TestClient(app) as client, client.websocket("/echo") as one, client.websocket("/echo") as two:
        assert await app.drain(jitter=0) == Drained(closed=2, cancelled=0)
        assert await one.expect_close() == Close(1012, "service restart")
        assert await two.expect_close() == Close(1012, "service restart")


async def test_the_code_may_be_going_away(app: Kui) -> None:
    async with TestClient(app) as client, client.websocket("/echo") as ws:
        await app.drain(jitter=0, code=1001)
        assert (await ws.expect_close()).code == 1001


async def test_a_batch_smaller_than_the_crowd_closes_everybody(app: Kui) -> None:
    async with TestClient(app) as client:
        sockets = [client.websocket("/echo") for _ in range(5)]
        for ws in sockets:
            await ws.__aenter__()
        assert await app.drain(batch=2, jitter=0.001) == Drained(5, 0)
        for ws in sockets:
            assert (await ws.expect_close()).code == 1012
            await ws.__aexit__(None, None, None)


async def test_handshakes_are_refused_with_503_and_retry_after(app: Kui) -> None:
    async with TestClient(app) as client:
        await app.drain()
        for path in ("/echo", "/no/such/path"):
            with pytest.raises(HandshakeDenied) as denied:
                await client.websocket(path).__aenter__()
            assert denied.value.status == 503
            assert int(denied.value.headers["retry-after"]) > 0


async def test_http_goes_on_and_sees_should_exit(app: Kui) -> None:
    async with TestClient(app) as client:
        assert (await client.get("/")).text == "serving"
        await app.drain()
        assert (await client.get("/")).text == "draining"


async def test_a_handler_that_ignores_the_close_is_cancelled_at_the_deadline(app: Kui) -> None:
    async with TestClient(app) as client, client.websocket("/stubborn") as ws:
        assert await app.drain(timeout=0.05) == Drained(closed=0, cancelled=1)
        assert (await ws.expect_close()).code == 1012


async def test_a_handshake_that_is_under_way_is_closed_when_it_has_been_accepted() -> None:
    app, go_on = Kui(), asyncio.Event()

    @app.router.websocket("/slow")
    async def slow() -> None:
        await go_on.wait()
        await websocket.accept()
        await websocket.receive_text()

    async with TestClient(app) as client, client.websocket("/slow", wait_accept=False) as ws:
        draining = asyncio.create_task(app.drain())
        while not app.should_exit:
            await asyncio.sleep(0)
        go_on.set()
        await ws.accept()
        assert (await ws.expect_close()).code == 1012
        assert await draining == Drained(1, 0)


@pytest.mark.parametrize("accepts", [True, False], ids=["in its accept", "before its accept"])
async def test_a_handshake_that_is_pending_at_the_deadline_is_refused_like_a_new_one(
    accepts: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app, begun = Kui(), asyncio.Event()

    @app.router.websocket("/pending")
    async def pending() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            if accepts:
                await websocket.accept()

    async with TestClient(app) as client, client.websocket("/pending", wait_accept=False) as ws:
        await begun.wait()
        assert await app.drain(timeout=0) == Drained(closed=0, cancelled=1)
        if accepts:
            await ws.accept()
            assert await ws.expect_close() == Close(1012, "service restart")
        else:
            with pytest.raises(HandshakeDenied) as denied:
                await ws.accept()
            assert denied.value.status == 503
            assert int(denied.value.headers["retry-after"]) > 0
    assert not [record for record in caplog.records if record.exc_info]


async def test_batches_are_spaced_and_none_has_more_sockets_than_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps: list[str] = []
    sleep = asyncio.sleep

    async def noting(seconds: float) -> None:
        await sleep(0)  # so that the closes begin before
        if seconds == 7:
            steps.append("pause")

    def longest(least: float, most: float) -> float:
        assert (least, most) == (0, 7)
        return most

    class Noting(WebSocket):
        async def close(self, code: int = 1000, reason: str | None = None) -> None:
            steps.append("close")
            await super().close(code, reason)

    app = Kui(factory_class=FactoryClass(websocket=Noting))
    app.router.websocket("/")(SocketView)
    monkeypatch.setattr(asyncio, "sleep", noting)
    monkeypatch.setattr(random, "uniform", longest)
    async with TestClient(app) as client, AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(client.websocket("/"))
        assert await app.drain(batch=2, jitter=7) == Drained(5, 0)
    assert steps == ["close", "close", "pause", "close", "close", "pause", "close", "pause"]


async def test_hooks_are_told_before_the_first_close_and_a_failing_one_stops_none(
    app: Kui, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []

    @app.on_drain
    def fail(app: Kui) -> None:
        raise RuntimeError("hook")

    @app.on_drain
    async def tell(app: Kui) -> None:
        seen.append(f"told, {app.should_exit}")

    class Noting(SocketView):
        async def on_disconnect(self, close_code: int) -> None:
            seen.append(f"closed with {close_code}")

    app.router.websocket("/noting")(Noting)
    async with TestClient(app) as client, client.websocket("/noting") as ws:
        await app.drain()
        await ws.expect_close()
    assert seen == ["told, True", "closed with 1012"]
    assert "failed when the drain began" in caplog.text


async def test_a_hook_that_hangs_does_not_pass_the_deadline_and_the_sockets_are_told(app: Kui) -> None:
    @app.on_drain
    async def hang(app: Kui) -> None:
        await asyncio.sleep(60)

    async with TestClient(app) as client, client.websocket("/echo") as ws:
        assert await app.drain(timeout=0.01) == Drained(1, 0)
        assert (await ws.expect_close()).code == 1012


async def test_a_hook_that_swallows_its_cancellation_does_not_keep_the_sockets_from_being_told(
    app: Kui,
) -> None:
    over = asyncio.Event()

    @app.on_drain
    async def swallow(app: Kui) -> None:
        while not over.is_set():
            with suppress(asyncio.CancelledError):
                await over.wait()

    async with TestClient(app) as client, client.websocket("/echo") as ws:
        draining = asyncio.create_task(app.drain(timeout=0.01))
        assert (await ws.expect_close()).code == 1012
        over.set()
        assert await draining == Drained(1, 0)


async def test_a_second_call_joins_the_first(app: Kui) -> None:
    told: list[Kui] = []
    app.on_drain(told.append)
    async with TestClient(app) as client, client.websocket("/echo") as ws:
        first, second = await asyncio.gather(app.drain(jitter=0), app.drain(timeout=0, code=1001))
        assert first == second == Drained(1, 0)
        assert await app.drain() == Drained(1, 0)
        assert (await ws.expect_close()).code == 1012
    assert told == [app]


async def test_the_drain_goes_on_when_its_caller_is_cancelled(app: Kui) -> None:
    async with TestClient(app) as client, client.websocket("/echo") as ws:
        caller = asyncio.create_task(app.drain())
        while not app.should_exit:
            await asyncio.sleep(0)
        caller.cancel()
        assert (await ws.expect_close()).code == 1012
        assert await app.drain() == Drained(1, 0)


async def test_the_end_of_a_lifespan_may_drain() -> None:
    async def lifespan(app: Kui) -> AsyncGenerator[None]:
        yield
        await app.drain()

    app = Kui(lifespan=lifespan)

    @app.router.websocket("/")
    async def wait() -> None:
        await websocket.accept()
        await websocket.receive_text()

    async with TestClient(app, lifespan="off") as client, client.websocket("/") as ws:
        async with TestClient(app):
            pass
        assert (await ws.expect_close()).code == 1012


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"timeout": -1}, "timeout is a number of seconds, 0 or more; got -1"),
        ({"timeout": float("nan")}, "timeout is a number of seconds, 0 or more; got nan"),
        ({"jitter": -1}, "jitter is a number of seconds, 0 or more; got -1"),
        ({"batch": 0}, "batch is a number of sockets, 1 or more; got 0"),
        ({"code": 1000}, "a drain closes with 1012, 1001 or a code from 3000 to 4999; got 1000"),
    ],
)
async def test_an_argument_out_of_range_is_refused_and_nothing_begins(
    app: Kui, arguments: dict[str, float], message: str
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole message follows
        await app.drain(**arguments)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert str(refused.value) == message
    assert app.should_exit is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"timeout": None}, "timeout is a number of seconds, 0 or more; got None"),
        ({"jitter": "1"}, "jitter is a number of seconds, 0 or more; got '1'"),
        ({"batch": 1.5}, "batch is a number of sockets, 1 or more; got 1.5"),
        ({"code": None}, "a drain closes with 1012, 1001 or a code from 3000 to 4999; got None"),
    ],
)
async def test_an_argument_that_is_no_number_is_refused_in_the_same_words(
    app: Kui, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(TypeError) as refused:
        await app.drain(**arguments)
    assert str(refused.value) == message
    assert app.should_exit is False


def test_a_hook_that_cannot_be_called_is_refused(app: Kui) -> None:
    with pytest.raises(TypeError, match="a hook of the drain is a function of the application; got 7"):
        app.on_drain(7)  # type: ignore[type-var] # pyright: ignore[reportArgumentType]
