"""Release one package: write its version and date, commit, tag. Nothing is pushed or published.

python scripts/release.py NAME X.Y.Z        on a clean working tree
python scripts/release.py --check           do version, changelog and tags of every package agree?
"""

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from packaging.version import InvalidVersion, Version

from workspace import ROOT, Member, changelog_headings, distribution, members

TAG = re.compile(r"(?P<name>kui[a-z-]*)-v(?P<version>\d\S*)")


class Refused(Exception):
    """The release cannot be made; the message says what to do first."""


def release(root: Path, name: str, text: str, today: date) -> str:
    """Write version and date, commit both, set the tag and return it.

    Raises:
        Refused: before anything is written.
    """
    workspace = members(root)
    if name not in workspace:
        raise Refused(f"no package {name!r}; there are {', '.join(workspace)}")
    member, version = workspace[name], _version(text)
    tag = f"{name}-v{version}"
    if changes := git(root, "status", "--porcelain"):
        raise Refused(f"the working tree is not clean; commit these first:\n{changes}")
    if git(root, "tag", "-l", tag):
        raise Refused(f"the tag {tag} exists; choose a later version")
    if version < member.version:
        raise Refused(f"{name} is at {member.version} already; choose a later version than {version}")
    for other in workspace.values():
        for requirement in [*other.dependencies, *other.extras, *other.test_group]:
            if distribution(requirement) == name and not requirement.specifier.contains(
                version, prereleases=True
            ):
                raise Refused(
                    f"{other.name} requires {requirement}, which {version} is outside of; commit its new range"
                )

    project, changelog = member.path / "pyproject.toml", member.path / "CHANGELOG.md"
    headings = changelog_headings(changelog.read_text("utf-8"))
    if not headings or headings[0][1] != "unreleased":
        raise Refused(
            f"{changelog.relative_to(root)} does not begin with '## {version} (unreleased)': say what is new"
        )
    _replace_once(project, rf'^version = "{re.escape(str(member.version))}"$', f'version = "{version}"')
    _replace_once(
        changelog, rf"^## {re.escape(headings[0][0])} \(unreleased\)[ \t]*$", f"## {version} ({today})"
    )
    git(root, "commit", "-q", "-m", f"Release {name} {version}", "--", str(project), str(changelog))
    git(root, "tag", "-a", "-m", f"{name} {version}", tag)
    return tag


def disagreements(root: Path) -> Iterator[str]:
    """Compare version and changelog of every package, now and at each of its tags."""
    workspace = members(root)
    tags = git(root, "tag", "-l", "kui*-v*").split()
    for member in workspace.values():
        yield from _present(member, tags)
    for tag in tags:
        if match := TAG.fullmatch(tag):
            yield from _at_tag(root, tag, match["name"], match["version"])


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.rstrip()


def _version(text: str) -> Version:
    try:
        version = Version(text)
    except InvalidVersion:
        version = Version("0")
    if str(version) != text or len(version.release) != 3:
        raise Refused(f"{text!r} is no version of the form X.Y.Z")
    return version


def _replace_once(file: Path, pattern: str, line: str) -> None:
    text, count = re.subn(pattern, line, file.read_text("utf-8"), count=1, flags=re.MULTILINE)
    if not count:
        raise Refused(f"{file} has no line that matches {pattern}")
    file.write_text(text, "utf-8")


def _present(member: Member, tags: list[str]) -> Iterator[str]:
    version, when = _top(member.path.joinpath("CHANGELOG.md").read_text("utf-8"))
    if version != str(member.version):
        yield f"{member.name}: the version is {member.version}, the changelog's top entry is for {version}"
    elif when == "unreleased" and f"{member.name}-v{version}" in tags:
        yield f"{member.name}: {version} is tagged, and its changelog entry says (unreleased): open an entry for the next"
    elif when != "unreleased" and not _is_date(when):
        yield f"{member.name}: the changelog's top entry has ({when}), expected (unreleased) or (YYYY-MM-DD)"


def _at_tag(root: Path, tag: str, name: str, tagged: str) -> Iterator[str]:
    try:
        project = tomllib.loads(git(root, "show", f"{tag}:packages/{name}/pyproject.toml"))["project"]
        changelog = git(root, "show", f"{tag}:packages/{name}/CHANGELOG.md")
    except Refused as missing:
        yield f"{tag}: {missing}"
        return
    if project["version"] != tagged:
        yield f"{tag}: the version at the tag is {project['version']}"
    version, when = _top(changelog)
    if version != tagged or not _is_date(when):
        yield f"{tag}: the changelog's top entry at the tag is {version} ({when}), expected {tagged} (YYYY-MM-DD)"


def _top(changelog: str) -> tuple[str, str]:
    headings = changelog_headings(changelog)
    return headings[0] if headings else ("nothing", "")


def _is_date(text: str) -> bool:
    try:
        return str(date.fromisoformat(text)) == text
    except ValueError:
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description="Release one package, or check what was released.")
    parser.add_argument("name", nargs="?", metavar="NAME", help="the package, as kui-websocket")
    parser.add_argument("version", nargs="?", metavar="X.Y.Z")
    parser.add_argument(
        "--check", action="store_true", help="compare versions, changelogs and tags; change nothing"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the workspace (default: this one)")
    options = parser.parse_args()
    if options.check == bool(options.name and options.version):
        parser.error("give a NAME and a version, or --check alone")
    try:
        if options.check:
            found = list(disagreements(options.root))
            print("\n".join(found) if found else "versions, changelogs and tags agree")
            return 1 if found else 0
        tag = release(options.root, options.name, options.version, datetime.now(UTC).date())
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print(f"committed and tagged {tag}; to publish it: git push origin HEAD {tag}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
