"""The parameters of a path and those of its handler: what is refused at registration."""

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from kui.asgi import (
    Depends,
    HttpRoute,
    HttpView,
    Kui,
    Mount,
    Path,
    Query,
    SignatureError,
    SocketRoute,
    SocketView,
    UnresolvedName,
    auto_params,
    request,
    verify_every_path_parameter,
    verify_path_parameters,
    websocket,
)
from kui.asgi.routing import Router
from kui.core import Endpoint, Receive, Scope, Send
from kui.routing import Router as PlainRouter
from kui.testing import TestClient


class Seat(BaseModel):
    room: str = Field(alias="roomId")
    row: int = 1


async def asks_for_nothing() -> str:
    return str(request.path_params["room"])


async def asks_for_room(room: Annotated[str, Path()]) -> str:
    return room


async def has_room_or_not(room: Annotated[str, Path()] = "lobby") -> str:
    return room


async def asks_for_seat(seat: Annotated[Seat, Path()]) -> list[Any]:
    return [seat.room, seat.row]


async def asks_for_all(every: Annotated[dict[str, str], Path(exclusive=True)]) -> dict[str, str]:
    return every


async def asks_in_a_dependency(room: Annotated[str, Depends(asks_for_room)]) -> str:
    return room


def asks_in_a_middleware(endpoint: Endpoint) -> Any:
    async def asked(room: Annotated[str, Path()]) -> Any:
        return f"{room}: {await endpoint()}"

    return asked


class OneOfTwoMethods(HttpView):
    async def get(self) -> str:
        return "got"

    async def put(self, room: Annotated[str, Path()]) -> str:
        return room


class InOnConnect(SocketView):
    async def on_connect(self, room: Annotated[str, Path()]) -> None:
        await websocket.accept()


class InInit(SocketView):
    def __init__(self, room: Annotated[str, Path()]) -> None:
        self.room = room


class OnMessages(SocketView):
    async def on_receive(self, data: str, room: Annotated[str, Path()]) -> None: ...


class Nowhere(SocketView):
    async def on_connect(self, token: Annotated[str, Query()]) -> None: ...


def strict(*routes: Any) -> Kui:
    return Kui(routes=routes, verify=verify_every_path_parameter)


async def elsewhere(scope: Scope, receive: Receive, send: Send) -> None: ...


# -- what the path lacks -----------------------------------------------------------------------------------------------


async def test_a_path_parameter_with_a_default_may_be_absent_from_the_path() -> None:
    app = Kui(routes=[HttpRoute("/", has_room_or_not, "all"), HttpRoute("/{room}", has_room_or_not, "one")])
    async with TestClient(app) as client:
        assert (await client.get("/")).text == "lobby"
        assert (await client.get("/hall")).text == "hall"


async def test_a_model_takes_what_the_path_has_by_alias_and_does_without_its_defaults() -> None:
    async with TestClient(Kui(routes=[HttpRoute("/{roomId}", asks_for_seat)])) as client:
        assert (await client.get("/hall")).json() == ["hall", 1]


def test_a_model_of_which_the_path_lacks_a_field_is_refused() -> None:
    for path, has in (("/{row}", "row"), ("/seats/{room}", "room")):
        with pytest.raises(SignatureError) as error:
            Kui(routes=[HttpRoute(path, asks_for_seat)])
        assert str(error.value) == (
            f"asks_for_seat asks for the path parameter 'roomId', and the path {path!r} has {has}: write {{roomId}} into "
            "the path, or take the parameter from another place, as with Query()"
        )


def test_no_verification_lets_everything_in() -> None:
    assert len(Kui(routes=[HttpRoute("/", asks_for_room)], verify=None).router) == 1


# -- what nobody asks for ----------------------------------------------------------------------------------------------


def test_a_path_parameter_that_nobody_asks_for_is_let_in_unless_told_otherwise() -> None:
    assert len(Kui(routes=[HttpRoute("/{room}", asks_for_nothing)]).router) == 1


