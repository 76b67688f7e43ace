"""What is measured: for each case the application it asks for, what is done with it, and what it must get right."""

import asyncio
import itertools
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from .client import HTTP_SCOPE, SEEN, SOCKET_SCOPE, App, ask, at, converse, talk

MESSAGES = 1000
"""The messages of a connection, where messages are measured: its making and ending do not show in the figure."""

TEXT = "x" * 32
JSON = '{"type":"move","id":7,"name":"Ada","pos":[1.5,-2.0],"tags":["a","b"],"ok":true}'
MOVE = '{"kind":"move","x":3,"y":4,"tags":["a","b"]}'
DATA = {"id": 4711, "name": "Ada Lovelace", "active": True, "roles": ["admin", "author"], "score": 12.5}
HELLO = "Hello, world!"

Drive = Callable[[App], Awaitable[int]]
Check = Callable[[App], Awaitable[str]]


@dataclass(frozen=True)
class Case:
    """A row of the table.

    Attributes:
        name: what it is called on the command line.
        title: what it is called in the table.
        builder: the function of an entry that makes the application.
        drive: runs the application once, and returns how many operations that was.
        check: returns what the application does wrong; an empty string when all is right.
        arguments: of the builder.
        target: the most that kui may cost, as a ratio to raw.
        is_application: whether the builder makes an ASGI application; else it is a function of a path.
    """

    name: str
    title: str
    builder: str
    drive: Drive
    check: Check
    arguments: tuple[Any, ...] = ()
    target: float | None = None
    is_application: bool = True


# Driving


def burst(text: str) -> Drive:
    """One connection; receive never suspends."""

    async def drive(app: App) -> int:
        await converse(app, SOCKET_SCOPE, text, MESSAGES)
        return MESSAGES

    return drive


def loop(text: str) -> Drive:
    """16 connections at once; every receive gives way to the event loop."""

    async def drive(app: App) -> int:
        await asyncio.gather(*(converse(app, SOCKET_SCOPE, text, MESSAGES, suspends=True) for _ in range(16)))
        return 16 * MESSAGES

    return drive


def connections(*scopes: dict[str, Any]) -> Drive:
    """64 connections, one after the other: accepted, then the client leaves."""
    following = itertools.cycle(scopes)

    async def drive(app: App) -> int:
        for _ in range(64):
            await converse(app, next(following), "", 0)
        return 64

    return drive


def at_once(*scopes: dict[str, Any]) -> Drive:
    """64 connections, 16 at a time; every receive gives way to the event loop."""
    following = itertools.cycle(scopes)

    async def drive(app: App) -> int:
        for _ in range(4):
            await asyncio.gather(*(converse(app, next(following), "", 0, suspends=True) for _ in range(16)))
        return 64

    return drive


def lookups(paths: list[str]) -> Drive:
    """Look each path up once, as a new string: its hash is not known yet."""
    lines = "\n".join(paths)

    async def drive(search: Any) -> int:
        for path in lines.split("\n"):
            search(path)
        return len(paths)

    return drive


def requests(scope: dict[str, Any], body: bytes = b"") -> Drive:
    """64 requests, one after the other."""

    async def drive(app: App) -> int:
        for _ in range(64):
            await ask(app, scope, body)
        return 64

    return drive


# Checking


async def echoes(app: App) -> str:
    texts = [TEXT, "grüße \U0001f600 \x00", "long " * 20000, "x"]
    transcript = await talk(app, SOCKET_SCOPE, texts)
    return "" if transcript.texts == texts else f"sent {texts!s:.80}, got {transcript.texts!s:.80}"


async def echoes_json(app: App) -> str:
    values: list[Any] = [json.loads(JSON), {"text": "grüße \U0001f600"}, [1, None, -0.5, True], "x", 7]
    transcript = await talk(app, SOCKET_SCOPE, [json.dumps(value) for value in values])
    answers = [json.loads(text) for text in transcript.texts]
    if answers != values:
        return f"sent {values}, got {answers}"
    transcript = await talk(app, SOCKET_SCOPE, ['{"type":'])
    return f"malformed JSON was answered with {transcript.texts}" if transcript.texts else ""


