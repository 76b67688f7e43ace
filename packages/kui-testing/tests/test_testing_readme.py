"""The README tells the truth: each of its examples runs."""

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from kui.testing import PROFILES, TestClient

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
GREETING, TOUR, PLUGIN = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


class Move(BaseModel):
    x: int


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Log in over HTTP; on a socket, send back one message, then two others, and close."""
    assert scope["type"] != "lifespan"
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})
        return
    await receive()
    await send({"type": "websocket.accept", "subprotocol": scope["subprotocols"][0]})
    for text in ((await receive())["text"], "one", "two"):
        await send({"type": "websocket.send", "text": text})
    await send({"type": "websocket.close", "code": 4000, "reason": "done"})


async def test_the_first_example_runs() -> None:
    namespace: dict[str, Any] = {}
    exec(GREETING, namespace)
    await namespace["test_a_greeting"]()


async def test_the_tour_runs() -> None:
    namespace: dict[str, Any] = {"TestClient": TestClient, "app": app, "Move": Move}
    exec(f"async def tour():\n{textwrap.indent(TOUR, '    ')}\n    return locals()", namespace)
    seen = await namespace["tour"]()
    assert (seen["move"], seen["message"], seen["code"], seen["reason"]) == (Move(x=1), "two", 4000, "done")


def test_the_example_of_the_plugin_is_python() -> None:
    compile(PLUGIN, "README.md", "exec")


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_is_named(name: str) -> None:
    assert f'"{name}"' in README
