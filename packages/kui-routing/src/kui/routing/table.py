"""The paths of a protocol, with the methods that they serve."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

from .endpoint import Endpoint
from .finder import Finder
from .path import Pattern
from .route import METHODS
from .trace import Trace


class OtherMethods(Enum):
    """The type of OTHER_METHODS, which stands for every method that no route names: any string could be a method."""

    OTHER_METHODS = "other methods"


OTHER_METHODS: Final = OtherMethods.OTHER_METHODS

# None is for protocols without methods.
Method = str | OtherMethods | None


class Table:
    """Routes, of which several may have one path if their methods differ.

    Attributes:
        finders: of handlers, by method, each made when it is wanted first. That of None has all routes, for protocols
            without methods. A method of HTTP that no route names has the one of OTHER_METHODS.
    """

    def __init__(self) -> None:
        self.finders: dict[Method, Finder[Endpoint]] = {}
        self._traces: list[Trace] = []
        self._by_shape: dict[tuple[object, ...], list[Trace]] = {}
        self._methods: set[str] = set()
        self._trace_finders: dict[Method, Finder[Trace]] = {}

    def conflict(self, pattern: Pattern, methods: tuple[str, ...]) -> Trace | None:
        """Return the route that keeps a path from being inserted, if there is one."""
        for trace in self._by_shape.get(pattern.shape, ()):
            if not (trace.methods or methods) or set(trace.methods).intersection(methods):
                return trace
        return None

    def insert(self, trace: Trace) -> None:
        """Add a route for which there is no `conflict`."""
        self._trace_finders.clear()
        self._traces.append(trace)
        same = self._by_shape.setdefault(trace.pattern.shape, [])
        same.append(trace)
        named = {*trace.methods, "HEAD"} if "GET" in trace.methods else {*trace.methods}
        for new in named - self._methods:
            self.finders.pop(new, None)
        self._methods |= named
        for method, finder in self.finders.items():
            if not self._is_other(method) and _serving(same, method) is trace:
                finder.insert(trace.pattern, trace.handler)

    def finder(self, method: Method) -> Finder[Endpoint]:
        """Return what finds the paths that serve a method."""
        finder = self.finders.get(method)
        if finder is None:
            if self._is_other(method):
                finder = self.finder(OTHER_METHODS)
                if method not in METHODS:  # who sends requests cannot make the table grow
                    return finder
            else:
                finder = Finder[Endpoint]()
                for trace in self._serving(method):
                    finder.insert(trace.pattern, trace.handler)
            self.finders[method] = finder
        return finder

    def _is_other(self, method: Method) -> bool:
        return isinstance(method, str) and method not in self._methods

    def allowed(self, path: str) -> set[str]:
        """Return the methods that a path serves, of those that routes name."""
        return {method for method in self._methods if self.finder(method).find(path)}

    def trace(self, path: str, method: str | None = None) -> tuple[dict[str, Any], Trace] | None:
        """Return the parameters and the route that matches a path and serves a method; None: whatever its methods."""
        key = OTHER_METHODS if self._is_other(method) else method
        finder = self._trace_finders.get(key)
        if finder is None:
            self._trace_finders[key] = finder = Finder[Trace]()
            for trace in self._serving(key):
                finder.insert(trace.pattern, trace)
        return finder.find(path)

    def _serving(self, method: Method) -> Iterator[Trace]:
        """Yield the routes that serve a method, of those with one path one, in order of registration."""
        for trace in self._traces:
            if _serving(self._by_shape[trace.pattern.shape], method) is trace:
                yield trace


def _serving(traces: list[Trace], method: Method) -> Trace | None:
    """Return which of the routes with one path serves a method: before one for every method, one that names it."""
    if method is None:
        return traces[0]
    for trace in traces:
        if method in trace.methods:
            return trace
    if method == "HEAD":
        return _serving(traces, "GET")
    return next((trace for trace in traces if not trace.methods), None)