@pytest.mark.parametrize(
    ("route", "endpoint"),
    [
        (HttpRoute("/a/{room}", asks_for_nothing), "asks_for_nothing"),
        (SocketRoute("/a/{room}", asks_for_nothing), "asks_for_nothing"),
        (SocketRoute("/a/{room}", Nowhere), "Nowhere"),
        (SocketRoute("/a/{room}", SocketView), "SocketView"),
    ],
)
def test_a_path_parameter_that_nobody_asks_for_is_refused_when_asked_for(route: Any, endpoint: str) -> None:
    with pytest.raises(SignatureError) as error:
        strict(route)
    assert str(error.value) == (
        f"the path '/a/{{room}}' has the parameter 'room', and neither {endpoint} nor a dependency or middleware of it "
        "asks for it: write room: Annotated[str, Path()] into one of their signatures, or take {room} out of the path"
    )


def test_each_parameter_of_the_path_has_to_be_asked_for() -> None:
    with pytest.raises(SignatureError, match="has the parameter 'seat'"):
        strict(HttpRoute("/{room}/{seat:int}", asks_for_room))


@pytest.mark.parametrize(
    "route",
    [
        HttpRoute("/{room}", asks_for_room),
        HttpRoute("/{room}", asks_in_a_dependency),
        HttpRoute("/{room}", asks_for_nothing) @ asks_in_a_middleware,
        HttpRoute("/{room}", OneOfTwoMethods),
        HttpRoute("/{roomId}/{row}", asks_for_seat),
        HttpRoute("/{one}/{two}", asks_for_all),
        SocketRoute("/{room}", InOnConnect),
        SocketRoute("/{room}", InInit),
        SocketRoute("/{room}", OnMessages),
        SocketRoute("/{room}", asks_for_room),
        HttpRoute("/plain", has_room_or_not),
    ],
)
def test_it_is_enough_that_one_part_of_a_route_asks(route: Any) -> None:
    assert len(strict(route).router) == 1


def test_a_mounted_application_is_not_judged() -> None:
    assert len(strict(Mount("/{tenant}", elsewhere)).router) == 1


def test_the_strict_check_makes_the_other_one_too() -> None:
    with pytest.raises(SignatureError, match="asks for the path parameter 'room'"):
        strict(HttpRoute("/rooms", asks_for_room))


def test_a_refused_route_is_not_there_and_the_next_one_is_checked_too() -> None:
    app = strict()
    for path in ("/a/{room}", "/b/{room}"):
        with pytest.raises(SignatureError):
            app.router.http.get(path)(asks_for_nothing)
    assert len(app.router) == 0


def test_a_router_of_ones_own_can_be_as_strict() -> None:
    with pytest.raises(SignatureError):
        Router([HttpRoute("/{room}", asks_for_nothing)], verify=verify_every_path_parameter)


async def unresolved(later: "Annotated[Later, Query()]") -> None: ...  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore


def test_what_names_what_is_not_defined_yet_is_not_judged_before_the_start() -> None:
    later: Any = unresolved  # pyright: ignore[reportUnknownVariableType]
    assert len(strict(HttpRoute("/{room}", later)).router) == 1


def test_a_plain_router_refuses_what_it_cannot_judge() -> None:
    later: Any = unresolved  # pyright: ignore[reportUnknownVariableType]
    with pytest.raises(UnresolvedName) as error:
        PlainRouter([HttpRoute("/{room}", later)], bind=auto_params, verify=verify_path_parameters)
    assert str(error.value) == "an annotation behind the path '/{room}' names what is not defined"


def test_a_verification_of_ones_own_sees_the_route_and_may_refuse_it() -> None:
    @dataclass
    class Documented:
        seen: list[str]

        def __call__(self, route: Any, trace: Any) -> None:
            self.seen.append(trace.protocol)
            if not route.tags:
                raise ValueError(f"{route.path} has no tags")

    documented = Documented([])
    with pytest.raises(ValueError, match="/x has no tags"):
        Kui(routes=[HttpRoute("/x", asks_for_nothing)], verify=documented)
    assert documented.seen == ["http"]
