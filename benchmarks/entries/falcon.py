"""Falcon, after its pages "WebSocket", "Middleware", "Media" and "Tutorial (ASGI)"; it reads ahead, as it does by default."""

from collections.abc import Callable, Sequence
from typing import Any

import falcon.asgi
import falcon.routing
from falcon import WebSocketDisconnected
from pydantic import BaseModel

from ..cases import DATA, HELLO
from ..client import App, saw


def socket(resource: Any, **options: Any) -> App:
    app = falcon.asgi.App(**options)
    app.add_route("/", resource)
    return app


def echo() -> App:
    class Echo:
        async def on_websocket(self, request: Any, websocket: Any) -> None:
            try:
                await websocket.accept()
                while True:
                    await websocket.send_text(await websocket.receive_text())
            except WebSocketDisconnected:
                return

    return socket(Echo())


view = echo


def json_echo() -> App:
    class Echo:
        async def on_websocket(self, request: Any, websocket: Any) -> None:
            try:
                await websocket.accept()
                while True:
                    await websocket.send_media(await websocket.receive_media())
            except WebSocketDisconnected:
                return

    return socket(Echo())


class Move(BaseModel):
    kind: str
    x: int
    y: int
    tags: list[str] = []


def typed() -> App:
    class Moves:
        async def on_websocket(self, request: Any, websocket: Any) -> None:
            try:
                await websocket.accept()
                while True:
                    move = Move.model_validate_json(await websocket.receive_text())
                    await websocket.send_text(move.model_dump_json())
            except WebSocketDisconnected:
                return

    return socket(Moves())


class Wait:
    async def on_websocket(self, request: Any, websocket: Any, room: str = "") -> None:
        try:
            await websocket.accept()
            saw(room)
            await websocket.receive_text()
        except WebSocketDisconnected:
            return


def connect() -> App:
    return socket(Wait())


def routes(size: int) -> App:
    app = falcon.asgi.App()
    resource = Wait()
    for number in range(size):
        app.add_route(f"/r{number}/{{room}}", resource)
    return app


def lookup(patterns: Sequence[str]) -> Callable[[str], object]:
    router = falcon.routing.CompiledRouter()
    resource = Wait()
    for pattern in patterns:
        router.add_route(pattern, resource, _asgi=True)
    find = router.find
    find("/")  # compiles the table
    return lambda path: find(path)


def middlewares() -> App:
    class NoOp:
        async def process_request_ws(self, request: Any, websocket: Any) -> None: ...

    return socket(Wait(), middleware=[NoOp() for _ in range(5)])


def http() -> App:
    class Text:
        async def on_get(self, request: Any, response: Any) -> None:
            response.content_type = "text/plain; charset=utf-8"
            response.text = HELLO

    class Data:
        async def on_get(self, request: Any, response: Any) -> None:
            response.media = DATA

    class Echo:
        async def on_post(self, request: Any, response: Any) -> None:
            response.media = await request.get_media()

    app = falcon.asgi.App()
    for path, resource in (("/text", Text()), ("/json", Data()), ("/echo", Echo())):
        app.add_route(path, resource)
    return app
