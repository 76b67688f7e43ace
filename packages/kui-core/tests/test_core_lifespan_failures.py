"""A start or an end that fails or is cancelled: what the server is told, and what is closed before."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any, cast

import pytest
from core_lifespan_server import STARTED, STARTUP, Server, fail, with_shutdown, with_startup

from kui.core import Application, Lifespan, Message


@pytest.mark.parametrize("scope", [{}, {"state": {}}])
async def test_a_state_that_is_no_mapping_fails_the_start_up(scope: dict[str, Any]) -> None:
    async def lifespan(app: object) -> AsyncGenerator[int, None]:
        yield 1

    answers, message = await Server(Lifespan(lifespan), **scope).fail(
        TypeError, "yields nothing or a mapping.* got 1"
    )
    assert answers == [{"type": "lifespan.startup.failed"}]
    assert "got 1" in message


async def test_a_failing_start_up_is_reported_with_its_traceback_and_raised() -> None:
    async def lifespan(app: object) -> AsyncGenerator[None, None]:
        fail(app)
        yield

    answers, message = await Server(Lifespan(lifespan)).fail(OSError, "no disk")
    assert answers == [{"type": "lifespan.startup.failed"}]
    assert message.startswith("Traceback")
    assert "in fail" in message
    assert message.endswith("OSError: no disk\n")


async def test_a_failing_shut_down_is_reported_with_its_traceback_and_raised() -> None:
    async def lifespan(app: object) -> AsyncGenerator[None, None]:
        yield
        fail(app)

    answers, message = await Server(Lifespan(lifespan)).fail(OSError, "no disk")
    assert answers == [STARTED, {"type": "lifespan.shutdown.failed"}]
    assert message.endswith("OSError: no disk\n")


class Closing:
    """A lifespan function that logs when it is closed, with what the server had been told by then."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.answers: list[Message] = []

    async def lifespan(self, app: object) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self.log += ["close", *(answer["type"] for answer in self.answers)]


async def test_a_failing_start_up_hook_ends_the_function_before_it_is_reported() -> None:
    closing = Closing()
    lifespan = with_startup(Lifespan(closing.lifespan), fail)
    server = Server(with_shutdown(lifespan, lambda app: closing.log.append("on_shutdown")))
    closing.answers = server.answers
    answers, _ = await server.fail(OSError, "no disk")
    assert answers == [{"type": "lifespan.startup.failed"}]
    assert closing.log == ["close"]


async def test_a_failing_shut_down_hook_ends_the_function_before_it_is_reported() -> None:
    closing = Closing()
    server = Server(with_shutdown(Lifespan(closing.lifespan), fail))
    closing.answers = server.answers
    answers, _ = await server.fail(OSError, "no disk")
    assert answers == [STARTED, {"type": "lifespan.shutdown.failed"}]
    assert closing.log == ["close", "lifespan.startup.complete"]


async def test_a_failing_shut_down_hook_skips_no_other_and_the_first_failure_is_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[str] = []

    async def second(app: object) -> None:
        seen.append("second")
        raise ValueError("no network")

    lifespan = with_shutdown(with_shutdown(Lifespan(), fail), second)
    answers, message = await Server(with_shutdown(lifespan, lambda app: seen.append("third"))).fail(
        OSError, "no disk"
    )
    assert answers == [STARTED, {"type": "lifespan.shutdown.failed"}]
    assert message.endswith("OSError: no disk\n")
    assert seen == ["second", "third"]
    assert [record.name for record in caplog.records] == ["kui.core", "kui.core"]
    assert [str(record.exc_info and record.exc_info[1]) for record in caplog.records] == [
        "no disk",
        "no network",
    ]


async def test_a_function_that_suppresses_a_failed_start_up_does_not_start_the_application() -> None:
    async def lifespan(app: object) -> AsyncGenerator[None, None]:
        with suppress(OSError):
            yield

    server = Server(with_startup(Lifespan(lifespan), fail))
    answers, _ = await server.fail(RuntimeError, "the lifespan function suppressed the error")
    assert answers == [{"type": "lifespan.startup.failed"}]


async def test_a_group_of_failures_is_reported_whole() -> None:
    async def lifespan(app: object) -> AsyncGenerator[None, None]:
        raise ExceptionGroup("both", [OSError("no disk"), ValueError("no name")])
        yield

    _, message = await Server(Lifespan(lifespan)).fail(ExceptionGroup, "both")
    assert "no disk" in message
    assert "no name" in message


async def test_a_function_that_never_yields_fails_the_start_up() -> None:
    async def lifespan(app: object) -> AsyncGenerator[None, None]:
        if app is None:
            yield

    answers, _ = await Server(Lifespan(lifespan)).fail(RuntimeError, "generator didn't yield")
    assert answers == [{"type": "lifespan.startup.failed"}]


async def test_a_function_that_yields_twice_fails_the_shut_down() -> None:
    async def lifespan(app: object) -> AsyncGenerator[None, None]:
        yield
        yield

    answers, _ = await Server(Lifespan(lifespan)).fail(RuntimeError, "generator didn't stop")
    assert answers == [STARTED, {"type": "lifespan.shutdown.failed"}]


async def test_a_scope_without_an_application_fails_the_start_up() -> None:
    answers: list[Message] = []

    async def receive() -> Message:
        return STARTUP

    async def send(message: Message) -> None:
        answers.append(message)

    with pytest.raises(RuntimeError, match=r'nothing set scope\["app"\]'):
        await Lifespan()({"type": "lifespan"}, receive, send)
    assert [answer["type"] for answer in answers] == ["lifespan.startup.failed"]


async def test_cancellation_while_the_application_runs_ends_the_function_and_is_no_failure() -> None:
    log: list[str] = []
    running = asyncio.Event()

    async def lifespan(app: object) -> AsyncGenerator[None, None]:
        try:
            yield
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    async def receive() -> Message:
        if not log:
            log.append("startup")
            return STARTUP
        running.set()
        return await asyncio.Future()

    async def send(message: Message) -> None:
        log.append(message["type"])

    app = Application({"lifespan": Lifespan(lifespan)})
    task = asyncio.ensure_future(app({"type": "lifespan"}, receive, send))
    await running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["startup", "lifespan.startup.complete", "cancelled"]


async def test_a_server_that_drops_the_application_while_it_runs_is_told_nothing() -> None:
    sent: list[Message] = []

    class Forever:
        def __await__(self) -> Any:
            yield

    async def receive() -> Message:
        if sent:
            await Forever()
        return STARTUP

    async def send(message: Message) -> None:
        sent.append(message)

    run = cast(Any, Application({"lifespan": Lifespan()})({"type": "lifespan"}, receive, send))
    run.send(None)
    run.close()
    assert sent == [STARTED]
