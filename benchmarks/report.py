"""The figures as a table, and as JSON."""

import os
import platform
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .pool import Result

WIDTH = 10
DISTRIBUTIONS = (
    *("kui", "kui-core", "kui-http", "kui-params", "kui-routing", "kui-websocket"),
    *("starlette", "fastapi", "litestar", "blacksheep", "falcon", "quart"),
    *("pydantic", "msgspec", "uvicorn", "websockets"),
)


def head(entries: Iterable[str]) -> str:
    """Return the first line of the table."""
    return (
        f"{'times raw':30}{'raw':>11}" + "".join(f"{_short(name):>{WIDTH}}" for name in entries) + "  target"
    )


def row(result: Result, entries: Iterable[str]) -> str:
    """Return the line of a case, and below it why an entry has no figure where that is not plain."""
    raw = result.medians.get("raw")
    first = "" if raw is None else f"{quantity(raw, result.unit)}"
    cells = "".join(f"{cell(result, entry):>{WIDTH}}" for entry in entries)
    target = "" if result.target is None else f"{result.target:8g}"
    lines = [f"{result.title:30}{first:>11}{cells}{target}"]
    if result.name.startswith("routes"):
        builds = "".join(
            f"{quantity(1e6 * result.build[e], 'ns') if e in result.build else '-':>{WIDTH}}" for e in entries
        )
        lines.append(f"{'  built in':30}{'':11}{builds}")
    lines += [f"  {entry}: {problem}" for entry, problem in result.problems.items() if problem != "has none"]
    return "\n".join(lines)


def cell(result: Result, entry: str) -> str:
    """Return the figure of an entry as the table has it."""
    ratio = result.ratios.get(entry)
    if ratio is None:
        return "-"
    if result.over_raw:
        return f"{ratio:,.0f}"
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"


def quantity(value: float, unit: str) -> str:
    """Return a figure with its unit, in three digits."""
    if unit == "ns":
        for limit, name in ((1e3, "ns"), (1e6, "us"), (1e9, "ms"), (1e12, "s")):
            if value < limit:
                return f"{value * 1000 / limit:.3g} {name}"
    return f"{value:,.0f} {'B' if unit == 'bytes' else unit}"


def versions() -> dict[str, str]:
    """Return the versions of what is measured."""
    found: dict[str, str] = {}
    for name in DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def as_json(results: Iterable[Result]) -> dict[str, Any]:
    """Return everything that was measured, and where."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": sys.argv[1:],
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": versions(),
        "cases": [
            {
                "name": result.name,
                "title": result.title,
                "unit": result.unit,
                "target": result.target,
                "is_over_raw": result.over_raw,
                "medians": result.medians,
                "ratios": result.ratios,
                "build_milliseconds": result.build,
                "problems": result.problems,
                "rounds": [repeat.figures for repeat in result.repeats] or [result.figures],
                "ratios_of_repeats": [repeat.ratios for repeat in result.repeats],
            }
            for result in results
        ],
    }


def _short(entry: str) -> str:
    return {"kui-websocket": "kui-ws"}.get(entry, entry)
