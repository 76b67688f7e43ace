"""The parts of a connection, which come from its scope, and its state."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from websocket_peer import SERVERS, serve

from kui.core import Application, Lifespan, route_path
from kui.testing import PROFILES, TestClient
from kui.websocket import websocket, websocket_session


@pytest.mark.parametrize("server", SERVERS)
async def test_state_is_per_connection_and_a_copy_of_the_lifespans(server: str) -> None:
    async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
        yield {"visits": [0], "name": "app"}

    async def handler() -> None:
        websocket.state.setdefault("name", "app")
        assert websocket.state.name == "app"
        websocket.state.name = "mine"
        websocket.state.mine = True
        await websocket.accept()
        assert websocket.state.name == "mine"

    app = Application({"websocket": websocket_session(handler), "lifespan": Lifespan(cast(Any, lifespan))})
    async with TestClient(app, server=server) as client:
        for _ in range(2):
            async with client.websocket("/"):
                pass
        if PROFILES[server].lifespan:
            assert client.state == {"visits": [0], "name": "app"}


async def test_state_works_when_the_server_gives_none() -> None:
    async def handler() -> None:
        websocket.state.user = "ada"
        assert websocket.state == {"user": "ada"}

    peer = serve(handler)
    del peer.scope["state"]
    async with peer:
        pass
    assert "state" not in peer.scope


async def test_state_never_writes_through_to_the_servers() -> None:
    async def handler() -> None:
        websocket.state.user = "ada"
        del websocket.state["kept"]

    async with serve(handler, state={"kept": 1}) as peer:
        pass
    assert peer.scope["state"] == {"kept": 1}


async def test_the_parts_of_a_connection_are_those_of_the_scope() -> None:
    async def handler() -> None:
        assert str(websocket.url) == "wss://kui.test/api/caf%C3%A9/a%2Fb?q=1&q=2"
        assert websocket.query_params.getlist("q") == ["1", "2"]
        assert websocket.path_params == {"x": 3}
        assert websocket.headers["X-One"] == "1"
        assert websocket.cookies == {"theme": "dark"}
        assert (websocket.client.host, websocket.client.port) == ("192.0.2.1", 4711)
        assert websocket.app is app
        assert route_path(dict(websocket)) == "/café/a/b"

    app = object()
    async with serve(
        handler,
        scheme="wss",
        root_path="/api",
        path="/api/café/a/b",
        raw_path=b"/api/caf%C3%A9/a%2Fb",
        query_string=b"q=1&q=2",
        path_params={"x": 3},
        headers=[(b"host", b"kui.test"), (b"x-one", b"1"), (b"cookie", b"theme=dark")],
        app=app,
    ):
        pass


async def test_a_missing_client_and_missing_path_params_are_nothing() -> None:
    async def handler() -> None:
        assert (websocket.client.host, websocket.client.port) == (None, None)
        assert websocket.path_params == {}
        with pytest.raises(RuntimeError, match="there is no application"):
            _ = websocket.app

    async with serve(handler, client=None):
        pass


async def test_dicts_that_came_from_outside_are_not_changed() -> None:
    async def handler() -> None:
        await websocket.accept()
        async for payload in websocket.iter_payloads():
            await websocket.send_payload(payload)
        _ = websocket.url, websocket.headers, websocket.state, websocket.background_tasks

    events: list[dict[str, Any]] = [
        {"type": "websocket.receive", "text": "a", "bytes": None},
        {"type": "websocket.disconnect", "code": None, "reason": None},
    ]
    copies = [dict(event) for event in events]
    peer = serve(handler)
    before: dict[str, Any] = {**peer.scope, "headers": list(peer.scope["headers"]), "state": {}}
    async with peer:
        peer.deliver(*events)
    assert peer.scope == before
    assert events == copies


async def test_a_denial_does_not_change_the_scope() -> None:
    async def handler() -> None:
        await websocket.deny()

    peer = serve(handler)
    before = dict(peer.scope)
    async with peer:
        pass
    assert peer.scope == before
