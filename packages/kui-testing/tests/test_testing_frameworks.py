"""Applications written for other frameworks, under every server profile."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import fastapi
import pytest
from litestar import Litestar
from litestar import WebSocket as LitestarSocket
from litestar import get as litestar_get
from litestar import websocket as litestar_websocket
from litestar.exceptions import WebSocketDisconnect as LitestarDisconnect
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.endpoints import WebSocketEndpoint
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from kui.testing import PROFILES, HandshakeDenied, TestClient

every_server = pytest.mark.parametrize("server", PROFILES)


class Move(BaseModel):
    x: int
    y: int = 0


# Starlette


@asynccontextmanager
async def starlette_lifespan(app: Starlette) -> AsyncGenerator[dict[str, str]]:
    yield {"greeting": "hello"}


async def starlette_echo(websocket: WebSocket) -> None:
    await websocket.accept(subprotocol="v1" if "v1" in websocket.scope["subprotocols"] else None)
    async for text in websocket.iter_text():
        if text == "close":
            await websocket.close(4000, "bye")
            return
        if text == "fail":
            raise ValueError("broken")
        await websocket.send_text(f"{websocket.query_params.get('name', '')}{text}")


class StarletteJSON(WebSocketEndpoint):
    encoding = "json"

    async def on_receive(self, websocket: WebSocket, data: Any) -> None:
        await websocket.send_json({"got": data})


async def starlette_refuse(websocket: WebSocket) -> None:
    await websocket.send_denial_response(JSONResponse({"error": "no token"}, 401))


async def starlette_close_first(websocket: WebSocket) -> None:
    await websocket.close(4001, "too early")


async def starlette_home(request: Request) -> JSONResponse:
    request.app.state.done = False

    def after() -> None:
        request.app.state.done = True

    return JSONResponse({"greeting": request.state.greeting}, background=BackgroundTask(after))


async def starlette_stream(request: Request) -> StreamingResponse:
    async def numbers() -> AsyncGenerator[str]:
        number = 0
        while True:
            yield f"{number}\n"
            number += 1

    return StreamingResponse(numbers(), media_type="text/plain")


async def starlette_fail(request: Request) -> PlainTextResponse:
    raise ValueError("broken")


def starlette_app() -> Starlette:
    return Starlette(
        routes=[
            Route("/", starlette_home),
            Route("/stream", starlette_stream),
            Route("/fail", starlette_fail),
            WebSocketRoute("/echo", starlette_echo),
            WebSocketRoute("/json", StarletteJSON),
            WebSocketRoute("/refuse", starlette_refuse),
            WebSocketRoute("/close-first", starlette_close_first),
        ],
        middleware=[Middleware(GZipMiddleware), Middleware(CORSMiddleware, allow_origins=["*"])],
        lifespan=starlette_lifespan,
    )


@every_server
async def test_starlette_echoes(server: str) -> None:
    async with (
        TestClient(starlette_app(), server=server) as client,
        client.websocket("/echo", params={"name": "bob:"}, subprotocols=["v1"]) as ws,
    ):
        assert ws.subprotocol == "v1"
        await ws.send_text("hi")
        assert await ws.receive_text() == "bob:hi"


@every_server
async def test_starlette_closes(server: str) -> None:
    async with TestClient(starlette_app(), server=server) as client, client.websocket("/echo") as ws:
        await ws.send_text("close")
        assert await ws.expect_close() == (4000, "" if server == "daphne" else "bye")


@every_server
async def test_an_endpoint_class_of_starlette_answers_and_sees_the_client_leave(server: str) -> None:
    async with TestClient(starlette_app(), server=server) as client, client.websocket("/json") as ws:
        await ws.send_json({"x": 1})
        assert await ws.receive_json() == {"got": {"x": 1}}


async def test_the_exception_of_a_starlette_socket_surfaces() -> None:
    async with TestClient(starlette_app()) as client:
        with pytest.raises(ValueError, match="broken"):
            await starlette_failure(client)


async def starlette_failure(client: TestClient) -> None:
    async with client.websocket("/echo") as ws:
        await ws.send_text("fail")
        await ws.receive_text()


async def test_starlette_denies_with_a_response() -> None:
    async with TestClient(starlette_app()) as client:
        with pytest.raises(HandshakeDenied) as denied:
            await client.websocket("/refuse").__aenter__()
    assert (denied.value.status, denied.value.json()) == (401, {"error": "no token"})


async def test_starlette_raises_for_a_denial_without_the_extension() -> None:
    async with TestClient(starlette_app(), server="daphne") as client:
        with pytest.raises(RuntimeError, match="doesn't support the Websocket Denial Response extension"):
            await client.websocket("/refuse").__aenter__()


@pytest.mark.parametrize("path", ["/close-first", "/nowhere"])
@every_server
async def test_starlette_closes_before_accept(server: str, path: str) -> None:
    async with TestClient(starlette_app(), server=server) as client:
        with pytest.raises(HandshakeDenied) as denied:
            await client.websocket(path).__aenter__()
    assert denied.value.status == 403


async def test_starlette_answers_requests_and_finishes_its_background_task() -> None:
    app = starlette_app()
    async with TestClient(app) as client:
        response = await client.get("/", headers={"origin": "http://elsewhere"})
        assert response.json() == {"greeting": "hello"}
        assert response.headers["access-control-allow-origin"] == "*"
        assert app.state.done


async def test_starlette_stops_streaming_when_the_client_leaves() -> None:
    async with TestClient(starlette_app()) as client, client.stream("GET", "/stream") as response:
        lines = response.aiter_lines()
        assert [await anext(lines) for _ in range(3)] == ["0", "1", "2"]


async def test_the_exception_of_a_starlette_request_surfaces() -> None:
    async with TestClient(starlette_app()) as client:
        with pytest.raises(ValueError, match="broken"):
            await client.get("/fail")


# FastAPI


def fastapi_app() -> fastapi.FastAPI:
    app = fastapi.FastAPI()
    app.state.left = []

    def token(token: Annotated[str, fastapi.Query(min_length=3)]) -> str:
        return token

    @app.get("/items/{number}")
    async def item(number: int) -> dict[str, int]:
        return {"number": number}

    @app.websocket("/game/{room}")
    async def game(
        websocket: fastapi.WebSocket, room: int, token: Annotated[str, fastapi.Depends(token)]
    ) -> None:
        await websocket.accept()
        try:
            while True:
                move = Move.model_validate(await websocket.receive_json())
                await websocket.send_json({"room": room, "token": token, **move.model_dump()})
        except WebSocketDisconnect as left:
            app.state.left.append(left.code)

    assert callable(item)
    assert callable(game)
    return app


@every_server
async def test_fastapi_plays(server: str) -> None:
    app = fastapi_app()
    async with TestClient(app, server=server) as client, client.websocket("/game/7?token=abc") as ws:
        await ws.send_json(Move(x=1))
        assert await ws.receive_json() == {"room": 7, "token": "abc", "x": 1, "y": 0}
        await ws.close(4444)
    assert app.state.left == [1006 if server == "hypercorn" else 4444]


@pytest.mark.parametrize("path", ["/game/7?token=a", "/game/seven?token=abc", "/nowhere"])
async def test_fastapi_denies_what_does_not_fit(path: str) -> None:
    # strict mode would object: the reason of this close is a list of errors instead of a str
    async with TestClient(fastapi_app(), strict=False) as client:
        with pytest.raises(HandshakeDenied) as denied:
            await client.websocket(path).__aenter__()
    assert denied.value.status == 403


async def test_fastapi_answers_requests() -> None:
    async with TestClient(fastapi_app()) as client:
        assert (await client.get("/items/7")).json() == {"number": 7}
        assert (await client.get("/items/seven")).status_code == 422


# Litestar


@litestar_get("/greeting")
async def litestar_greeting() -> dict[str, str]:
    return {"greeting": "hello"}


@litestar_websocket("/echo")
async def litestar_echo(socket: "LitestarSocket[Any, Any, Any]") -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_json({"got": await socket.receive_json()})
    except LitestarDisconnect:
        pass


def litestar_app() -> Litestar:
    return Litestar([litestar_greeting, litestar_echo], logging_config=None)


@every_server
async def test_litestar_echoes(server: str) -> None:
    async with TestClient(litestar_app(), server=server) as client, client.websocket("/echo") as ws:
        await ws.send_json([1, None])
        assert await ws.receive_json() == {"got": [1, None]}


async def test_litestar_refuses_an_unknown_path() -> None:
    async with TestClient(litestar_app()) as client:
        with pytest.raises(HandshakeDenied):
            await client.websocket("/nowhere").__aenter__()


async def test_litestar_answers_requests() -> None:
    async with TestClient(litestar_app()) as client:
        assert (await client.get("/greeting")).json() == {"greeting": "hello"}
