"""Quart, after its pages "Using websockets", "Serving websockets" and "JSON".

It has no middlewares for WebSockets but those of ASGI, wrapped around `app.asgi_app`.
"""

from typing import Any

from pydantic import BaseModel
from quart import Quart, Response, jsonify, request, websocket

from ..cases import DATA, HELLO
from ..client import App, saw


def echo() -> App:
    app = Quart(__name__)

    @app.websocket("/")
    async def echo() -> None:
        while True:
            await websocket.send(await websocket.receive())

    return app


def json_echo() -> App:
    app = Quart(__name__)

    @app.websocket("/")
    async def echo() -> None:
        while True:
            await websocket.send_json(await websocket.receive_json())

    return app


class Move(BaseModel):
    kind: str
    x: int
    y: int
    tags: list[str] = []


def typed() -> App:
    app = Quart(__name__)

    @app.websocket("/")
    async def moves() -> None:
        while True:
            await websocket.send(Move.model_validate_json(await websocket.receive()).model_dump_json())

    return app


async def wait(room: str = "") -> None:
    await websocket.accept()
    saw(room)
    await websocket.receive()


def connect() -> App:
    app = Quart(__name__)
    app.websocket("/")(wait)
    return app


def routes(size: int) -> App:
    app = Quart(__name__)
    for number in range(size):
        app.add_websocket(f"/r{number}/<room>", view_func=wait)
    return app


def middlewares() -> App:
    class NoOp:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await self.app(scope, receive, send)

    app = Quart(__name__)
    app.websocket("/")(wait)
    for _ in range(5):
        app.asgi_app = NoOp(app.asgi_app)
    return app


def http() -> App:
    app = Quart(__name__)

    @app.get("/text")
    async def text() -> Response:
        return Response(HELLO, content_type="text/plain; charset=utf-8")

    @app.get("/json")
    async def data() -> Response:
        return jsonify(DATA)

    @app.post("/echo")
    async def echo() -> Response:
        return jsonify(await request.get_json())

    return app
