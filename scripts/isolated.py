"""Test each distribution alone: its wheel, built from its sdist, with what it declares and nothing else.

python scripts/isolated.py [--lowest] [--python X] [NAME ...]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar

from packaging.requirements import Requirement
from packaging.version import Version

from workspace import ROOT, Member, closure, distribution, members

T = TypeVar("T")

UV = os.environ.get("HATCH_UV") or shutil.which("uv")

# What must not come along, beside the members that nobody in the environment declares.
ABSENT = {"kui-websocket": ["kui.routing", "kui.params", "kui.http", "pydantic"]}

IMPORT_ALL = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
FIND = "import importlib.util, sys\nprint(*(name for name in sys.argv[1:] if importlib.util.find_spec(name) is not None))"
IMPORT_TIME = (
    "import importlib, sys, time\nstart = time.perf_counter()\nimportlib.import_module(sys.argv[1])\n"
    "print((time.perf_counter() - start) * 1000)"
)


class Failed(Exception):
    """A distribution does not stand alone; the message says in which way."""


@dataclass(frozen=True)
class Outcome:
    """What one distribution brings into an empty environment, and how its tests ended there."""

    name: str
    distributions: list[str]
    kibibytes: int
    import_ms: float
    tests: str


@dataclass(frozen=True)
class Environment:
    """A fresh virtual environment, out of reach of the developer's own."""

    path: Path

    @property
    def python(self) -> Path:
        return self.path / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def run(self, *arguments: str | Path) -> str:
        # -I: neither the working directory nor PYTHONPATH lends a module
        return run(self.python, "-I", *arguments, cwd=self.path.parent)

    def install(self, *requirements: str | Path, lowest: bool = False) -> None:
        resolution = ["--resolution", "lowest-direct"] if lowest else []
        run(
            UV,
            "pip",
            "install",
            "-q",
            "--python",
            self.python,
            *resolution,
            *requirements,
            cwd=self.path.parent,
        )
        run(UV, "pip", "check", "-q", "--python", self.python, cwd=self.path.parent)

    def installed(self) -> dict[str, str]:
        listed = run(UV, "pip", "list", "--format", "json", "--python", self.python, cwd=self.path.parent)
        return {each["name"]: each["version"] for each in json.loads(listed)}

    def size(self) -> int:
        """Return what the installed distributions take, in bytes, without compiled files and uv's own."""
        site = Path(self.run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
        files = [file for file in site.rglob("*") if file.is_file()]
        return sum(
            file.stat().st_size
            for file in files
            if "__pycache__" not in file.parts and not file.name.startswith("_virtualenv")
        )


def run(*command: str | Path | None, cwd: Path) -> str:
    """Run a command without the developer's Python settings; return its output."""
    private = ("PYTHON", "VIRTUAL_ENV", "COVERAGE", "PYTEST")
    env = {key: value for key, value in os.environ.items() if not key.startswith(private)}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=env, text=True, capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Failed(f"$ {' '.join(words)}\n{done.stdout}{done.stderr}".rstrip())
    return done.stdout


def build(member: Member, out: Path) -> None:
    """Build the sdist, and the wheel from the sdist."""
    run(UV, "build", "-q", "-o", out, member.path, cwd=out)
    check_wheel(wheel_of(member, member.version, out), member)


def check_wheel(wheel: Path, member: Member) -> None:
    """Raise unless the wheel holds the whole package and nothing beside it in the namespace."""
    mine = f"kui/{member.package}/"
    also = [f"kui/{each}" for each in member.in_namespace if each.endswith(".py")]
    about = wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info/"
    names = zipfile.ZipFile(wheel).namelist()
    if stray := [name for name in names if not name.startswith((mine, about)) and name not in also]:
        raise Failed(f"{wheel.name} holds more than {mine}: {', '.join(stray)}")
    needed = [mine + "__init__.py", mine + "py.typed", about + "licenses/LICENSE"]
    if missing := [name for name in needed if name not in names]:
        raise Failed(f"{wheel.name} lacks {', '.join(missing)}")


def wheel_of(member: Member, version: Version, out: Path) -> Path:
    return out / f"{stem(member, version)}-py3-none-any.whl"


def stem(member: Member, version: Version) -> str:
    return f"{member.name.replace('-', '_')}-{version}"


def examine(member: Member, workspace: dict[str, Member], out: Path, options: argparse.Namespace) -> Outcome:
    """Install one distribution into an environment of its own, import it, measure it and run its tests."""
    with tempfile.TemporaryDirectory(prefix=f"{member.name}-", dir=out) as folder:
        environment = Environment(Path(folder, "venv"))
        run(UV, "venv", "-q", "--no-python-downloads", "--python", options.python, environment.path, cwd=out)

        needed = closure([Requirement(member.name)], workspace)
        declared = [requirement for each in needed.values() for requirement in each.dependencies]
        wheels = [
            oldest_wheel(each, declared, out, Path(folder))
            if options.lowest and each is not member
            else wheel_of(each, each.version, out)
            for each in needed.values()
        ]
        # uv lowers only what the command line names, so name what the wheels ask of others
        others = [str(each) for each in declared if is_foreign(each, workspace)]
        environment.install(*wheels, *(others if options.lowest else []), lowest=options.lowest)
        alone = environment.installed()
        expect_members(needed, alone, workspace)
        if found := environment.run("-c", FIND, *ABSENT.get(member.name, [])).split():
            raise Failed(f"came along uninvited: {', '.join(found)}")

        kibibytes = round(environment.size() / 1024)
        # before pytest comes, which brings distributions of its own
        modules = [name for name in member.modules() if name not in member.started_by_others]
        environment.run("-c", IMPORT_ALL, *modules)
        package = f"kui.{member.package}"
        import_ms = median(float(environment.run("-c", IMPORT_TIME, package)) for _ in range(5))

        tools = {
            name: each for name, each in closure(member.test_group, workspace).items() if name not in needed
        }
        others = [str(each) for each in member.test_group if is_foreign(each, workspace)]
        environment.install(*(wheel_of(each, each.version, out) for each in tools.values()), *others)
        expect_members(needed | tools, environment.installed(), workspace)
        tests = run_tests(
            environment, out / f"{stem(member, member.version)}.tar.gz", warnings_fail=not options.lowest
        )
        raised = [
            f"{name} {version} -> {now}"
            for name, version in alone.items()
            if (now := environment.installed()[name]) != version
        ]
        note = f" (the test group raised {', '.join(raised)})" if raised else ""
        return Outcome(
            member.name,
            [f"{name} {version}" for name, version in alone.items()],
            kibibytes,
            import_ms,
            tests + note,
        )


def oldest_wheel(member: Member, declared: list[Requirement], out: Path, folder: Path) -> Path:
    """Return the wheel of the first version that the requirements admit, built from its tag unless it is this one."""
    ranges = [each.specifier for each in declared if distribution(each) == member.name]
    tags = run("git", "tag", "-l", f"{member.name}-v*", cwd=ROOT).split()
    released = sorted(Version(tag.removeprefix(f"{member.name}-v")) for tag in tags)
    admitted = (each for each in released if all(span.contains(each, prereleases=True) for span in ranges))
    version = min(next(admitted, member.version), member.version)
    if version == member.version:
        return wheel_of(member, version, out)
    archive, source = folder / f"{member.name}.tar", folder / member.name
    run("git", "archive", "-o", archive, f"{member.name}-v{version}:packages/{member.name}", cwd=ROOT)
    with tarfile.open(archive) as files:
        files.extractall(source, filter="data")
    run(UV, "build", "-q", "--wheel", "-o", folder, source, cwd=folder)
    return wheel_of(member, version, folder)


def is_foreign(requirement: Requirement, workspace: dict[str, Member]) -> bool:
    return distribution(requirement) not in workspace


def expect_members(
    declared: dict[str, Member], installed: dict[str, str], workspace: dict[str, Member]
) -> None:
    if differing := (workspace.keys() & installed.keys()) ^ declared.keys():
        raise Failed(f"declared and installed differ: {', '.join(sorted(differing))}")


def run_tests(environment: Environment, sdist: Path, *, warnings_fail: bool) -> str:
    """Run the tests that the sdist ships, with the workspace's pytest settings; return pytest's last line."""
    folder = environment.path.parent
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    project = folder / sdist.name.removesuffix(".tar.gz")
    settings: list[str | Path] = [
        "-c",
        ROOT / "pyproject.toml",
        "--rootdir",
        project,
        "--confcutdir",
        project,
    ]
    # old releases of others meet a Python and a pytest that they could not know, and are warned
    settings += [] if warnings_fail else ["-W", "default"]
    output = environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", *settings, project / "tests")
    return output.strip().splitlines()[-1]


def attempts(jobs: Mapping[str, Callable[[], T]]) -> Iterator[tuple[str, T | Failed]]:
    """Run the jobs, two at a time; yield each name with its result or its failure."""

    def attempt(job: Callable[[], T]) -> T | Failed:
        try:
            return job()
        except Failed as failure:
            return failure

    with ThreadPoolExecutor(2) as pool:
        yield from zip(jobs, pool.map(attempt, jobs.values()), strict=True)


def table(outcomes: list[Outcome]) -> str:
    """Draw what each distribution installs."""
    rows = [("distribution", "installs", "KiB", "import ms")]
    rows += [
        (each.name, str(len(each.distributions)), str(each.kibibytes), f"{each.import_ms:.0f}")
        for each in outcomes
    ]
    lines = [f"{name:14} {count:>8} {size:>7} {time:>9}" for name, count, size, time in rows]
    details = ["", *("  " + ", ".join(each.distributions) for each in outcomes)]
    return "\n".join(line + detail for line, detail in zip(lines, details, strict=True))


def main() -> int:
    workspace = members()
    parser = argparse.ArgumentParser(description="Test each distribution alone, with what it declares.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"one of {', '.join(workspace)} (default: all)"
    )
    parser.add_argument("--lowest", action="store_true", help="at the lowest versions that the ranges admit")
    parser.add_argument("--python", default=sys.executable, help="the Python of the environments")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in workspace]:
        parser.error(f"no such distribution: {', '.join(unknown)}; there are {', '.join(workspace)}")
    if UV is None:
        parser.error("uv is not on the PATH; run this as: python3 run.py isolated")
    with tempfile.TemporaryDirectory(prefix="isolated-") as folder:
        return report(workspace, options.names or list(workspace), Path(folder), options)


def report(workspace: dict[str, Member], names: list[str], out: Path, options: argparse.Namespace) -> int:
    """Build everything, examine the named ones, print the table; return the exit code."""
    failures: dict[str, Failed] = {}
    outcomes: list[Outcome] = []
    builds = {name: partial(build, member, out) for name, member in workspace.items()}
    for name, built_or_failed in attempts(builds):
        if isinstance(built_or_failed, Failed):
            failures[name] = built_or_failed
            print(f"{name}: FAILED to build\n{built_or_failed}\n", flush=True)
    if failures:
        print(f"0 passed, {len(failures)} failed")
        return 1
    jobs = {name: partial(examine, workspace[name], workspace, out, options) for name in names}
    for name, outcome in attempts(jobs):
        if isinstance(outcome, Failed):
            failures[name] = outcome
            print(f"{name}: FAILED\n{outcome}\n", flush=True)
        else:
            outcomes.append(outcome)
            print(f"{name}: {outcome.tests}", flush=True)
    if outcomes:
        print(f"\n{table(outcomes)}\n")
    print(f"{len(outcomes)} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
