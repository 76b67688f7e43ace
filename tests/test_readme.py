"""The README at the root: its samples run, its links lead somewhere."""

import re
from pathlib import Path
from typing import Any

import pytest

from kui.asgi import Kui
from kui.testing import HandshakeDenied, TestClient

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def samples() -> list[dict[str, Any]]:
    """Run the Python blocks of the README, each by itself."""
    namespaces: list[dict[str, Any]] = []
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        namespace: dict[str, Any] = {"__name__": "readme"}
        exec(compile(block, "README.md", "exec"), namespace)
        namespaces.append(namespace)
    return namespaces


async def test_the_service_of_the_readme_echoes_with_its_parameters() -> None:
    service, _ = samples()
    async with TestClient(service["app"]) as client:
        async with client.websocket("/ws/lobby?since=3") as tab:
            await tab.send_json("hello")
            assert await tab.receive_json() == {"room": "lobby", "since": 3, "echo": "hello"}
        assert (await client.get("/")).json() == {"open": "/ws/lobby"}


async def test_the_service_of_the_readme_refuses_as_the_readme_says() -> None:
    service, _ = samples()
    async with TestClient(service["app"]) as client:
        for path, origin, status in (
            ("/ws/lobby?since=x", None, 422),
            ("/ws/lobby", "http://evil.test", 403),
        ):
            with pytest.raises(HandshakeDenied) as denied:
                async with client.websocket(path, origin=origin):
                    pass
            assert denied.value.status == status


async def test_the_game_of_the_readme_validates_its_messages() -> None:
    _, game = samples()
    app = Kui()
    app.router.websocket("/game")(game["Game"])
    async with TestClient(app) as client, client.websocket("/game") as player:
        await player.send_json({"x": 1, "y": 2})
        assert await player.receive_json() == {"x": 1, "y": 2}
        await player.send_json({"x": 1})
        assert (await player.receive_json())["type"] == "invalid_message"


def test_the_links_of_the_documents_lead_to_files() -> None:
    for document in [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("packages/*/*.md"),
        *ROOT.glob("benchmarks/*.md"),
    ]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.relative_to(ROOT)} links to {target}"
