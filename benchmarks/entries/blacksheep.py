"""BlackSheep, after its pages "WebSocket", "Binders", "Dependency injection" and "Responses"; without OpenTelemetry.

It binds parameters without limits: the two limits of the case are checked in the handler.
"""

from typing import Any

from blacksheep import (
    Application,
    FromHeader,
    FromJSON,
    FromQuery,
    FromRoute,
    Response,
    Router,
    WebSocket,
    WebSocketDisconnectError,
    json,
    text,
)
from pydantic import BaseModel

from ..cases import DATA, HELLO
from ..client import App, saw


def socket(endpoint: Any, path: str = "/") -> App:
    app = Application(router=Router())
    app.router.add_ws(path, endpoint)
    return app


def echo() -> App:
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except WebSocketDisconnectError:
            return

    return socket(echo)


def json_echo() -> App:
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_json(await websocket.receive_json())
        except WebSocketDisconnectError:
            return

    return socket(echo)


class Move(BaseModel):
    kind: str
    x: int
    y: int
    tags: list[str] = []


def typed() -> App:
    async def moves(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                move = Move.model_validate_json(await websocket.receive_text())
                await websocket.send_text(move.model_dump_json())
        except WebSocketDisconnectError:
            return

    return socket(moves)


async def wait(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        await websocket.receive_text()
    except WebSocketDisconnectError:
        return


def connect() -> App:
    return socket(wait)


class Token(FromHeader[str]):
    name = "X-Token"


FIFTY = FromQuery(50)


def parameters() -> App:
    async def endpoint(
        websocket: WebSocket,
        room: FromRoute[str],
        since: FromQuery[int],
        token: Token,
        limit: FromQuery[int] = FIFTY,
    ) -> None:
        if since.value < 0 or len(token.value) < 4:
            await websocket.close(1008)
            return
        await websocket.accept()
        saw((room.value, since.value, limit.value, token.value))
        try:
            await websocket.receive_text()
        except WebSocketDisconnectError:
            return

    return socket(endpoint, "/rooms/{room}")


def routes(size: int) -> App:
    async def endpoint(websocket: WebSocket, room: str) -> None:
        await websocket.accept()
        saw(room)
        try:
            await websocket.receive_text()
        except WebSocketDisconnectError:
            return

    app = Application(router=Router())
    for number in range(size):
        app.router.add_ws(f"/r{number}/{{room}}", endpoint)
    return app


def middlewares() -> App:
    async def no_op(websocket: Any, handler: Any) -> Any:
        return await handler(websocket)

    app = Application(router=Router())
    app.router.add_ws("/", wait)
    app.middlewares.extend([no_op] * 5)
    return app


def http() -> App:
    app = Application(router=Router())

    async def plain() -> Response:
        return text(HELLO)

    async def data() -> Response:
        return json(DATA)

    async def echo(data: FromJSON[dict[str, Any]]) -> Response:
        return json(data.value)

    app.router.add_get("/text", plain)
    app.router.add_get("/json", data)
    app.router.add_post("/echo", echo)
    return app
