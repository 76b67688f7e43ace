"""Paths of one shape: parameters in the same segments, literal text in the same others."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from .converters import REFUSALS, REFUSED, Converter, StrConverter
from .path import Captured, Pattern, Segment, expression

# Returns the value of a segment's text, a tuple of values where the segment has several parameters, or REFUSED.
Match = Callable[[str], Any]

# What a segment is, in the order in which shapes are tried: a literal; one with parameters; a parameter that takes the
# rest of the path; whatever is below a mount.
LITERAL: Final = 0
PARAMETER: Final = 1
REST: Final = 2
BELOW: Final = 3


class Kind(NamedTuple):
    """What a segment is, and minus the lengths of the texts around its parameters: the longer, the earlier it is tried."""

    what: int
    begins: int = 0
    ends: int = 0


class Place(NamedTuple):
    """Where a literal text stands: the position of its segment, and which part of that it is, as a slice in brackets."""

    position: int
    part: str


# The name of each segment with parameters (a tuple where it has several), then the Match of each, then the value.
Row = tuple[Any, ...]


class Candidate(NamedTuple):
    """One of the paths that have the same literal texts.

    Attributes:
        ranks: of the segments with parameters; lower ones are tried earlier.
        pattern: the parsed path.
        row: for the search.
    """

    ranks: tuple[tuple[int, ...], ...]
    pattern: Pattern
    row: Row


class Shape:
    """The paths of one shape, by their literal texts.

    A position is where a segment stands in `path.split("/")`: the first one stands at 1.

    Attributes:
        kinds: of the segments.
        common: the literal texts that all paths have, by their places.
        varying: the places of the other literal texts.
        rows: of the candidates, in the order in which they are tried, by the varying texts: a string where there is one,
            else a tuple.
        parameters: the positions of parameters.
        typed: those of them where some path has more than a bare `{name}`.
        several: whether some path has several parameters in a segment.
    """

    def __init__(self, kinds: tuple[Kind, ...]) -> None:
        self.kinds = kinds
        self.common: dict[Place, str] = {}
        self.varying: tuple[Place, ...] = ()
        self.rows: dict[str | tuple[str, ...], tuple[Row, ...]] = {}
        self.parameters = tuple(n for n, kind in enumerate(kinds, 1) if kind.what in (PARAMETER, REST))
        self.typed: set[int] = set()
        self.several = False
        self._candidates: dict[tuple[str, ...], list[Candidate]] = {}
        self._matches: dict[int, tuple[Converter[Any], Match]] = {}
        self._places = tuple(place for n, kind in enumerate(kinds, 1) for place in _places(n, kind))

    def insert(self, pattern: Pattern, value: Any) -> None:
        """Add a path, in the place of one that matches the same if there is one."""
        segments = [pattern.segments[position - 1] for position in self.parameters]
        self.typed.update(
            n for n, segment in zip(self.parameters, segments, strict=True) if not _is_bare(segment)
        )
        names = [_names(segment) for segment in segments]
        self.several |= any(isinstance(name, tuple) for name in names)
        row = (*names, *(self._matcher(segment) for segment in segments), value)
        candidate = Candidate(tuple(_rank(segment) for segment in segments), pattern, row)
        texts = tuple(_text_at(place, pattern) for place in self._places)
        others = [other for other in self._candidates.get(texts, ()) if other.pattern.shape != pattern.shape]
        # the sort is stable: of equal ranks, the one that was registered first stays first
        self._candidates[texts] = sorted([*others, candidate], key=lambda candidate: candidate.ranks)
        self._index(texts)

    def _matcher(self, segment: Segment) -> Match:
        captured = _captured(segment)
        if _is_bare(segment):
            return some_text
        if len(captured) == len(segment) == 1:
            converter = captured[0].converter
            # one object for all paths: a search then touches less memory; by identity, for equal converters may differ in
            # what they return
            return self._matches.setdefault(id(converter), (converter, converter.match))[1]
        return _match_each(segment, captured)

    def _index(self, texts: tuple[str, ...]) -> None:
        """Bring `rows` up to date with the candidates that have some literal texts."""
        by_place = dict(zip(self._places, texts, strict=True))
        common = self.common if self.rows else by_place
        self.common = {place: text for place, text in common.items() if by_place[place] == text}
        varying = tuple(place for place in self._places if place not in self.common)
        changed = [texts]
        if varying != self.varying:
            # happens at most once for each place
            self.varying = varying
            self.rows.clear()
            changed = list(self._candidates)
        for texts in changed:
            varying_texts = tuple(t for place, t in zip(self._places, texts, strict=True) if place in varying)
            key = varying_texts[0] if len(varying_texts) == 1 else varying_texts
            self.rows[key] = tuple(candidate.row for candidate in self._candidates[texts])


def kinds_of(pattern: Pattern) -> tuple[Kind, ...]:
    """Return the kinds of a path's segments; those of a prefix end with BELOW."""
    kinds = [_kind(segment) for segment in pattern.segments]
    return (*kinds, Kind(BELOW)) if pattern.is_prefix else tuple(kinds)


def _kind(segment: Segment) -> Kind:
    captured = _captured(segment)
    if not captured:
        return Kind(LITERAL)
    what = REST if captured[-1].converter.crosses_slashes else PARAMETER
    return Kind(what, -len(_text_before(segment)), -len(_text_behind(segment)))


def _places(position: int, kind: Kind) -> list[Place]:
    if kind.what == LITERAL:
        return [Place(position, "")]
    before, behind = Place(position, f"[:{-kind.begins}]"), Place(position, f"[{kind.ends}:]")
    return [place for place, size in ((before, kind.begins), (behind, kind.ends)) if size]


def _text_at(place: Place, pattern: Pattern) -> str:
    segment = pattern.segments[place.position - 1]
    return _text_behind(segment) if place.part.endswith(":]") else _text_before(segment)


def _captured(segment: Segment) -> list[Captured]:
    return [token for token in segment if isinstance(token, Captured)]


def _text_before(segment: Segment) -> str:
    return segment[0] if segment and isinstance(segment[0], str) else ""


def _text_behind(segment: Segment) -> str:
    return segment[-1] if segment and isinstance(segment[-1], str) else ""


def _names(segment: Segment) -> str | tuple[str, ...]:
    names = tuple(token.name for token in _captured(segment))
    return names[0] if len(names) == 1 else names


def _is_bare(segment: Segment) -> bool:
    (*others, token) = segment
    return not others and isinstance(token, Captured) and type(token.converter) is StrConverter


def _rank(segment: Segment) -> tuple[int, ...]:
    """Return a key that is lower for the stricter of two segments, compared token by token; any text is strict."""
    strictness = [-len(token) if isinstance(token, str) else token.converter.strictness for token in segment]
    # so that a segment that goes on after its parameter goes before one that does not
    return (*strictness, _LOOSEST)


_LOOSEST: Final = 1_000_000


def some_text(text: str) -> Any:
    """Match a bare `{name}`: any text but the empty one."""
    return text or REFUSED


def _match_each(segment: Segment, captured: list[Captured]) -> Match:
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
        return values[0] if len(converters) == 1 else values

    return match_each
