"""The application itself: its arguments, its state, its lifespan and its attributes."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from kui.asgi import (
    FactoryClass,
    HttpRequest,
    Kui,
    State,
    WebSocket,
    http_connection,
    request,
    websocket,
)
from kui.asgi.lifespan import asynccontextmanager_lifespan
from kui.testing import LifespanFailed, TestClient


def test_every_argument_is_given_by_its_name() -> None:
    with pytest.raises(TypeError, match="positional"):
        Kui(None)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]


def test_the_public_attributes_of_1x_are_there() -> None:
    encoder: dict[type, Callable[[Any], Any]] = {complex: str}
    app = Kui(json_encoder=encoder)
    assert app.should_exit is False
    assert app.templates is None
    assert app.factory_class == FactoryClass()
    assert app.json_encoder == encoder
    for name in ("router", "lifespan", "response_converter", "exception_middleware"):
        assert getattr(app, name) is not None


def test_two_applications_share_no_defaults() -> None:
    one, other = Kui(), Kui()
    one.state.x = 1
    assert other.state == {}


async def test_the_scope_gets_the_application() -> None:
    app = Kui()

    @app.router.http.get("/")
    async def home() -> str:
        return str(request.app is app and request["app"] is app)

    async with TestClient(app) as client:
        assert (await client.get("/")).text == "True"


async def test_an_unknown_type_of_scope_is_refused_with_its_name() -> None:
    with pytest.raises(ValueError, match="a scope of type 'state'; this application serves: lifespan, http"):
        await Kui()({"type": "state"}, None, None)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


# -- state ---------------------------------------------------------------------------------------------------------


def test_the_state_is_a_dictionary_with_attributes() -> None:
    app = Kui()
    app.state.database = "open"
    assert isinstance(app.state, State)
    assert app.state["database"] == "open"


def test_the_state_cannot_be_assigned() -> None:
    with pytest.raises(RuntimeError, match=r"Kui\.state is immutable"):
        Kui().state = State()


def test_the_state_cannot_be_deleted() -> None:
    app = Kui()
    with pytest.raises(RuntimeError, match=r"Kui\.state is immutable"):
        del app.state


# -- lifespan ------------------------------------------------------------------------------------------------------


async def test_the_lifespan_runs_around_the_life_of_the_server() -> None:
    seen: list[str] = []

    async def lifespan(app: Kui) -> AsyncGenerator[None]:
        seen.append(f"start {app is kui}")
        yield
        seen.append("end")

    kui = Kui(lifespan=lifespan)
    async with TestClient(kui):
        assert seen == ["start True"]
    assert seen == ["start True", "end"]


async def test_what_the_lifespan_yields_is_the_state_of_every_connection() -> None:
    async def lifespan(app: Kui) -> AsyncGenerator[dict[str, str]]:
        yield {"database": "open"}

    app = Kui(lifespan=lifespan)

    @app.router.http.get("/")
    async def over_http() -> str:
        http_connection.state.database += "!"
        return str(http_connection.state.database)

    @app.router.websocket("/")
    async def over_websocket() -> None:
        await websocket.accept()
        await websocket.send_text(websocket.state.database)

    async with TestClient(app) as client, client.websocket("/") as ws:
        assert (await client.get("/")).text == "open!"
        assert await ws.receive_text() == "open"


async def test_hooks_run_between_the_halves_of_the_lifespan() -> None:
    seen: list[str] = []

    async def lifespan(app: Kui) -> AsyncGenerator[None]:
        seen.append("lifespan start")
        yield
        seen.append("lifespan end")

    app = Kui(lifespan=lifespan)
    with pytest.warns(DeprecationWarning, match="on_startup"):

        @app.on_startup
        def start(app: Kui) -> None:
            seen.append("start")

    with pytest.warns(DeprecationWarning, match="on_shutdown"):

        @app.on_shutdown
        async def stop(app: Kui) -> None:
            seen.append("stop")

    async with TestClient(app):
        pass
    assert seen == ["lifespan start", "start", "stop", "lifespan end"]
    assert start.__name__ == "start"
    assert stop.__name__ == "stop"


async def test_the_arguments_on_startup_and_on_shutdown_still_work() -> None:
    seen: list[Any] = []
    with pytest.warns(DeprecationWarning, match="use lifespan"):
        app = Kui(on_startup=[seen.append], on_shutdown=[seen.append])
    async with TestClient(app):
        assert seen == [app]
    assert seen == [app, app]


def test_a_lifespan_and_hooks_exclude_each_other() -> None:
    async def lifespan(app: Kui) -> AsyncGenerator[None]:
        yield

    with pytest.raises(ValueError, match="Cannot use lifespan together with"):
        Kui(lifespan=lifespan, on_startup=[print])


async def test_a_failing_start_is_told_to_the_server_with_its_traceback() -> None:
    async def lifespan(app: Kui) -> AsyncGenerator[None]:
        raise OSError("no database")
        yield

    with pytest.raises((LifespanFailed, OSError), match="no database"):
        async with TestClient(Kui(lifespan=lifespan)):
            pass


async def test_the_lifespan_can_be_called_by_itself() -> None:
    app = Kui()
    events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> Any:
        return events.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await app.lifespan({"type": "lifespan", "app": app}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_the_pair_of_hooks_of_1x_opens_and_closes() -> None:
    seen: list[str] = []

    async def database(app: Any) -> AsyncGenerator[None]:
        seen.append("open")
        yield
        seen.append("closed")

    with pytest.warns(DeprecationWarning, match="asynccontextmanager_lifespan"):
        start, stop = asynccontextmanager_lifespan(database)
    with pytest.warns(DeprecationWarning, match="on_startup"):
        app = Kui(on_startup=[start], on_shutdown=[stop])
    async with TestClient(app):
        assert seen == ["open"]
    assert seen == ["open", "closed"]


# -- factory class -------------------------------------------------------------------------------------------------


class Visitor(HttpRequest):
    @property
    def nickname(self) -> str:
        return self.query_params.get("name", "nobody")


class Player(WebSocket):
    @property
    def nickname(self) -> str:
        return self.query_params.get("name", "nobody")


async def test_own_classes_of_connections_are_reached_through_the_proxies() -> None:
    app = Kui(factory_class=FactoryClass(http=Visitor, websocket=Player))

    @app.router.http.get("/")
    async def over_http() -> str:
        return f"{request.nickname} {isinstance(request, Visitor)}"  # type: ignore[attr-defined]

    @app.router.websocket("/")
    async def over_websocket() -> None:
        await websocket.accept()
        await websocket.send_text(f"{websocket.nickname} {isinstance(websocket, Player)}")  # type: ignore[attr-defined]

    async with TestClient(app) as client, client.websocket("/?name=ada") as ws:
        assert (await client.get("/?name=bob")).text == "bob True"
        assert await ws.receive_text() == "ada True"


# -- background tasks ----------------------------------------------------------------------------------------------


async def test_background_tasks_run_in_order_after_the_answer_and_a_failing_one_stops_none() -> None:
    seen: list[str] = []
    app = Kui()

    def fail() -> None:
        raise RuntimeError("task")

    async def note(text: str) -> None:
        await asyncio.sleep(0)
        seen.append(text)

    @app.router.http.get("/")
    async def home() -> str:
        request.background_tasks.append(fail)
        request.background_tasks.append(note, "after http")
        return "home"

    @app.router.websocket("/")
    async def sockets() -> None:
        websocket.background_tasks.append(seen.append, "after websocket")
        await websocket.accept()

    async with TestClient(app) as client:
        assert (await client.get("/")).text == "home"
        async with client.websocket("/") as ws:
            await ws.expect_close()
    assert seen == ["after http", "after websocket"]
