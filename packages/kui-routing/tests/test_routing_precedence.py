"""The search finds what a linear scan in the documented order finds, whatever the routes."""

import itertools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kui.routing import Converter, HttpRoute, MethodNotAllowed, Mount, NoMatchFound, RouteConflict, Router


class Few(Converter[str]):
    regex = "[1ab]+"

    def to_python(self, text: str) -> str:
        if text == "ab":
            raise ValueError("not this one")
        return text


class Ones(Converter[str]):
    """As strict as Few, so that the order of registration decides."""

    regex = "1+[ab]?"

    def to_python(self, text: str) -> str:
        return text


CONVERTERS: dict[str, Converter[Any]] = {"few": Few(), "ones": Ones()}


@dataclass(frozen=True)
class Segment:
    """How a segment is written, and what the README says of it: the first and the second criterion."""

    template: str
    kind: tuple[int, int, int]
    strictness: tuple[float, ...] = ()


LAST = math.inf
SEGMENTS = [
    *(Segment(text, (0, 0, 0)) for text in ("a", "b", "1", "")),
    Segment("a{:int}", (1, -1, 0), (-1, 30, LAST)),
    Segment("ab{:few}", (1, -2, 0), (-2, 60, LAST)),
    Segment("a{:few}", (1, -1, 0), (-1, 60, LAST)),
    Segment("{:int}", (1, 0, 0), (30, LAST)),
    Segment("{:int}b", (1, 0, -1), (30, -1, LAST)),
    Segment("{:int}1b", (1, 0, -2), (30, -2, LAST)),
    Segment("{:few}b", (1, 0, -1), (60, -1, LAST)),
    Segment("a{:few}b", (1, -1, -1), (-1, 60, -1, LAST)),
    Segment("{:int}-{:int}", (1, 0, 0), (30, -1, 30, LAST)),
    Segment("{:decimal}", (1, 0, 0), (40, LAST)),
    Segment("{:few}", (1, 0, 0), (60, LAST)),
    Segment("{:ones}", (1, 0, 0), (60, LAST)),
    Segment("{:str}", (1, 0, 0), (100, LAST)),
]
RESTS = [Segment("{:any}", (2, 0, 0), (200, LAST)), Segment("a{:any}", (2, -1, 0), (-1, 200, LAST))]
MOUNTED = Segment("", (3, 0, 0))

TEXTS = ("a", "b", "ab", "1", "11", "1b", "a1", "1-1", "1.5", "")
PATHS = ["/".join(["", *texts]) for size in (1, 2, 3) for texts in itertools.product(TEXTS, repeat=size)]

EXAMPLES = {
    "int": ("1", "11", "101"),
    "decimal": ("1", "1.5", "0.10"),
    "few": ("a", "b", "1", "ab", "1b"),
    "ones": ("1", "11", "1a"),
    "str": ("a", "ab", "1", "1.5", "1-1"),
    "any": ("", "a", "a/1", "/"),
}

REGEXES = {
    "int": "[0-9]+",
    "decimal": r"[0-9]+(?:\.[0-9]+)?",
    "few": "[1ab]+",
    "ones": "1+[ab]?",
    "str": "[^/]+",
}
VALUES: dict[str, Callable[[str], object]] = {
    "int": int,
    "decimal": Decimal,
    "few": CONVERTERS["few"].to_python,
}


@dataclass(frozen=True)
class Model:
    """A route, as the linear scan knows it."""

    segments: tuple[Segment, ...]
    methods: tuple[str, ...]
    index: int

    @property
    def is_mount(self) -> bool:
        return self.segments[-1] is MOUNTED

    @cached_property
    def types(self) -> list[str]:
        return re.findall(r"\{:(\w+)\}", self.template)

    @cached_property
    def template(self) -> str:
        written = self.segments[:-1] if self.is_mount else self.segments
        return "".join(f"/{segment.template}" for segment in written)

    @property
    def path(self) -> str:
        numbers = itertools.count()
        return re.sub(
            r"\{:(\w+)\}", lambda match: f"{{p{self.index}_{next(numbers)}:{match[1]}}}", self.template
        )

    @cached_property
    def order(self) -> tuple[object, ...]:
        return (
            tuple(segment.kind for segment in self.segments),
            tuple(segment.strictness for segment in self.segments if segment.strictness),
            self.index,
        )

    @cached_property
    def regex(self) -> re.Pattern[str]:
        parts = re.split(r"\{:(\w+)\}", self.template)
        regex = "".join(
            re.escape(part) if n % 2 == 0 else f"({REGEXES.get(part, '.*')})" for n, part in enumerate(parts)
        )
        return re.compile(regex + ("(?:/.*)?" if self.is_mount else ""))

    def params(self, path: str) -> dict[str, object] | None:
        match = self.regex.fullmatch(path)
        if match is None:
            return None
        try:
            values = [
                VALUES.get(kind, str)(text) for kind, text in zip(self.types, match.groups(), strict=True)
            ]
        except ValueError:
            return None
        return {f"p{self.index}_{n}": value for n, value in enumerate(values)}

    def serves(self, method: str) -> bool:
        return not self.methods or method in self.methods

    def conflicts(self, other: "Model") -> bool:
        alike = (self.template, self.is_mount) == (other.template, other.is_mount)
        return alike and (not (self.methods or other.methods) or bool(set(self.methods) & set(other.methods)))


