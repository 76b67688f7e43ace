"""What a test that fails says: the whole message, and whose traceback."""

import asyncio
import re
import traceback
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from kui.testing import ConnectionClosed, DeadlineExceeded, HandshakeDenied, SyncTestClient, TestClient


def accepting(handle: Callable[..., Any]) -> Callable[..., Any]:
    """An application that accepts and goes on with `handle`."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept"})
        await handle(receive, send)

    return app


def told(error: BaseException) -> str:
    """The message of an error, with this file's folder and the numbers of its lines left out."""
    return re.sub(r"\S*(test_testing_failures\.py):\d+", r"\1:N", str(error))


async def stuck(receive: Any, send: Any) -> None:
    await receive()
    await asyncio.Event().wait()


async def failing(receive: Any, send: Any) -> None:
    raise ValueError("the application's own")


async def say_hello(client: TestClient) -> None:
    async with client.websocket("/") as ws:
        await ws.send_text("hello")
        await ws.receive_text(deadline=0.01)


async def test_a_missed_deadline_says_where_the_application_waits_and_what_was_exchanged() -> None:
    async with TestClient(accepting(stuck)) as client:
        with pytest.raises(DeadlineExceeded) as missed:
            await say_hello(client)
    assert told(missed.value) == (
        "waited 0.01 s for a text message\n"
        "the application: it waits in\n"
        "  test_testing_failures.py:N in accepting.<locals>.app\n"
        "  test_testing_failures.py:N in stuck\n"
        "messages:\n"
        "  to the application: websocket.connect\n"
        "  from the application: websocket.accept\n"
        "  to the application: websocket.receive, text='hello'"
    )


async def numbers() -> AsyncIterator[int]:
    yield 1
    await asyncio.Event().wait()


async def test_the_place_is_found_through_asynchronous_generators() -> None:
    async def counting(receive: Any, send: Any) -> None:
        async for _ in numbers():
            pass

    async with TestClient(accepting(counting)) as client:
        with pytest.raises(DeadlineExceeded) as missed:
            async with client.websocket("/") as ws:
                await ws.receive_json(deadline=0.01)
    assert told(missed.value).splitlines()[:5] == [
        "waited 0.01 s for a JSON message",
        "the application: it waits in",
        "  test_testing_failures.py:N in accepting.<locals>.app",
        "  test_testing_failures.py:N in test_the_place_is_found_through_asynchronous_generators.<locals>.counting",
        "  test_testing_failures.py:N in numbers",
    ]


async def test_frames_of_libraries_are_left_out() -> None:
    async def grouped(receive: Any, send: Any) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.Event().wait())

    async with TestClient(accepting(grouped)) as client:
        with pytest.raises(DeadlineExceeded) as missed:
            async with client.websocket("/") as ws:
                await ws.receive_bytes(deadline=0.01)
    assert told(missed.value).splitlines()[2:4] == [
        "  test_testing_failures.py:N in accepting.<locals>.app",
        "  test_testing_failures.py:N in test_frames_of_libraries_are_left_out.<locals>.grouped",
    ]


async def test_long_messages_are_shortened_and_only_the_last_are_told() -> None:
    async def chatty(receive: Any, send: Any) -> None:
        for number in range(12):
            await send({"type": "websocket.send", "text": str(number)})
        await send({"type": "websocket.send", "bytes": b"x" * 100})
        await receive()

    async with TestClient(accepting(chatty)) as client:
        with pytest.raises(DeadlineExceeded) as missed:
            async with client.websocket("/") as ws:
                await ws.wait_ended(deadline=0.01)
    lines = told(missed.value).splitlines()
    assert lines[5] == "  (3 earlier messages)"
    assert lines[6] == "  from the application: websocket.send, text='1'"
    assert lines[-1] == (
        "  from the application: websocket.send, bytes=b'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..."
    )


async def test_an_application_that_does_not_answer_the_handshake_is_told_about() -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await asyncio.Event().wait()

    async with TestClient(silent, deadline=0.01) as client:
        with pytest.raises(DeadlineExceeded) as missed:
            await client.websocket("/").__aenter__()
    assert told(missed.value) == (
        "waited 0.01 s for an answer to the handshake\n"
        "the application: it waits in\n"
        "  test_testing_failures.py:N in "
        "test_an_application_that_does_not_answer_the_handshake_is_told_about.<locals>.silent\n"
        "messages:\n"
        "  none"
    )


