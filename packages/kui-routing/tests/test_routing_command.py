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


def test_an_application_without_routes_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "routing_command_empty.py").write_text("app = []\n")
    assert listed("routing_command_empty", monkeypatch, capsys) == [["There", "are", "no", "routes."]]


def test_a_collection_of_routes_will_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = listed("routing_command_app:App.routes", monkeypatch, capsys)
    assert [line[2] for line in lines] == ["/a", "/ws/{x:int}"]


@pytest.mark.parametrize(
    "target",
    [
        "routing_command_none:app",
        "routing_command_app.below:app",
        "routing_command_app:x",
        "routing_command_app:nothing",
        "",
        ":app",
        ".routing_command_app:app",
    ],
)
def test_a_target_without_routes_is_an_error_of_usage(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        listed(target, monkeypatch, capsys)
    assert f"error: {target}: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("import no_such_module_at_all", ModuleNotFoundError),
        ("from os import no_such_name_at_all", ImportError),
        ("raise AttributeError('of the application')", AttributeError),
        ("from kui.routing import *\nRouter([HttpRoute('/', print, 5)])", TypeError),
        ("from kui.routing import *\nRouter([HttpRoute('x', print)])", ValueError),
        ("{}['of the application']", KeyError),
    ],
)
def test_an_error_of_the_application_itself_is_not_hidden(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    source: str,
    error: type[Exception],
) -> None:
    (folder / "routing_command_app.py").write_text(source, encoding="utf-8")
    with pytest.raises(error) as caught:
        listed("routing_command_app:app", monkeypatch, capsys)
    assert any(str(entry.path).endswith("routing_command_app.py") for entry in caught.traceback)


VARIED = """\
import functools
from kui.routing import HttpRoute, Mount, Router, SocketRoute

class View:
    def __await__(self): yield

class Instance:
    async def __call__(self): ...

async def chat(*options): ...

async def files(scope, receive, send): ...

def wrapped(function):
    @functools.wraps(function)
    async def wrapper(): ...
    return wrapper

app = Router([
    SocketRoute("/view", View),
    HttpRoute("/instance", Instance(), methods=["GET"]),
    SocketRoute("/method", Instance().__call__, "method"),
    HttpRoute("/partial", functools.partial(chat, 1)),
    HttpRoute("/wrapped", wrapped(chat), None),
    Mount("/files", files, "files"),
    Mount("/socket", functools.partial(files), protocols=["websocket"]),
])
"""


def test_every_kind_of_endpoint_is_listed_with_its_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "routing_command_app.py"
    file.write_text(VARIED, encoding="utf-8")
    lines = listed("routing_command_app", monkeypatch, capsys)
    assert [[cell.replace(str(file), "file") for cell in line] for line in lines] == [
        ["websocket", "-", "/view", "View", "routing_command_app.View", "file:4"],
        ["http", "GET", "/instance", "Instance", "routing_command_app.Instance", "file:7"],
        ["websocket", "-", "/method", "method", "routing_command_app.Instance.__call__", "file:8"],
        ["http", "*", "/partial", "chat", "routing_command_app.chat", "file:10"],
        ["http", "*", "/wrapped", "-", "routing_command_app.chat", "file:10"],
        ["http,websocket", "*", "/files", "files", "routing_command_app.files", "file:12"],
        ["websocket", "-", "/socket", "-", "routing_command_app.files", "file:12"],
    ]


def test_the_module_runs_as_a_program(folder: Path) -> None:
    command = [sys.executable, "-m", "kui.routing", "routing_command_app:app"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["http", "websocket"]
