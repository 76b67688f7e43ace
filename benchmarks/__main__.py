"""The command `python3 run.py bench`."""

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path

from .cases import CASES
from .end_to_end import end_to_end
from .imports import Imports, imports, lines
from .plot import plot
from .pool import Process, Result, idle, measure
from .profiling import profile
from .report import as_json, head, row

ENTRIES = (
    "raw",
    "raw-again",
    "kui",
    "kui-websocket",
    "starlette",
    "fastapi",
    "litestar",
    "blacksheep",
    "falcon",
    "quart",
)
EXTRA = ("memory", "imports")


def chosen(words: list[str]) -> list[str]:
    """Return the cases that begin with one of the words, all without a word."""
    names = [*CASES, *EXTRA]
    unknown = [word for word in words if not any(name.startswith(word) for name in names)]
    if unknown:
        raise SystemExit(f"unknown case: {', '.join(unknown)}; the cases are {', '.join(names)}")
    return [name for name in names if not words or any(name.startswith(word) for word in words)]


def one_case(word: str) -> str:
    """Return the only measured case that begins with a word, or that is called so."""
    names = [word] if word in CASES else [name for name in CASES if name.startswith(word)]
    if len(names) != 1:
        raise SystemExit(f"wanted one case; {word!r} stands for {', '.join(names) or 'none'}")
    return names[0]


def progress(text: str) -> None:
    """Show what is being done, on one line that is written over; not into files."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def in_process(names: list[str], entries: list[str], rounds: int) -> list[Result]:
    """Measure the cases, and print each row when it is there."""
    results: list[Result] = []
    if not names:
        return results
    with ExitStack() as stack:
        workers: list[Process] = []
        started = [Process(entry) for entry in entries]
        for worker in started:
            stack.callback(worker.stop)
            problem = worker.ready()
            if problem:
                print(f"{worker.entry}: not measured, {problem}", file=sys.stderr)
            else:
                workers.append(worker)
        able = [worker.entry for worker in workers]
        print(head(able), flush=True)
        for name in names:
            if name == "memory":
                result = idle(CASES["echo-loop"], workers, progress)
            else:
                result = measure(CASES[name], workers, rounds, progress)
            results.append(result)
            progress("")
            print(row(result, able), flush=True)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(prog="run.py bench", description="Measure kui beside its peers.")
    parser.add_argument(
        "cases", nargs="*", metavar="CASE", help="the beginning of a case's name; default: all"
    )
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each case; default: 15")
    parser.add_argument(
        "--repeat", type=int, default=1, metavar="N", help="measure N times in fresh processes; default: 1"
    )
    parser.add_argument("--entries", nargs="+", default=[*ENTRIES], choices=ENTRIES, metavar="ENTRY")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the ratios")
    parser.add_argument("--list", action="store_true", help="list the cases")
    parser.add_argument(
        "--end-to-end", action="store_true", help="measure the server's CPU over loopback on uvicorn instead"
    )
    parser.add_argument(
        "--profile", metavar="CASE", help="show where the time of one entry goes; default: kui"
    )
    options = parser.parse_args()
    if options.list:
        print("\n".join(f"{name:14}{CASES[name].title if name in CASES else ''}" for name in chosen([])))
        return
    if options.profile:
        for entry in options.entries if options.entries != [*ENTRIES] else ["kui"]:
            profile(one_case(options.profile), entry)
        return
    names = chosen(options.cases)
    entries: list[str] = list(dict.fromkeys(["raw", *options.entries]))
    if options.end_to_end:
        names = []
        results = [Result.of([end_to_end(entries, options.rounds, progress) for _ in range(options.repeat)])]
        progress("")
        print(head(entries), row(results[0], entries), sep="\n")
    else:
        measured = [name for name in names if name != "imports"]
        repeats = [in_process(measured, entries, options.rounds) for _ in range(options.repeat)]
        results = [Result.of([*same]) for same in zip(*repeats, strict=True)]
        if options.repeat > 1 and results:
            print(f"medians of {options.repeat} runs", head(entries), sep="\n")
            print(*(row(result, entries) for result in results), sep="\n")
    brought: Imports = {}
    if "imports" in names:
        brought = imports(max(3, options.rounds // 2), progress)
        progress("")
        print(lines(brought))
    if options.json:
        options.json.write_text(json.dumps({**as_json(results), "imports": brought}, indent=1) + "\n")
    if options.plot:
        options.plot.write_text(plot(results))


if __name__ == "__main__":
    main()
