"""Refused parameters and messages: what the client is told on each server, and that nobody takes it for a crash."""

import logging
from typing import Annotated

import pytest
from pydantic import BaseModel

from kui.asgi import Depends, Header, Kui, Path, Query, SocketRoute, SocketView, bearer_auth, websocket
from kui.testing import PROFILES, HandshakeDenied, TestClient

SERVERS = sorted(PROFILES)


async def join(
    room: Annotated[int, Path()], since: Annotated[int, Query()], x_token: Annotated[str, Header()]
) -> None:
    raise AssertionError("called")


async def with_a_token(token: Annotated[str, Depends(bearer_auth)]) -> None:
    raise AssertionError("called")


class Move(BaseModel):
    x: int


class Game(SocketView):
    max_invalid = 2

    async def on_receive(self, data: Move) -> None:
        await self.send(data)


class Strict(Game):
    async def on_invalid(self, error: ValueError) -> None:
        await websocket.close(4400, "play by the rules")


app = Kui(
    routes=[
        SocketRoute("/rooms/{room}", join),
        SocketRoute("/private", with_a_token),
        SocketRoute("/game", Game),
        SocketRoute("/strict", Strict),
    ]
)

REFUSALS = [("/rooms/1?since=x", 422), ("/rooms/hall", 404), ("/private", 401)]


def crashes(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(("path", "status"), REFUSALS)
async def test_a_refused_handshake_is_answered_where_the_server_can_and_else_a_plain_403(
    server: str, path: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with TestClient(app, server=server) as client:
        with pytest.raises(HandshakeDenied) as caught:
            async with client.websocket(path):
                pass
    denied = caught.value
    if server == "daphne":  # has no extension for it
        assert (denied.status, denied.body, dict(denied.headers)) == (403, b"", {})
    else:
        assert denied.status == status
        assert denied.body
    assert crashes(caplog) == []


async def test_a_refused_handshake_names_everything_that_does_not_fit() -> None:
    async with TestClient(app) as client:
        with pytest.raises(HandshakeDenied) as caught:
            async with client.websocket("/rooms/1?since=x"):
                pass
    assert caught.value.headers["content-type"] == "application/json"
    assert [(error["in"], error["loc"], error["type"]) for error in caught.value.json()] == [
        ("query", ["since"], "int_parsing"),
        ("header", ["x-token"], "missing"),
    ]


@pytest.mark.parametrize("server", SERVERS)
async def test_invalid_messages_are_answered_and_none_is_logged_as_a_crash(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with TestClient(app, server=server) as client, client.websocket("/game") as socket:
        for invalid in ('{"x": "a"}', "{"):
            await socket.send_text(invalid)
            assert (await socket.receive_json())["type"] == "invalid_message"
            await socket.send_text('{"x": 1}')
            assert await socket.receive_json() == {"x": 1}
        await socket.send_text('{"x": NaN}')
        assert (await socket.expect_close()).code == 1007
    assert crashes(caplog) == []


async def test_a_close_of_on_invalid_is_no_crash_either(caplog: pytest.LogCaptureFixture) -> None:
    async with TestClient(app) as client, client.websocket("/strict") as socket:
        await socket.send_text("[]")
        assert (await socket.expect_close()).code == 4400
    assert crashes(caplog) == []
