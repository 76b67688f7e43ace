"""Each server profile shows what that server does."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from kui.testing import PROFILES, Close, DeadlineExceeded, HandshakeDenied, ServerProfile, TestClient

EVERY_SERVER = ["uvicorn", "uvicorn-wsproto", "hypercorn", "granian", "daphne"]
every_server = pytest.mark.parametrize("server", EVERY_SERVER)


def by_server(**expected: Any) -> pytest.MarkDecorator:
    """Expect one thing of each server; uvicorn with wsproto does as uvicorn does unless it is named."""
    uvicorn = expected["uvicorn"]
    values = {"uvicorn_wsproto": uvicorn} | expected
    return pytest.mark.parametrize(
        ("server", "expected"), [(name.replace("_", "-"), value) for name, value in values.items()]
    )


def accepting(handle: Callable[..., Any], **accept: Any) -> Callable[..., Any]:
    """An application that accepts and goes on with `handle`."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.accept", **accept})
        await handle(receive, send)

    return app


def keeping(events: list[Any]) -> Callable[..., Any]:
    """An application that keeps its next event."""

    async def keep(receive: Any, send: Any) -> None:
        events.append(await receive())

    return accepting(keep)


def test_there_is_a_profile_for_each_server() -> None:
    assert list(PROFILES) == EVERY_SERVER
    assert all(profile.name == name for name, profile in PROFILES.items())


def test_an_unknown_server_is_refused() -> None:
    with pytest.raises(ValueError, match="no server profile 'gunicorn'; known are uvicorn, uvicorn-wsproto,"):
        TestClient(keeping([]), server="gunicorn")


async def test_a_profile_of_ones_own_is_used() -> None:
    own = replace(PROFILES["uvicorn"], name="own", spec_version="2.5")
    async with TestClient(keeping([]), server=own) as client, client.websocket("/") as ws:
        assert ws.scope["asgi"]["spec_version"] == "2.5"
    assert isinstance(client.profile, ServerProfile)


@by_server(uvicorn=("2.4", True), hypercorn=("2.3", True), granian=("2.3", True), daphne=(None, False))
async def test_the_scope_tells_the_version_and_the_extension(
    server: str, expected: tuple[str | None, bool]
) -> None:
    async with TestClient(keeping([]), server=server) as client, client.websocket("/") as ws:
        extensions = ws.scope.get("extensions", {})
        assert (ws.scope["asgi"].get("spec_version"), "websocket.http.response" in extensions) == expected


@by_server(uvicorn=True, hypercorn=True, granian=True, daphne=False)
async def test_the_scope_has_a_state_where_the_server_has_a_lifespan(server: str, expected: bool) -> None:
    async with TestClient(keeping([]), server=server) as client, client.websocket("/") as ws:
        assert ("state" in ws.scope) == expected


@by_server(
    uvicorn={"type": "websocket.receive", "text": "hi"},
    hypercorn={"type": "websocket.receive", "text": "hi", "bytes": None},
    granian={"type": "websocket.receive", "text": "hi"},
    daphne={"type": "websocket.receive", "text": "hi"},
)
async def test_a_receive_event_has_the_keys_of_the_server(server: str, expected: Any) -> None:
    events: list[Any] = []
    async with TestClient(keeping(events), server=server) as client, client.websocket("/") as ws:
        await ws.send_text("hi")
        await ws.wait_ended()
    assert events == [expected]


@by_server(
    uvicorn={"code": 4444, "reason": "bye"},
    hypercorn={"code": 1006},
    granian={"code": 4444},
    daphne={"code": 4444},
)
async def test_a_close_of_the_client_is_reported_as_by_the_server(server: str, expected: Any) -> None:
    events: list[Any] = []
    async with TestClient(keeping(events), server=server) as client, client.websocket("/") as ws:
        await ws.close(4444, "bye")
    assert events == [{"type": "websocket.disconnect", **expected}]


