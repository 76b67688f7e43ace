"""The start and the end of an application, as a server sees them."""

import asyncio
import warnings
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, cast

import pytest

from kui.core import Application, HTTPConnection, Lifespan, Message

STARTUP: Message = {"type": "lifespan.startup"}
SHUTDOWN: Message = {"type": "lifespan.shutdown"}
STARTED: Message = {"type": "lifespan.startup.complete"}
STOPPED: Message = {"type": "lifespan.shutdown.complete"}


class Server:
    """Send startup and shutdown at once, and keep what the application answers."""

    def __init__(self, lifespan: Lifespan, **scope: Any) -> None:
        self.app = Application({"lifespan": lifespan})
        self.scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0"}, **scope}
        self.answers: list[Message] = []
        self._events = [STARTUP, SHUTDOWN]

    async def run(self) -> list[Message]:
        await self.app(self.scope, self._receive, self._send)
        return self.answers

    async def fail(self, error: type[Exception], match: str) -> tuple[list[Message], str]:
        """Run to the failure; return the answers before it and the message of the last."""
        with pytest.raises(error, match=match):
            await self.run()
        last = self.answers.pop()
        return [*self.answers, {"type": last["type"]}], last["message"]

    async def _receive(self) -> Message:
        return self._events.pop(0)

    async def _send(self, message: Message) -> None:
        self.answers.append(message)


Hook = Callable[[Any], Any]


def hooks(*, on_startup: list[Hook], on_shutdown: list[Hook]) -> Lifespan:
    with pytest.warns(DeprecationWarning, match="use lifespan"):
        return Lifespan(on_startup=on_startup, on_shutdown=on_shutdown)


def with_startup(lifespan: Lifespan, hook: Hook) -> Lifespan:
    with pytest.warns(DeprecationWarning, match="use lifespan"):
        assert lifespan.on_startup(hook) is hook
    return lifespan


def with_shutdown(lifespan: Lifespan, hook: Hook) -> Lifespan:
    with pytest.warns(DeprecationWarning, match="use lifespan"):
        assert lifespan.on_shutdown(hook) is hook
    return lifespan


def fail(app: object) -> None:
    raise OSError("no disk")


# Order


async def test_an_empty_lifespan_starts_and_stops() -> None:
    assert await Server(Lifespan()).run() == [STARTED, STOPPED]


async def test_the_function_gets_the_application() -> None:
    seen: list[object] = []

    async def lifespan(app: object) -> AsyncGenerator[None, None]:
        seen.append(app)
        yield

    server = Server(Lifespan(lifespan))
    await server.run()
    assert seen == [server.app]


async def test_start_ups_run_before_shut_downs_and_the_function_is_outermost() -> None:
    log: list[str] = []

    async def lifespan(app: object) -> AsyncGenerator[None, None]:
        log.append("open")
        yield
        log.append("close")

    async def startup(app: object) -> None:
        log.append("on_startup")

    hooked = with_shutdown(with_startup(Lifespan(lifespan), startup), lambda app: log.append("on_shutdown"))
    server = Server(hooked)
    assert await server.run() == [STARTED, STOPPED]
    assert log == ["open", "on_startup", "on_shutdown", "close"]


async def test_hooks_run_in_their_order_with_the_application_sync_or_async() -> None:
    seen: list[tuple[int, object]] = []

    async def second(app: object) -> None:
        seen.append((2, app))

    lifespan = hooks(
        on_startup=[lambda app: seen.append((1, app)), second],
        on_shutdown=[lambda app: seen.append((3, app))],
    )
    server = Server(lifespan)
    await server.run()
    assert seen == [(1, server.app), (2, server.app), (3, server.app)]


async def test_a_partial_or_a_method_may_be_the_function() -> None:
    async def lifespan(log: list[str], app: object) -> AsyncGenerator[None, None]:
        log.append("open")
        yield

    log: list[str] = []
    assert await Server(Lifespan(partial(lifespan, log))).run() == [STARTED, STOPPED]
    assert log == ["open"]


