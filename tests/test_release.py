"""Releasing one package writes, commits and tags that package alone, and a check finds what disagrees."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import release
from workspace import ROOT

TODAY = date(2026, 11, 22)
CORE, SOCKET = "packages/kui-core", "packages/kui-websocket"


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=root, check=True, capture_output=True, text=True
    ).stdout.strip()


def write(root: Path, folder: str, version: str, dependencies: str = "") -> None:
    (root / folder).mkdir(parents=True, exist_ok=True)
    name = folder.removeprefix("packages/")
    project = f'[project]\nname = "{name}"\nversion = "{version}"\ndependencies = [{dependencies}]\n'
    (root / folder / "pyproject.toml").write_text(project)
    (root / folder / "CHANGELOG.md").write_text(f"# Changelog\n\n## {version} (unreleased)\n\n- New.\n")


def commit(root: Path, message: str = "work") -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of two packages, kui-core and kui-websocket, that nothing was released from."""
    for key, value in {"NAME": "Somebody", "EMAIL": "somebody@example.org"}.items():
        monkeypatch.setenv(f"GIT_AUTHOR_{key}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{key}", value)
    for key in ("GLOBAL", "SYSTEM"):
        monkeypatch.setenv(f"GIT_CONFIG_{key}", "/dev/null")
    git(tmp_path, "init", "-q")
    write(tmp_path, CORE, "0.1.0")
    write(tmp_path, SOCKET, "0.1.0", '"kui-core>=0.1,<0.2"')
    commit(tmp_path)
    return tmp_path


def test_a_release_dates_the_changelog_commits_and_tags(repository: Path) -> None:
    assert release.release(repository, "kui-core", "0.1.0", TODAY) == "kui-core-v0.1.0"
    assert "## 0.1.0 (2026-11-22)" in (repository / CORE / "CHANGELOG.md").read_text()
    assert git(repository, "log", "-1", "--format=%s") == "Release kui-core 0.1.0"
    assert git(repository, "describe", "--exact-match") == "kui-core-v0.1.0"
    assert git(repository, "status", "--porcelain") == ""


def test_a_release_may_raise_the_version(repository: Path) -> None:
    release.release(repository, "kui-core", "0.1.7", TODAY)
    assert 'version = "0.1.7"' in (repository / CORE / "pyproject.toml").read_text()
    assert "## 0.1.7 (2026-11-22)" in (repository / CORE / "CHANGELOG.md").read_text()


def test_a_release_leaves_the_other_packages_alone(repository: Path) -> None:
    release.release(repository, "kui-core", "0.1.7", TODAY)
    assert git(repository, "diff", "--stat", "HEAD~1", "--", SOCKET) == ""


@pytest.mark.parametrize(
    ("name", "version", "why"),
    [
        ("kui-core", "1.0", "'1.0' is no version of the form X.Y.Z"),
        ("kui-core", "next", "'next' is no version of the form X.Y.Z"),
        ("kui-cor", "1.0.0", "no package 'kui-cor'; there are kui-core, kui-websocket"),
        ("kui-core", "0.0.9", "kui-core is at 0.1.0 already; choose a later version than 0.0.9"),
        ("kui-core", "0.2.0", "kui-websocket requires kui-core<0.2,>=0.1, which 0.2.0 is outside of"),
    ],
)
def test_a_release_that_would_be_wrong_is_refused(
    repository: Path, name: str, version: str, why: str
) -> None:
    head = git(repository, "rev-parse", "HEAD")
    with pytest.raises(release.Refused) as refusal:
        release.release(repository, name, version, TODAY)
    assert str(refusal.value).startswith(why)
    assert git(repository, "rev-parse", "HEAD") == head
    assert git(repository, "status", "--porcelain") == ""


def test_a_working_tree_with_changes_is_refused(repository: Path) -> None:
    (repository / "note.txt").write_text("later")
    with pytest.raises(release.Refused, match=r"not clean(.|\n)*note\.txt"):
        release.release(repository, "kui-core", "0.1.0", TODAY)


