"""The start and the end of an application."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from kui.testing import DeadlineExceeded, LeakedTasks, LifespanFailed, TestClient

COMPLETE = {"type": "lifespan.startup.complete"}


def living(log: list[str], **state: Any) -> Callable[..., Any]:
    """An application with a start, an end and a state; it counts the sockets in its state."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            log.append((await receive())["type"])
            scope["state"].update(state)
            await send(COMPLETE)
            log.append((await receive())["type"])
            await send({"type": "lifespan.shutdown.complete"})
            return
        scope["state"]["own"] = True
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": " ".join(sorted(scope["state"]))})
        await receive()

    return app


async def test_the_client_starts_and_stops_the_application() -> None:
    log: list[str] = []
    async with TestClient(living(log)):
        assert log == ["lifespan.startup"]
    assert log == ["lifespan.startup", "lifespan.shutdown"]


async def test_each_connection_gets_a_copy_of_the_state() -> None:
    async with TestClient(living([], db="open")) as client:
        for _ in range(2):
            async with client.websocket("/") as ws:
                assert await ws.receive_text() == "db own"
        assert client.state == {"db": "open"}


@pytest.mark.parametrize("options", [{"lifespan": "off"}, {"server": "daphne"}])
async def test_the_lifespan_may_be_left_out(options: Any) -> None:
    log: list[str] = []
    async with TestClient(living(log), **options):
        pass
    assert log == []


async def test_a_lifespan_may_be_asked_of_a_server_that_has_none() -> None:
    log: list[str] = []
    async with TestClient(living(log), server="daphne", lifespan="on"):
        pass
    assert log == ["lifespan.startup", "lifespan.shutdown"]


async def refusing(scope: Any, receive: Any, send: Any) -> None:
    raise NotImplementedError(scope["type"])


async def sockets_only(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})


async def returning(scope: Any, receive: Any, send: Any) -> None:
    return


@pytest.mark.parametrize("app", [refusing, sockets_only, returning])
async def test_an_application_without_a_lifespan_goes_without(app: Any) -> None:
    async with TestClient(app) as client:
        assert client.state == {}


async def test_an_application_without_a_lifespan_fails_where_one_is_asked_for() -> None:
    with pytest.raises(NotImplementedError):
        await TestClient(refusing, lifespan="on").__aenter__()
    with pytest.raises(LifespanFailed) as failed:
        await TestClient(returning, lifespan="on").__aenter__()
    assert str(failed.value) == "the application ended before it had answered lifespan.startup"


async def test_a_start_that_raises_surfaces() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise ValueError("no database")

    with pytest.raises(ValueError, match="no database") as raised:
        await TestClient(app).__aenter__()
    assert raised.value.__notes__ == [
        'raised while it started; if it has no lifespan, say so: lifespan="off"'
    ]


@pytest.mark.parametrize(
    ("message", "expected"),
    [({"message": "no database"}, "no database"), ({}, "")],
)
async def test_a_start_that_fails_says_so(message: Any, expected: str) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", **message})

    with pytest.raises(LifespanFailed) as failed:
        await TestClient(app).__aenter__()
    assert str(failed.value) == expected


async def test_the_exception_behind_a_failed_start_comes_first() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "told"})
        raise ValueError("the cause")

    with pytest.raises(ValueError, match="the cause"):
        await TestClient(app).__aenter__()


async def test_an_end_that_fails_says_so() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(COMPLETE)
        await receive()
        await send({"type": "lifespan.shutdown.failed", "message": "still busy"})

    client = await TestClient(app).__aenter__()
    with pytest.raises(LifespanFailed, match="still busy"):
        await client.__aexit__()


async def test_a_lifespan_that_breaks_off_surfaces_at_the_end() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(COMPLETE)
        await asyncio.sleep(0)
        raise ValueError("broke off")

    client = await TestClient(app).__aenter__()
    with pytest.raises(ValueError, match="broke off"):
        await client.__aexit__()


async def test_a_lifespan_may_end_before_it_is_asked_to() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(COMPLETE)

    async with TestClient(app):
        pass


async def test_a_start_that_hangs_is_told_whole() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await asyncio.Event().wait()

    with pytest.raises(DeadlineExceeded) as missed:
        await TestClient(app, deadline=0.01).__aenter__()
    assert re.sub(r"\S*(test_testing_lifespan\.py):\d+", r"\1:N", str(missed.value)) == (
        "waited 0.01 s for the application to start\n"
        "the application: it waits in\n"
        "  test_testing_lifespan.py:N in test_a_start_that_hangs_is_told_whole.<locals>.app\n"
        "messages:\n"
        "  to the application: lifespan.startup"
    )


async def test_an_end_that_hangs_misses_its_deadline() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(COMPLETE)
        await receive()
        await asyncio.Event().wait()

    client = await TestClient(app, deadline=0.01).__aenter__()
    with pytest.raises(DeadlineExceeded, match=r"waited 0\.01 s for the application to stop"):
        await client.__aexit__()


async def test_a_task_that_outlives_the_application_is_a_leak() -> None:
    tasks: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        tasks.append(asyncio.create_task(asyncio.Event().wait()))
        await living([])(scope, receive, send)

    client = await TestClient(app).__aenter__()
    with pytest.raises(LeakedTasks):
        await client.__aexit__()
