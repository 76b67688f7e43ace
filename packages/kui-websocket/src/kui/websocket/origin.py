"""Refuse handshakes from pages of other sites."""

import logging
import re
from collections.abc import Iterable
from ipaddress import IPv6Address
from typing import NamedTuple, cast

from kui.core import Endpoint, Middleware, Scope

from .current import current
from .denial import PlainResponse

__all__ = ["OriginRule", "check_origin"]

logger = logging.getLogger("kui.websocket")


class OriginRule:
    """Which origins may connect: the server's own, and those of a list.

    A browser sends the origin of the page (RFC 6455, section 10.2) and, with it, the user's cookies: without this
    check any page that a user visits could talk to the server in the user's name. Other clients send no origin
    and are let through.

    Args:
        allowed: origins such as "https://example.org", "http://localhost:5173" or "https://*.example.org"; a port
            may be `*`; "*" alone allows every origin but `null`.

    Raises:
        ValueError: what is no origin.

    ```python
    >>> from kui.websocket import OriginRule
    >>> scope = {"scheme": "wss", "headers": [(b"host", b"example.org"), (b"origin", b"https://app.example")]}
    >>> OriginRule(["https://*.app.example"]).refusal(scope).status
    403
    >>> OriginRule(["https://app.example"]).refusal(scope) is None
    True

    ```
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self.allowed = tuple([allowed] if isinstance(allowed, str) else allowed)
        self._all = "*" in self.allowed
        self._entries = [_entry(origin) for origin in self.allowed if origin != "*"]

    def refusal(self, scope: Scope) -> PlainResponse | None:
        """Return the response that refuses a handshake, or None when its origin may connect."""
        for name, _ in scope["headers"]:
            if name == b"origin":
                return self._judge(scope)
        return None

    def _judge(self, scope: Scope) -> PlainResponse | None:
        headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        host = next((value for name, value in headers if name == b"host"), None)  # the first, as in the URL
        for value in [value for name, value in headers if name == b"origin"]:
            text = value.decode("latin-1")
            if not self._allows(text, host, scope):
                logger.warning(
                    "refused a WebSocket from the origin %r, which is not the server's own (Host: %r); %s",
                    text, None if host is None else host.decode("latin-1"), _remedy(text),
                )  # fmt: skip
                return PlainResponse(403, b"origin not allowed")
        return None

    def _allows(self, text: str, host: bytes | None, scope: Scope) -> bool:
        if self._all:
            return text != "null"
        origin = _parse(text)
        if origin is None or "*" in text:
            return False
        return _is_own(origin, host, scope) or any(_is_listed(origin, entry) for entry in self._entries)


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
    ValueError: 'example.org' is no origin: write scheme and host, with a port if need be, and no slash behind, such as "https://example.org" or "http://localhost:5173"

    ```
    """
    rule = OriginRule(allowed)

    def middleware(endpoint: Endpoint) -> Endpoint:
        async def checked() -> None:
            connection = current()
            refusal = rule.refusal(cast(Scope, connection))
            if refusal is not None:
                await connection.deny(refusal)
            else:
                await endpoint()

        return checked

    return middleware


class _Origin(NamedTuple):
    """An origin, with a port always; a port of None in a list stands for every port."""

    scheme: str
    host: str
    port: int | None


def _remedy(text: str) -> str:
    if _parse(text) is None or "*" in text:
        return "it names no site, and cannot be allowed"
    return f"to allow it, add it to the origins: check_origin({text!r}) or Kui(origins=[{text!r}])"


def _is_own(origin: _Origin, host: bytes | None, scope: Scope) -> bool:
    """Compare host and port. A proxy in front may speak TLS for a server that does not, never the reverse."""
    if host is None or origin.scheme not in ("http", "https"):
        return False
    if scope.get("scheme") == "wss" and origin.scheme == "http":
        return False
    return _parse(f"{origin.scheme}://{host.decode('latin-1')}") == origin


def _is_listed(origin: _Origin, entry: _Origin) -> bool:
    return (
        origin.scheme == entry.scheme
        and (entry.port is None or origin.port == entry.port)
        and (origin.host.endswith(entry.host[1:]) if entry.host[:2] == "*." else origin.host == entry.host)
    )


def _entry(allowed: str) -> _Origin:
    entry = _parse(allowed) if isinstance(allowed, str) else None  # pyright: ignore[reportUnnecessaryIsInstance]
    if entry is None:
        raise ValueError(
            f"{allowed!r} is no origin: write scheme and host, with a port if need be, and no slash behind,"
            ' such as "https://example.org" or "http://localhost:5173"'
        )
    if entry.scheme in ("ws", "wss"):
        raise ValueError(
            f"{allowed!r} is the address of a socket; an origin is that of the page, such as"
            f" {allowed.lower().replace('ws', 'http', 1)!r}"
        )
    host = entry.host if entry.host.isascii() else _ascii_host(entry.host, allowed)
    if entry.scheme in _DEFAULT_PORTS and not _HOST.fullmatch(host):  # that of another scheme is opaque
        raise ValueError(f"{allowed!r} is no origin: {host!r} is no name of a host")
    return entry._replace(host=host)


def _ascii_host(host: str, allowed: str) -> str:
    """Return the name of a host as browsers write it."""
    try:
        name = host.encode("idna").decode()
        if name.encode().decode("idna") == host:
            return name
    except UnicodeError:
        pass
    # Python's IDNA of 2003 makes "ss" of "ß", which is another host today
    raise ValueError(
        f"{allowed!r}: write the host {host!r} as browsers send it in the Origin header, in ASCII: xn--..."
    )


# of the lists; an Origin header is compared as it came
_HOST = re.compile(r"(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]")

# RFC 6454, section 6.2: scheme, host and port, and nothing else. A "*" is of the lists alone.
_ORIGIN = re.compile(
    r"([a-z][a-z0-9+.-]*)://((?:\*\.)?[^*/:?#\[\]@\\\s]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}|\*))?"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def _parse(text: str) -> _Origin | None:
    found = _ORIGIN.fullmatch(text.lower())
    if found is None:
        return None
    scheme, host, port = found.groups()
    if host[0] == "[":
        try:
            host = f"[{IPv6Address(host[1:-1])}]"
        except ValueError:
            return None
    if port == "*":
        return _Origin(scheme, host, None)
    number = _DEFAULT_PORTS.get(scheme, 0) if port is None else int(port)
    return _Origin(scheme, host, number) if port is None or 0 < number < 65536 else None
