"""`python -m kui.routing` lists the routes of an application."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = """\
from kui.routing import HttpRoute, Mount, Router, Routes, SocketRoute

async def chat(): ...

class App:
    routes = Routes(HttpRoute("/a", chat, methods=["GET", "POST"]), SocketRoute("/ws/{x:int}", chat, "ws"))
    router = Router("/v1" // routes)

app = App()
nothing = 5
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "routing_command_app.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.delitem(sys.modules, "routing_command_app", raising=False)
    return tmp_path


def listed(
    argument: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[list[str]]:
    monkeypatch.setattr(sys, "argv", ["routing", argument])
    runpy.run_module("kui.routing", run_name="__main__")
    return [line.split() for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    "target", ["routing_command_app:app", "routing_command_app:app.router", "routing_command_app"]
)
def test_a_line_for_each_route(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    place = f"{folder / 'routing_command_app.py'}:3"
    assert listed(target, monkeypatch, capsys) == [
        ["http", "GET,POST", "/v1/a", "chat", "routing_command_app.chat", place],
        ["websocket", "-", "/v1/ws/{x:int}", "ws", "routing_command_app.chat", place],
    ]


def test_a_collection_of_routes_will_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = listed("routing_command_app:App.routes", monkeypatch, capsys)
    assert [line[2] for line in lines] == ["/a", "/ws/{x:int}"]


@pytest.mark.parametrize(
    "target", ["routing_command_none:app", "routing_command_app:x", "routing_command_app:nothing"]
)
def test_a_target_without_routes_is_an_error_of_usage(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        listed(target, monkeypatch, capsys)
    assert f"error: {target}: " in capsys.readouterr().err


def test_the_module_runs_as_a_program(folder: Path) -> None:
    command = [sys.executable, "-m", "kui.routing", "routing_command_app:app"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["http", "websocket"]