@by_server(uvicorn=1005, hypercorn=1006, granian=1005, daphne=None)
async def test_a_close_without_a_code_is_reported_as_by_the_server(server: str, expected: int | None) -> None:
    events: list[Any] = []
    async with TestClient(keeping(events), server=server) as client, client.websocket("/") as ws:
        await ws.close(None)
    assert events[0]["code"] == expected


@by_server(uvicorn=1005, hypercorn=1006, granian=1005, daphne=1006)
async def test_a_cut_is_reported_as_by_the_server(server: str, expected: int) -> None:
    events: list[Any] = []
    async with TestClient(keeping(events), server=server) as client, client.websocket("/") as ws:
        ws.abort()
    assert events == [{"type": "websocket.disconnect", "code": expected}]


@by_server(
    uvicorn={"code": 4000, "reason": "mine"},
    hypercorn={"code": 1000},
    granian={"code": 1005},
    daphne={"code": 4000},
)
async def test_the_applications_own_close_comes_back_as_a_disconnect(server: str, expected: Any) -> None:
    events: list[Any] = []

    async def closes(receive: Any, send: Any) -> None:
        await send({"type": "websocket.close", "code": 4000, "reason": "mine"})
        events.append(await receive())

    async with TestClient(accepting(closes), server=server) as client, client.websocket("/") as ws:
        assert await ws.expect_close() == (4000, "" if server == "daphne" else "mine")
    assert events == [{"type": "websocket.disconnect", **expected}]


@by_server(uvicorn=1006, hypercorn=1000, granian=1005, daphne=1006)
async def test_a_denial_is_followed_by_a_disconnect(server: str, expected: int) -> None:
    events: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.close"})
        events.append(await receive())

    async with TestClient(app, server=server) as client:
        with pytest.raises(HandshakeDenied):
            await client.websocket("/").__aenter__()
    assert events == [{"type": "websocket.disconnect", "code": expected}]


@by_server(uvicorn="OSError", hypercorn="silence", granian="silence", daphne="silence")
async def test_a_send_after_the_client_left_does_as_the_server(server: str, expected: str) -> None:
    seen: list[str] = []

    async def talks_on(receive: Any, send: Any) -> None:
        await receive()
        try:
            await send({"type": "websocket.send", "text": "anyone?"})
        except OSError:
            seen.append("OSError")
        else:
            seen.append("silence")

    async with TestClient(accepting(talks_on), server=server) as client, client.websocket("/"):
        pass
    assert seen == [expected]


@by_server(uvicorn=[4001, 1005], hypercorn=[1006], granian=[4001, 1005, 1005], daphne=[4001])
async def test_receives_after_the_disconnect_do_as_the_server(server: str, expected: list[int]) -> None:
    codes: list[int] = []

    async def receives_on(receive: Any, send: Any) -> None:
        with suppress(TimeoutError):
            while len(codes) < 3:
                codes.append((await asyncio.wait_for(receive(), 0.01))["code"])

    app = accepting(receives_on)
    async with TestClient(app, server=server, strict=False) as client, client.websocket("/") as ws:
        await ws.close(4001)
    assert codes == expected


@by_server(uvicorn=1006, hypercorn=1011, granian=1005, daphne=1011)
async def test_an_application_that_raises_closes_as_the_server(server: str, expected: int) -> None:
    async def fails(receive: Any, send: Any) -> None:
        raise ValueError("broken")

    async with TestClient(accepting(fails), server=server) as client:
        with pytest.raises(ValueError, match="broken"):
            async with client.websocket("/") as ws:
                assert await ws.expect_close() == (expected, "")


@by_server(uvicorn=1006, hypercorn=1011, granian=1005)
async def test_an_application_that_returns_closes_as_the_server(server: str, expected: int) -> None:
    async def returns(receive: Any, send: Any) -> None:
        pass

    async with TestClient(accepting(returns), server=server) as client, client.websocket("/") as ws:
        assert await ws.expect_close() == (expected, "")


