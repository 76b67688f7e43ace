"""ASGI applications below a prefix."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Set
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from .endpoint import described, takes, unbound, why_not_async
from .registration import Registration
from .route import BaseRoute, checked_middlewares, strings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Mounted:
    """What `Router.search` returns for a path below a `Mount`: an ASGI application that moves `root_path`.

    As the ASGI specification wants it ("Connection Scope" of HTTP and WebSocket): `root_path` grows by the text that
    the prefix matched, `path` stays whole, `raw_path` stays untouched. The application gets a copy of the scope.

    Attributes:
        app: the application.
        depth: the number of segments in the prefix.

    >>> import asyncio
    >>> async def app(scope, receive, send):
    ...     print(scope["root_path"], scope["path"])
    >>> mounted = Mounted(app, depth=1)
    >>> asyncio.run(mounted({"type": "http", "path": "/static/a.css", "root_path": ""}, None, None))
    /static /static/a.css
    """

    app: Callable[[Scope, Receive, Send], Awaitable[Any]]
    depth: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        root: str = scope.get("root_path", "").rstrip("/")
        if not (path == root or path.startswith(root + "/")):
            # a server that leaves root_path out of path, against the specification: put it in
            path = root + path
        prefix = "/".join(path[len(root) :].split("/")[: self.depth + 1])
        await self.app({**scope, "path": path, "root_path": root + prefix}, receive, send)


@dataclass(frozen=True)
class Mount(BaseRoute):
    """A prefix below which an ASGI application serves everything.

    Every other route below the prefix goes first. Middlewares take endpoints, not applications, so a mount has none:
    wrap the application instead. Those of the router do not reach it either.

    Args:
        path: the prefix; may have parameters. Empty: the application takes what no other route does.
        endpoint: an ASGI application.
        name: for `Router.url_for`, which returns the prefix.
        protocols: those that go to the application; the first is that of `Router.protocol_of`.

    Raises:
        ValueError: the path is no prefix, or the protocols are none.
        TypeError: what is known to be no ASGI application; a middleware for the mount or for a group that it is in.

    >>> from kui.routing import Router
    >>> async def files(scope, receive, send): ...
    >>> _, handler = Router([Mount("/static", files)]).search("http", "/static/a.css", "GET")
    >>> isinstance(handler, Mounted), handler.app is files
    (True, True)
    """

    name: str | None = None
    protocols: Iterable[str] = field(default=("http", "websocket"), kw_only=True)

    def __post_init__(self) -> None:
        if isinstance(self.endpoint, Registration):
            raise TypeError(
                f"what is mounted at {self.path!r} has to be an ASGI application, got a {type(self.endpoint).__name__};"
                f" to put routes below a prefix write {self.path!r} // Routes(...)"
            )
        super().__post_init__()
        if self.path.endswith("/"):
            raise ValueError(
                f'the path of a mount does not end with "/", as in "/static", and is "" for all paths; got {self.path!r}'
            )
        if problem := _why_no_application(self.endpoint):
            raise TypeError(
                f"what is mounted at {self.path!r} has to be an ASGI application, and {described(self.endpoint)} {problem}"
            )
        object.__setattr__(self, "protocols", self._checked_protocols())
        if checked_middlewares(self.middlewares):
            raise TypeError(
                f"the mount {self.path!r} cannot have middlewares: they take endpoints, not ASGI applications;"
                " wrap the application, or mount it outside of the group"
            )

    @property
    def served_protocols(self) -> tuple[str, ...]:
        return tuple(self.protocols)

    def _checked_protocols(self) -> tuple[str, ...]:
        names = strings(self.protocols)
        if not names or "" in names or len(set(names)) < len(names):
            raise ValueError(
                f"the protocols of the mount {self.path!r} are a collection such as ('http',), each once; got {self.protocols!r}"
            )
        # the order of a set of strings is another in each process
        return tuple(sorted(names)) if isinstance(self.protocols, Set) else names


def _why_no_application(endpoint: Any) -> str | None:
    """Return what is wrong with what is known to be no ASGI application, else None.

    A plain function of three arguments may return an awaitable, and of what is not written in Python nothing is known.
    """
    target = unbound(endpoint)
    if isinstance(target, type):
        return why_not_async(target)
    function = target if isinstance(target, FunctionType) else unbound(type(target).__call__)
    if not isinstance(function, FunctionType):
        return None
    if inspect.isasyncgenfunction(function):
        return "is an async generator function, whose call cannot be awaited"
    call = endpoint if function is target else endpoint.__call__
    if takes(call, "scope", "receive", "send"):
        return None
    return (
        "cannot be called with (scope, receive, send); a WSGI application needs an adapter around it, such as"
        " a2wsgi.WSGIMiddleware"
    )
