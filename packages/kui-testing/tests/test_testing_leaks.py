"""Tasks that an application leaves behind."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from kui.testing import ConnectionClosed, DeadlineExceeded, HandshakeDenied, LeakedTasks, TestClient


def starting(*coroutines: Callable[[], Coroutine[Any, Any, Any]]) -> tuple[Callable[..., Any], list[Any]]:
    """An application that starts these for each socket and ends, and the tasks it started."""
    tasks: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        tasks.extend(asyncio.create_task(coroutine(), name="started") for coroutine in coroutines)
        await receive()

    return app, tasks


async def forever() -> None:
    await asyncio.Event().wait()


async def test_a_task_that_outlives_its_connection_is_told_and_cancelled() -> None:
    app, tasks = starting(forever, forever)
    async with TestClient(app) as client:
        with pytest.raises(LeakedTasks) as leaked:
            async with client.websocket("/"):
                pass
    assert re.sub(r"\S*(test_testing_leaks\.py):\d+", r"\1:N", str(leaked.value)) == (
        "2 tasks of the application outlived the connection; end what was started, or declare it in allow_tasks\n"
        "forever waits in\n"
        "  test_testing_leaks.py:N in forever\n"
        "forever waits in\n"
        "  test_testing_leaks.py:N in forever"
    )
    await asyncio.wait(tasks)
    assert all(task.cancelled() for task in tasks)


async def test_a_task_of_a_task_is_found() -> None:
    async def parent() -> None:
        tasks.append(asyncio.create_task(forever()))

    app, tasks = starting(parent)
    async with TestClient(app) as client:
        with pytest.raises(LeakedTasks, match="1 task of the application"):
            async with client.websocket("/"):
                pass


async def test_a_task_that_is_about_to_end_is_no_leak() -> None:
    async def soon() -> None:
        await asyncio.sleep(0)

    app, _ = starting(soon)
    async with TestClient(app) as client, client.websocket("/"):
        pass


async def test_a_cancelled_task_is_no_leak() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        task = asyncio.create_task(forever())
        await receive()
        task.cancel()

    async with TestClient(app) as client, client.websocket("/"):
        pass


async def test_tasks_of_the_test_are_not_blamed() -> None:
    app, _ = starting()
    async with TestClient(app) as client:
        before = asyncio.create_task(forever())
        async with client.websocket("/"):
            during = asyncio.create_task(forever())
    assert not before.done()
    assert not during.done()
    before.cancel()
    during.cancel()


async def test_a_task_of_the_test_that_the_application_waits_for_is_not_blamed() -> None:
    shared = asyncio.create_task(forever())

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        await asyncio.wait([shared, asyncio.create_task(receive())], return_when="FIRST_COMPLETED")

    async with TestClient(app) as client, client.websocket("/"):
        pass
    shared.cancel()


async def test_tasks_of_another_connection_are_not_blamed() -> None:
    app, tasks = starting(forever)
    async with TestClient(app, allow_tasks=True) as client, client.websocket("/") as first:
        async with client.websocket("/", allow_tasks=["none"]) as second:
            await asyncio.sleep(0)
            tasks[1].cancel()
            await second.close()
        await first.close()
    assert not tasks[0].done()
    tasks[0].cancel()


def is_named_started(task: asyncio.Task[Any]) -> bool:
    return task.get_name() == "started"


@pytest.mark.parametrize(
    "allowed",
    [True, ["forever"], ["for*"], ["started"], is_named_started],
    ids=["all", "coroutine", "pattern", "name", "function"],
)
async def test_declared_tasks_may_go_on(allowed: Any) -> None:
    app, tasks = starting(forever)
    async with TestClient(app) as client, client.websocket("/", allow_tasks=allowed):
        pass
    assert not tasks[0].done()
    tasks[0].cancel()


async def test_a_client_may_declare_tasks_for_all_its_connections() -> None:
    app, tasks = starting(forever)
    async with TestClient(app, allow_tasks=["forever"]) as client, client.websocket("/"):
        pass
    tasks[0].cancel()


async def test_a_failure_of_the_application_comes_before_its_leaks() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        scope["state"]["task"] = asyncio.create_task(forever())
        raise ValueError("broken")

    async with TestClient(app) as client:
        with pytest.raises(ValueError, match="broken"):
            async with client.websocket("/"):
                pass


def leaving(close: str, error: Exception | None = None) -> tuple[Callable[..., Any], list[Any]]:
    """An application that accepts or not, starts a task, closes and ends (with `error`); and the task it started."""
    tasks: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        if close == "after accept":
            await send({"type": "websocket.accept"})
        tasks.append(asyncio.create_task(forever()))
        await send({"type": "websocket.close", "code": 4000})
        if error is not None:
            raise error

    return app, tasks


async def receive_once(client: TestClient, **options: Any) -> None:
    async with client.websocket("/", **options) as ws:
        await ws.receive()


async def is_cancelled(task: "asyncio.Task[Any]") -> bool:
    await asyncio.wait([task], timeout=1)
    return task.cancelled()


@pytest.mark.parametrize(
    ("close", "ending"), [("before accept", HandshakeDenied), ("after accept", ConnectionClosed)]
)
async def test_a_socket_that_the_application_has_closed_is_checked_too(
    close: str, ending: type[Exception]
) -> None:
    app, tasks = leaving(close)
    async with TestClient(app) as client:
        with pytest.raises(LeakedTasks) as leaked:
            await receive_once(client)
    assert isinstance(leaked.value.__context__, ending)
    assert await is_cancelled(tasks[0])


async def test_a_task_may_go_on_after_a_close_if_it_is_declared() -> None:
    app, tasks = leaving("after accept")
    async with TestClient(app) as client:
        with pytest.raises(ConnectionClosed):
            await receive_once(client, allow_tasks=["forever"])
    assert tasks[0].cancel()


async def test_a_failure_of_the_test_notes_the_leak_and_the_task_is_cancelled() -> None:
    app, tasks = starting(forever)
    async with TestClient(app) as client:
        with pytest.raises(ZeroDivisionError) as raised:
            async with client.websocket("/"):
                raise ZeroDivisionError("the test's own")
    (note,) = raised.value.__notes__
    assert note.startswith("the application also failed: LeakedTasks: 1 task of the application outlived")
    assert await is_cancelled(tasks[0])


async def test_a_missed_deadline_of_the_test_notes_the_leak_and_the_task_is_cancelled() -> None:
    app, tasks = starting(forever)
    async with TestClient(app) as client:
        with pytest.raises(DeadlineExceeded, match="waited 0 s for a message") as missed:
            async with client.websocket("/") as ws:
                await ws.receive(deadline=0)
    (note,) = missed.value.__notes__
    assert note.startswith("the application also failed: LeakedTasks: 1 task of the application outlived")
    assert await is_cancelled(tasks[0])


@pytest.mark.parametrize("close", ["before accept", "after accept"])
async def test_a_failure_of_the_application_notes_its_leak_and_the_task_is_cancelled(close: str) -> None:
    app, tasks = leaving(close, ValueError("broken"))
    async with TestClient(app) as client:
        with pytest.raises(ValueError, match="broken") as raised:
            await receive_once(client)
    (note,) = raised.value.__notes__
    assert note.startswith("the application also failed: LeakedTasks: 1 task of the application outlived")
    assert await is_cancelled(tasks[0])


async def test_a_single_pattern_that_is_not_in_a_list_is_refused() -> None:
    app, _ = starting()
    message = r"allow_tasks is a list, as in \['heartbeat'\], got 'heartbeat'"
    with pytest.raises(TypeError, match=message):
        TestClient(app, allow_tasks="heartbeat")
    async with TestClient(app) as client:
        with pytest.raises(TypeError, match=message):
            client.websocket("/", allow_tasks="heartbeat")


async def test_patterns_that_can_be_read_only_once_hold_for_every_connection() -> None:
    app, tasks = starting(forever)
    async with TestClient(app, allow_tasks=iter(["started"])) as client:
        for _ in range(2):
            async with client.websocket("/"):
                pass
    assert [task.cancel() for task in tasks] == [True, True]


def answering(how: Callable[..., Any]) -> tuple[Callable[..., Any], list[Any]]:
    """An application that starts a task for each request and goes on with `how`; and the tasks it started."""
    tasks: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        tasks.append(asyncio.create_task(forever()))
        await how(send)

    return app, tasks


async def broken(send: Any) -> None:
    raise ValueError("broken")


async def unanswered(send: Any) -> None:
    await forever()


async def half_answered(send: Any) -> None:
    await send({"type": "http.response.start", "status": 200})
    await forever()


@pytest.mark.parametrize(
    ("how", "error"),
    [(broken, ValueError), (unanswered, DeadlineExceeded), (half_answered, DeadlineExceeded)],
)
async def test_a_failure_of_a_request_notes_the_leak_and_the_task_is_cancelled(
    how: Any, error: type[Exception]
) -> None:
    app, tasks = answering(how)
    async with TestClient(app, deadline=0.01) as client:
        with pytest.raises(error) as raised:
            await client.get("/")
    (note,) = raised.value.__notes__
    assert note.startswith("the application also failed: LeakedTasks: 1 task of the application outlived")
    assert await is_cancelled(tasks[0])
