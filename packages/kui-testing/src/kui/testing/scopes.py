"""The part of an ASGI scope that HTTP and WebSocket share, made from an httpx request."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

import httpx

from .profiles import ServerProfile
from .types import Headers

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def scope_of(
    request: httpx.Request,
    *,
    profile: ServerProfile,
    client: tuple[str, int] | None,
    root_path: str,
    state: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Make the scope of a request, without its type.

    `path` begins with `root_path`, as ASGI has it. `state` is copied for each connection; None leaves it out.
    """
    url = request.url
    raw_path, _, query = url.raw_path.partition(b"?")
    asgi = {"version": "3.0"}
    if profile.spec_version is not None:
        asgi["spec_version"] = profile.spec_version
    headers: Headers = [(name.lower(), value) for name, value in request.headers.raw]
    scope: dict[str, Any] = {
        "asgi": asgi,
        "http_version": "1.1",
        "scheme": url.scheme,
        "path": root_path + unquote(raw_path.decode("ascii")),
        "raw_path": root_path.encode() + raw_path,
        "query_string": query,
        "root_path": root_path,
        "headers": headers,
        "client": client,
        "server": (url.host, url.port or _DEFAULT_PORTS[url.scheme]),
    }
    if state is not None:
        scope["state"] = dict(state)
    return scope


def websocket_scope(
    scope: dict[str, Any], *, profile: ServerProfile, subprotocols: Iterable[str], origin: str | None
) -> dict[str, Any]:
    """Turn the shared part of a scope into that of a WebSocket handshake.

    Raises `TypeError` for a single subprotocol, `ValueError` for others than those that a header offers.
    """
    if isinstance(subprotocols, str):
        raise TypeError(f"subprotocols is a list, as in [{subprotocols!r}], got {subprotocols!r}")
    offered = list(subprotocols)
    headers: Headers = [header for header in scope["headers"] if header[0] not in _NOT_IN_A_HANDSHAKE]
    headers += _HANDSHAKE
    in_header = _offered_in(headers)
    if offered and in_header and offered != in_header:
        raise ValueError(
            f"subprotocols is {offered!r}, but the header sec-websocket-protocol offers {in_header!r}; give one of the two"
        )
    if offered and not in_header:
        headers.append((b"sec-websocket-protocol", ", ".join(offered).encode("ascii")))
    if origin is not None:
        headers.append((b"origin", origin.encode("latin-1")))
    scope |= {
        "type": "websocket",
        "scheme": {"http": "ws", "https": "wss"}.get(scope["scheme"], scope["scheme"]),
        "headers": headers,
        "subprotocols": offered or in_header,
    }
    if profile.denial_extension:
        scope["extensions"] = {"websocket.http.response": {}}
    return scope


def _offered_in(headers: Headers) -> list[str]:
    """Read the subprotocols as uvicorn does."""
    values = [value.decode("latin-1") for name, value in headers if name == b"sec-websocket-protocol"]
    return [offer.strip() for value in values for offer in value.split(",")]


_NOT_IN_A_HANDSHAKE = frozenset({b"accept", b"accept-encoding", b"connection", b"content-length"})
_HANDSHAKE: Headers = [
    (b"connection", b"Upgrade"),
    (b"upgrade", b"websocket"),
    (b"sec-websocket-version", b"13"),
    (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
]
