"""A table of paths for itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar

from .converters import Converter, known_converters
from .finder import Finder
from .path import Captured, Pattern

V = TypeVar("V")

# A path without the types of its parameters, their converters, and the value.
Described = tuple[str, dict[str, Converter[Any]], V]


class RadixTree(Generic[V]):
    """Paths and what they lead to, where no handlers are to be built.

    Args:
        converters: types of parameters over the registered ones.

    >>> tree: RadixTree[str] = RadixTree()
    >>> tree.append("/rooms/{room:int}", "a room")
    >>> (path, converters, value), texts = tree.search("/rooms/5")
    >>> path, value, texts
    ('/rooms/{room}', 'a room', {'room': '5'})
    """

    def __init__(self, converters: Mapping[str, Converter[Any]] | None = None) -> None:
        self._converters = known_converters(converters)
        self._finder: Finder[tuple[Pattern, V]] = Finder()
        self._all: dict[tuple[object, ...], tuple[Pattern, V]] = {}

    def append(self, path: str, endpoint: V) -> None:
        """Add a path with what it leads to.

        Raises:
            ValueError: a slip in the path, or a path that matches the same is there already.
        """
        if not path.startswith("/"):
            raise ValueError(f'path must start with "/", got {path!r}')
        pattern = Pattern(path, self._converters)
        if pattern.shape in self._all:
            raise ValueError(
                f"Routing conflict: {path} matches the same as {self._all[pattern.shape][0].path}"
            )
        self._all[pattern.shape] = (pattern, endpoint)
        self._finder.insert(pattern, (pattern, endpoint))

    def search(self, path: str) -> tuple[Described[V], dict[str, str]] | tuple[None, None]:
        """Return what `iterator` yields for the path that matches, with the texts of its parameters, or two Nones."""
        found = self._finder.find(path)
        if found is None:
            return None, None
        pattern, value = found[1]
        match = pattern.regex.fullmatch(path)
        return _described(pattern, value), match.groupdict() if match else {}

    def iterator(self) -> Iterator[Described[V]]:
        """Yield (path without the types, converters, value) of each path: those without parameters, then the others."""
        yield from self.static_routes.values()
        for pattern, value in self._all.values():
            if pattern.names:
                yield _described(pattern, value)

    @property
    def static_routes(self) -> dict[str, Described[V]]:
        """What `iterator` yields for the paths without parameters, by path."""
        return {path: _described(*found) for path, found in self._finder.static.items()}


def _described(pattern: Pattern, value: V) -> Described[V]:
    return (
        "".join(token if isinstance(token, str) else f"{{{token.name}}}" for token in pattern.tokens),
        {token.name: token.converter for token in pattern.tokens if isinstance(token, Captured)},
        value,
    )
