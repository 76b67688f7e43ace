"""Print what the tests reach of each package: lines, branches, and where they do not.

Reads the data that `coverage combine` leaves; exits 1 below --fail-under.
"""

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coverage import Coverage

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


def tally(summaries: list[dict[str, Any]]) -> Tally:
    """Add up the summaries of some files, as coverage's JSON report gives them.

    Examples:
        >>> file = {"num_statements": 6, "covered_lines": 5, "num_branches": 4, "covered_branches": 2}
        >>> tally([file]).percent
        70.0
    """
    keys = ("num_statements", "covered_lines", "num_branches", "covered_branches")
    return Tally(*(sum(int(each[key]) for each in summaries) for key in keys))


def unreached(member: Member, files: dict[str, Any]) -> list[str]:
    """Return where the tests do not get to, as ``path: 3-5, 9->12``."""
    found: list[str] = []
    for name, file in sorted(files.items()):
        places = [
            *_ranges(file["missing_lines"]),
            *(f"{a}->{b}" for a, b in file.get("missing_branches", [])),
        ]
        if places:
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
    parser = argparse.ArgumentParser(description="Print the coverage of each package.")
    parser.add_argument("--fail-under", type=float, default=0.0, metavar="PERCENT", help="for every package")
    options = parser.parse_args()
    files = report_files()
    print(f"{'package':14} {'lines':>11} {'branches':>11} {'percent':>8}")
    below: list[str] = []
    for name, member in members().items():
        mine = {path: file for path, file in files.items() if Path(path).is_relative_to(member.path)}
        total = tally([file["summary"] for file in mine.values()])
        print("\n".join([total.row(name), *unreached(member, mine)]))
        if total.percent < options.fail_under:
            below.append(name)
    print(tally([file["summary"] for file in files.values()]).row("all"))
    if below:
        print(f"below {options.fail_under:g} percent: {', '.join(below)}")
    return 1 if below else 0


if __name__ == "__main__":
    raise SystemExit(main())
