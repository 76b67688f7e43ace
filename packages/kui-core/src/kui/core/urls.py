"""The URL of a connection and of a route, percent-encoded."""

from typing import Any, Protocol, cast
from urllib.parse import quote

from baize.datastructures import URL

from .types import Scope

__all__ = ["connection_url", "reverse_url", "route_path"]

# RFC 3986, section 3.3: pchar and "/", less what `quote` never touches
_PATH_SAFE = "/!$&'()*+,;=:@"
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def route_path(scope: Scope) -> str:
    """Return the path that routes are matched against: decoded, without the application's root_path.

    Servers that follow ASGI give a `path` that begins with `root_path`; older ones left it out.

    ```python
    >>> from kui.core import route_path
    >>> route_path({"path": "/api/chat", "root_path": "/api"})
    '/chat'
    >>> route_path({"path": "/apiary", "root_path": "/api"})
    '/apiary'

    ```
    """
    path: str = scope["path"]
    root: str = scope.get("root_path") or ""
    if root and path.startswith(root):
        rest = path[len(root) :]
        if not rest or rest[0] == "/" or root[-1] == "/":
            return rest
    return path


def connection_url(scope: Scope) -> URL:
    path = _full_path(scope)
    query = scope.get("query_string") or b""
    tail = "?" + query.decode("latin-1") if query else ""
    return URL(_origin(scope, scope.get("scheme") or "http") + path + tail)


class _Reverser(Protocol):
    def url_for(self, name: str, path_params: dict[str, Any]) -> str: ...

    def protocol_of(self, name: str) -> str: ...


def reverse_url(scope: Scope, name: str, path_params: dict[str, Any]) -> URL:
    router = cast("_Reverser | None", getattr(scope.get("app"), "router", None))
    if router is None:
        raise RuntimeError("url_for needs an application with a router, and this connection has none")
    path = router.url_for(name, path_params)
    secure = scope.get("scheme") in ("https", "wss")
    plain = "ws" if router.protocol_of(name) == "websocket" else "http"
    root = quote((scope.get("root_path") or "").rstrip("/"), safe=_PATH_SAFE)
    return URL(_origin(scope, plain + "s" * secure) + root + path)


def _full_path(scope: Scope) -> str:
    path: str = scope["path"]
    root: str = scope.get("root_path") or ""
    if root and route_path(scope) == path:
        path = root.rstrip("/") + path
    return quote(path, safe=_PATH_SAFE)


def _origin(scope: Scope, scheme: str) -> str:
    for name, value in scope["headers"]:
        if name == b"host":
            return f"{scheme}://{value.decode('latin-1')}"
    server = scope.get("server")
    if not server:
        return ""
    host, port = server
    if port is None or port == _DEFAULT_PORTS.get(scheme):
        return f"{scheme}://{host}"
    return f"{scheme}://{host}:{port}"
