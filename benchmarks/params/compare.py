"""Compare binding with the same work written by hand: CPU time of WebSocket connections in this process.

    python benchmarks/params/compare.py [rounds]

Each case is an ASGI application written by hand (raw) and one bound by kui.params on kui.websocket. Rounds are
interleaved, and the figure is the median of the ratios round by round; raw runs twice as a control, in brackets. In a
burst `receive` never suspends; in a loop 16 connections give way to the event loop at every receive.
"""

import asyncio
import contextlib
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from typing import Annotated, Any
from urllib.parse import parse_qsl

from pydantic import BaseModel, Field, TypeAdapter

from kui.params import Depends, Header, Path, Query, auto_params
from kui.websocket import SocketView, websocket, websocket_session

App = Callable[[Any, Any, Any], Awaitable[None]]

CONNECTIONS = 300
MESSAGES = 50

ACCEPT: dict[str, Any] = {"type": "websocket.accept", "subprotocol": None, "headers": []}


class Move(BaseModel):
    kind: str
    x: int
    y: int
    tags: list[str] = []


# One path, two query and one header parameter


class Parameters(BaseModel):
    room: str
    since: Annotated[int, Field(ge=0)]
    limit: int = 50
    x_token: Annotated[str, Field(min_length=4)]


async def raw_parameters(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    values = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    values["room"] = scope["path_params"]["room"]
    for name, value in scope["headers"]:
        if name == b"x-token":
            values["x_token"] = value.decode("latin-1")
    Parameters.model_validate(values)
    await send(ACCEPT)
    await receive()


async def bound_parameters(
    room: Annotated[str, Path()],
    since: Annotated[int, Query(ge=0)],
    x_token: Annotated[str, Header(min_length=4)],
    limit: Annotated[int, Query()] = 50,
) -> None:
    await websocket.accept()
    await websocket.receive()


async def raw_plain(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send(ACCEPT)
    await receive()


async def plain() -> None:
    await websocket.accept()
    await websocket.receive()


# Three nested dependencies, one a generator


async def settings() -> dict[str, str]:
    return {"dsn": "postgres"}


def engine(settings: Annotated[dict[str, str], Depends(settings)]) -> tuple[str, str]:
    return "engine", settings["dsn"]


async def session(engine: Annotated[tuple[str, str], Depends(engine)]) -> AsyncGenerator[list[str], None]:
    opened = [*engine]
    try:
        yield opened
    finally:
        opened.clear()


async def raw_dependencies(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    opened = session(engine(await settings()))
    await anext(opened)
    try:
        await send(ACCEPT)
        await receive()
    except BaseException as error:
        await opened.athrow(error)
        raise
    else:
        with contextlib.suppress(StopAsyncIteration):
            await anext(opened)


async def bound_dependencies(session: Annotated[list[str], Depends(session)]) -> None:
    await websocket.accept()
    await websocket.receive()


# A typed message in and out

moves = TypeAdapter(Move)


async def raw_messages(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send(ACCEPT)
    validate = moves.validator.validate_json
    serialize = moves.serializer.to_json
    while True:
        event = await receive()
        if event["type"] == "websocket.disconnect":
            return
        await send({"type": "websocket.send", "text": serialize(validate(event["text"])).decode()})


class Moves(SocketView):
    encoding = "json"

    async def on_receive(self, data: Move) -> None:
        await websocket.send_json(data)


TEXT = '{"kind": "move", "x": 3, "y": 4, "tags": ["a", "b"]}'

SCOPE: dict[str, Any] = {
    "type": "websocket",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "path": "/rooms/lobby",
    "path_params": {"room": "lobby"},
    "query_string": b"since=17&limit=20",
    "headers": [
        (b"host", b"example.org"),
        (b"user-agent", b"Mozilla/5.0"),
        (b"upgrade", b"websocket"),
        (b"connection", b"Upgrade"),
        (b"sec-websocket-version", b"13"),
        (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
        (b"origin", b"https://example.org"),
        (b"x-token", b"secret"),
    ],
    "subprotocols": [],
}

CASES: dict[str, tuple[App, App, int]] = {
    "connect, accept, disconnect": (raw_plain, websocket_session(auto_params(plain, "websocket")), 0),
    "1 path + 2 query + 1 header": (
        raw_parameters,
        websocket_session(auto_params(bound_parameters, "websocket")),
        0,
    ),
    "3 nested dependencies, 1 generator": (
        raw_dependencies,
        websocket_session(auto_params(bound_dependencies, "websocket")),
        0,
    ),
    "typed message in and out": (raw_messages, websocket_session(auto_params(Moves, "websocket")), MESSAGES),
}


async def connect(app: App, messages: int, suspends: bool = False) -> list[dict[str, Any]]:
    """Run one connection whose client sends messages and leaves; return what the application sent."""
    received: Iterator[dict[str, Any]] = iter(
        [
            {"type": "websocket.connect"},
            *({"type": "websocket.receive", "text": TEXT} for _ in range(messages)),
            {"type": "websocket.disconnect", "code": 1000, "reason": ""},
        ]
    )
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if suspends:
            await asyncio.sleep(0)
        return next(received)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(dict(SCOPE), receive, send)
    return sent


def check(name: str, raw: App, bound: App, messages: int) -> None:
    """Refuse to measure what does not do the same."""
    by_hand, by_kui = (asyncio.run(connect(app, messages)) for app in (raw, bound))
    texts = [[event["text"] for event in sent if "text" in event] for sent in (by_hand, by_kui)]
    if texts[0] != texts[1] or len(by_hand) != len(by_kui):
        raise SystemExit(f"{name}: {by_hand} against {by_kui}")


def spend(app: App, messages: int, suspends: bool) -> float:
    """Return the seconds of CPU time of many connections, 16 at a time where they suspend."""
    total = CONNECTIONS // 8 if messages else CONNECTIONS

    async def many() -> None:
        if suspends:
            for _ in range(total // 16):
                await asyncio.gather(*(connect(app, messages, suspends=True) for _ in range(16)))
        else:
            for _ in range(total):
                await connect(app, messages)

    begin = time.process_time()
    asyncio.run(many())
    return time.process_time() - begin


def ratios(entries: list[App], messages: int, suspends: bool, rounds: int) -> list[float]:
    """Return the median ratio of each entry to the first, round by round."""
    spent: list[list[float]] = [[] for _ in entries]
    order = list(range(len(entries)))
    for number in range(rounds + 3):
        order = order[1:] + order[:1]
        for index in order:
            seconds = spend(entries[index], messages, suspends)
            if number >= 3:
                spent[index].append(seconds)
    return [statistics.median(each / raw for raw, each in zip(spent[0], row, strict=True)) for row in spent]


def main(rounds: int) -> None:
    print(f"{'times raw':42} {'burst':>7} {'(raw)':>7} {'loop':>7} {'(raw)':>7}")
    for name, (raw, bound, messages) in CASES.items():
        check(name, raw, bound, messages)
        entries = [raw, bound, raw]
        figures = [
            ratio for suspends in (False, True) for ratio in ratios(entries, messages, suspends, rounds)[1:]
        ]
        print(f"{name:42} " + " ".join(f"{figure:7.2f}" for figure in figures))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
