"""The members of the workspace, as their files declare them."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Member:
    """One distribution of the workspace: ``packages/NAME`` and what its pyproject.toml says."""

    path: Path
    pyproject: dict[str, Any]

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def package(self) -> str:
        """The import name below ``kui``: "websocket" for kui-websocket; the assembly, kui, is "asgi"."""
        return "asgi" if self.name == "kui" else self.name.removeprefix("kui-")

    @property
    def source(self) -> Path:
        return self.path / "src" / "kui" / self.package

    @property
    def in_namespace(self) -> list[str]:
        """What it puts into the folder ``kui``: its package; the assembly brings ``python -m kui`` too."""
        return [self.package, "__main__.py"] if self.name == "kui" else [self.package]

    @property
    def version(self) -> Version:
        return Version(self.pyproject["project"]["version"])

    @property
    def dependencies(self) -> list[Requirement]:
        return _requirements(self.pyproject["project"].get("dependencies", []))

    @property
    def extras(self) -> list[Requirement]:
        """What the optional dependencies ask for, all extras together."""
        groups = self.pyproject["project"].get("optional-dependencies", {})
        return [requirement for group in groups.values() for requirement in _requirements(group)]

    @property
    def test_group(self) -> list[Requirement]:
        return _requirements(self.pyproject.get("dependency-groups", {}).get("test", []))

    @property
    def started_by_others(self) -> set[str]:
        """The modules that another program imports by name: entry points and ``__main__``."""
        project = self.pyproject["project"]
        tables = [project.get("scripts", {}), *project.get("entry-points", {}).values()]
        named = {target.partition(":")[0] for table in tables for target in table.values()}
        return named | {f"kui.{self.package}.__main__"}

    def modules(self) -> dict[str, Path]:
        """Return the file of every module of this member, by dotted name."""
        return {_module_name(file, self.path / "src"): file for file in sorted(self.source.rglob("*.py"))}


def members(root: Path = ROOT) -> dict[str, Member]:
    """Read every ``packages/*/pyproject.toml``; the keys are the folders' names."""
    found = sorted(root.glob("packages/*/pyproject.toml"))
    return {file.parent.name: Member(file.parent, tomllib.loads(file.read_text("utf-8"))) for file in found}


def closure(requirements: list[Requirement], workspace: dict[str, Member]) -> dict[str, Member]:
    """Return the members that the requirements reach, directly and through other members."""
    reached: dict[str, Member] = {}
    waiting = [distribution(requirement) for requirement in requirements]
    while waiting:
        name = waiting.pop()
        if name in workspace and name not in reached:
            reached[name] = workspace[name]
            waiting += [distribution(requirement) for requirement in workspace[name].dependencies]
    return reached


def distribution(requirement: Requirement) -> str:
    """Return the normalised name of what is required: "typing-extensions" for Typing_Extensions."""
    return canonicalize_name(requirement.name)


def changelog_headings(text: str) -> list[tuple[str, str]]:
    """Return the (version, date) pairs of the headings ``## VERSION (DATE)``, as they are written."""
    return re.findall(r"^## (\S+) \(([^)\n]*)\)[ \t]*$", text, re.MULTILINE)


def _requirements(lines: list[str]) -> list[Requirement]:
    return [Requirement(line) for line in lines]


def _module_name(file: Path, src: Path) -> str:
    return ".".join(file.relative_to(src).with_suffix("").parts).removesuffix(".__init__")
