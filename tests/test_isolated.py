"""What scripts/isolated.py decides without building anything."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import isolated
from workspace import ROOT, Member, closure, members

CORE = Member(Path("packages/kui-core"), {"project": {"version": "0.1.0", "dependencies": ["baize>=0.23"]}})
SOCKET = Member(
    Path("packages/kui-websocket"),
    {"project": {"version": "0.1.0", "dependencies": ["Kui_Core>=0.1", "baize"]}},
)
PAIR = {"kui-core": CORE, "kui-websocket": SOCKET}
SOUND = ["kui/core/__init__.py", "kui/core/py.typed", "kui_core-0.1.0.dist-info/licenses/LICENSE"]


def wheel(folder: Path, names: list[str]) -> Path:
    file = folder / "kui_core-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return file


def test_a_wheel_with_the_whole_package_passes(tmp_path: Path) -> None:
    isolated.check_wheel(wheel(tmp_path, SOUND), CORE)


def test_a_wheel_that_owns_the_namespace_fails(tmp_path: Path) -> None:
    with pytest.raises(isolated.Failed, match=r"holds more than kui/core/: kui/__init__\.py$"):
        isolated.check_wheel(wheel(tmp_path, [*SOUND, "kui/__init__.py"]), CORE)


@pytest.mark.parametrize("missing", SOUND)
def test_a_wheel_that_lacks_a_file_fails(missing: str, tmp_path: Path) -> None:
    with pytest.raises(isolated.Failed, match=f"lacks {missing}$"):
        isolated.check_wheel(wheel(tmp_path, [name for name in SOUND if name != missing]), CORE)


def test_a_requirement_reaches_the_members_behind_it() -> None:
    assert list(closure([Requirement("kui-websocket"), Requirement("pytest")], PAIR)) == [
        "kui-websocket",
        "kui-core",
    ]


def test_a_member_that_nobody_declares_fails() -> None:
    with pytest.raises(isolated.Failed, match="declared and installed differ: kui-websocket"):
        isolated.expect_members({"kui-core": CORE}, {"kui-core": "0.1.0", "kui-websocket": "0.1.0"}, PAIR)


def test_a_declared_member_that_is_not_there_fails() -> None:
    with pytest.raises(isolated.Failed, match="declared and installed differ: kui-core"):
        isolated.expect_members(PAIR, {"kui-websocket": "0.1.0", "baize": "0.23.1"}, PAIR)


def test_a_failing_command_is_told_with_its_output(tmp_path: Path) -> None:
    with pytest.raises(isolated.Failed, match=r"(?s)^\$ .*sys\.exit.*\nbroken$"):
        isolated.run(sys.executable, "-c", "import sys; sys.exit('broken')", cwd=tmp_path)


def test_the_developers_python_settings_stay_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert "/elsewhere" not in isolated.run(sys.executable, "-c", "import sys; print(sys.path)", cwd=tmp_path)


def test_the_table_has_a_row_for_each_distribution() -> None:
    outcome = isolated.Outcome("kui-core", ["baize 0.23.1", "kui-core 0.1.0"], 212, 49.6, "1 passed")
    assert isolated.table([outcome]).splitlines() == [
        "distribution   installs     KiB import ms",
        "kui-core              2     212        50  baize 0.23.1, kui-core 0.1.0",
    ]


def test_an_unknown_distribution_is_told() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "isolated.py"), "kui-nope"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert f"no such distribution: kui-nope; there are {', '.join(members())}" in done.stderr
    assert done.returncode == 2