async def test_an_application_that_does_not_end_fails_the_test_and_is_cancelled() -> None:
    cancelled: list[bool] = []

    async def stays(receive: Any, send: Any) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async with TestClient(accepting(stays), deadline=0.01) as client:
        with pytest.raises(DeadlineExceeded) as missed:
            async with client.websocket("/"):
                pass
    assert told(missed.value).splitlines()[0] == "waited 0.01 s for the application to end"
    assert cancelled == [True]


async def test_an_exception_surfaces_once_with_its_own_traceback() -> None:
    async with TestClient(accepting(failing)) as client:
        with pytest.raises(ValueError, match="own") as raised:
            async with client.websocket("/") as ws:
                assert await ws.expect_close() == (1006, "")
    names = [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)]
    assert names[-2:] == ["app", "failing"]
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)


async def test_an_exception_replaces_the_close_that_it_caused() -> None:
    async with TestClient(accepting(failing)) as client:
        with pytest.raises(ValueError, match="own") as raised:
            async with client.websocket("/") as ws:
                await ws.receive_text()
    assert raised.value.__context__ is None


async def test_an_exception_keeps_its_cause_and_its_context() -> None:
    async def chained(receive: Any, send: Any) -> None:
        try:
            raise KeyError("first")
        except KeyError:
            raise ValueError("second")  # noqa: B904

    async with TestClient(accepting(chained)) as client:
        with pytest.raises(ValueError, match="second") as raised:
            async with client.websocket("/") as ws:
                await ws.receive_text()
    assert isinstance(raised.value.__context__, KeyError)


async def test_an_exception_ends_the_loop_over_the_socket_and_then_surfaces() -> None:
    async with TestClient(accepting(failing)) as client:
        with pytest.raises(ValueError, match="own"):
            async with client.websocket("/") as ws:
                assert [message async for message in ws] == []


async def test_an_exception_before_accept_surfaces_from_entering() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        raise ValueError("too early")

    async with TestClient(app) as client:
        session = client.websocket("/")
        with pytest.raises(ValueError, match="too early"):
            await session.__aenter__()


async def test_an_exception_after_a_denial_surfaces_in_its_place() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.close"})
        raise ValueError("after the denial")

    async with TestClient(app) as client:
        with pytest.raises(ValueError, match="after the denial"):
            await client.websocket("/").__aenter__()


async def test_a_failure_of_the_test_itself_stays_and_notes_that_of_the_application() -> None:
    async with TestClient(accepting(failing)) as client:
        with pytest.raises(ZeroDivisionError) as raised:
            async with client.websocket("/"):
                raise ZeroDivisionError("the test's own")
    assert raised.value.__notes__ == ["the application also failed: ValueError: the application's own"]


