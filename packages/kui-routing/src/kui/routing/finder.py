"""Paths and their values, found in a time that does not grow with their number."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from .matcher import Find, compiled
from .path import Pattern
from .shape import Kind, Shape, kinds_of

V = TypeVar("V")


class Finder(Generic[V]):
    """Paths and their values.

    A path without parameters is found in a dict. The others are kept by shape (which of the segments are literal) and,
    within a shape, by their literal texts in a dict: a search costs a look into one dict for each shape that paths of
    that length have.

    Attributes:
        static: the values of the paths without parameters, none of which is None.
        find_dynamic: returns, for a path, the parameters and the value of what matches among the others, or None.
    """

    __slots__ = ("_shapes", "find_dynamic", "static")

    def __init__(self) -> None:
        self.static: dict[str, V] = {}
        self.find_dynamic: Find = self._compile_and_find
        self._shapes: dict[tuple[Kind, ...], Shape] = {}

    def insert(self, pattern: Pattern, value: V) -> None:
        """Add a path, in the place of one that matches the same if there is one."""
        if not (pattern.names or pattern.is_prefix):
            self.static[pattern.path] = value
            return
        kinds = kinds_of(pattern)
        if kinds not in self._shapes:
            self._shapes[kinds] = Shape(kinds)
        self._shapes[kinds].insert(pattern, value)
        self.find_dynamic = self._compile_and_find

    def find(self, path: str) -> tuple[dict[str, Any], V] | None:
        """Return the parameters and the value of what matches a path, or None."""
        value = self.static.get(path)
        return self.find_dynamic(path) if value is None else ({}, value)

    def _compile_and_find(self, path: str) -> tuple[dict[str, Any], V] | None:
        self.find_dynamic = compiled([shape for _, shape in sorted(self._shapes.items())])
        return self.find_dynamic(path)
