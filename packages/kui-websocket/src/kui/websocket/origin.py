"""Refuse handshakes from pages of other sites."""

import logging
import re
from collections.abc import Callable, Iterable
from typing import cast
from urllib.parse import urlsplit

from kui.core import Endpoint, Middleware, Scope

from .current import websocket_var
from .denial import PlainResponse

__all__ = ["OriginRule", "check_origin"]

logger = logging.getLogger("kui.websocket")

_DEFAULT_PORTS = {"http": 80, "https": 443}


class OriginRule:
    """Which origins may connect: the server's own, and those of a list.

    A browser sends the origin of the page (RFC 6455, section 10.2) and, with it, the user's cookies: without this
    check any page that a user visits could talk to the server in the user's name. Other clients send no origin
    and are let through.

    Args:
        allowed: origins such as "https://example.org", "http://localhost:5173" or "https://*.example.org"; a port
            may be `*`; "*" alone allows every origin.

    Raises:
        ValueError: what is no origin.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self.allowed = tuple([allowed] if isinstance(allowed, str) else allowed)
        self._match = _matcher(self.allowed)

    def refusal(self, scope: Scope) -> PlainResponse | None:
        """Return the response that refuses a handshake, or None when its origin may connect."""
        origin = host = None
        for name, value in cast("Iterable[tuple[bytes, bytes]]", scope["headers"]):
            if name == b"origin":
                origin = value
            elif name == b"host":
                host = value
        if origin is None:
            return None
        text = origin.decode("latin-1").lower()
        if self._match(text) or (
            host is not None and _same_host(text, host.decode("latin-1").lower(), scope)
        ):
            return None
        logger.warning(
            "refused a WebSocket from the origin %r, which is not the server's own (%s); "
            "to allow it, add it to the origins: check_origin(%r) or Kui(origins=[%r])",
            text, "no Host header" if host is None else host.decode("latin-1"), text, text,
        )  # fmt: skip
        return PlainResponse(403, b"origin not allowed")


def check_origin(*allowed: str) -> Middleware:
    """Return a middleware that refuses handshakes from other origins with 403.

    Args:
        allowed: further origins beside the server's own: "https://example.org", "http://localhost:5173",
            "https://*.example.org", "http://localhost:*", or "*" for all.

    Raises:
        ValueError: what is no origin.

    ```python
    >>> from kui.websocket import SocketView, check_origin, websocket_session
    >>> app = websocket_session(SocketView, middlewares=[check_origin("https://*.example.org")])
    >>> check_origin("example.org")
    Traceback (most recent call last):
    ValueError: 'example.org' is no origin: write scheme and host, such as "https://example.org" or "http://localhost:5173"

    ```
    """
    rule = OriginRule(allowed)

    def middleware(endpoint: Endpoint) -> Endpoint:
        async def checked() -> None:
            connection = websocket_var.get()
            refusal = rule.refusal(cast(Scope, connection))
            if refusal is not None:
                await connection.deny(refusal)
            else:
                await endpoint()

        return checked

    return middleware


def _matcher(allowed: tuple[str, ...]) -> Callable[[str], object]:
    if "*" in allowed:
        return lambda origin: origin != "null"
    patterns = "|".join(_pattern(origin) for origin in allowed)
    return re.compile(patterns).fullmatch if patterns else lambda origin: None


def _pattern(allowed: str) -> str:
    found = re.fullmatch(
        r"([a-z][a-z0-9+.-]*)://((?:\*\.)?[^*/:?#\[\]@]+|\[[0-9a-f:]+\])(?::(\d+|\*))?", allowed.lower()
    )
    if found is None:
        raise ValueError(
            f'{allowed!r} is no origin: write scheme and host, such as "https://example.org" or "http://localhost:5173"'
        )
    scheme, host, port = found.groups()
    sub, host = (r"(?:[^./:]+\.)+", host[2:]) if host.startswith("*.") else ("", host)
    # browsers leave the default port of a scheme out
    if port == "*":
        tail = r"(?::\d+)?"
    elif port is None or int(port) == _DEFAULT_PORTS.get(scheme):
        tail = ""
    else:
        tail = f":{int(port)}"
    return f"{scheme}://{sub}{re.escape(host)}{tail}"


def _same_host(origin: str, host: str, scope: Scope) -> bool:
    """Compare host and port; the schemes may differ, because a proxy in front may speak TLS for the server."""
    try:
        page, own = urlsplit(origin), urlsplit(f"//{host}")
        if page.hostname is None or page.hostname != own.hostname:
            return False
        return (page.port or _DEFAULT_PORTS.get(page.scheme)) == (own.port or _DEFAULT_PORTS.get(page.scheme))
    except ValueError:  # a port that is no number
        return False
