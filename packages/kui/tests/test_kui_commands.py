"""The command `kui`: the table of routes, and one sentence for what cannot be done."""

import builtins
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from kui.asgi.commands import main
from kui.asgi.target import TargetError, check_module

MODULE = """
from kui.asgi import HttpRoute, HttpView, Kui, Mount, SocketView, required_method

app = Kui()
nothing = 7

def plain(scope, receive, send): ...

@app.router.http.get("/")
async def home(): ...

@app.router.websocket("/live/{room}")
class Live(SocketView): ...

class Notes(HttpView):
    async def get(self): ...

app.router <<= HttpRoute("/notes", Notes)
app.router <<= HttpRoute("/save", home, "save") @ required_method("POST")
app.router <<= Mount("/plain", plain)

class Outermost:
    def __init__(self, app): self.app = app
    async def __call__(self, scope, receive, send): ...

wrapped = Outermost(app)

def factory():
    return wrapped
"""

ROWS = [
    ["http", "GET", "/", "home", "shown.home"],
    ["websocket", "-", "/live/{room}", "Live", "shown.Live"],
    ["http", "GET", "/notes", "Notes", "shown.Notes"],
    ["http", "POST", "/save", "save", "shown.home"],
    ["http,websocket", "*", "/plain", "-", "shown.plain"],
]


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shown.py").write_text(MODULE)
    (tmp_path / "broken.py").write_text("import no_such_module_at_all")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    for name in ("shown", "broken"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def rows(output: str) -> list[list[str]]:
    return [line.split()[:5] for line in output.splitlines()]


@pytest.mark.parametrize(
    "words", [["shown:app"], ["shown"], ["shown:wrapped"], ["shown:factory", "--factory"]], ids=" ".join
)
def test_routes_prints_a_line_for_each_route(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    main(["routes", *words])
    assert rows(capsys.readouterr().out) == ROWS


def test_routes_looks_for_the_module_in_another_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "shown_elsewhere.py").write_text(MODULE)
    main(["routes", "shown_elsewhere", "--app-dir", str(tmp_path / "folder")])
    assert len(rows(capsys.readouterr().out)) == len(ROWS)


def test_the_installed_command_runs(tmp_path: Path) -> None:
    kui = shutil.which("kui", path=sysconfig.get_path("scripts"))
    if kui is None:
        pytest.skip("kui can be imported here, and is not installed")
    done = subprocess.run([kui, "routes", "shown"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert rows(done.stdout) == ROWS


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("nowhere:app", "there is no module 'nowhere'; write module:attribute, as in chat.main:app"),
        ("shown.below:app", "there is no module 'shown.below'; write module:attribute, as in chat.main:app"),
        (":app", "there is no module ''; write module:attribute, as in chat.main:app"),
        (".shown:app", "there is no module '.shown'; write module:attribute, as in chat.main:app"),
        ("shown:missing", "the module 'shown' has no attribute 'missing'"),
        ("shown:nothing", "'shown:nothing' is no ASGI application: it is a int, which cannot be called"),
        ("shown:plain", "'shown:plain' has no router, so its routes are not known"),
    ],
)
def test_a_target_that_is_none_is_told_in_a_sentence(
    target: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["routes", target])
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"kui: {sentence}\n"


def test_an_error_inside_of_the_module_is_not_hidden() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all"):
        main(["routes", "broken"])


@pytest.mark.parametrize("error", ["ValueError", "TypeError", "AttributeError", "KeyError", "ImportError"])
def test_an_error_that_the_module_raises_is_not_taken_for_a_wrong_target(tmp_path: Path, error: str) -> None:
    (tmp_path / f"raises_{error}.py").write_text(f"raise {error}('of the application')")
    with pytest.raises(getattr(builtins, error), match="of the application"):
        main(["routes", f"raises_{error}:app"])


def test_an_error_that_a_package_raises_is_not_taken_for_a_wrong_target(tmp_path: Path) -> None:
    (tmp_path / "raising_package").mkdir()
    (tmp_path / "raising_package" / "__init__.py").write_text("raise ValueError('of the application')")
    with pytest.raises(ValueError, match="of the application"):
        check_module("raising_package.main:app")


@pytest.mark.parametrize("target", ["", ":app", ".shown:app", "nowhere", "nowhere.main"])
def test_a_module_that_is_none_is_told_before_it_is_imported(target: str) -> None:
    with pytest.raises(TargetError, match="there is no module"):
        check_module(target)


def test_run_without_uvicorn_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "click", None)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "kui.asgi.__main__", raising=False)
    with pytest.raises(SystemExit) as ended:
        main(["run", "shown"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "kui: kui run needs uvicorn: pip install 'kui[run]'\n"


def test_without_a_command_the_usage_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "usage: kui" in capsys.readouterr().err
