"""What the start of the lifespan finds out: mistakes that nobody could see when a route was registered."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from kui.asgi import (
    Body,
    Depends,
    HttpRoute,
    Kui,
    Path,
    Query,
    SignatureError,
    SocketRoute,
    SocketView,
    UnresolvedName,
    auto_params,
    verify_every_path_parameter,
    verify_path_parameters,
    websocket,
)
from kui.asgi.routing import Router
from kui.core import Endpoint
from kui.routing import Router as PlainRouter
from kui.testing import TestClient


class Plain:
    """No type that pydantic knows."""


async def wrong_parameter(shape: Annotated[int, Query(discriminator="kind")]) -> None: ...


async def wrong_dependency(it: Annotated[None, Depends(wrong_parameter)]) -> None: ...


async def home() -> str:
    return "home"


def wrong_middleware(endpoint: Endpoint) -> Any:
    async def wrapped(shape: Annotated[int, Query(discriminator="kind")]) -> Any:
        return await endpoint()

    return wrapped


class WrongMessages(SocketView):
    async def on_receive(self, data: Plain) -> None: ...


class WrongInit(SocketView):
    def __init__(self, shape: Annotated[int, Query(discriminator="kind")]) -> None: ...


class WrongConnect(SocketView):
    async def on_connect(self, shape: Annotated[int, Query(discriminator="kind")]) -> None: ...


class WrongReceive(SocketView):
    async def on_receive(self, data: str, shape: Annotated[int, Query(discriminator="kind")]) -> None: ...


async def never(it: "Annotated[Never, Query()]") -> None: ...  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore


async def later_body(it: "Annotated[Later, Body()]") -> None: ...  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore


async def later_path(room: "Annotated[Later, Path()]") -> str:  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore
    return f"room {room}"


async def later_query(it: "Annotated[Later, Query()]") -> None: ...  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore


def later_model() -> Any:
    """Return an endpoint with a model of its own, which pydantic may finish for good."""

    class Seat(BaseModel):
        room: "Later"  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore

    async def endpoint(seat: Annotated[Seat, Path()]) -> str:
        return f"room {seat.room}"  # pyright: ignore

    return endpoint


@pytest.fixture
def later() -> Iterator[Callable[[], None]]:
    """Give a function that defines `Later`."""

    def define() -> None:
        globals()["Later"] = int

    yield define
    globals().pop("Later", None)


async def failure_of(app: Kui) -> str:
    """Return what the server is told of a start-up that fails."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(SignatureError):
        await app({"type": "lifespan", "state": {}}, receive, send)
    assert [message["type"] for message in sent] == ["lifespan.startup.failed"]
    return str(sent[0]["message"])


# -- what stops a start-up ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("route", "function"),
    [
        (
            HttpRoute("/there", wrong_parameter),
            "wrong_parameter: parameter 'shape' is of the type int, which",
        ),
        (
            SocketRoute("/there", wrong_parameter),
            "wrong_parameter: parameter 'shape' is of the type int, which",
        ),
        (
            HttpRoute("/there", wrong_dependency),
            "wrong_parameter: parameter 'shape' is of the type int, which",
        ),
        (
            HttpRoute("/there", home) @ wrong_middleware,
            "wrapped: parameter 'shape' is of the type int, which",
        ),
        (SocketRoute("/there", WrongInit), "WrongInit.__init__: parameter 'shape' is of the type int, which"),
        (
            SocketRoute("/there", WrongConnect),
            "WrongConnect.on_connect: parameter 'shape' is of the type int, which",
        ),
        (
            SocketRoute("/there", WrongReceive),
            "WrongReceive.on_receive: parameter 'shape' is of the type int, which",
        ),
        (SocketRoute("/there", WrongMessages), "WrongMessages: the messages are of the type Plain, which"),
        (
            SocketRoute("/there", never),  # pyright: ignore
            "never: parameter 'it' is annotated with 'Annotated[Never, Query()]', and",
        ),
    ],
)
async def test_a_mistake_stops_the_start_and_is_told_with_route_and_function(
    route: Any, function: str
) -> None:
    told = await failure_of(Kui(routes=[HttpRoute("/", home, name="first"), route]))
    assert function in told
    assert f"This happened to the route {route}" in told


async def test_a_body_of_a_websocket_stops_the_start_when_its_name_was_defined_late(
    later: Callable[[], None],
) -> None:
    endpoint: Any = later_body  # pyright: ignore[reportUnknownVariableType]
    app = Kui(routes=[SocketRoute("/there", endpoint)])
    later()
    told = await failure_of(app)
    assert "later_body: parameter 'it' is taken from the body, and a WebSocket has none" in told
    assert "the route websocket '/there'" in told


@pytest.mark.parametrize("make", [lambda: later_path, later_model])  # pyright: ignore
async def test_a_wrong_path_stops_the_start_when_its_name_was_defined_late(
    make: Callable[[], Any], later: Callable[[], None]
) -> None:
    endpoint = make()
    app = Kui(routes=[HttpRoute("/rooms/{id}", endpoint)])
    later()
    told = await failure_of(app)
    assert (
        f"{endpoint.__qualname__} asks for the path parameter 'room', and the path '/rooms/{{id}}' has id: write {{room}} "
        "into the path, or take the parameter from another place, as with Query()"
    ) in told
    assert "the route http '/rooms/{id}'" in told


