"""`python -m kui.routing` lists the routes of an application."""

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from routing_endpoints import Endpoint

from kui.routing import BaseRoute, HttpRoute, Mount, Router, SocketRoute

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


async def read() -> None: ...


async def file(scope: Any, receive: Any, send: Any) -> None: ...


class View:
    """A class view as kui.http makes them."""

    bound_methods = ("post", "get")

    def __await__(self) -> Any: ...


def only_put(endpoint: Endpoint) -> Endpoint:
    return endpoint


vars(only_put)["__method__"] = "PUT"  # as kui.http.required_method makes them


@pytest.mark.parametrize(
    ("route", "shown"),
    [
        (HttpRoute("/", read), ("http", "*")),
        (HttpRoute("/", read, methods=["POST", "GET"]), ("http", "GET,POST")),
        (HttpRoute("/", read) @ only_put, ("http", "PUT")),
        (HttpRoute("/", View), ("http", "GET,POST")),
        (HttpRoute("/", View, methods=["GET"]), ("http", "GET")),
        (SocketRoute("/", View), ("websocket", "-")),
        (Mount("/static", file), ("http,websocket", "*")),
        (Mount("/live", file, protocols=["websocket"]), ("websocket", "-")),
    ],
)
def test_a_route_is_one_line_with_the_methods_that_it_serves(
    route: BaseRoute, shown: tuple[str, str]
) -> None:
    (line,) = str(Router([route])).splitlines()
    assert tuple(line.split()[:2]) == shown


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