async def echoes_moves(app: App) -> str:
    good = [MOVE, '{"kind":"jump","x":-1,"y":0,"tags":[]}']
    transcript = await talk(app, SOCKET_SCOPE, good)
    if [json.loads(text) for text in transcript.texts] != [json.loads(text) for text in good]:
        return f"sent {good}, got {transcript.texts}"
    for bad in ('{"kind":"move","x":"far","y":4}', '{"kind":"move","x":1}', "{"):
        transcript = await talk(app, SOCKET_SCOPE, [bad])
        if any("invalid" not in text for text in transcript.texts):
            return f"{bad} was answered with {transcript.texts}"
    return ""


async def accepts(app: App) -> str:
    transcript = await talk(app, SOCKET_SCOPE)
    return "" if transcript.is_accepted else f"sent {transcript.sent}, raised {transcript.error!r}"


ROOM_TOKEN = [(b"x-token", b"secret")]
ROOM = at("/rooms/lobby", b"since=17&limit=20", ROOM_TOKEN)


async def binds(app: App) -> str:
    for scope, wanted in (
        (ROOM, ("lobby", 17, 20, "secret")),
        (at("/rooms/a+b", b"since=%31", ROOM_TOKEN), ("a+b", 1, 50, "secret")),
    ):
        SEEN.clear()
        transcript = await talk(app, scope)
        if not transcript.is_accepted or list(SEEN) != [wanted]:
            return f"wanted {wanted}, got {list(SEEN)}, {transcript.sent}, {transcript.error!r}"
    for query, headers in (
        (b"since=now", ROOM_TOKEN),
        (b"since=-1", ROOM_TOKEN),
        (b"", ROOM_TOKEN),
        (b"since=1", [(b"x-token", b"abc")]),
        (b"since=1", []),
    ):
        transcript = await talk(app, at("/rooms/lobby", query, headers))
        if transcript.is_accepted:
            return f"accepted {query!r}, {headers}"
    return ""


async def depends(app: App) -> str:
    SEEN.clear()
    transcript = await talk(app, SOCKET_SCOPE)
    opened: list[Any] = list(SEEN)
    if not transcript.is_accepted or len(opened) != 1:
        return f"sent {transcript.sent}, raised {transcript.error!r}"
    # the generator clears the list when the connection ends
    return "" if opened == [[]] else f"the generator was not ended: {opened}"


def mixed(number: int) -> tuple[str, str]:
    """Return a path with parameters or without, as kui and Falcon write it, and one that it matches."""
    return (
        (f"/r{number}/{{room}}", f"/r{number}/lobby"),
        (f"/pages/page{number}", f"/pages/page{number}"),
        (f"/users/{{user:int}}/posts{number}", f"/users/42/posts{number}"),
    )[number % 3]


