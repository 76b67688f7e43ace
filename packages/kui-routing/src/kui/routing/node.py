"""A node of the tree of segments, with the search through it."""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Callable
from math import inf
from typing import Any, Final, Generic, NamedTuple, TypeVar

from .converters import REFUSALS, REFUSED, StrConverter
from .path import Captured, Pattern, Segment, expression

V = TypeVar("V")

# The key of an entry that serves every method.
ANY_METHOD: Final = "*"


class Entry(NamedTuple, Generic[V]):
    """What a path leads to.

    `methods` is empty where every one is served. `parameter` is the name where there is exactly one. `names` holds
    the names segment by segment, as `Match` gives the values.
    """

    value: V
    parameter: str | None
    names: tuple[tuple[str, ...], ...]
    methods: tuple[str, ...]
    pattern: Pattern


# By method; None is the key of the first one, for protocols without methods.
Entries = dict[str | None, Entry[V]]
# Returns the value of a segment's text, a tuple where the segment has several parameters, or REFUSED.
Match = Callable[[str], Any]


class Edge(NamedTuple, Generic[V]):
    """A way from a node to the one below it, for a segment with parameters."""

    rank: tuple[float, ...]
    match: Match
    node: Node[V]


class Node(Generic[V]):
    """The paths that begin alike, by what follows.

    A search tries `literals`, then `begun` (segments that begin with a text, by its length and the text, longest
    first), `edges`, `rests` (parameters that cross slashes) and `mounted`, in this order. `entries` are for a path that
    ends here; `mounted` are for one that ends here or goes on in whatever way.

    `prepare` derives how the search wants them: `only_literals`; `ways`, the edges but for the last; and `last`, the
    edge after which nothing is left to try, so that no way back is needed. The match of `last` is None for a bare
    `{name}`, which takes any text but the empty one.
    """

    __slots__ = (
        "begun",
        "edges",
        "entries",
        "last",
        "literals",
        "mounted",
        "nodes",
        "only_literals",
        "rests",
        "ways",
    )

    def __init__(self) -> None:
        self.literals: dict[str, Node[V]] = {}
        self.begun: dict[int, dict[str, list[Edge[V]]]] = {}
        self.edges: list[Edge[V]] = []
        self.rests: list[Edge[V]] = []
        self.mounted: Entries[V] = {}
        self.entries: Entries[V] = {}
        self.nodes: dict[tuple[object, ...], Node[V]] = {}
        self.prepare()

    def prepare(self) -> None:
        """Derive what the search reads; to be called after each change but of `literals` and `entries`."""
        self.only_literals = not (self.begun or self.edges or self.rests or self.mounted)
        self.last: tuple[Match | None, Node[V]] | None = None
        ways = [(edge.match, edge.node) for edge in self.edges]
        if ways and not (self.rests or self.mounted):
            match, node = ways.pop()
            self.last = (None if match is _some_text else match, node)
        self.ways = tuple(ways)

    def below(self, segment: Segment) -> Node[V]:
        """Return the node that a segment leads to, made if need be."""
        text = "".join(token for token in segment if isinstance(token, str))
        if not any(isinstance(token, Captured) for token in segment):
            return self.literals.setdefault(text, Node())
        shape = tuple(token if isinstance(token, str) else token.converter for token in segment)
        if shape not in self.nodes:
            self.nodes[shape] = node = Node[V]()
            # of equal ranks, the one that came first stays first
            insort(
                self._edges_of_kind(segment),
                Edge(_rank(segment), _matcher(segment), node),
                key=lambda e: e.rank,
            )
            self.prepare()
        return self.nodes[shape]

    def _edges_of_kind(self, segment: Segment) -> list[Edge[V]]:
        first, last = segment[0], segment[-1]
        if isinstance(last, Captured) and last.converter.crosses_slashes:
            return self.rests
        if isinstance(first, Captured):
            return self.edges
        if len(first) not in self.begun:
            self.begun = dict(sorted([*self.begun.items(), (len(first), {})], reverse=True))
        return self.begun[len(first)].setdefault(first, [])


def walk(
    node: Node[V], parts: list[str], depth: int, method: str | None, values: list[Any]
) -> Entry[V] | None:
    """Return the entry for the segments from `depth` on, with the values of its parameters appended, or None.

    After None, `values` may hold more than before: whoever goes on to try another way cuts it back.
    """
    while depth < len(parts):
        text = parts[depth]
        depth += 1
        child = node.literals.get(text)
        if node.only_literals:
            if child is None:
                return None
            node = child
            continue
        known = len(values)
        if child is not None:
            entry = walk(child, parts, depth, method, values)
            if entry is not None:
                return entry
            del values[known:]
        for length, by_text in node.begun.items():
            for _, match, child in by_text.get(text[:length], ()):
                value = match(text)
                if value is not REFUSED:
                    values.append(value)
                    entry = walk(child, parts, depth, method, values)
                    if entry is not None:
                        return entry
                    del values[known:]
        for match, child in node.ways:
            value = match(text)
            if value is not REFUSED:
                values.append(value)
                entry = walk(child, parts, depth, method, values)
                if entry is not None:
                    return entry
                del values[known:]
        if node.last is not None:
            last_match, node = node.last
            value = (text or REFUSED) if last_match is None else last_match(text)
            if value is REFUSED:
                return None
            values.append(value)
            continue
        if node.rests:
            text = "/".join(parts[depth - 1 :])
            for _, match, child in node.rests:
                value = match(text)
                if value is not REFUSED:
                    entry = child.entries.get(method) or child.entries.get(ANY_METHOD)
                    if entry is not None:
                        values.append(value)
                        return entry
        return node.mounted.get(method) or node.mounted.get(ANY_METHOD)
    return (
        node.entries.get(method)
        or node.entries.get(ANY_METHOD)
        or node.mounted.get(method)
        or node.mounted.get(ANY_METHOD)
    )


def _rank(segment: Segment) -> tuple[float, ...]:
    """Return a key that is lower for a segment that is tried before another, compared token by token."""
    return (
        *(
            -len(token) if isinstance(token, str) else inf if _is_str(token) else token.converter.strictness
            for token in segment
        ),
        inf,
    )


def _is_str(token: Captured) -> bool:
    return type(token.converter) is StrConverter


def _some_text(text: str) -> Any:
    return text or REFUSED


def _matcher(segment: Segment) -> Match:
    """Return a function from a segment's text to its value, to a tuple of values, or to REFUSED."""
    captured = [token for token in segment if isinstance(token, Captured)]
    if captured == list(segment) and len(captured) == 1:
        return _some_text if _is_str(captured[0]) else captured[0].converter.match
    fullmatch = re.compile(expression(segment), re.DOTALL).fullmatch
    converters = [token.converter for token in captured]

    def match_each(text: str) -> Any:
        found = fullmatch(text)
        if found is None:
            return REFUSED
        try:
            values = tuple(c.to_python(t) for c, t in zip(converters, found.groups(), strict=True))
        except REFUSALS:
            return REFUSED
        return values if len(values) > 1 else values[0]

    return match_each
