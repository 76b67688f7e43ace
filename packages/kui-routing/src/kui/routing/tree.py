"""The table of paths: a dict for those without parameters, a tree over segments for the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Generic

from .converters import Converter, known_converters
from .node import ANY_METHOD, Entries, Entry, Node, V, walk
from .path import Captured, Pattern


class RadixTree(Generic[V]):
    """Paths and what they lead to.

    `Router` searches one tree per protocol; it is of use alone where no handlers are to be built.

    Args:
        converters: types of parameters over the registered ones.

    >>> tree: RadixTree[str] = RadixTree()
    >>> tree.append("/rooms/{room:int}", "a room")
    >>> tree.match("/rooms/5")
    ({'room': 5}, 'a room')
    >>> tree.match("/rooms/five") is None
    True
    """

    def __init__(self, converters: Mapping[str, Converter[Any]] | None = None) -> None:
        self.static: dict[str, Entries[V]] = {}
        self._converters = known_converters(converters)
        self._root: Node[V] = Node()
        self._table: dict[tuple[object, ...], Entries[V]] = {}
        self._entries: list[Entry[V]] = []
        self._methods: dict[str, None] = {}

    def append(self, path: str, endpoint: V) -> None:
        """Add a path with what it leads to.

        Raises:
            ValueError: a slip in the path, or a path that matches the same is there already.
        """
        pattern = Pattern(path, self._converters)
        other = self.conflict(pattern)
        if other is not None:
            raise ValueError(f"Routing conflict: {path} matches the same as {other.pattern.path}")
        self.insert(pattern, endpoint)

    def conflict(
        self, pattern: Pattern, methods: tuple[str, ...] = (), mount: bool = False
    ) -> Entry[V] | None:
        """Return the entry that keeps a path from being inserted, if there is one."""
        entries = self._table.get((mount, pattern.shape), {})
        for method in methods or (ANY_METHOD,):
            entry = entries.get(method)
            # a HEAD that is there for the sake of a GET gives way
            if entry is not None and (method in entry.methods or not entry.methods):
                return entry
        return None

    def insert(self, pattern: Pattern, value: V, methods: tuple[str, ...] = (), mount: bool = False) -> None:
        """Add a path that has no `conflict`; no methods means every one.

        With `mount` the path is a prefix, and all that is below it leads to the value as well.
        """
        entry = Entry(
            value,
            pattern.names[0] if len(pattern.names) == 1 else None,
            _by_segment(pattern),
            methods,
            pattern,
        )
        entries = self._table.setdefault((mount, pattern.shape), {})
        is_new = not entries
        for method in methods or (ANY_METHOD,):
            entries[method] = entry
        if "GET" in methods:
            entries.setdefault("HEAD", entry)
            self._methods["HEAD"] = None
        entries.setdefault(None, entry)
        if is_new:
            self._place(pattern, entries, mount)
        self._methods.update(dict.fromkeys(methods))
        self._entries.append(entry)

    def _place(self, pattern: Pattern, entries: Entries[V], mount: bool) -> None:
        if not (pattern.names or mount):
            self.static[pattern.path] = entries
            return
        node = self._root
        for segment in pattern.segments:
            node = node.below(segment)
        if mount:
            node.mounted = entries
            node.prepare()
        else:
            node.entries = entries

    def match(self, path: str, method: str | None = None) -> tuple[dict[str, Any], V] | None:
        """Return the parameters and the value of the path that is found, or None; the README states which one wins."""
        entries = self.static.get(path)
        if entries is not None:
            entry = entries.get(method) or entries.get(ANY_METHOD)
            if entry is not None:
                return {}, entry[0]
        return self.match_dynamic(path, method)

    def match_dynamic(self, path: str, method: str | None) -> tuple[dict[str, Any], V] | None:
        """Do as `match`, with the paths that have parameters alone."""
        found = self._find(path, method)
        if found is None:
            return None
        entry, values = found
        name = entry[1]
        if name is not None:
            return {name: values[0]}, entry[0]
        return _parameters(entry, values), entry[0]

    def _find(self, path: str, method: str | None) -> tuple[Entry[V], list[Any]] | None:
        parts = path.split("/")
        if parts[0]:
            return None
        values: list[Any] = []
        entry = walk(self._root, parts, 1, method, values)
        return None if entry is None else (entry, values)

    def allowed(self, path: str) -> list[str]:
        """Return the methods with which a path is found, of those that were inserted."""
        return [method for method in self._methods if self.match(path, method)]

    def search(
        self, path: str
    ) -> tuple[tuple[str, dict[str, Converter[Any]], V], dict[str, str]] | tuple[None, None]:
        """Return what `iterator` yields for the path that is found, and the texts of its parameters, or two Nones.

        >>> tree = RadixTree[str]()
        >>> tree.append("/rooms/{room}", "a room")
        >>> tree.search("/rooms/5")[1]
        {'room': '5'}
        """
        entries = self.static.get(path)
        if entries is not None:
            return _described(entries[None]), {}
        found = self._find(path, None)
        if found is None:
            return None, None
        text = found[0].pattern.regex.fullmatch(path)
        return _described(found[0]), text.groupdict() if text else {}

    def iterator(self) -> Iterator[tuple[str, dict[str, Converter[Any]], V]]:
        """Yield (path without the types, converters, value) of each path: those without parameters, then the others."""
        for entry in sorted(self._entries, key=lambda entry: bool(entry.names)):
            yield _described(entry)

    @property
    def static_routes(self) -> dict[str, tuple[str, dict[str, Converter[Any]], V]]:
        """The paths without parameters, in order of registration."""
        return {path: _described(entries[None]) for path, entries in self.static.items()}


def _by_segment(pattern: Pattern) -> tuple[tuple[str, ...], ...]:
    names = (
        tuple(token.name for token in segment if isinstance(token, Captured)) for segment in pattern.segments
    )
    return tuple(filter(None, names))


def _parameters(entry: Entry[Any], values: list[Any]) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for names, value in zip(entry.names, values, strict=True):
        if len(names) == 1:
            parameters[names[0]] = value
        else:
            parameters.update(zip(names, value, strict=True))
    return parameters


def _described(entry: Entry[V]) -> tuple[str, dict[str, Converter[Any]], V]:
    tokens = entry.pattern.tokens
    return (
        "".join(token if isinstance(token, str) else f"{{{token.name}}}" for token in tokens),
        {token.name: token.converter for token in tokens if isinstance(token, Captured)},
        entry.value,
    )
