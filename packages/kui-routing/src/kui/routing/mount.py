"""ASGI applications below a prefix."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from .route import BaseRoute, checked_middlewares

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
    wrap the application instead.

    Args:
        path: the prefix; may have parameters. Empty: the application takes what no other route does.
        endpoint: an ASGI application.
        name: for `Router.url_for`, which returns the prefix.
        protocols: those that go to the application.

    Raises:
        ValueError: the path is no prefix.
        TypeError: a middleware for the mount or for a group that it is in.

    >>> from kui.routing import Router
    >>> async def files(scope, receive, send): ...
    >>> _, handler = Router([Mount("/static", files)]).search("http", "/static/a.css", "GET")
    >>> isinstance(handler, Mounted), handler.app is files
    (True, True)
    """

    name: str | None = None
    protocols: Collection[str] = field(default=("http", "websocket"), kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.path.endswith("/"):
            raise ValueError(f'the path of a mount does not end with "/", as in "/static"; got {self.path!r}')
        if isinstance(self.protocols, str) or not self.protocols:
            raise ValueError(
                f"the protocols of a mount are a collection such as ('http',), got {self.protocols!r}"
            )
        object.__setattr__(self, "protocols", tuple(self.protocols))
        if checked_middlewares(self.middlewares):
            raise TypeError(
                f"the mount {self.path!r} cannot have middlewares: they take endpoints, not ASGI applications;"
                " wrap the application, or mount it outside of the group"
            )

    @property
    def served_protocols(self) -> tuple[str, ...]:
        return tuple(self.protocols)