async def test_an_application_that_returns_leaves_the_socket_open_on_daphne() -> None:
    async def returns(receive: Any, send: Any) -> None:
        pass

    async with TestClient(accepting(returns), server="daphne") as client, client.websocket("/") as ws:
        with pytest.raises(DeadlineExceeded) as missed:
            await ws.expect_close(deadline=0.01)
    assert str(missed.value).splitlines()[:2] == [
        "waited 0.01 s for the close",
        "the application: it has ended",
    ]


@by_server(
    uvicorn=Close(1006, ""),
    uvicorn_wsproto=Close(4000, "é" * 61),
    hypercorn=Close(4000, "é" * 61),
    granian=Close(1002, ""),
    daphne=Close(4000, ""),
)
async def test_a_long_reason_goes_as_the_server_sends_it(server: str, expected: Close) -> None:
    async def explains(receive: Any, send: Any) -> None:
        await send({"type": "websocket.close", "code": 4000, "reason": "é" * 62})

    async with TestClient(accepting(explains), server=server) as client, client.websocket("/") as ws:
        assert await ws.expect_close() == expected


@by_server(uvicorn="error", uvicorn_wsproto=1000, hypercorn=1000, granian=1002, daphne="error")
async def test_a_close_with_1005_goes_as_the_server_sends_it(server: str, expected: int | str) -> None:
    async def closes(receive: Any, send: Any) -> None:
        try:
            await send({"type": "websocket.close", "code": 1005})
        except RuntimeError:
            await send({"type": "websocket.close", "code": 4005})

    app = accepting(closes)
    async with TestClient(app, server=server, strict=False) as client, client.websocket("/") as ws:
        code, _ = await ws.expect_close()
    assert ("error" if code == 4005 else code) == expected


@by_server(uvicorn="7", hypercorn="7", granian=None)
async def test_the_headers_of_accept_reach_the_client_as_by_the_server(
    server: str, expected: str | None
) -> None:
    async def stays(receive: Any, send: Any) -> None:
        await receive()

    app = accepting(stays, headers=[(b"x-room", b"7")])
    async with TestClient(app, server=server) as client, client.websocket("/") as ws:
        assert ws.headers.get("x-room") == expected


@by_server(
    uvicorn=(1012, "disconnect 1012"),
    hypercorn=(1006, "cancelled"),
    granian=(1006, "disconnect 1005"),
    daphne=(1006, "cancelled"),
)
async def test_a_server_that_stops_does_as_on_sigterm(server: str, expected: tuple[int, str]) -> None:
    seen: list[str] = []

    async def stays(receive: Any, send: Any) -> None:
        try:
            event = await receive()
            seen.append(f"disconnect {event['code']}")
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    async with TestClient(accepting(stays), server=server) as client, client.websocket("/") as ws:
        await asyncio.sleep(0)
        ws.stop_server()
        code, _ = await ws.expect_close()
    assert (code, seen) == (expected[0], [expected[1]])


@every_server
async def test_a_close_before_accept_is_a_403_everywhere(server: str) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        await send({"type": "websocket.close"})

    async with TestClient(app, server=server) as client:
        with pytest.raises(HandshakeDenied) as denied:
            await client.websocket("/").__aenter__()
    assert denied.value.status == 403


@every_server
async def test_an_ordinary_conversation_is_the_same_everywhere(server: str) -> None:
    async def echo(receive: Any, send: Any) -> None:
        while (event := await receive())["type"] == "websocket.receive":
            text = event.get("text")
            if text is not None:
                await send({"type": "websocket.send", "text": text})
            else:
                await send({"type": "websocket.send", "bytes": event["bytes"]})

    async with TestClient(accepting(echo), server=server) as client, client.websocket("/") as ws:
        await ws.send_text("")
        await ws.send_bytes(b"1")
        assert [await ws.receive(), await ws.receive()] == ["", b"1"]
