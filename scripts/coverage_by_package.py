"""Run pytest and print what the tests reach of each package: lines, branches, and where they do not get to.

python scripts/coverage_by_package.py [PYTEST ARGUMENT ...]
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coverage import Coverage
from coverage.exceptions import NoDataError

from workspace import ROOT, Member, members


@dataclass(frozen=True)
class Tally:
    """How many lines and branches there are, and how many a test reached."""

    lines: int
    lines_reached: int
    branches: int
    branches_reached: int

    @property
    def percent(self) -> float:
        """Return what coverage calls the total: lines and branches weigh the same."""
        possible = self.lines + self.branches
        return 100 * (self.lines_reached + self.branches_reached) / possible if possible else 100.0

    def row(self, name: str) -> str:
        lines = f"{self.lines_reached}/{self.lines}"
        branches = f"{self.branches_reached}/{self.branches}"
        return f"{name:14} {lines:>11} {branches:>11} {self.percent:>8.2f}"


def tally(files: dict[str, Any]) -> Tally:
    """Add up the summaries of some files, as coverage's JSON report gives them.

    Examples:
        >>> summary = {"num_statements": 6, "covered_lines": 5, "num_branches": 4, "covered_branches": 2}
        >>> tally({"state.py": {"summary": summary}}).percent
        70.0
    """
    keys = ("num_statements", "covered_lines", "num_branches", "covered_branches")
    return Tally(*(sum(int(file["summary"][key]) for file in files.values()) for key in keys))


def unreached(member: Member, files: dict[str, Any]) -> list[str]:
    """Return where the tests do not get to, as ``path: 3-5, 9->12``; the arrow is a jump that none of them makes."""
    found: list[str] = []
    for name, file in sorted(files.items()):
        lines = file["missing_lines"]
        jumps = [(a, b) for a, b in file["missing_branches"] if a not in lines and b not in lines]
        if places := [*_ranges(lines), *(f"{a}->{b if b > 0 else 'exit'}" for a, b in jumps)]:
            found.append(f"  {Path(name).relative_to(member.path)}: {', '.join(places)}")
    return found


def _ranges(lines: list[int]) -> list[str]:
    starts = [line for line in lines if line - 1 not in lines]
    ends = [line for line in lines if line + 1 not in lines]
    return [str(start) if start == end else f"{start}-{end}" for start, end in zip(starts, ends, strict=True)]


def report_files() -> dict[str, Any]:
    """Return the ``files`` of coverage's JSON report, by absolute path."""
    coverage = Coverage(config_file=str(ROOT / "pyproject.toml"))
    coverage.load()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "coverage.json")
        coverage.json_report(outfile=str(out))
        report = json.loads(out.read_text("utf-8"))
    return {str(ROOT / name): file for name, file in report["files"].items()}


def main() -> int:
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.run([*coverage, "erase"], cwd=ROOT, check=True)
    tests = subprocess.run([*coverage, "run", "-m", "pytest", *sys.argv[1:]], cwd=ROOT)
    subprocess.run([*coverage, "combine", "--quiet"], cwd=ROOT, check=True)

    try:
        files = report_files()
    except NoDataError:
        print("these tests reach none of the packages")
        return tests.returncode
    print(f"\n{'package':14} {'lines':>11} {'branches':>11} {'percent':>8}")
    for name, member in members().items():
        mine = {path: file for path, file in files.items() if Path(path).is_relative_to(member.path)}
        print("\n".join([tally(mine).row(name), *unreached(member, mine)]))
    print(tally(files).row("all"))
    return tests.returncode


if __name__ == "__main__":
    raise SystemExit(main())
