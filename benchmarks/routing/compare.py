"""Compare route lookups: kui, Falcon's compiled router, Litestar's trie, and a plain dict as the floor.

    uv venv /tmp/routers && uv pip install --python /tmp/routers falcon litestar packages/kui-routing
    /tmp/routers/bin/python benchmarks/routing/compare.py

Figures are nanoseconds of CPU time per lookup: the median over interleaved rounds, where every round asks every entry for
the same paths in another order. "kui again" is a second router of the same make: what it differs by is noise.
Litestar keeps the last 1,024 answers; its trie is measured, which is what a path that was not asked before costs.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import time
from collections.abc import Callable, Iterable
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
    "kui": kui,
    "kui again": kui,
    "falcon": falcon_router,
    "litestar": litestar_trie,
}


def nanoseconds(lookup: Lookup, paths: list[str]) -> float:
    start = time.process_time_ns()
    for path in paths:
        lookup(path)
    return (time.process_time_ns() - start) / len(paths)


def measure(case: Case, rounds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return the seconds that building took, and the nanoseconds of a lookup, by entry."""
    builders = {"dict": plain_dict, **BUILDERS} if case.name == "static" else BUILDERS
    seconds: dict[str, float] = {}
    lookups: dict[str, Lookup] = {}
    for name, build in builders.items():
        gc.collect()
        start = time.process_time()
        lookups[name] = build(case.templates)
        seconds[name] = time.process_time() - start
        for path in case.paths[:20]:
            if not lookups[name](path):
                raise SystemExit(f"{name} does not find {path}")
    figures: dict[str, list[float]] = {name: [] for name in builders}
    for _ in range(rounds):
        for name in random.sample(list(builders), len(builders)):
            figures[name].append(nanoseconds(lookups[name], case.paths))
    return seconds, {name: statistics.median(values) for name, values in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--paths", type=int, default=1000, help="different paths in a round")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 50, 500, 5000])
    parser.add_argument("--without", nargs="*", default=[], choices=list(BUILDERS))
    options = parser.parse_args()
    for name in options.without:
        del BUILDERS[name]
    random.seed(1)
    names = ["dict", *BUILDERS]
    print(f"{'case':8} {'routes':>6}  " + " ".join(f"{name:>10}" for name in names) + "   | build, ms")
    for make in (static_case, dynamic_case):
        for size in options.sizes:
            seconds, figures = measure(make(size, options.paths), options.rounds)
            cells = " ".join(f"{figures[n]:10.0f}" if n in figures else " " * 10 for n in names)
            builds = ", ".join(f"{n} {1000 * seconds[n]:.1f}" for n in BUILDERS)
            print(f"{make.__name__[:-5]:8} {size:6}  {cells}   | {builds}", flush=True)


if __name__ == "__main__":
    main()
