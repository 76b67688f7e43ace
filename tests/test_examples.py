"""Each example runs, and does what its first line says."""

import asyncio
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from kui.testing import HandshakeDenied, TestClient
from serving import served

EXAMPLES = Path(__file__).parent.parent / "examples"


def app_of(name: str) -> Any:
    return import_module(name).app


async def test_own_framework_routes_binds_and_refuses() -> None:
    async with TestClient(app_of("own_framework")) as client:
        async with client.websocket("/add/2/3") as ws:
            assert await ws.receive_text() == "Hello, 5!"
        with pytest.raises(HandshakeDenied) as denied:
            await client.websocket("/add/2/x").__aenter__()
    assert denied.value.status == 404


def test_own_framework_is_composed_in_less_than_40_lines() -> None:
    lines = (EXAMPLES / "own_framework.py").read_text().splitlines()
    assert sum(bool(line.strip()) for line in lines) < 40


async def test_in_starlette_a_view_is_mounted() -> None:
    async with TestClient(app_of("in_starlette")) as client:
        assert (await client.get("/")).text == "home"
        async with client.websocket("/echo/") as ws:
            await ws.send_json({"x": 1})
            assert (await ws.receive_json())["echo"] == {"x": 1}
        with pytest.raises(HandshakeDenied):
            await client.websocket("/echo/", origin="https://evil.example").__aenter__()


async def test_in_fastapi_a_function_is_mounted_with_limits() -> None:
    async with TestClient(app_of("in_fastapi")) as client:
        assert (await client.get("/")).json() == {"page": "home"}
        async with client.websocket("/shout/") as ws:
            await ws.send_text("hello")
            assert await ws.receive_text() == "HELLO"
            await ws.send_text("x" * 1025)
            assert (await ws.expect_close()).code == 1009


async def test_bare_uvicorn_serves_one_socket() -> None:
    client = TestClient(app_of("bare_uvicorn"), lifespan="off")
    async with client, client.websocket("/", subprotocols=["countdown"]) as ws:
        assert ws.subprotocol == "countdown"
        assert [message async for message in ws] == ['{"left":3}', '{"left":2}', '{"left":1}']
        assert await ws.expect_close() == (1000, "lift-off")


async def test_the_service_has_one_truth_for_its_api_its_sockets_and_its_page() -> None:
    token = {"token": "secret"}
    async with TestClient(app_of("service")) as client, client.websocket("/api/live", params=token) as ws:
        assert "ws://testserver/api/live" in (await client.get("/")).text
        await ws.send_json({"kind": "add", "title": "milk"})
        assert (await ws.receive_json())["task"] == {"id": 1, "title": "milk", "done": False}
        added = await client.post("/api/tasks", params=token, json={"title": "bread"})
        assert added.status_code == 201
        assert (await ws.receive_json())["task"] == added.json()
        await client.put("/api/tasks/1/done", params=token)
        assert (await ws.receive_json())["task"]["done"] is True
        await ws.send_json({"kind": "add", "title": ""})
        assert (await ws.receive_json())["type"] == "invalid_message"
        assert len((await client.get("/api/tasks", params=token)).json()) == 2


async def test_the_service_fails_in_one_way_on_both_protocols() -> None:
    token = {"token": "secret"}
    async with TestClient(app_of("service")) as client:
        assert (await client.get("/api/tasks")).status_code == 401
        with pytest.raises(HandshakeDenied) as denied:
            await client.websocket("/api/live").__aenter__()
        assert denied.value.status == 401
        missing = await client.put("/api/tasks/9/done", params=token)
        assert (missing.status_code, missing.json()) == (404, {"error": "there is no task 9"})
        async with client.websocket("/api/live", params=token) as ws:
            await ws.send_json({"kind": "finish", "id": 9})
            assert (await ws.expect_close()).code == 1011


async def test_events_and_sockets_tell_the_same() -> None:
    with served(app_of("events")) as address:
        async with asyncio.timeout(20), connect(f"ws://{address}/news", proxy=None) as socket:
            reader, writer = await asyncio.open_connection(*address.split(":"))
            writer.write(b"GET /news HTTP/1.1\r\nhost: x\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            await _until_listening(2)
            async with httpx.AsyncClient(trust_env=False) as http:
                sent = await http.post(f"http://{address}/news", json={"text": "rain"})
            assert sent.status_code == 202
            assert await socket.recv() == '{"text":"rain"}'
            assert b"event: news\ndata: rain\n\n" in await reader.readuntil(b"rain\n\n")
            writer.close()


async def _until_listening(number: int) -> None:
    while len(import_module("events").news.listeners) < number:
        await asyncio.sleep(0.01)


async def test_hosts_have_applications_of_their_own() -> None:
    app = app_of("hosts")
    async with TestClient(app, lifespan="off", base_url="http://api.example.com") as client:
        assert (await client.get("/")).json() == {"this is": "the API"}
        async with client.websocket("/live") as ws:
            assert await ws.receive_text() == "live on api.example.com"
    async with TestClient(app, lifespan="off", base_url="http://example.com") as client:
        assert (await client.get("/")).text == "the site"
        with pytest.raises(HandshakeDenied):
            await client.websocket("/live").__aenter__()


async def test_mounted_applications_see_what_is_below_their_prefix() -> None:
    async with TestClient(app_of("mounts")) as client:
        async with client.websocket("/admin/live/hall") as ws:
            assert await ws.receive_text() == "hall, below /admin"
        assert (await client.get("/static/page.html")).text == (EXAMPLES / "chat/page.html").read_text()
        assert (await client.get("/static/nothing")).status_code == 404


async def test_an_own_encoding_gives_messages_and_refuses_what_is_none() -> None:
    points = import_module("own_encoding").points
    async with TestClient(app_of("own_encoding"), lifespan="off") as client, client.websocket("/") as ws:
        await ws.send_bytes(points.encode((1.5, -2.0)))
        assert points.decode(await ws.receive_bytes()) == (-1.5, 2.0)
        await ws.send_text("no point")
        assert (await ws.expect_close()).code in (1003, 1007)


async def test_an_own_place_is_read_on_both_protocols() -> None:
    session = {"session": import_module("own_place").sign("ada")}
    async with TestClient(app_of("own_place"), cookies=session) as client, client.websocket("/") as ws:
        assert (await client.get("/")).text == await ws.receive_text() == "Hello, ada!"
    async with TestClient(app_of("own_place"), cookies={"session": "ada.forged"}) as client:
        response = await client.get("/")
        with pytest.raises(HandshakeDenied) as denied:
            await client.websocket("/").__aenter__()
    assert (response.status_code, response.json()[0]["in"]) == (422, "session")
    assert denied.value.status == 422


def test_every_example_is_tested() -> None:
    here = Path(__file__).read_text()
    alone = {path.stem for path in EXAMPLES.glob("*.py")}
    assert {name for name in alone if f'"{name}"' not in here} == set()
