"""Paths of one shape: parameters in the same segments, literal text in the same others."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from .converters import REFUSALS, REFUSED, StrConverter
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
    """What a segment is, and minus the length of the text it begins with: the longer, the earlier it is tried."""

    what: int
    begins: int


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

    Attributes:
        kinds: of the segments.
        rows: of the candidates, in the order in which they are tried, by the literal texts: a string where there is one,
            else a tuple.
        typed: the positions of segments where some path has more than a bare `{name}`.
        several: whether some path has several parameters in a segment.
    """

    def __init__(self, kinds: tuple[Kind, ...]) -> None:
        self.kinds = kinds
        self.rows: dict[str | tuple[str, ...], tuple[Row, ...]] = {}
        self.typed: set[int] = set()
        self.several = False
        self._candidates: dict[str | tuple[str, ...], list[Candidate]] = {}

    def insert(self, pattern: Pattern, value: Any) -> None:
        """Add a path, in the place of one that matches the same if there is one."""
        segments = [segment for segment in pattern.segments if _captured(segment)]
        names = [_names(segment) for segment in segments]
        row = (*names, *(_matcher(segment) for segment in segments), value)
        candidate = Candidate(tuple(_rank(segment) for segment in segments), pattern, row)
        self.typed.update(n for n, s in enumerate(pattern.segments) if _captured(s) and not _is_bare(s))
        self.several |= any(isinstance(name, tuple) for name in names)
        key = self._key(pattern)
        others = [other for other in self._candidates.get(key, ()) if other.pattern.shape != pattern.shape]
        # the sort is stable: of equal ranks, the one that was registered first stays first
        self._candidates[key] = sorted([*others, candidate], key=lambda candidate: candidate.ranks)
        self.rows[key] = tuple(candidate.row for candidate in self._candidates[key])

    def _key(self, pattern: Pattern) -> str | tuple[str, ...]:
        texts = tuple(
            _text_before(segment)
            for segment, kind in zip(pattern.segments, self.kinds, strict=False)
            if kind.what == LITERAL or kind.begins
        )
        return texts[0] if len(texts) == 1 else texts


def kinds_of(pattern: Pattern) -> tuple[Kind, ...]:
    """Return the kinds of a path's segments; those of a prefix end with BELOW."""
    kinds = [_kind(segment) for segment in pattern.segments]
    return (*kinds, Kind(BELOW, 0)) if pattern.is_prefix else tuple(kinds)


def _kind(segment: Segment) -> Kind:
    captured = _captured(segment)
    if not captured:
        return Kind(LITERAL, 0)
    return Kind(REST if captured[-1].converter.crosses_slashes else PARAMETER, -len(_text_before(segment)))


def _captured(segment: Segment) -> list[Captured]:
    return [token for token in segment if isinstance(token, Captured)]


def _text_before(segment: Segment) -> str:
    return segment[0] if segment and isinstance(segment[0], str) else ""


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


def _matcher(segment: Segment) -> Match:
    captured = _captured(segment)
    if _is_bare(segment):
        return some_text
    if len(captured) == len(segment) == 1:
        return captured[0].converter.match
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
