"""Requests of the client, and what goes wrong with them."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from kui.testing import DeadlineExceeded, LeakedTasks, TestClient

START = {"type": "http.response.start", "status": 200}


async def mirror(scope: Any, receive: Any, send: Any) -> None:
    """Answer a request with its method, its path and its body."""
    assert scope["type"] == "http"
    body = b""
    while True:
        event = await receive()
        body += event["body"]
        if not event["more_body"]:
            break
    await send(START | {"headers": [(b"set-cookie", b"id=7")]})
    line = f"{scope['method']} {scope['path']}?{scope['query_string'].decode()} "
    await send({"type": "http.response.body", "body": line.encode(), "more_body": True})
    await send({"type": "http.response.body", "body": body})


async def test_a_request_is_answered() -> None:
    async with TestClient(mirror) as client:
        response = await client.post("/a%20b", params={"q": "1"}, content=b"body")
    assert (response.status_code, response.text) == (200, "POST /a b?q=1 body")


async def test_the_scope_of_a_request_has_what_the_specification_asks_for() -> None:
    scopes: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await mirror(scope, receive, send)
        scopes.append(scope)

    async with TestClient(app, root_path="/api") as client:
        await client.get("/x", headers={"X-Token": "T"})
    headers = dict(scopes[0].pop("headers"))
    assert scopes == [
        {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/api/x",
            "raw_path": b"/api/x",
            "query_string": b"",
            "root_path": "/api",
            "client": ("testclient", 50000),
            "server": ("testserver", 80),
            "state": {},
        }
    ]
    assert headers[b"x-token"] == b"T"


async def test_cookies_are_shared_with_sockets() -> None:
    cookies: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            await mirror(scope, receive, send)
            return
        cookies.append(dict(scope["headers"])[b"cookie"])
        await receive()
        await send({"type": "websocket.accept"})
        await receive()

    async with TestClient(app) as client:
        await client.get("/")
        async with client.websocket("/"):
            pass
    assert cookies == [b"id=7"]


async def test_the_parts_of_a_body_arrive_one_by_one() -> None:
    parts: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        parts.extend([await receive(), await receive()])
        await send(START)
        await send({"type": "http.response.body"})

    async def upload() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    async with TestClient(app) as client:
        await client.post("/", content=upload())
    assert parts == [
        {"type": "http.request", "body": b"one", "more_body": True},
        {"type": "http.request", "body": b"two", "more_body": False},
    ]


async def test_a_response_without_an_end_is_read_as_it_comes() -> None:
    ended: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await receive()
        await send(START)
        leaving = asyncio.create_task(receive())
        number = 0
        while not leaving.done():
            await send({"type": "http.response.body", "body": b"%d" % number, "more_body": True})
            number += 1
        ended.append(leaving.result())

    async with TestClient(app) as client, client.stream("GET", "/") as response:
        chunks = response.aiter_raw()
        assert [await anext(chunks) for _ in range(3)] == [b"0", b"1", b"2"]
    assert ended == [{"type": "http.disconnect"}]


async def test_the_exception_of_a_request_surfaces_once() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        raise ValueError("broken")

    async with TestClient(app) as client:
        with pytest.raises(ValueError, match="broken") as raised:
            await client.get("/")
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)


async def test_an_exception_after_the_whole_response_surfaces_too() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await mirror(scope, receive, send)
        raise ValueError("afterwards")

    async with TestClient(app) as client:
        with pytest.raises(ValueError, match="afterwards"):
            await client.get("/")


async def test_an_exception_in_the_middle_of_a_response_surfaces() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send(START)
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ValueError("half way")

    async with TestClient(app) as client:
        with pytest.raises(ValueError, match="half way"):
            await client.get("/")


async def test_a_lenient_client_gets_a_protocol_error_for_half_a_response() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send(START)

    async with TestClient(app, strict=False) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="the application ended before its response did"):
            await client.get("/")


async def test_a_lenient_client_gets_a_protocol_error_for_no_response() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"

    async with TestClient(app, strict=False) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="the application ended without a response"):
            await client.get("/")


async def test_a_missed_deadline_of_a_request_is_told_whole() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await receive()
        await asyncio.Event().wait()

    async with TestClient(app) as client:
        with pytest.raises(DeadlineExceeded) as missed:
            await client.post("/", content=b"hello", timeout=0.01)
    assert re.sub(r"\S*(test_testing_http\.py):\d+", r"\1:N", str(missed.value)) == (
        "waited 0.01 s for the start of the response\n"
        "the application: it waits in\n"
        "  test_testing_http.py:N in test_a_missed_deadline_of_a_request_is_told_whole.<locals>.app\n"
        "messages:\n"
        "  to the application: http.request, body=b'hello', more_body=False"
    )


async def test_a_body_that_the_test_does_not_finish_misses_its_deadline() -> None:
    async def upload() -> AsyncIterator[bytes]:
        try:
            yield b"one"
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    ended: list[bool] = []
    async with TestClient(mirror, deadline=0.01) as client:
        with pytest.raises(DeadlineExceeded) as missed:
            await client.post("/", content=upload())
    assert str(missed.value) == (
        "waited 0.01 s for the whole body of the request, after 1 part of it\n"
        "the application: it is called once the body is there"
    )
    assert ended == [True]


async def test_a_body_without_an_end_misses_its_deadline() -> None:
    async def upload() -> AsyncIterator[bytes]:
        while True:
            yield b""

    async with TestClient(mirror) as client:
        with pytest.raises(DeadlineExceeded, match=r"waited 0\.01 s for the whole body of the request"):
            await client.post("/", content=upload(), timeout=0.01)


async def test_a_time_out_of_the_body_itself_surfaces() -> None:
    async def upload() -> AsyncIterator[bytes]:
        yield b"one"
        raise TimeoutError("the test's own")

    async with TestClient(mirror) as client:
        with pytest.raises(TimeoutError, match="the test's own") as raised:
            await client.post("/", content=upload())
    assert not isinstance(raised.value, DeadlineExceeded)


async def test_a_response_that_stops_half_way_misses_its_deadline() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send(START)
        await asyncio.Event().wait()

    async with TestClient(app, deadline=0.01) as client:
        with pytest.raises(DeadlineExceeded, match=r"waited 0\.01 s for the rest of the response"):
            await client.get("/")


async def test_a_task_left_by_a_request_is_a_leak() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await mirror(scope, receive, send)
        scope["state"]["task"] = asyncio.create_task(asyncio.Event().wait())

    async with TestClient(app) as client:
        with pytest.raises(LeakedTasks):
            await client.get("/")


async def test_a_request_needs_an_open_client() -> None:
    with pytest.raises(RuntimeError, match="the client is not open"):
        await TestClient(mirror).get("/")
