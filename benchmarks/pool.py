"""The workers of all entries, kept alive, and driven in turns."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import IO, Any

from .cases import Case

SECONDS = 0.02
"""CPU time of a round of a case."""


class Process:
    """A worker process, seen by its parent."""

    def __init__(self, entry: str) -> None:
        command = [sys.executable, "-m", "benchmarks.worker", entry.removesuffix("-again").replace("-", "_")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.entry = entry

    def ready(self) -> str:
        """Return why the entry cannot be measured at all; an empty string when it can."""
        return str(self.answer()["problem"])

    def ask(self, *request: Any) -> None:
        pipe = _pipe(self._process.stdin)
        pipe.write(json.dumps(request) + "\n")
        pipe.flush()

    def answer(self) -> dict[str, Any]:
        line = _pipe(self._process.stdout).readline()
        if not line:
            raise SystemExit(f"the worker of {self.entry} ended; it said why above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def call(self, *request: Any) -> dict[str, Any]:
        self.ask(*request)
        return self.answer()

    def stop(self) -> None:
        self._process.communicate()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise RuntimeError("the worker was started without pipes")
    return pipe


@dataclass
class Result:
    """The figures of a case, by entry.

    Attributes:
        unit: what the figures are in.
        figures: the figure of each round.
        problems: why an entry has no figures.
        build: milliseconds to make the application.
        over_raw: whether `ratios` has what is above the figures of raw, and not how often these go into it.
        repeats: the same case, measured in fresh processes each time; then this one has no figures of its own.
    """

    name: str
    title: str
    unit: str
    target: float | None = None
    figures: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    problems: dict[str, str] = field(default_factory=dict[str, str])
    build: dict[str, float] = field(default_factory=dict[str, float])
    over_raw: bool = False
    repeats: "list[Result]" = field(default_factory=lambda: [])

    @classmethod
    def of(cls, repeats: "list[Result]") -> "Result":
        """Return the result of several, whose figures are the medians of theirs."""
        first = repeats[0]
        problems = {entry: problem for repeat in repeats for entry, problem in repeat.problems.items()}
        build = _medians([repeat.build for repeat in repeats])
        return cls(
            first.name,
            first.title,
            first.unit,
            first.target,
            problems=problems,
            build=build,
            over_raw=first.over_raw,
            repeats=repeats,
        )

    @property
    def medians(self) -> dict[str, float]:
        if self.repeats:
            return _medians([repeat.medians for repeat in self.repeats])
        return {entry: median(rounds) for entry, rounds in self.figures.items()}

    @property
    def ratios(self) -> dict[str, float]:
        """The median over the rounds of what was measured against raw in the same round."""
        if self.repeats:
            return _medians([repeat.ratios for repeat in self.repeats])
        raw = self.figures.get("raw")
        if raw is None:
            return {}
        if self.over_raw:
            return {entry: median(rounds) - median(raw) for entry, rounds in self.figures.items()}
        return {
            entry: median(own / base for own, base in zip(rounds, raw, strict=True))
            for entry, rounds in self.figures.items()
        }


def _medians(tables: list[dict[str, float]]) -> dict[str, float]:
    """Return the median of each entry, over the tables that have it."""
    entries = dict.fromkeys(entry for table in tables for entry in table)
    return {entry: median(table[entry] for table in tables if entry in table) for entry in entries}


def measure(case: Case, workers: list[Process], rounds: int, progress: Callable[[str], None]) -> Result:
    """Build and check a case in each worker, then run it in rounds: A B C, B C A, and so on."""
    result = Result(case.name, case.title, "ns", case.target)
    able: list[tuple[Process, int]] = []
    for worker in workers:
        worker.ask("build", case.name)
    for worker in workers:
        progress(f"{case.name}: {worker.entry}")
        answer = worker.answer()
        if not answer.get("problem"):
            result.build[worker.entry] = answer["milliseconds"]
            answer = worker.call("warm", SECONDS)
        if answer.get("problem"):
            result.problems[worker.entry] = answer["problem"]
        else:
            able.append((worker, answer["times"]))
            result.figures[worker.entry] = []
    for number in range(rounds):
        progress(f"{case.name}: round {number + 1} of {rounds}")
        turn = number % max(len(able), 1)
        for worker, times in able[turn:] + able[:turn]:
            result.figures[worker.entry].append(worker.call("run", times)["nanoseconds"])
    return result


def idle(case: Case, workers: Iterable[Process], progress: Callable[[str], None]) -> Result:
    """Return the bytes of an idle connection, over those of raw."""
    result = Result("memory", "idle connection, bytes over raw", "bytes", 1000, over_raw=True)
    for worker in workers:
        progress(f"memory: {worker.entry}")
        answer = worker.call("build", case.name)
        if not answer.get("problem"):
            answer = worker.call("idle", 2000)
        if answer.get("problem"):
            result.problems[worker.entry] = answer["problem"]
        else:
            result.figures[worker.entry] = [answer["bytes"]]
    return result
