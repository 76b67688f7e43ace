"""Routes as values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final, Self, cast

from .endpoint import Endpoint, Middleware, derived_name, described, where
from .path import DOT_SEGMENT, parse, slip_at

# The order of Allow headers and listings; other methods follow in alphabetical order.
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")

# What a path would be matched with, and never is.
_SLIPS: Final = (
    (
        re.compile("[?#]"),
        "a path ends before it; the query is no part of a path, and handlers read it as a parameter",
    ),
    (
        # what decodes as UTF-8; "/100%accurate" is a path
        re.compile("%[0-7][0-9A-Fa-f]|%[C-Fc-f][0-9A-Fa-f](?:%[89ABab][0-9A-Fa-f])+"),
        "a path is written decoded, as routes are matched: write the character itself",
    ),
    (re.compile("<[^/]*>"), "a parameter is written {name} or {name:type}"),
    (re.compile(r"[\x00-\x1f\x7f]"), "a path has no control characters"),
    (re.compile("[\ud800-\udfff]"), "a lone surrogate is no character, and has no place in a URL"),
)

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True)
class BaseRoute:
    """A path with what serves it; frozen, so that one route can be used in many places.

    A protocol of one's own is a subclass with another `protocol`; `Router` keeps a table for each.

    Args:
        path: begins with "/" or is empty. `{name}` and `{name:type}` are parameters.
        endpoint: an async callable, or a class whose instances can be awaited.
        name: for `Router.url_for`. Empty: that of the endpoint. None: the route has no name.
        middlewares: the last is the outermost. `route @ middleware` adds one.

    Raises:
        ValueError: a slip in the path, or a path that clients would not ask for: with "//" before it, or a segment "." or "..".
        TypeError: an endpoint or a middleware that cannot be called, a name that is no string.

    >>> @dataclass(frozen=True)
    ... class TopicRoute(BaseRoute):
    ...     protocol = "mqtt"
    >>> async def measured() -> None: ...
    >>> from kui.routing import Router
    >>> Router([TopicRoute("/sensors/{id:int}", measured)]).search("mqtt", "/sensors/5")[0]
    {'id': 5}
    """

    protocol: ClassVar[str] = ""

    path: str
    endpoint: Endpoint
    name: str | None = ""
    middlewares: Sequence[Middleware] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        check_path(self.path)
        if not callable(self.endpoint):
            raise TypeError(
                f"the endpoint of the route {self.path!r} has to be an async function or a class, got {self.endpoint!r}"
            )
        if not isinstance(self.name, str | None):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(
                f"the name of the route {self.path!r} has to be a string or None, got {self.name!r}"
            )
        name = derived_name(self.endpoint) if self.name == "" else self.name
        # of an Enum the text, by which it is looked up
        object.__setattr__(self, "name", name if name is None else str.__str__(name))
        object.__setattr__(self, "path", str.__str__(self.path))
        object.__setattr__(
            self, "middlewares", checked_middlewares(self.middlewares, f" of the route {self.path!r}")
        )

    @property
    def served_protocols(self) -> tuple[str, ...]:
        """The tables of a router that this route goes into."""
        return (self.protocol,)

    @property
    def served_methods(self) -> tuple[str, ...]:
        """The methods that this route is restricted to, in a stable order; empty where it is not restricted."""
        return ()

    def __matmul__(self, middleware: Middleware) -> Self:
        """Return this route with one more middleware, outside of those that it has."""
        return replace(self, middlewares=(*self.middlewares, middleware))

    def __rfloordiv__(self, prefix: str) -> Self:
        """Return this route below a prefix."""
        if not isinstance(prefix, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        return replace(self, path=checked_prefix(prefix) + self.path)

    def within(self, namespace: str, tags: Sequence[str], middlewares: Sequence[Middleware]) -> Self:
        """Return this route as a member of a group that has a namespace, tags and middlewares.

        A route class with more settings of its own, to which a group could add, overrides it.
        """
        name = namespace + ":" + self.name if namespace and self.name is not None else self.name
        return replace(self, name=name, middlewares=(*self.middlewares, *middlewares))

    def __str__(self) -> str:
        words = [*self.served_protocols, *self.served_methods, repr(self.path)]
        if self.name is not None:
            words.append(f"named {self.name!r}")
        place = where(self.endpoint)
        return f"{' '.join(words)} -> {described(self.endpoint)}" + (f" ({place})" if place else "")


@dataclass(frozen=True)
class HttpRoute(BaseRoute):
    """A route for HTTP requests.

    Args:
        path, endpoint, name, middlewares: as for `BaseRoute`.
        methods: those that the route serves, in any case; None for every one. HEAD comes with GET.
        summary, description, tags: for whoever writes documentation; the router only keeps them.

    >>> async def rooms() -> str: ...
    >>> route = "/v1" // HttpRoute("/rooms", rooms, methods={"get"})
    >>> route.path, route.name, route.methods
    ('/v1/rooms', 'rooms', ('GET',))
    """

    protocol: ClassVar[str] = "http"

    methods: Collection[str] | None = None
    summary: str | None = None
    description: str | None = None
    tags: Sequence[str] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        of = f" of the route {self.path!r}"
        object.__setattr__(self, "methods", checked_methods(self.methods, of))
        if self.tags is not None:
            object.__setattr__(self, "tags", checked_tags(self.tags, of))

    @property
    def served_methods(self) -> tuple[str, ...]:
        return tuple(self.methods or ())

    def within(self, namespace: str, tags: Sequence[str], middlewares: Sequence[Middleware]) -> Self:
        route = super().within(namespace, tags, middlewares)
        return replace(route, tags=(*tags, *(self.tags or ()))) if tags else route


@dataclass(frozen=True)
class SocketRoute(BaseRoute):
    """A route for WebSocket connections.

    >>> async def chat() -> None: ...
    >>> SocketRoute("/rooms/{room}", chat).name
    'chat'
    """

    protocol: ClassVar[str] = "websocket"


def strings(values: object) -> tuple[str, ...]:
    """Return a collection of strings as a tuple, which is empty for anything else: a string, or a mixture."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        return ()
    found = tuple(cast("Iterable[object]", values))
    names = tuple(value for value in found if isinstance(value, str))
    return names if len(names) == len(found) else ()


