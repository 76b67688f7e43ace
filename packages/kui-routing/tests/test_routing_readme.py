"""The README tells the truth: its examples run."""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
FRAMEWORK, HOSTS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)

Message = MutableMapping[str, Any]
App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


def run(example: str, names: dict[str, Any]) -> dict[str, Any]:
    exec(compile(example, "README.md", "exec"), names)
    return names


async def sent_by(app: App, path: str) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": "websocket", "path": path, "headers": [(b"host", b"api.example.com")]}, receive, send)
    return sent


async def test_a_framework_of_five_lines_serves_a_room() -> None:
    app: App = run(FRAMEWORK, {})["app"]
    assert await sent_by(app, "/v1/rooms/7") == [
        {"type": "websocket.accept"},
        {"type": "websocket.send", "text": "Room 7"},
    ]


def test_the_framework_has_five_lines() -> None:
    _, _, rest = FRAMEWORK.partition("router = Router()\n\n")
    framework, _, _ = rest.partition("\n\n\n")
    assert len(["router = Router()", *framework.splitlines()]) == 5


async def test_hosts_go_around_routers() -> None:
    pytest.importorskip("baize")
    app: App = run(HOSTS, run(FRAMEWORK, {}))["site"]
    assert (await sent_by(app, "/v1/rooms/7"))[-1]["text"] == "Room 7"
