"""The start and the end of an application, as a server sees them: order, state, registration."""

import warnings
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from core_lifespan_server import STARTED, STOPPED, Hook, Server, fail, with_shutdown, with_startup

from kui.core import HTTPConnection, Lifespan


def hooks(*, on_startup: list[Hook], on_shutdown: list[Hook]) -> Lifespan:
    with pytest.warns(DeprecationWarning, match="use lifespan"):
        return Lifespan(on_startup=on_startup, on_shutdown=on_shutdown)


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

    class Database:
        async def lifespan(self, app: object) -> AsyncGenerator[None, None]:
            log.append("open")
            yield

    log: list[str] = []
    for function in (partial(lifespan, log), Database().lifespan):
        assert await Server(Lifespan(function)).run() == [STARTED, STOPPED]
    assert log == ["open", "open"]


def test_a_list_of_hooks_is_not_shared_with_its_owner() -> None:
    on_startup: list[Hook] = [print]
    with_startup(hooks(on_startup=on_startup, on_shutdown=[]), fail)
    assert on_startup == [print]


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


@pytest.mark.parametrize("name", ["on_startup", "on_shutdown"])
def test_a_hook_that_cannot_be_called_is_refused(name: str) -> None:
    hook: Any = 5
    arguments: dict[str, Any] = {name: [print, hook]}
    for register in (lambda: Lifespan(**arguments), lambda: getattr(Lifespan(), name)(hook)):
        with pytest.raises(TypeError, match=f"{name} is for functions of the application; got 5"):
            register()


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