def scan(models: Sequence[Model], path: str, method: str) -> tuple[Model, dict[str, object]] | None:
    """Try one route after the other."""
    named = {(model.template, model.is_mount) for model in models if method in model.methods}
    for model in sorted(models, key=lambda model: model.order):
        hidden = not model.methods and (model.template, model.is_mount) in named
        if model.serves(method) and not hidden and (params := model.params(path)) is not None:
            return model, params
    return None


@st.composite
def route_sets(draw: st.DrawFn) -> list[Model]:
    written = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3).map(tuple)
    ends = st.sampled_from([(), (), (), (), *((rest,) for rest in RESTS), (MOUNTED,)])
    methods = st.sampled_from([(), (), ("GET",), ("POST",), ("GET", "PUT")])
    drawn = draw(st.lists(st.tuples(written, ends, methods), min_size=1, max_size=14))
    models: list[Model] = []
    for index, (segments, end, allowed) in enumerate(drawn):
        # no path begins with "//"
        while segments[0].template == "" and len(segments) + len(end) > 1:
            segments = segments[1:] or (SEGMENTS[0],)
        if end == (MOUNTED,) and segments[-1].template == "":
            end = ()
        models.append(Model((*segments, *end), () if end == (MOUNTED,) else allowed, index))
    return models


def register(models: Sequence[Model], search_between: bool) -> tuple[Router, dict[object, Model]]:
    """Return a router with those that do not conflict, and the models by their handlers or applications."""
    router = Router(converters=CONVERTERS)
    by_handler: dict[object, Model] = {}
    for model in models:

        async def handler(*of_a_mount: object) -> None: ...

        route = (
            Mount(model.path, handler)
            if model.is_mount
            else HttpRoute(model.path, handler, None, model.methods or None)
        )
        if any(model.conflicts(other) for other in by_handler.values()):
            with pytest.raises(RouteConflict):
                router.append(route)
        else:
            router.append(route)
            by_handler[handler] = model
            if search_between:
                # what a search has prepared, the next route must not leave behind
                found(router, "/a", model.methods[0] if model.methods else "GET")
    assert len(router) == len(by_handler)
    return router, by_handler


def found(router: Router, path: str, method: str) -> tuple[object, object]:
    try:
        params, handler = router.search("http", path, method)
    except MethodNotAllowed as error:
        return "other methods", error.allow
    except NoMatchFound:
        return "nothing", None
    return getattr(handler, "app", handler), params


def wanted(by_handler: dict[object, Model], path: str, method: str) -> tuple[object, object]:
    models = list(by_handler.values())
    match = scan(models, path, method)
    if match:
        return next(handler for handler, model in by_handler.items() if model is match[0]), match[1]
    allow = [
        m
        for m in ("GET", "POST", "PUT")
        if any(m in model.methods for model in models) and scan(models, path, m)
    ]
    if allow:
        return "other methods", tuple(with_head(allow))
    return "nothing", None


def with_head(methods: Sequence[str]) -> Iterator[str]:
    for method in methods:
        yield method
        if method == "GET":
            yield "HEAD"


# 30 sets of routes by 1,110 paths: more than 30,000 pairs
@settings(max_examples=30, deadline=None)
@given(route_sets(), st.sampled_from(["GET", "POST"]))
def test_the_search_finds_what_a_linear_scan_finds(models: list[Model], method: str) -> None:
    router, by_handler = register(models, search_between=True)
    for path in PATHS:
        assert found(router, path, method) == wanted(by_handler, path, method), path


def paths_near(models: Sequence[Model], random: Random, size: int) -> Iterator[str]:
    """Yield paths that some of the routes match, and paths that almost do."""
    for _ in range(size):
        template = random.choice(models).template
        path = re.sub(r"\{:(\w+)\}", lambda match: random.choice(EXAMPLES[match[1]]), template)
        texts = path.split("/")[1:]
        for _ in range(random.choice((0, 0, 1, 2))):
            position = random.randrange(len(texts) + 1)
            # one more, one less, or another
            texts[position : position + random.choice((0, 1))] = random.choice(
                ((), TEXTS[:1], (random.choice(TEXTS),))
            )
        yield "/" + "/".join(texts)


# 2,000 sets of routes by 12 paths: 24,000 pairs
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "BREW"])
@settings(max_examples=500, deadline=None)
@given(route_sets(), st.randoms(use_true_random=True))
def test_the_search_finds_near_the_routes_what_a_linear_scan_finds(
    method: str, models: list[Model], random: Random
) -> None:
    router, by_handler = register(models, search_between=False)
    for path in paths_near(models, random, 12):
        assert found(router, path, method) == wanted(by_handler, path, method), path
