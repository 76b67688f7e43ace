"""Litestar, after its pages "Websockets" (for handlers and listeners), "Dependency Injection" and "Parameters".

Handlers rather than listeners, which cost more; a listener is its echo by a class.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Annotated, Any, cast

from litestar import Litestar, MediaType, WebSocket, get, post, websocket
from litestar.di import Provide
from litestar.handlers import WebsocketListener
from litestar.params import Parameter
from pydantic import BaseModel

from ..cases import DATA, HELLO
from ..client import App, saw

Socket = WebSocket[Any, Any, Any]


def application(*handlers: Any, **options: Any) -> App:
    # its types name the events of HTTP, WebSocket and lifespan apart
    return cast(App, Litestar([*handlers], openapi_config=None, **options))


def echo() -> App:
    @websocket("/")
    async def echo(socket: Socket) -> None:
        await socket.accept()
        async for text in socket.iter_data("text"):
            await socket.send_text(text)

    return application(echo)


def view() -> App:
    class Echo(WebsocketListener):
        path = "/"

        async def on_receive(self, data: str) -> str:
            return data

    return application(Echo)


def json_echo() -> App:
    @websocket("/")
    async def echo(socket: Socket) -> None:
        await socket.accept()
        async for data in socket.iter_json():
            await socket.send_json(data)

    return application(echo)


class Move(BaseModel):
    kind: str
    x: int
    y: int
    tags: list[str] = []


def typed() -> App:
    @websocket("/")
    async def moves(socket: Socket) -> None:
        await socket.accept()
        async for text in socket.iter_data("text"):
            await socket.send_text(Move.model_validate_json(text).model_dump_json())

    return application(moves)


async def wait(socket: Socket) -> None:
    await socket.accept()
    async for _ in socket.iter_data("text"):
        pass


def connect() -> App:
    return application(websocket("/")(wait))


def parameters() -> App:
    @websocket("/rooms/{room:str}")
    async def room(
        socket: Socket,
        room: str,
        since: Annotated[int, Parameter(ge=0)],
        token: Annotated[str, Parameter(header="X-Token", min_length=4)],
        limit: int = 50,
    ) -> None:
        await socket.accept()
        saw((room, since, limit, token))
        async for _ in socket.iter_data("text"):
            pass

    return application(room)


def routes(size: int) -> App:
    async def room(socket: Socket, room: str) -> None:
        await socket.accept()
        saw(room)
        async for _ in socket.iter_data("text"):
            pass

    return application(*(websocket(f"/r{number}/{{room:str}}")(room) for number in range(size)))


def lookup(patterns: Sequence[str]) -> Callable[[str], object]:
    async def wait(socket: Socket) -> None:
        await socket.accept()

    handlers = (websocket(pattern.replace("{room}", "{room:str}"))(wait) for pattern in patterns)
    cached = Litestar([*handlers], openapi_config=None).asgi_router.handle_routing
    search: Callable[[str, None], object] = (
        cached.__wrapped__
    )  # the trie, without the cache of 1,024 paths before it
    return lambda path: search(path, None)


async def settings() -> dict[str, str]:
    return {"dsn": "postgres"}


async def engine(settings: dict[str, str]) -> tuple[str, str]:
    return "engine", settings["dsn"]


async def session(engine: tuple[str, str]) -> AsyncGenerator[list[str], None]:
    opened = [*engine]
    try:
        yield opened
    finally:
        opened.clear()


def dependencies() -> App:
    @websocket(
        "/",
        dependencies={"settings": Provide(settings), "engine": Provide(engine), "session": Provide(session)},
    )
    async def endpoint(socket: Socket, session: Any) -> None:
        await socket.accept()
        saw(session)
        async for _ in socket.iter_data("text"):
            pass

    return application(endpoint)


def middlewares() -> App:
    def no_op(app: App) -> App:
        async def wrapped(scope: Any, receive: Any, send: Any) -> None:
            await app(scope, receive, send)

        return wrapped

    return application(websocket("/")(wait), middleware=[no_op] * 5)


def http() -> App:
    @get("/text", media_type=MediaType.TEXT)
    async def text() -> str:
        return HELLO

    @get("/json")
    async def data() -> dict[str, Any]:
        return DATA

    @post("/echo", status_code=200)
    async def echo(data: dict[str, Any]) -> dict[str, Any]:
        return data

    return application(text, data, echo)