def finds(size: int) -> Check:
    async def check(app: App) -> str:
        for number in {0, size // 2, size - 1}:
            SEEN.clear()
            transcript = await talk(app, at(f"/r{number}/lobby"))
            if not transcript.is_accepted or list(SEEN) != ["lobby"]:
                return f"/r{number}/lobby: {list(SEEN)}, {transcript.sent}, {transcript.error!r}"
        for path in ("/", "/r0", f"/r{size}/lobby", "/r0/lobby/more"):
            if (await talk(app, at(path))).is_accepted:
                return f"accepted {path}, which is no route"
        return ""

    return check


def finds_paths(*paths: str) -> Check:
    async def check(search: Any) -> str:
        return next((f"{path} is not found" for path in paths if not search(path)), "")

    return check


def answers(path: str, wanted: bytes | Any, type_: bytes) -> Check:
    scope = {**HTTP_SCOPE, "path": path, "raw_path": path.encode()}

    async def check(app: App) -> str:
        start, *bodies = await ask(app, scope)
        body = b"".join(message.get("body", b"") for message in bodies)
        headers = dict(start["headers"])
        is_right = body == wanted if isinstance(wanted, bytes) else json.loads(body) == wanted
        if start["status"] != 200 or not is_right or headers.get(b"content-length") != b"%d" % len(body):
            return f"{path}: {start} {body!r}"
        if not headers.get(b"content-type", b"").startswith(type_):
            return f"{path}: {headers}"
        start, *_ = await ask(app, {**HTTP_SCOPE, "path": "/nothing", "raw_path": b"/nothing"})
        return "" if start["status"] == 404 else f"an unknown path is answered with {start['status']}"

    return check


def posting(body: bytes) -> dict[str, Any]:
    return {
        **HTTP_SCOPE,
        "method": "POST",
        "path": "/echo",
        "raw_path": b"/echo",
        "headers": [
            *HTTP_SCOPE["headers"],
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
        ],
    }


BODY = json.dumps(DATA).encode()


async def answers_posts(app: App) -> str:
    start, *bodies = await ask(app, posting(BODY), BODY)
    body = b"".join(message.get("body", b"") for message in bodies)
    if start["status"] not in (200, 201) or json.loads(body) != DATA:
        return f"{start} {body!r}"
    bad = b'{"id":'
    start, *_ = await ask(app, posting(bad), bad)
    return "" if start["status"] in (400, 422) else f"malformed JSON is answered with {start['status']}"


# in no order, as clients ask for them
STATIC_PATHS = random.Random(7).sample([f"/items/list{number}" for number in range(2500)], 2500)


def _paths(size: int) -> list[str]:
    # 61 and 5,000 have no common factor: the paths are all over the table
    return [f"/r{number * 61 % size}/lobby" for number in range(min(size, 500))]


def _lookup(size: int) -> Case:
    patterns, paths = zip(*map(mixed, range(size)), strict=True)
    drive, check = (
        lookups([paths[number * 61 % size] for number in range(min(size, 500))]),
        finds_paths(*paths),
    )
    title = f"look up 1 of {size:,} route{'s' * (size > 1)}"
    return Case(f"lookup-{size}", title, "lookup", drive, check, (patterns,), is_application=False)


def _routes(size: int) -> Case:
    scopes = [at(path) for path in _paths(size)]
    name = f"routes-{size}"
    title = f"connect through {size:,} route{'s' * (size > 1)}"
    return Case(name, title, "routes", connections(*scopes), finds(size), (size,), 3.0)


_text = {**HTTP_SCOPE, "path": "/text", "raw_path": b"/text"}
_json = {**HTTP_SCOPE, "path": "/json", "raw_path": b"/json"}

CASES = {
    case.name: case
    for case in (
        Case("echo-burst", "echo 32 B, burst", "echo", burst(TEXT), echoes, target=2.0),
        Case("echo-loop", "echo 32 B, loop", "echo", loop(TEXT), echoes, target=1.25),
        Case("view-burst", "echo by a class, burst", "view", burst(TEXT), echoes),
        Case("view-loop", "echo by a class, loop", "view", loop(TEXT), echoes),
        Case("json", "JSON echo, burst", "json_echo", burst(JSON), echoes_json, target=1.5),
        Case("typed", "typed message in and out", "typed", burst(MOVE), echoes_moves, target=1.25),
        Case(
            "connect",
            "connect, accept, disconnect",
            "connect",
            connections(SOCKET_SCOPE),
            accepts,
            target=4.0,
        ),
        Case("parameters", "1 path + 2 query + 1 header", "parameters", connections(ROOM), binds, target=1.8),
        Case(
            "dependencies",
            "3 dependencies, 1 generator",
            "dependencies",
            connections(SOCKET_SCOPE),
            depends,
            target=3.5,
        ),
        Case(
            "middlewares",
            "connect under 5 middlewares",
            "middlewares",
            connections(SOCKET_SCOPE),
            accepts,
            target=4.5,
        ),
        Case("typed-loop", "typed message, loop", "typed", loop(MOVE), echoes_moves),
        Case("connect-loop", "connect, loop", "connect", at_once(SOCKET_SCOPE), accepts),
        Case("parameters-loop", "parameters, loop", "parameters", at_once(ROOM), binds),
        Case("dependencies-loop", "dependencies, loop", "dependencies", at_once(SOCKET_SCOPE), depends),
        *(_routes(size) for size in (1, 50, 500, 5000)),
        *(_lookup(size) for size in (1, 10, 50, 500, 5000)),
        Case(
            "static",
            "look up a path without parameters",
            "static",
            lookups(STATIC_PATHS),
            finds_paths(*STATIC_PATHS),
            (STATIC_PATHS,),
            is_application=False,
            target=3.0,  # raw's one look-up, and two more
        ),
        Case(
            "http-text",
            "HTTP GET plain",
            "http",
            requests(_text),
            answers("/text", HELLO.encode(), b"text/plain"),
            target=3.1,
        ),
        Case(
            "http-json",
            "HTTP GET JSON",
            "http",
            requests(_json),
            answers("/json", DATA, b"application/json"),
            target=2.0,
        ),
        Case("http-echo", "HTTP POST JSON", "http", requests(posting(BODY), BODY), answers_posts),
    )
}
