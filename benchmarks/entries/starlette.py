"""Starlette, after its pages "WebSockets", "Endpoints", "Routing", "Middleware" and "Responses"."""

from typing import Any

from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.endpoints import WebSocketEndpoint
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from ..cases import DATA, HELLO
from ..client import App, saw


def socket(endpoint: Any, path: str = "/") -> App:
    return Starlette(routes=[WebSocketRoute(path, endpoint)])


def echo() -> App:
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    return socket(echo)


def view() -> App:
    class Echo(WebSocketEndpoint):
        encoding = "text"

        async def on_receive(self, websocket: WebSocket, data: Any) -> None:
            await websocket.send_text(data)

    return socket(Echo)


def json_echo() -> App:
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        async for data in websocket.iter_json():
            await websocket.send_json(data)

    return socket(echo)


class Move(BaseModel):
    kind: str
    x: int
    y: int
    tags: list[str] = []


def typed() -> App:
    async def moves(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(Move.model_validate_json(text).model_dump_json())

    return socket(moves)


async def wait(websocket: WebSocket) -> None:
    await websocket.accept()
    async for _ in websocket.iter_text():
        pass


def connect() -> App:
    return socket(wait)


def routes(size: int) -> App:
    async def room(websocket: WebSocket) -> None:
        await websocket.accept()
        saw(websocket.path_params["room"])
        async for _ in websocket.iter_text():
            pass

    return Starlette(routes=[WebSocketRoute(f"/r{number}/{{room}}", room) for number in range(size)])


def middlewares() -> App:
    class NoOp:
        def __init__(self, app: App) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await self.app(scope, receive, send)

    return Starlette(routes=[WebSocketRoute("/", wait)], middleware=[Middleware(NoOp) for _ in range(5)])


def http() -> App:
    async def text(request: Request) -> Response:
        return PlainTextResponse(HELLO)

    async def data(request: Request) -> Response:
        return JSONResponse(DATA)

    async def echo(request: Request) -> Response:
        try:
            return JSONResponse(await request.json())
        except ValueError:
            raise HTTPException(400) from None

    return Starlette(
        routes=[Route("/text", text), Route("/json", data), Route("/echo", echo, methods=["POST"])]
    )