def in_order(methods: Iterable[str]) -> tuple[str, ...]:
    """Return methods without repetition, in the order of METHODS."""
    known = set(methods)
    return (*(method for method in METHODS if method in known), *sorted(known.difference(METHODS)))


def check_path(path: str) -> None:
    """Raise ValueError for a path that no route can have."""
    if not isinstance(path, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        remedy = '; a decorator needs its path, as in @router.websocket("/chat")' if callable(path) else ""
        raise TypeError(f"the path of a route has to be a string, got {path!r}{remedy}")
    if path and not path.startswith("/"):
        raise ValueError(f"Route path must start with '/', got {path!r}")
    if path.startswith("//"):
        raise ValueError(f"a browser reads the path {path!r} as another host; begin it with one slash")
    if DOT_SEGMENT.search(path):
        raise ValueError(
            f"no client asks for the path {path!r}: it removes the segments '.' and '..' (RFC 3986, section 5.2.4)"
        )
    if "{" in path or "}" in path:
        parse(path)
    for slip, remedy in _SLIPS:
        if found := slip.search(path):
            raise slip_at(path, found.start(), f"{found[0]!r}: {remedy}")


def checked_prefix(prefix: str) -> str:
    """Return a prefix, or raise ValueError if it is none."""
    if not isinstance(prefix, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"a prefix has to be a string, got {prefix!r}")
    if not prefix.startswith("/") or prefix.endswith("/"):
        raise ValueError(f'a prefix begins with "/" and does not end with it, as in "/v1"; got {prefix!r}')
    check_path(prefix)
    return prefix


def checked_methods(methods: Iterable[str] | None, of: str) -> tuple[str, ...] | None:
    """Return methods in upper case and in order, or raise ValueError for what are none."""
    if methods is None:
        return None
    found = strings(methods)
    if not found:
        raise ValueError(
            f"the methods{of} have to be a collection such as {{'GET'}}, or None for every one; got {methods!r};"
            " summary, description and tags are given by their names"
        )
    for method in found:
        if not _TOKEN.fullmatch(method):
            raise ValueError(
                f"{method!r} is no method{of}: a method is a token of RFC 9110, section 5.6.2, such as 'GET'"
            )
    return in_order(method.upper() for method in found)


def checked_tags(tags: Iterable[str], of: str = "") -> tuple[str, ...]:
    """Return tags as a tuple, or raise TypeError: for a string too, whose letters would be taken for tags."""
    if isinstance(tags, str):
        raise TypeError(f"tags{of} are a list of strings, got {tags!r}; write [{tags!r}]")
    found = tuple(tags) if isinstance(tags, Iterable) else (tags,)  # pyright: ignore[reportUnnecessaryIsInstance]
    for tag in found:
        if not isinstance(tag, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"tags{of} are a list of strings, got {tag!r}")
    return found


def checked_middlewares(middlewares: Iterable[Middleware], of: str = "") -> tuple[Middleware, ...]:
    """Return middlewares as a tuple, or raise TypeError if one cannot be called."""
    if not isinstance(middlewares, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"middlewares{of} are a list of functions, got {middlewares!r}")
    found = tuple(middlewares)
    for middleware in found:
        if not callable(middleware):
            raise TypeError(
                f"a middleware{of} has to be a function from an endpoint to an endpoint, got {middleware!r}"
            )
    return found
