"""Written by hand on ASGI, after the specification (asgi.readthedocs.io): what every other entry is compared with.

It does what the handlers of the others do and nothing else: no states, no errors, one path. Where a case reads JSON
it uses msgspec, as kui does; where it validates it uses pydantic, with a model over all parameters.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from ..cases import DATA, HELLO
from ..client import App, saw

ACCEPT: dict[str, Any] = {"type": "websocket.accept"}
CLOSE: dict[str, Any] = {"type": "websocket.close", "code": 1000}


def echo() -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return
            await send({"type": "websocket.send", "text": event["text"]})

    return app


view = echo


def json_echo() -> App:
    decode, encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return
            await send({"type": "websocket.send", "text": encode(decode(event["text"])).decode()})

    return app


class Move(BaseModel):
    kind: str
    x: int
    y: int
    tags: list[str] = []


def typed() -> App:
    moves = TypeAdapter(Move)
    validate, serialize = moves.validator.validate_json, moves.serializer.to_json

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return
            await send({"type": "websocket.send", "text": serialize(validate(event["text"])).decode()})

    return app


def connect() -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        await receive()

    return app


class Parameters(BaseModel):
    room: str
    since: Annotated[int, Field(ge=0)]
    limit: int = 50
    x_token: Annotated[str, Field(min_length=4)]


def parameters() -> App:
    validate = TypeAdapter(Parameters).validator.validate_python

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        values = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        values["room"] = scope["path"][len("/rooms/") :]
        for name, value in scope["headers"]:
            if name == b"x-token":
                values["x_token"] = value.decode("latin-1")
        try:
            bound = validate(values)
        except ValidationError:
            await send(CLOSE)
            return
        await send(ACCEPT)
        saw((bound.room, bound.since, bound.limit, bound.x_token))
        await receive()

    return app


def routes(size: int) -> App:
    async def handler(room: str, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        saw(room)
        await receive()

    table = {f"r{number}": handler for number in range(size)}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        match scope["path"].split("/"):
            case ["", name, room] if name in table:
                await table[name](room, receive, send)
            case _:
                await send(CLOSE)

    return app


def lookup(patterns: Sequence[str]) -> Callable[[str], object]:
    pages = {pattern: connect() for pattern in patterns if "{" not in pattern}
    rooms = {pattern.split("/")[1]: connect() for pattern in patterns if pattern.endswith("{room}")}
    posts = {pattern.split("/")[3]: connect() for pattern in patterns if pattern.startswith("/users/")}

    def search(path: str) -> tuple[dict[str, Any], App]:
        if path in pages:
            return {}, pages[path]
        match path.split("/"):
            case ["", name, room] if name in rooms:
                return {"room": room}, rooms[name]
            case ["", "users", user, name] if name in posts and user.isdecimal():
                return {"user": int(user)}, posts[name]
            case _:
                raise LookupError(path)

    return search


def static(paths: list[str]) -> Callable[[str], object]:
    table = {path: connect() for path in paths}
    return lambda path: table[path]


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
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        generator = session(await engine(await settings()))
        opened = await anext(generator)
        try:
            await send(ACCEPT)
            saw(opened)
            await receive()
        except BaseException as error:
            await generator.athrow(error)
            raise
        with suppress(StopAsyncIteration):
            await anext(generator)

    return app


def middlewares() -> App:
    def wrap(inner: App) -> App:
        async def wrapped(scope: Any, receive: Any, send: Any) -> None:
            await inner(scope, receive, send)

        return wrapped

    app = connect()
    for _ in range(5):
        app = wrap(app)
    return app


def http() -> App:
    encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode

    async def text(receive: Any) -> tuple[int, bytes, bytes]:
        return 200, b"text/plain; charset=utf-8", HELLO.encode()

    async def data(receive: Any) -> tuple[int, bytes, bytes]:
        return 200, b"application/json", encode(DATA)

    async def post(receive: Any) -> tuple[int, bytes, bytes]:
        pieces: list[bytes] = []
        more = True
        while more:
            message = await receive()
            pieces.append(message.get("body", b""))
            more = message.get("more_body", False)
        try:
            return 200, b"application/json", encode(decode(b"".join(pieces)))
        except msgspec.DecodeError:
            return 400, b"text/plain", b"malformed JSON"

    async def nothing(receive: Any) -> tuple[int, bytes, bytes]:
        return 404, b"text/plain", b"Not Found"

    handlers: dict[tuple[str, str], Callable[[Any], Awaitable[tuple[int, bytes, bytes]]]] = {
        ("GET", "/text"): text,
        ("GET", "/json"): data,
        ("POST", "/echo"): post,
    }

    async def app(scope: Any, receive: Any, send: Any) -> None:
        status, type_, body = await handlers.get((scope["method"], scope["path"]), nothing)(receive)
        headers = [(b"content-type", type_), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app
