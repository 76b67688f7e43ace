"""FastAPI, after its pages "WebSockets", "Dependencies with yield", "Query Parameters and String Validations" and "Header Parameters".

Plain functions as dependencies would run in threads: they are async here. Middlewares are pure ASGI, as its page
"Advanced Middleware" has them.
"""

from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, Header, Query, WebSocket
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from ..cases import DATA, HELLO
from ..client import App, saw


def echo() -> App:
    app = FastAPI()

    @app.websocket("/")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    return app


def json_echo() -> App:
    app = FastAPI()

    @app.websocket("/")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        async for data in websocket.iter_json():
            await websocket.send_json(data)

    return app


class Move(BaseModel):
    kind: str
    x: int
    y: int
    tags: list[str] = []


def typed() -> App:
    app = FastAPI()

    @app.websocket("/")
    async def moves(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(Move.model_validate_json(text).model_dump_json())

    return app


async def wait(websocket: WebSocket) -> None:
    await websocket.accept()
    async for _ in websocket.iter_text():
        pass


def connect() -> App:
    app = FastAPI()
    app.websocket("/")(wait)
    return app


def parameters() -> App:
    app = FastAPI()

    @app.websocket("/rooms/{room}")
    async def room(
        websocket: WebSocket,
        room: str,
        since: Annotated[int, Query(ge=0)],
        x_token: Annotated[str, Header(min_length=4)],
        limit: int = 50,
    ) -> None:
        await websocket.accept()
        saw((room, since, limit, x_token))
        async for _ in websocket.iter_text():
            pass

    return app


def routes(size: int) -> App:
    app = FastAPI()

    async def room(websocket: WebSocket, room: str) -> None:
        await websocket.accept()
        saw(room)
        async for _ in websocket.iter_text():
            pass

    for number in range(size):
        app.websocket(f"/r{number}/{{room}}")(room)
    return app


async def settings() -> dict[str, str]:
    return {"dsn": "postgres"}


async def engine(settings: Annotated[dict[str, str], Depends(settings)]) -> tuple[str, str]:
    return "engine", settings["dsn"]


async def session(engine: Annotated[tuple[str, str], Depends(engine)]) -> AsyncGenerator[list[str], None]:
    opened = [*engine]
    try:
        yield opened
    finally:
        opened.clear()


def dependencies() -> App:
    app = FastAPI()

    @app.websocket("/")
    async def endpoint(websocket: WebSocket, session: Annotated[list[str], Depends(session)]) -> None:
        await websocket.accept()
        saw(session)
        async for _ in websocket.iter_text():
            pass

    return app


def middlewares() -> App:
    class NoOp:
        def __init__(self, app: App) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await self.app(scope, receive, send)

    app = FastAPI()
    app.websocket("/")(wait)
    for _ in range(5):
        app.add_middleware(NoOp)
    return app


def http() -> App:
    app = FastAPI()

    @app.get("/text", response_class=PlainTextResponse)
    async def text() -> str:
        return HELLO

    @app.get("/json")
    async def data() -> Any:
        return DATA

    @app.post("/echo")
    async def echo(data: Annotated[Any, Body()]) -> Any:
        return data

    return app