def test_a_second_release_of_a_version_is_refused(repository: Path) -> None:
    release.release(repository, "kui-core", "0.1.0", TODAY)
    with pytest.raises(release.Refused, match=r"the tag kui-core-v0\.1\.0 exists"):
        release.release(repository, "kui-core", "0.1.0", TODAY)


def test_a_release_without_news_is_refused(repository: Path) -> None:
    release.release(repository, "kui-core", "0.1.0", TODAY)
    with pytest.raises(release.Refused, match="does not begin with"):
        release.release(repository, "kui-core", "0.1.1", TODAY)


def test_released_and_unreleased_packages_agree(repository: Path) -> None:
    release.release(repository, "kui-core", "0.1.0", TODAY)
    assert list(release.disagreements(repository)) == []


def test_a_version_without_its_changelog_entry_is_told(repository: Path) -> None:
    project = repository / CORE / "pyproject.toml"
    project.write_text(project.read_text().replace("0.1.0", "0.1.1"))
    assert list(release.disagreements(repository)) == [
        "kui-core: the version is 0.1.1, the changelog's top entry is for 0.1.0"
    ]


def test_an_entry_with_neither_a_date_nor_unreleased_is_told(repository: Path) -> None:
    changelog = repository / CORE / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().replace("unreleased", "soon"))
    assert list(release.disagreements(repository)) == [
        "kui-core: the changelog's top entry has (soon), expected (unreleased) or (YYYY-MM-DD)"
    ]


def test_a_tag_set_by_hand_on_an_unreleased_version_is_told(repository: Path) -> None:
    git(repository, "tag", "kui-core-v0.1.0")
    assert list(release.disagreements(repository)) == [
        "kui-core: 0.1.0 is tagged, and its changelog entry says (unreleased): open an entry for the next",
        "kui-core-v0.1.0: the changelog's top entry at the tag is 0.1.0 (unreleased), expected 0.1.0 (YYYY-MM-DD)",
    ]


def test_a_tag_of_another_version_is_told(repository: Path) -> None:
    release.release(repository, "kui-core", "0.1.0", TODAY)
    git(repository, "tag", "kui-core-v0.1.1")
    assert list(release.disagreements(repository)) == [
        "kui-core-v0.1.1: the version at the tag is 0.1.0",
        "kui-core-v0.1.1: the changelog's top entry at the tag is 0.1.0 (2026-11-22), expected 0.1.1 (YYYY-MM-DD)",
    ]


def test_a_tag_of_a_package_that_was_not_there_is_told(repository: Path) -> None:
    git(repository, "tag", "kui-http-v0.1.0")
    [told] = release.disagreements(repository)
    assert told.startswith("kui-http-v0.1.0: git show kui-http-v0.1.0:packages/kui-http/pyproject.toml")


def call(*arguments: str) -> "subprocess.CompletedProcess[str]":
    script = ROOT / "scripts" / "release.py"
    return subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True)


def test_the_check_of_this_workspace_passes() -> None:
    assert (call("--check").stdout, call("--check").returncode) == (
        "versions, changelogs and tags agree\n",
        0,
    )


def test_the_command_releases_and_names_the_tag(repository: Path) -> None:
    done = call("kui-websocket", "0.1.0", "--root", str(repository))
    assert done.stdout == (
        "committed and tagged kui-websocket-v0.1.0; to publish it: git push origin HEAD kui-websocket-v0.1.0\n"
    )
    assert done.returncode == 0


def test_the_command_says_in_one_line_why_it_refuses(repository: Path) -> None:
    done = call("kui-core", "one", "--root", str(repository))
    assert (done.stderr, done.returncode) == ("'one' is no version of the form X.Y.Z\n", 1)


@pytest.mark.parametrize("arguments", [(), ("kui-core",), ("kui-core", "0.1.0", "--check")])
def test_the_command_wants_a_package_and_version_or_a_check(arguments: tuple[str, ...]) -> None:
    done = call(*arguments)
    assert "give a NAME and a version, or --check alone" in done.stderr
    assert done.returncode == 2