async def test_a_path_parameter_that_nobody_asks_for_stops_the_start_when_asked_for(
    later: Callable[[], None],
) -> None:
    endpoint: Any = later_query  # pyright: ignore[reportUnknownVariableType]
    app = Kui(routes=[HttpRoute("/{room}", endpoint)], verify=verify_every_path_parameter)
    later()
    assert "the path '/{room}' has the parameter 'room', and neither later_query nor" in await failure_of(app)


async def test_what_the_start_up_opened_is_closed_when_a_mistake_stops_it() -> None:
    events: list[str] = []

    async def database(app: Kui) -> AsyncIterator[None]:
        events.append("open")
        try:
            yield
        finally:
            events.append("close")

    await failure_of(Kui(routes=[HttpRoute("/", wrong_parameter)], lifespan=database))
    assert events == ["open", "close"]


async def test_routes_that_the_start_up_adds_are_looked_at_too() -> None:
    async def more(app: Kui) -> AsyncIterator[None]:
        app.router.http.get("/there")(wrong_parameter)
        yield

    assert "This happened to the route http GET '/there'" in await failure_of(Kui(lifespan=more))


# -- what it leaves to the connections ---------------------------------------------------------------------------------


async def test_what_is_right_when_all_names_are_defined_is_served(later: Callable[[], None]) -> None:
    endpoint: Any = later_path  # pyright: ignore[reportUnknownVariableType]
    app = Kui(routes=[HttpRoute("/rooms/{room}", endpoint), HttpRoute("/seats/{room}", later_model())])
    later()
    for _ in range(2):  # an application may start again
        async with TestClient(app) as client:
            assert (await client.get("/rooms/3")).text == "room 3"
            assert (await client.get("/seats/3")).text == "room 3"


async def test_without_a_lifespan_the_first_connection_finds_a_mistake() -> None:
    app = Kui(routes=[HttpRoute("/", home, name="first"), HttpRoute("/there", wrong_parameter)])
    async with TestClient(app, lifespan="off") as client:
        assert (await client.get("/")).text == "home"
        with pytest.raises(
            SignatureError, match="wrong_parameter: parameter 'shape' is of the type int, which"
        ):
            await client.get("/there?shape=1")


async def test_overrides_may_change_after_the_start() -> None:
    def user() -> str:
        return "ada"

    async def greet(user: Annotated[str, Depends(user)]) -> str:
        return user

    app = Kui(routes=[HttpRoute("/", greet)])
    async with TestClient(app) as client:
        assert (await client.get("/")).text == "ada"
        app.dependency_overrides[user] = lambda: "bob"
        assert (await client.get("/")).text == "bob"
        app.dependency_overrides.clear()
        assert (await client.get("/")).text == "ada"


async def test_a_verification_of_ones_own_is_asked_again_where_it_could_not_judge(
    later: Callable[[], None],
) -> None:
    asked: list[str] = []

    def noting(route: Any, trace: Any) -> None:
        asked.append(route.path)
        verify_path_parameters(route, trace)

    endpoint: Any = later_path  # pyright: ignore[reportUnknownVariableType]
    app = Kui(
        routes=[HttpRoute("/", home, name="first"), HttpRoute("/rooms/{room}", endpoint)], verify=noting
    )
    assert asked == ["/", "/rooms/{room}"]
    later()
    for _ in range(2):
        async with TestClient(app):
            pass
    assert asked == ["/", "/rooms/{room}", "/rooms/{room}"]


async def test_no_verification_is_none_at_the_start_either(later: Callable[[], None]) -> None:
    endpoint: Any = later_path  # pyright: ignore[reportUnknownVariableType]
    app = Kui(routes=[HttpRoute("/rooms/{id}", endpoint)], verify=None)
    later()
    async with TestClient(app) as client:
        assert (await client.get("/rooms/3")).status_code == 404


def test_a_router_of_ones_own_is_prepared_by_a_call(later: Callable[[], None]) -> None:
    endpoint: Any = later_path  # pyright: ignore[reportUnknownVariableType]
    router = Router([HttpRoute("/rooms/{id}", endpoint)])
    with pytest.raises(UnresolvedName, match="the name 'Later' is not defined"):
        router.prepare()
    later()
    with pytest.raises(SignatureError, match="asks for the path parameter 'room'"):
        router.prepare()


async def test_a_plain_router_leaves_everything_to_its_connections() -> None:
    app = Kui()
    app.router = PlainRouter([HttpRoute("/there", wrong_parameter)], bind=auto_params)
    async with TestClient(app) as client:
        assert (await client.get("/")).status_code == 404


async def test_the_first_connection_builds_nothing_that_the_start_has_built() -> None:
    built: list[str] = []

    class Counted(int):
        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            built.append("Counted")
            return handler(int)

    class Doubling(SocketView):
        async def on_connect(self, n: Annotated[Counted, Query()]) -> None:
            self.n = n
            await websocket.accept()

        async def on_receive(self, data: Counted) -> None:
            await self.send(self.n * data)

    app = Kui(routes=[SocketRoute("/double", Doubling)])
    assert built == []
    async with TestClient(app) as client:
        ready = list(built)
        assert ready
        async with client.websocket("/double?n=2") as socket:
            await socket.send_text("4")
            assert await socket.receive_json() == 8
        assert built == ready


def test_an_application_without_parameters_starts_without_pydantic() -> None:
    script = """
import asyncio, sys
from kui.asgi import Kui

app = Kui()

@app.router.http("/")
async def index(): ...

async def receive():
    return {"type": "lifespan.startup" if not sent else "lifespan.shutdown"}

sent = []

async def send(message):
    sent.append(message["type"])

asyncio.run(app({"type": "lifespan", "state": {}}, receive, send))
assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"], sent
print("pydantic" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
