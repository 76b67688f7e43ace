"""Compare route lookups: kui, Falcon's compiled router, Litestar's trie, and a plain dict as the floor.

    uv venv /tmp/routers && uv pip install --python /tmp/routers falcon litestar packages/kui-routing
    /tmp/routers/bin/python benchmarks/routing/compare.py

Figures are nanoseconds of CPU time per lookup: the median over interleaved rounds, in which every entry, each in a process of
its own, looks the same paths up twice, the second time with the clock. "kui again" is a second process of the same make: what it differs by is noise. The call of
a small function is in all figures but those of "dict", which is called itself. Litestar keeps the last 1,024 answers; what is
measured is its trie, the cost of a path that was not asked for before.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import statistics
import time
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import falcon.routing
import litestar
import litestar.handlers

from kui.routing import HttpRoute, Router

Lookup = Callable[[str], object]


class Case(NamedTuple):
    """A table of routes, and paths that they match."""

    name: str
    templates: list[str]
    paths: list[str]


async def endpoint() -> None:
    """Stand for a handler."""


def static_case(size: int, wanted: int) -> Case:
    templates = [f"/api/v1/section{i % 60}/page{i}" for i in range(size)]
    return Case("static", templates, random.choices(templates, k=wanted))


def dynamic_case(size: int, wanted: int) -> Case:
    kinds = (
        "/rooms{}/{{room:str}}",
        "/api/users{}/{{user:int}}/posts",
        "/api/v1/{{tenant:str}}/items{}/{{item:int}}",
    )
    templates = [kinds[i % len(kinds)].format(i) for i in range(size)]
    paths: list[str] = []
    while len(paths) < wanted:
        number = str(random.randrange(10**6))
        values = {
            "{room:str}": "r" + number,
            "{user:int}": number,
            "{tenant:str}": "t" + number,
            "{item:int}": number,
        }
        path = random.choice(templates)
        for parameter, value in values.items():
            path = path.replace(parameter, value)
        paths.append(path)
    return Case("dynamic", templates, paths)


def plain_dict(templates: Iterable[str]) -> Lookup:
    table = dict.fromkeys(templates, endpoint)
    return table.__getitem__


def kui(templates: Iterable[str]) -> Lookup:
    search = Router(HttpRoute(path, endpoint, name=None, methods=("GET",)) for path in templates).search
    return lambda path: search("http", path, "GET")


def falcon_router(templates: Iterable[str]) -> Lookup:
    class Resource:
        async def on_get(self, req: object, resp: object, **params: object) -> None: ...

    router = falcon.routing.CompiledRouter()
    resource = Resource()
    for path in templates:
        # what has no type is a string
        path = path.replace(":str}", "}")
        router.add_route(path, resource, _asgi=True)
    find = router.find
    find("/")  # compiles the table
    return lambda path: find(path)


def litestar_trie(templates: Iterable[str]) -> Lookup:
    async def handler() -> None: ...

    decorate: Any = litestar.handlers.get
    app = litestar.Litestar([decorate(list(templates))(handler)], openapi_config=None)
    route: Any = app.asgi_router._handle_routing  # pyright: ignore[reportPrivateUsage]
    return lambda path: route(path, "GET")


BUILDERS: dict[str, Callable[[Iterable[str]], Lookup]] = {
    "dict": plain_dict,
    "kui": kui,
    "kui again": kui,
    "falcon": falcon_router,
    "litestar": litestar_trie,
}


class Worker:
    """A process with one entry, so that no entry works in the memory of another."""

    def __init__(self, name: str, case: Case) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        context.Process(target=serve, args=(name, case, other), daemon=True).start()

    def answer(self) -> float:
        """Return the milliseconds of building the table; after that, the nanoseconds of a lookup, each time measured anew."""
        self._pipe.send("measure")
        answer: float | str = self._pipe.recv()
        if isinstance(answer, str):
            raise SystemExit(answer)
        return answer

    def stop(self) -> None:
        self._pipe.send("stop")


def serve(name: str, case: Case, pipe: Connection) -> None:
    """Give the answers of a worker."""
    start = time.process_time()
    lookup = BUILDERS[name](case.templates)
    milliseconds = 1000 * (time.process_time() - start)
    missed = [path for path in case.paths if not lookup(path)]
    pipe.recv()
    pipe.send(f"{name} does not find {missed[0]}" if missed else milliseconds)
    while pipe.recv() != "stop":
        nanoseconds(lookup, case.paths)
        pipe.send(nanoseconds(lookup, case.paths))


def nanoseconds(lookup: Lookup, paths: list[str]) -> float:
    """Return the time of a lookup for strings that are new, as those of a server are: their hashes are not known yet."""
    new = [path.encode().decode() for path in paths]
    start = time.process_time_ns()
    for path in new:
        lookup(path)
    return (time.process_time_ns() - start) / len(new)


def measure(case: Case, names: list[str], rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return the milliseconds of building and the nanoseconds of a lookup, by entry."""
    workers = {name: Worker(name, case) for name in names}
    built = {name: worker.answer() for name, worker in workers.items()}
    figures: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in random.sample(names, len(names)):
            figures[name].append(workers[name].answer())
    for worker in workers.values():
        worker.stop()
    return built, {name: statistics.median(values) for name, values in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--paths", type=int, default=1000, help="different paths in a round")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 50, 500, 5000])
    parser.add_argument("--without", nargs="*", default=[], choices=list(BUILDERS))
    options = parser.parse_args()
    names = [name for name in BUILDERS if name not in options.without]
    random.seed(1)
    print(f"{'case':8} {'routes':>6}  " + " ".join(f"{name:>10}" for name in names) + "   | build, ms")
    for make in (static_case, dynamic_case):
        for size in options.sizes:
            entries = [name for name in names if name != "dict" or make is static_case]
            built, figures = measure(make(size, options.paths), entries, options.rounds)
            cells = " ".join(f"{figures[name]:10.0f}" if name in figures else " " * 10 for name in names)
            builds = ", ".join(f"{name} {built[name]:.1f}" for name in entries)
            print(f"{make.__name__[:-5]:8} {size:6}  {cells}   | {builds}", flush=True)


if __name__ == "__main__":
    main()
