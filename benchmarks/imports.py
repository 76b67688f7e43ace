"""What an import costs, and what a distribution brings with it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from statistics import median

PACKAGES = Path(__file__).resolve().parents[1] / "packages"

Imports = dict[str, dict[str, float]]

# name in the table -> statement, the distribution that brings it
IMPORTS = {
    "nothing": ("pass", ""),
    "asyncio": ("import asyncio", ""),
    "asyncio + pydantic + baize.asgi": ("import asyncio, pydantic, baize.asgi", ""),
    "kui.core": ("import kui.core", "kui-core"),
    "kui.routing": ("import kui.routing", "kui-routing"),
    "kui.websocket": ("import kui.websocket", "kui-websocket"),
    "kui.http": ("import kui.http", "kui-http"),
    "kui.params": ("import kui.params", "kui-params"),
    "kui.asgi": ("import kui.asgi", "kui"),
    "starlette": (
        "import starlette.applications, starlette.routing, starlette.responses, starlette.websockets",
        "starlette",
    ),
    "fastapi": ("import fastapi", "fastapi"),
    "litestar": ("from litestar import Litestar, WebSocket, get, websocket", "litestar"),
    "blacksheep": ("import blacksheep", "blacksheep"),
    "falcon": ("import falcon.asgi", "falcon"),
    "quart": ("import quart", "quart"),
}


def cpu_milliseconds(statement: str) -> float:
    """Return the CPU time of a fresh interpreter that runs a statement and ends."""
    if not hasattr(os, "wait4"):
        raise SystemExit("imports are measured with os.wait4, which this system does not have")
    process = subprocess.Popen([sys.executable, "-c", statement])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"this failed, and said why above: {statement}")
    return 1000 * (usage.ru_utime + usage.ru_stime)


def installed(name: str) -> tuple[int, float] | None:
    """Return how many distributions `pip install NAME` brings, itself included, and their megabytes."""
    found: dict[str, Distribution] = {}
    wanted = [name]
    while wanted:
        key = re.sub(r"[-_.]+", "-", wanted.pop()).lower()
        if key in found:
            continue
        try:
            found[key] = distribution(key)
        except PackageNotFoundError:
            if key == name:
                return None
            continue  # for another system or version
        wanted += [
            match[0]
            for requirement in found[key].requires or ()
            if "extra ==" not in requirement and (match := re.match(r"[\w.-]+", requirement))
        ]
    return len(found), sum(_size(each, key) for key, each in found.items()) / 1e6


def _size(each: Distribution, name: str) -> int:
    member = PACKAGES / name / "src"
    if member.is_dir():  # editable: the record names no modules
        return sum(file.stat().st_size for file in member.rglob("*.py"))
    files = [Path(str(each.locate_file(file))) for file in each.files or () if file.suffix != ".pyc"]
    return sum(file.stat().st_size for file in files if file.is_file())


def imports(rounds: int, progress: Callable[[str], None]) -> Imports:
    """Measure each import in rounds, in fresh interpreters; the first round warms up the caches of files."""
    spent: dict[str, list[float]] = {name: [] for name in IMPORTS}
    names = list(IMPORTS)
    for number in range(rounds + 1):
        progress(f"imports: round {number} of {rounds}")
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            milliseconds = cpu_milliseconds(IMPORTS[name][0])
            if number:
                spent[name].append(milliseconds)
    table: Imports = {}
    for name, (_, brought_by) in IMPORTS.items():
        table[name] = {"milliseconds": median(spent[name])}
        if brought_by and (brought := installed(brought_by)):
            table[name]["distributions"], table[name]["megabytes"] = brought
    return table


def lines(table: Imports) -> str:
    """Return the table as text."""
    rows = [f"{'import, CPU ms of the process':34}{'ms':>8}{'distributions':>16}{'MB':>8}"]
    for name, figures in table.items():
        row = f"{name:34}{figures['milliseconds']:8.0f}"
        if "megabytes" in figures:
            row += f"{figures['distributions']:16.0f}{figures['megabytes']:8.1f}"
        rows.append(row)
    return "\n".join(rows)
