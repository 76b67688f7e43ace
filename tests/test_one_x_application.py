"""An application that was written for 1.x runs, and behaves as it did: in process, and on uvicorn."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest

from kui.asgi import Kui
from kui.testing import HandshakeDenied, TestClient
from one_x_application import build
from serving import served
from wire_client import WireClient

Client = TestClient | WireClient


@pytest.fixture
def app(tmp_path: Path) -> Kui:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "index.html").write_text("Hello, {{ name }}! {{ url_for('users:list') }}")
    with pytest.warns(DeprecationWarning, match="on_startup"):
        return build(tmp_path)


@pytest.fixture(params=["in process", "uvicorn"])
async def client(app: Kui, request: pytest.FixtureRequest) -> AsyncGenerator[Client]:
    if request.param == "uvicorn":
        with served(app) as address:
            async with WireClient(address) as client:
                yield client
    else:
        async with TestClient(app) as client:
            yield client
    assert app.state.store.is_open is False


async def eventually(is_so: Callable[[], bool]) -> None:
    """Wait for what the application does after its answer."""
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.01)


async def token_of(client: Client, name: str) -> str:
    created = await client.post("/users", json={"name": name, "password": "12345"})
    assert created.status_code == 201
    answer = await client.post("/tokens", json={"name": name, "password": "12345"})
    token: str = answer.json()["token"]
    return token


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_users_are_made_listed_and_shown(app: Kui, client: Client) -> None:
    made = await client.post("/users", json={"name": "ada", "password": "12345"})
    assert (made.json(), made.headers["location"]) == ({"id": 1, "name": "ada"}, "http://testserver/users/1")
    listed = await client.get("/users?tag=a&tag=b")
    assert listed.json() == {"users": [{"id": 1, "name": "ada"}], "tags": ["a", "b"]}
    assert (await client.get("/users/1")).json() == {"id": 1, "name": "ada"}
    await eventually(lambda: app.state.store.log[:3] == ["session open", "welcome ada", "session closed"])


async def test_errors_are_answered_by_the_handlers(client: Client) -> None:
    assert (await client.get("/users/9")).json() == {"error": "no user 9"}
    assert (await client.get("/no")).json() == {"error": "not found", "path": "/no"}
    assert (await client.get("/users?page=0")).json() == {"errors": ["query"]}
    invalid = await client.post("/users", json={"name": "a", "password": ""})
    assert (invalid.status_code, invalid.json()) == (422, {"errors": ["body", "body"]})
    assert (await client.get("/", headers={"x-version": "2"})).text == "unknown version 2"
    assert (await client.patch("/users")).status_code == 405


async def test_tokens_come_and_go(client: Client) -> None:
    token = await token_of(client, "ada")
    assert client.cookies["last_name"] == "ada"
    assert (await client.get("/users/me/profile", headers=bearer(token))).json()["name"] == "ada"
    assert (await client.get("/users/me/profile")).headers["www-authenticate"] == "Bearer"
    assert (await client.delete("/tokens", headers=bearer(token))).text == "bye"
    assert "last_name" not in client.cookies
    assert (await client.get("/users/me/profile", headers=bearer(token))).status_code == 401
    wrong = await client.post("/tokens", data={"name": "ada", "password": "no"})
    assert (wrong.status_code, wrong.json()) == (403, {"error": "wrong name or password"})


async def test_a_user_is_deleted_by_themselves_alone(client: Client) -> None:
    ada, bob = await token_of(client, "ada"), await token_of(client, "bob")
    assert (await client.delete("/users/1", headers=bearer(bob))).status_code == 403
    deleted = await client.delete("/users/1", headers=bearer(ada))
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await client.get("/users/1")).status_code == 404


async def test_files_go_up_and_down(client: Client) -> None:
    key, sent = {"x-api-key": "k"}, {"file": ("a.txt", b"hello")}
    assert (await client.post("/files/upload", data={"title": "t"}, files=sent)).status_code == 401
    answer = await client.post("/files/upload", data={"title": "t"}, files=sent, headers=key)
    assert answer.json() == {"title": "t", "filename": "a.txt", "size": 5, "by": "k"}
    whole = await client.get("/files/t", headers={"origin": "https://page.example"})
    assert (whole.content, whole.headers["access-control-allow-origin"]) == (b"hello", "https://page.example")
    assert "t" in whole.headers["content-disposition"]
    part = await client.get("/files/t", headers={"range": "bytes=1-2"})
    assert (part.status_code, part.content) == (206, b"el")
    assert (await client.get("/files/no")).status_code == 404
    assert (await client.post("/files/size", content=b"x" * 100_000)).text == "100000"
    assert (await client.get("/files/upload")).status_code == 405


async def test_pages_are_rendered_redirected_and_measured(client: Client) -> None:
    page = await client.get("/", headers={"cookie": "last_name=ada"})
    assert page.text == "Hello, ada! http://testserver/users"
    assert float(page.headers["x-time"]) >= 0
    moved = await client.get("/old")
    assert (moved.status_code, moved.headers["location"]) == (301, "http://testserver/")
    assert (await client.get("/about")).headers["content-type"] == "text/html; charset=utf-8"
    assert (await client.post("/form", data={"a": "1"})).json() == {"a": "1"}
    assert (await client.get("/set")).json() == {"set": [1, 2, 3]}


async def test_events_are_streamed(client: Client) -> None:
    answer = await client.get("/events?limit=2")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert 'id: 1\nevent: count\ndata: {"number": 1}\n\n' in answer.text


async def test_the_chat_tells_everybody_in_the_room(app: Kui, client: Client) -> None:
    ada, bob = await token_of(client, "ada"), await token_of(client, "bob")
    async with (
        client.websocket("/live/rooms/lobby", params={"token": ada}) as one,
        client.websocket("/live/rooms/lobby", params={"token": bob}) as two,
    ):
        await one.send_json({"text": "hi"})
        told: Any = {"from": "ada", "text": "hi"}
        assert await one.receive_json() == await two.receive_json() == told
        assert app.state.sockets == 2
        await two.close(4001)
    await eventually(lambda: app.state.sockets == 0)
    assert "bob left with 4001" in app.state.store.log


async def test_a_stranger_does_not_get_into_the_chat(client: Client) -> None:
    for path, status in [("/live/rooms/lobby", 422), ("/live/rooms/lobby?token=x", 401), ("/live/no", 404)]:
        with pytest.raises(HandshakeDenied) as denied:
            await client.websocket(path).__aenter__()
        assert denied.value.status == status


async def test_a_function_handler_echoes_until_the_client_leaves(app: Kui, client: Client) -> None:
    async with client.websocket("/live/echo?prefix=>") as ws:
        await ws.send_text("hello")
        assert await ws.receive_text() == ">hello"
        await ws.close(1001)
    await eventually(lambda: app.state.store.log == ["echo ended with 1001"])
    assert app.router.url_for("live:echo") == "/live/echo"
