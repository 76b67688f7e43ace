"""The URL of a connection and of a route, percent-encoded."""

import re
from typing import Any, Protocol, cast
from urllib.parse import quote, unquote, urlsplit

from baize.datastructures import URL

from .errors import HTTPException
from .types import Scope

__all__ = ["connection_url", "reverse_url", "route_path"]

# RFC 3986, section 3.3: pchar and "/", less what `quote` never touches
_PATH_SAFE = "/!$&'()*+,;=:@"
# What a client sent is encoded already: of it only what would end the part, or stand in no URL, is encoded again.
_SENT_PATH_SAFE = _PATH_SAFE + "%[]\\^`{|}"
_SENT_QUERY_SAFE = _SENT_PATH_SAFE + "?"
# RFC 3986, section 3.2.2, without an empty name
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+,;=-]+)(:[0-9]*)?")
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def route_path(scope: Scope) -> str:
    """Return the path that routes are matched against: decoded, without the application's root_path.

    Servers that follow ASGI give a `path` that begins with `root_path`; older ones left it out.

    ```python
    >>> from kui.core import route_path
    >>> route_path({"path": "/api/chat", "root_path": "/api"})
    '/chat'
    >>> route_path({"path": "/api", "root_path": "/api"})
    '/'
    >>> route_path({"path": "/apiary", "root_path": "/api"})
    '/apiary'

    ```
    """
    path: str = scope["path"]
    root = _root_path(scope)
    if root and path.startswith(root):
        rest = path[len(root) :]
        if not rest or rest[0] == "/":
            return rest or "/"
    return path


def connection_url(scope: Scope) -> URL:
    scheme = scope.get("scheme") or ("ws" if scope.get("type") == "websocket" else "http")
    origin = _origin(scope, scheme)
    path = _sent_path(scope)
    if path[:1] != "/":  # "*", or a target without a slash that would become part of the host
        path = "/" + path
    elif not origin and path[:2] == "//":  # else it would be read as a host
        path = "/." + path
    query = quote(scope.get("query_string") or b"", safe=_SENT_QUERY_SAFE)
    return URL(origin + path + ("?" + query if query else ""))


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
    return URL(_origin(scope, plain + "s" * secure) + _quoted(_root_path(scope)) + path)


def _root_path(scope: Scope) -> str:
    root: str = scope.get("root_path") or ""
    return root.rstrip("/")


def _sent_path(scope: Scope) -> str:
    path: str = scope["path"]
    raw: bytes | None = scope.get("raw_path")
    # The two differ with older servers, and when somebody has rewritten the path.
    encoded = quote(raw, safe=_SENT_PATH_SAFE) if raw and unquote(raw) == path else _quoted(path)
    return _quoted(_root_path(scope)) + encoded if route_path(scope) == path else encoded


def _quoted(path: str) -> str:
    return quote(path, safe=_PATH_SAFE, errors="surrogatepass")


def _origin(scope: Scope, scheme: str) -> str:
    for name, value in scope["headers"]:
        if name == b"host" and value:
            return f"{scheme}://{_checked_host(value.decode('latin-1'))}"
    host, port = scope.get("server") or ("", None)
    if port is None:  # nobody told, or the path of a unix socket
        return ""
    if ":" in host:
        host = f"[{host}]"
    return f"{scheme}://{host}" + ("" if port == _DEFAULT_PORTS.get(scheme) else f":{port}")


def _checked_host(host: str) -> str:
    try:
        if _HOST.fullmatch(host):
            _ = urlsplit("//" + host).port  # refuses what is no IPv6 address and no port
            return host
    except ValueError:
        pass
    # as RFC 9112, section 3.2, asks
    raise HTTPException(400, content="the Host header is malformed: expected a host and an optional port")
