"""The example of the README runs."""

import re
from pathlib import Path
from typing import Any

import pytest

from kui.testing import HandshakeDenied, TestClient

README = Path(__file__).parent.parent / "README.md"


async def test_the_readme_runs() -> None:
    names: dict[str, Any] = {"__name__": "games"}
    for block in re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        exec(compile(block, str(README), "exec"), names)
    async with TestClient(names["app"]) as client:
        assert (await client.get("/")).json() == {"play at": "/games/7"}
        async with client.websocket("/games/7?name=ada") as ws:
            await ws.send_json({"x": 1, "y": "2"})
            assert await ws.receive_json() == {"player": "ada in game 7", "x": 1, "y": 2}
            assert await names["app"].drain() == (1, 0)
            assert (await ws.expect_close()).code == 1012
    async with TestClient(names["app"]) as client:
        with pytest.raises(HandshakeDenied):
            await client.websocket("/games/7?name=a").__aenter__()