async def test_a_missed_deadline_is_not_replaced_by_what_its_clean_up_raises() -> None:
    async def untidy(receive: Any, send: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("while it was cancelled")

    async with TestClient(accepting(untidy)) as client:
        with pytest.raises(DeadlineExceeded, match=r"waited 0\.01 s for a text message"):
            async with client.websocket("/") as ws:
                await ws.receive_text(deadline=0.01)


async def test_a_cancelled_test_cancels_the_application() -> None:
    ended: list[str] = []

    async def stays(receive: Any, send: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    async with TestClient(accepting(stays)) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), client.websocket("/"):
                await asyncio.Event().wait()
    assert ended == ["cancelled"]


async def test_a_test_that_is_cancelled_while_it_leaves_cancels_the_application() -> None:
    ended: list[str] = []

    async def stays(receive: Any, send: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    async def visit(client: TestClient) -> None:
        async with client.websocket("/"):
            pass

    async with TestClient(accepting(stays)) as client:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(visit(client), 0.01)
        await asyncio.sleep(0)
    assert ended == ["cancelled"]


async def test_an_application_that_cancels_itself_fails_the_test() -> None:
    async def gives_up(receive: Any, send: Any) -> None:
        raise asyncio.CancelledError

    async with TestClient(accepting(gives_up)) as client:
        with pytest.raises(RuntimeError) as raised:
            async with client.websocket("/"):
                pass
    assert str(raised.value) == "the application ended with CancelledError, but nobody had cancelled it"


async def test_the_error_of_a_send_to_a_client_that_left_may_escape() -> None:
    async def talks_on(receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.send", "text": "still there?"})

    async with TestClient(accepting(talks_on)) as client, client.websocket("/"):
        pass


async def test_each_session_may_have_its_own_deadline() -> None:
    async with TestClient(accepting(stuck)) as client:
        with pytest.raises(DeadlineExceeded, match=r"waited 0\.01 s for a message"):
            async with client.websocket("/", deadline=0.01) as ws:
                await ws.receive()


async def test_an_application_that_returns_without_an_answer_looks_like_a_500_to_a_lenient_client() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"

    async with TestClient(app, strict=False) as client:
        with pytest.raises(HandshakeDenied) as denied:
            await client.websocket("/").__aenter__()
    assert denied.value.status == 500


def failing_at_the_end(how: Callable[..., Any]) -> Callable[..., Any]:
    """An application that starts, and does `how` when it is asked to stop."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan"
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await how(receive, send)

    return app


async def test_a_failure_of_the_test_stays_and_notes_that_of_the_applications_end() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        async with TestClient(failing_at_the_end(failing)):
            raise ZeroDivisionError("the test's own")
    assert raised.value.__notes__ == ["the application also failed: ValueError: the application's own"]
    assert raised.value.__context__ is None


def test_a_failure_of_a_test_without_async_stays_too() -> None:
    with pytest.raises(ZeroDivisionError) as raised, SyncTestClient(failing_at_the_end(failing)):
        raise ZeroDivisionError("the test's own")
    assert raised.value.__notes__ == ["the application also failed: ValueError: the application's own"]
    assert raised.value.__context__ is None


async def test_a_failure_of_the_test_stays_when_the_application_does_not_stop() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        async with TestClient(failing_at_the_end(stuck), deadline=0.01):
            raise ZeroDivisionError("the test's own")
    assert raised.value.__notes__[0].startswith(
        "the application also failed: DeadlineExceeded: waited 0.01 s for the application to stop"
    )


async def test_a_test_that_is_cancelled_while_the_application_stops_ends() -> None:
    async def visit() -> None:
        async with TestClient(failing_at_the_end(stuck)):
            stopping.set()
            raise ZeroDivisionError

    stopping = asyncio.Event()
    task = asyncio.create_task(visit())
    await stopping.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def failing_stream(scope: Any, receive: Any, send: Any) -> None:
    """Send half a response, and raise when the client has left."""
    assert scope["type"] == "http"
    await receive()
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    await receive()
    raise ValueError("the application's own")


async def read_half(client: TestClient) -> None:
    async with client.stream("GET", "/") as response:
        assert await anext(response.aiter_raw()) == b"half"


async def test_a_failure_of_the_test_within_a_stream_stays_and_notes_that_of_the_application() -> None:
    async with TestClient(failing_stream) as client:
        with pytest.raises(ZeroDivisionError) as raised:
            async with client.stream("GET", "/"):
                raise ZeroDivisionError("the test's own")
    assert raised.value.__notes__ == ["the application also failed: ValueError: the application's own"]
    assert raised.value.__context__ is None


async def test_the_end_of_a_stream_raises_what_the_application_raised() -> None:
    async with TestClient(failing_stream) as client:
        with pytest.raises(ValueError, match="own") as raised:
            await read_half(client)
    assert not hasattr(raised.value, "__notes__")


async def test_an_error_that_the_test_has_handled_does_not_hide_that_of_a_stream() -> None:
    async with TestClient(failing_stream) as client:
        try:
            raise ZeroDivisionError("handled")
        except ZeroDivisionError:
            with pytest.raises(ValueError, match="own"):
                await read_half(client)


async def denying_and_stuck(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "websocket"
    await receive()
    await send({"type": "websocket.close"})
    await asyncio.Event().wait()


async def closing_and_stuck(receive: Any, send: Any) -> None:
    await send({"type": "websocket.close", "code": 4000})
    await asyncio.Event().wait()


async def receive_once(client: TestClient) -> None:
    async with client.websocket("/") as ws:
        await ws.receive()


async def test_an_application_that_hangs_after_a_denial_fails_the_test() -> None:
    async with TestClient(denying_and_stuck, deadline=0.01) as client:
        with pytest.raises(DeadlineExceeded, match=r"waited 0\.01 s for the application to end") as missed:
            await client.websocket("/").__aenter__()
    assert isinstance(missed.value.__context__, HandshakeDenied)


async def test_an_application_that_hangs_after_its_close_fails_the_test() -> None:
    async with TestClient(accepting(closing_and_stuck), deadline=0.01) as client:
        with pytest.raises(DeadlineExceeded, match=r"waited 0\.01 s for the application to end") as missed:
            await receive_once(client)
    assert isinstance(missed.value.__context__, ConnectionClosed)


async def test_an_application_may_end_some_turns_after_its_close() -> None:
    async def tidying(receive: Any, send: Any) -> None:
        await send({"type": "websocket.close", "code": 4000})
        for _ in range(10):
            await asyncio.sleep(0)
        ended.append(True)

    ended: list[bool] = []
    async with TestClient(accepting(tidying)) as client:
        with pytest.raises(ConnectionClosed):
            await receive_once(client)
    assert ended == [True]
