"""run.py says what it can do, and in one sentence why it cannot."""

import ast
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from workspace import ROOT

SCRIPT = ROOT / "run.py"
COMMANDS = ["demo", "test", "check", "fix", "cov", "isolated", "release", "--hatch"]


def run(
    *arguments: str, python: str = sys.executable, script: Path = SCRIPT
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([python, str(script), *arguments], capture_output=True, text=True)


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A run.py beside which nothing was fetched yet."""
    return Path(shutil.copy(SCRIPT, tmp_path))


def on_python(version: tuple[int, int], fresh: Path) -> Path:
    """Write a program that runs run.py as a Python of that version would: it sees another sys.version_info."""
    wrapper = fresh.with_name("other_python.py")
    wrapper.write_text(
        "import runpy, sys\n"
        f"sys.version_info = ({version[0]}, {version[1]}, 0, 'final', 0)\n"
        f"runpy.run_path({str(fresh)!r}, run_name='__main__')\n"
    )
    return wrapper


def test_an_unknown_command_lists_the_commands() -> None:
    done = run("deploy")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("unknown command: deploy\nusage: python3 run.py COMMAND")
    assert [line.split()[0] for line in done.stderr.splitlines() if line.startswith("  ")] == COMMANDS


def test_no_command_lists_the_commands() -> None:
    done = run()
    assert done.returncode == 2
    assert done.stderr.startswith("usage: python3 run.py COMMAND")


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_is_no_error(option: str) -> None:
    done = run(option)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")] == COMMANDS


@pytest.mark.parametrize("command", ["demo", "test"])
def test_an_old_python_is_told_in_one_sentence(command: str, fresh: Path) -> None:
    done = run(command, script=on_python((3, 10), fresh))
    assert done.stderr == "kui needs Python 3.11 or later, and this is Python 3.10.\n"
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.parametrize("name", ["python3.9", "python3.10"])
def test_a_real_old_python_is_told_in_one_sentence(name: str, fresh: Path) -> None:
    python = shutil.which(name)
    # pyenv puts a shim on the PATH also for a version that it does not start
    if python is None or subprocess.run([python, "--version"], capture_output=True).returncode:
        pytest.skip(f"{name} is not on this machine")
    done = run("test", python=python, script=fresh)
    assert (
        done.stderr == f"kui needs Python 3.11 or later, and this is Python {name.removeprefix('python')}.\n"
    )
    assert done.returncode == 1


def test_older_pythons_can_read_the_file() -> None:
    ast.parse(SCRIPT.read_text("utf-8"), feature_version=(3, 7))


@pytest.fixture
def without_pip(fresh: Path) -> Path:
    """The folder of a Python that has no pip."""
    folder = fresh.with_name("without-pip")
    venv.create(folder, with_pip=False, symlinks=True)
    return folder


def test_a_python_without_pip_is_told_in_one_sentence(without_pip: Path, fresh: Path) -> None:
    python = str(without_pip / "bin" / "python")
    done = run("test", python=python, script=fresh)
    assert (
        done.stderr
        == f"kui's tools are fetched with pip, which {python} does not have: install pip for it first.\n"
    )
    assert (done.returncode, done.stdout) == (1, "")


def test_a_failed_download_is_told_without_a_traceback(without_pip: Path, fresh: Path) -> None:
    [site] = without_pip.glob("lib/python3*/site-packages")
    (site / "pip").mkdir()
    # a pip that is there and reaches no index
    (site / "pip" / "__main__.py").write_text(
        "import sys\nsys.exit('--version' not in sys.argv and 'no network')\n"
    )
    done = run("test", python=str(without_pip / "bin" / "python"), script=fresh)
    assert done.returncode == 1
    assert done.stdout.startswith("first run: fetching uv==")
    assert done.stderr.startswith("no network\nthis step failed, and said why above: ")
    assert "Traceback" not in done.stderr
