"""kui, assembled: `kui.asgi.Kui` with its router and parameters, as in the README of the package kui."""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel

from kui.asgi import (
    Depends,
    Header,
    HttpRoute,
    Kui,
    Path,
    Query,
    SocketRoute,
    SocketView,
    request,
    websocket,
)
from kui.routing import Router

from ..cases import DATA, HELLO
from ..client import App, saw


def socket(endpoint: Any, path: str = "/") -> App:
    return Kui(routes=[SocketRoute(path, endpoint)])


def echo() -> App:
    async def echo() -> None:
        await websocket.accept()
        async for data in websocket.iter_text():
            await websocket.send_text(data)

    return socket(echo)


def view() -> App:
    class Echo(SocketView):
        encoding = "text"

        async def on_receive(self, data: str) -> None:
            await websocket.send_text(data)

    return socket(Echo)


def json_echo() -> App:
    async def echo() -> None:
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
    class Moves(SocketView):
        encoding = "json"

        async def on_receive(self, data: Move) -> None:
            await websocket.send_json(data)

    return socket(Moves)


async def wait() -> None:
    await websocket.accept()
    async for _ in websocket.iter_text():
        pass


def connect() -> App:
    return socket(wait)


def parameters() -> App:
    async def room(
        room: Annotated[str, Path()],
        since: Annotated[int, Query(ge=0)],
        x_token: Annotated[str, Header(min_length=4)],
        limit: Annotated[int, Query()] = 50,
    ) -> None:
        await websocket.accept()
        saw((room, since, limit, x_token))
        async for _ in websocket.iter_text():
            pass

    return socket(room, "/rooms/{room}")


def routes(size: int) -> App:
    async def room() -> None:
        await websocket.accept()
        saw(websocket.path_params["room"])
        async for _ in websocket.iter_text():
            pass

    return Kui(routes=[SocketRoute(f"/r{number}/{{room}}", room, name=None) for number in range(size)])


def lookup(patterns: Sequence[str]) -> Callable[[str], object]:
    search = Router(SocketRoute(pattern, wait, name=None) for pattern in patterns).search
    return lambda path: search("websocket", path)


def static(paths: list[str]) -> Callable[[str], object]:
    with_parameters = [f"/items/{{item}}/{number}" for number in range(len(paths))]
    return lookup([*paths, *with_parameters])


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
    async def endpoint(session: Annotated[list[str], Depends(session)]) -> None:
        await websocket.accept()
        saw(session)
        async for _ in websocket.iter_text():
            pass

    return socket(endpoint)


def middlewares() -> App:
    def wrap(endpoint: Any) -> Any:
        async def wrapped() -> None:
            await endpoint()

        return wrapped

    return Kui(routes=[SocketRoute("/", wait)], socket_middlewares=[wrap] * 5)


def http() -> App:
    async def text() -> str:
        return HELLO

    async def data() -> Any:
        return DATA

    async def echo() -> Any:
        return await request.json

    return Kui(routes=[HttpRoute("/text", text), HttpRoute("/json", data), HttpRoute("/echo", echo)])
