"""The rules that keep the distributions apart, each a function from the workspace to what breaks it."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from imports import Import, cycle, imports_of, public_names
from workspace import Member, changelog_headings, distribution, members

MAY_DEPEND_ON = {
    "kui-core": set[str](),
    "kui-routing": set[str](),
    "kui-testing": set[str](),
    "kui-websocket": {"kui-core"},
    "kui-http": {"kui-core"},
    "kui-params": {"kui-core"},
    "kui": {"kui-core", "kui-routing", "kui-websocket", "kui-http", "kui-params"},
}
"""The whole graph of the distributions (docs/design.md); what an extra or a test asks for is free."""

Rule = Callable[[Path], Iterator[str]]


def dependencies_follow_the_graph(root: Path) -> Iterator[str]:
    workspace = members(root)
    for name, member in workspace.items():
        if name not in MAY_DEPEND_ON:
            yield f"{name}: not in the graph of distributions; add it to MAY_DEPEND_ON in scripts/architecture.py"
            continue
        declared = {distribution(r) for r in member.dependencies} & {*workspace, *MAY_DEPEND_ON}
        for other in sorted(declared - MAY_DEPEND_ON[name]):
            yield f"{name}: depends on {other}, which the design does not allow"


def imports_are_declared(root: Path) -> Iterator[str]:
    workspace = members(root)
    for member in workspace.values():
        required = {distribution(r) for r in member.dependencies} | {member.name}
        optional = {distribution(r) for r in member.extras}
        tested_with = {distribution(r) for r in member.test_group}
        for module, file in member.modules().items():
            for found in _imports(module, file):
                if (owners := _owners(found, workspace)) & required:
                    continue
                if not owners & optional and not (module in member.started_by_others and owners & {"pytest"}):
                    yield f"{_at(file, found, root)}: imports {_told(owners)}, which {member.name} does not declare"
                elif not found.guarded and module not in member.started_by_others:
                    yield (
                        f"{_at(file, found, root)}: needs {_told(owners)}, an extra of {member.name}, on import;"
                        " import it where it is used"
                    )
        for file in sorted((member.path / "tests").rglob("*.py")):
            for found in _imports(file.stem, file):
                owners = _owners(found, workspace)
                if (
                    not owners & (required | tested_with)
                    and not (member.path / "tests" / f"{found.module}.py").exists()
                ):
                    yield f"{_at(file, found, root)}: imports {_told(owners)}, which is not in the test group"


def dependencies_are_imported(root: Path) -> Iterator[str]:
    workspace = members(root)
    for member in workspace.values():
        used = {
            owner
            for module, file in member.modules().items()
            for found in _imports(module, file)
            for owner in _owners(found, workspace)
        }
        for requirement in [*member.dependencies, *member.extras]:
            if distribution(requirement) not in used | {member.name}:
                yield f"{member.name}: declares {requirement.name}, which no module below src imports"


def packages_meet_at_public_names(root: Path) -> Iterator[str]:
    workspace = members(root)
    by_package = {f"kui.{member.package}": member for member in workspace.values()}
    public = {name: public_names(member.source / "__init__.py") for name, member in by_package.items()}
    for member in workspace.values():
        for file in [*member.modules().values(), *sorted((member.path / "tests").rglob("*.py"))]:
            module = _module(file, member)
            for found in _imports(module, file):
                package = ".".join(found.module.split(".")[:2])
                if found.module.split(".")[0] != "kui" or package == f"kui.{member.package}":
                    continue
                names = public.get(package)
                if package == "kui" or found.module != package or found.name is None:
                    wanted = "kui.NAME" if package == "kui" else package
                    seen = (
                        f"import {found.module}"
                        if found.name is None
                        else f"from {found.module} import {found.name}"
                    )
                    yield f"{_at(file, found, root)}: {seen!r} reaches in; write 'from {wanted} import PUBLIC_NAME'"
                elif names is not None and found.name not in names:
                    yield f"{_at(file, found, root)}: {found.name} is not in {package}.__all__"


def modules_form_no_circle(root: Path) -> Iterator[str]:
    for member in members(root).values():
        modules = member.modules()
        graph = {
            module: {
                target
                for found in _imports(module, file)
                if found.at_import_time
                for target in _loaded_by(found, module, modules)
            }
            for module, file in modules.items()
        }
        if circle := cycle(graph):
            yield f"{member.name}: modules import each other in a circle: {' -> '.join(circle)}"


def the_namespace_is_shared(root: Path) -> Iterator[str]:
    for member in members(root).values():
        for stray in sorted((member.path / "src" / "kui").iterdir()):
            if stray.name == "__pycache__":
                continue
            if stray.name not in member.in_namespace:
                yield f"{stray.relative_to(root)}: {member.name} may put only {member.package}/ into the namespace"
        for needed in ("__init__.py", "py.typed"):
            if not (member.source / needed).exists():
                yield f"{member.source.relative_to(root)}: {needed} is missing"


def files_are_complete(root: Path) -> Iterator[str]:
    for member in members(root).values():
        for needed in ("README.md", "CHANGELOG.md", "LICENSE"):
            if not (member.path / needed).exists():
                yield f"{member.name}: {needed} is missing"
        mine = member.path / "LICENSE"
        if mine.exists() and (mine.is_symlink() or mine.read_bytes() != (root / "LICENSE").read_bytes()):
            yield f"{member.name}: LICENSE is not a copy of the workspace's"


def versions_are_consistent(root: Path) -> Iterator[str]:
    workspace = members(root)
    for name, member in workspace.items():
        written = str(member.pyproject["project"].get("version"))
        if not _is_canonical(written):
            yield f"{name}: version {written!r} is no PEP 440 version in its normal form"
            continue
        changelog = member.path / "CHANGELOG.md"
        headings = changelog_headings(changelog.read_text("utf-8")) if changelog.exists() else []
        if not headings or headings[0][0] != written:
            top = headings[0][0] if headings else "nothing"
            yield f"{name}: the changelog's top entry is for {top}, the version is {written}"
        for requirement in [*member.dependencies, *member.extras, *member.test_group]:
            other = workspace.get(distribution(requirement))
            if other is not None and other is not member:
                yield from _range_problems(member, requirement, other, root)


def metadata_is_uniform(root: Path) -> Iterator[str]:
    for name, member in members(root).items():
        wheel = {"only-include": [f"src/kui/{each}" for each in member.in_namespace], "sources": ["src"]}
        sdist = ["src", "tests", "README.md", "CHANGELOG.md", "LICENSE"]
        for keys, wanted in [
            (("project", "name"), name),
            (("project", "requires-python"), ">=3.11"),
            (("project", "license"), "Apache-2.0"),
            (("project", "license-files"), ["LICENSE"]),
            (("project", "readme"), "README.md"),
            (("build-system", "build-backend"), "hatchling.build"),
            (("tool", "hatch", "build", "targets", "wheel"), wheel),
            (("tool", "hatch", "build", "targets", "sdist", "only-include"), sdist),
        ]:
            if (seen := _value(member.pyproject, keys)) != wanted:
                yield f"{name}: {'.'.join(keys)} is {seen!r}, expected {wanted!r}"


def tools_know_every_package(root: Path) -> Iterator[str]:
    tool = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]
    for name, member in members(root).items():
        source = f"packages/{name}/src"
        for keys, wanted in [
            (("coverage", "run", "source_pkgs"), f"kui.{member.package}"),
            (("mypy", "mypy_path"), source),
            (("pyright", "extraPaths"), source),
        ]:
            if wanted not in (_value(tool, keys) or []):
                yield f"pyproject.toml: tool.{'.'.join(keys)} leaves out {wanted}"


RULES: list[Rule] = [
    dependencies_follow_the_graph,
    imports_are_declared,
    dependencies_are_imported,
    packages_meet_at_public_names,
    modules_form_no_circle,
    the_namespace_is_shared,
    files_are_complete,
    versions_are_consistent,
    metadata_is_uniform,
    tools_know_every_package,
]


def _imports(module: str, file: Path) -> list[Import]:
    """Return what a file imports from outside the standard library."""
    found = imports_of(file.read_text("utf-8"), module, is_package=file.name == "__init__.py")
    return [each for each in found if each.module.split(".")[0] not in sys.stdlib_module_names]


def _owners(found: Import, workspace: dict[str, Member]) -> set[str]:
    """Return the distributions that an import may come from, or the module's name when nobody installs it."""
    top, _, rest = found.module.partition(".")
    if top == "kui":
        piece = rest.split(".")[0] or found.name
        return {member.name for member in workspace.values() if member.package == piece} or {f"kui.{piece}"}
    return {canonicalize_name(name) for name in packages_distributions().get(top, [top])}