def test_a_list_of_hooks_is_not_shared_with_its_owner() -> None:
    on_startup: list[Hook] = [print]
    with_startup(hooks(on_startup=on_startup, on_shutdown=[]), fail)
    assert on_startup == [print]


# The connections' initial state


async def database(app: object) -> AsyncGenerator[dict[str, str], None]:
    yield {"database": "open"}


async def test_state_goes_to_a_server_that_keeps_it() -> None:
    server = Server(Lifespan(database), state={})
    await server.run()
    assert server.scope["state"] == {"database": "open"}
    assert server.app.lifespan_state == {}


async def test_state_reaches_connections_on_a_server_that_does_not_keep_it() -> None:
    server = Server(Lifespan(database))
    await server.run()
    assert "state" not in server.scope
    connection = HTTPConnection({"type": "http", "path": "/", "headers": [], "app": server.app})
    assert connection.state.database == "open"


@pytest.mark.parametrize("scope", [{}, {"state": {}}])
async def test_a_state_that_is_no_mapping_fails_the_start_up(scope: dict[str, Any]) -> None:
    async def lifespan(app: object) -> AsyncGenerator[int, None]:
        yield 1

    answers, message = await Server(Lifespan(lifespan), **scope).fail(
        TypeError, "yields nothing or a mapping.* got 1"
    )
    assert answers == [{"type": "lifespan.startup.failed"}]
    assert "got 1" in message


# Failures


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


# Registration


async def not_a_generator(app: object) -> None: ...


NOT_LIFESPANS: list[object] = [not_a_generator, print, 1, None.__class__]


@pytest.mark.parametrize("function", NOT_LIFESPANS)
def test_anything_but_an_async_generator_function_is_refused(function: Any) -> None:
    with pytest.raises(TypeError, match="a lifespan is an async generator function"):
        Lifespan(function)


@pytest.mark.parametrize("argument", ["on_startup", "on_shutdown"])
def test_a_function_and_hooks_together_are_refused(argument: str) -> None:
    arguments: dict[str, Any] = {argument: [print]}
    with pytest.raises(ValueError, match="Cannot use lifespan together with"):
        Lifespan(database, **arguments)


def test_no_hooks_mean_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Lifespan(database, on_startup=(), on_shutdown=())


REGISTRATIONS: Mapping[str, Callable[[], object]] = {
    "arguments": lambda: Lifespan(on_startup=[print]),
    "on_startup": lambda: Lifespan().on_startup(print),
    "on_shutdown": lambda: Lifespan().on_shutdown(print),
}


@pytest.mark.parametrize("registration", REGISTRATIONS)
def test_hooks_warn_on_the_line_that_registers_them(registration: str) -> None:
    with pytest.warns(DeprecationWarning, match="deprecated, use lifespan") as caught:
        REGISTRATIONS[registration]()
    assert [warning.filename for warning in caught] == [__file__]


def test_the_warning_passes_over_the_packages_of_kui() -> None:
    namespace: dict[str, Any] = {"__name__": "kui.asgi", "Lifespan": Lifespan}
    exec(compile("def build(): return Lifespan(on_startup=[print])", "kui_asgi.py", "exec"), namespace)
    with pytest.warns(DeprecationWarning, match="use lifespan") as caught:
        namespace["build"]()
    assert [warning.filename for warning in caught] == [__file__]


async def test_what_asynccontextmanager_made_is_a_lifespan_too() -> None:
    calls: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncGenerator[None]:
        calls.append("started")
        yield
        calls.append("stopped")

    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        calls.append(message["type"])

    await Lifespan(lifespan)({"type": "lifespan", "app": object()}, receive, send)  # type: ignore[arg-type]
    assert calls == ["started", "lifespan.startup.complete", "stopped", "lifespan.shutdown.complete"]
