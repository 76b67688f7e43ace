"""The paths of a protocol, with the methods that they serve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from .finder import Finder
from .path import Pattern

V = TypeVar("V")

# Stands for every method that no entry names.
OTHER_METHODS: Final = "*"


@dataclass(frozen=True, eq=False, slots=True)
class Entry(Generic[V]):
    """A path with its value and its methods; none of these means every one."""

    pattern: Pattern
    methods: tuple[str, ...]
    value: V


class Table(Generic[V]):
    """Entries, of which several may have one path if their methods differ.

    Attributes:
        finders: by method, each made when it is wanted first. That of None has all entries, for protocols without
            methods.
    """

    def __init__(self) -> None:
        self.finders: dict[str | None, Finder[V]] = {}
        self._entries: list[Entry[V]] = []
        self._by_shape: dict[tuple[object, ...], list[Entry[V]]] = {}
        self._methods: set[str] = set()

    def conflict(self, pattern: Pattern, methods: tuple[str, ...]) -> Entry[V] | None:
        """Return the entry that keeps a path from being inserted, if there is one."""
        for entry in self._by_shape.get(pattern.shape, ()):
            if not (entry.methods or methods) or set(entry.methods).intersection(methods):
                return entry
        return None

    def insert(self, entry: Entry[V]) -> None:
        """Add an entry for which there is no `conflict`."""
        self._entries.append(entry)
        same = self._by_shape.setdefault(entry.pattern.shape, [])
        same.append(entry)
        self._methods.update(entry.methods)
        if "GET" in entry.methods:
            self._methods.add("HEAD")
        for method, finder in self.finders.items():
            if _serving(same, method) is entry:
                finder.insert(entry.pattern, entry.value)

    def finder(self, method: str | None) -> Finder[V]:
        """Return what finds the paths that serve a method."""
        if method is not None and method not in self._methods:
            # one for them all: who sends requests cannot make the table grow
            method = OTHER_METHODS
        if method not in self.finders:
            self.finders[method] = finder = Finder[V]()
            for entry in self._entries:
                if _serving(self._by_shape[entry.pattern.shape], method) is entry:
                    finder.insert(entry.pattern, entry.value)
        return self.finders[method]

    def allowed(self, path: str) -> set[str]:
        """Return the methods that a path serves, of those that entries name."""
        return {method for method in self._methods if self.finder(method).find(path)}


def _serving(entries: list[Entry[Any]], method: str | None) -> Entry[Any] | None:
    """Return which of the entries with one path serves a method: before one for every method, one that names it."""
    if method is None:
        return entries[0]
    for entry in entries:
        if method in entry.methods:
            return entry
    if method == "HEAD":
        return _serving(entries, "GET")
    return next((entry for entry in entries if not entry.methods), None)