def _told(owners: set[str]) -> str:
    return " or ".join(sorted(owners))


def _loaded_by(found: Import, importer: str, modules: dict[str, Path]) -> set[str]:
    """Return the modules of the same package that an import statement runs."""
    submodule = f"{found.module}.{found.name}"
    target = submodule if submodule in modules else found.module
    # A parent package runs before its module; the parents of the importer have begun to run already.
    parents = {target[:end] for end in range(len(target)) if target[end] == "."}
    begun = {importer[:end] for end in range(len(importer)) if importer[end] == "."}
    return ({target} | (parents - begun - {importer})) & modules.keys()


def _module(file: Path, member: Member) -> str:
    return next((name for name, path in member.modules().items() if path == file), file.stem)


def _at(file: Path, found: Import, root: Path) -> str:
    return f"{file.relative_to(root)}:{found.line}"


def _is_canonical(text: str) -> bool:
    try:
        return str(Version(text)) == text
    except InvalidVersion:
        return False


def _range_problems(member: Member, requirement: Requirement, other: Member, root: Path) -> Iterator[str]:
    if not requirement.specifier.contains(other.version, prereleases=True):
        yield f"{member.name}: requires {requirement}, and the workspace has {other.name} {other.version}"
    floors = [Version(each.version) for each in requirement.specifier if each.operator == ">="]
    ceilings = [each for each in requirement.specifier if each.operator == "<"]
    if not floors or not ceilings:
        yield f"{member.name}: requires {requirement}; a range between members has a floor and a ceiling, as >=0.1,<0.2"
    elif max(floors) not in _existing_versions(other, root):
        yield f"{member.name}: requires {requirement}, and no {other.name} {max(floors)} exists"


def _existing_versions(member: Member, root: Path) -> set[Version]:
    """Return the present version and the tagged ones; a clone without tags knows the changelog's alone."""
    tags = subprocess.run(["git", "tag", "-l", f"{member.name}-v*"], cwd=root, capture_output=True, text=True)
    tagged = re.findall(rf"^{member.name}-v(\S+)$", tags.stdout, re.MULTILINE)
    changelog = member.path / "CHANGELOG.md"
    described = changelog_headings(changelog.read_text("utf-8")) if changelog.exists() else []
    return {member.version, *(Version(text) for text in [*tagged, *(version for version, _ in described)])}


def _value(table: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        table = table.get(key, {})
    return table or None
