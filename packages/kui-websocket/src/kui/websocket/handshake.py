"""The events that answer a handshake, made and checked without I/O."""

import re
from collections.abc import Iterable, Mapping
from typing import cast

from kui.core import Message, Scope

__all__ = [
    "HeaderItems",
    "accept_event",
    "close_event",
    "header_pairs",
    "negotiate",
    "send_event",
    "supports_denial",
]

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BREAKS = re.compile(rb"[\r\n\0]")

HeaderItems = Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]]


def accept_event(scope: Scope, subprotocol: str | None, headers: HeaderItems) -> Message:
    """Return the event that accepts the handshake.

    Raises:
        ValueError: a subprotocol that the client did not offer, a header that must not be set here, or headers on
            a server that cannot send them.
    """
    event: Message = {"type": "websocket.accept"}
    if subprotocol is not None:
        offered: list[str] = list(scope.get("subprotocols") or ())
        if subprotocol not in offered:
            raise ValueError(
                f"subprotocol {subprotocol!r} was not offered by the client, which offered {offered or 'none'}; "
                "choose with websocket.negotiate([...])"
            )
        event["subprotocol"] = subprotocol
    pairs = header_pairs(headers)
    if pairs:
        if any(name == b"sec-websocket-protocol" for name, _ in pairs):
            raise ValueError("the subprotocol is no header of accept(): pass accept(subprotocol=...)")
        if spec_version(scope) < (2, 1):
            raise ValueError("this server cannot send headers with an accept: it speaks an ASGI before 2.1")
        event["headers"] = pairs
    return event


def send_event(message: Message) -> Message:
    """Return a raw event that sends a message, with its one payload.

    Raises:
        ValueError: it has no payload, or two.
        TypeError: a text that is no str, bytes that are none.
    """
    payloads = {key: message[key] for key in ("text", "bytes") if message.get(key) is not None}
    if len(payloads) != 1:
        raise ValueError(f"websocket.send has a text or bytes, and not both; got {message!r}")
    [(key, payload)] = payloads.items()
    if key == "text" and not isinstance(payload, str):
        raise TypeError(f"the text of websocket.send is a str, got {type(payload).__name__}")
    if key == "bytes" and type(payload) is not bytes:
        if not isinstance(payload, bytes | bytearray | memoryview):
            raise TypeError(f"the bytes of websocket.send are bytes, got {type(payload).__name__}")
        payload = bytes(cast("bytes | bytearray | memoryview", payload))
    return {"type": "websocket.send", key: payload}


def close_event(scope: Scope, code: int, reason: str) -> Message:
    """Return the event that closes an accepted connection."""
    event: Message = {"type": "websocket.close", "code": int(code)}  # Daphne takes no subclass of int
    if reason and spec_version(scope) >= (2, 3):
        event["reason"] = reason
    return event


def negotiate(scope: Scope, supported: Iterable[str]) -> str | None:
    """Return the first of the server's subprotocols that the client offered, or None."""
    if isinstance(supported, str):
        supported = (supported,)
    offered: Iterable[str] = scope.get("subprotocols") or ()
    return next((name for name in supported if name in offered), None)


def supports_denial(scope: Scope) -> bool:
    """Say whether the server can answer a handshake with an HTTP response of ours.

    https://asgi.readthedocs.io/en/latest/extensions.html#websocket-denial-response
    """
    return "websocket.http.response" in (scope.get("extensions") or ())


def spec_version(scope: Scope) -> tuple[int, ...]:
    """Return the server's version of ASGI's www specification; 2.0 where it does not tell, as Daphne does not."""
    asgi: dict[str, str] = scope.get("asgi") or {}
    told = asgi.get("spec_version") or "2.0"
    return tuple(int(part) for part in told.split(".") if part.isdigit())


def header_pairs(headers: HeaderItems) -> list[tuple[bytes, bytes]]:
    """Return the headers as ASGI has them, with names in lower case.

    Raises:
        ValueError: a name that is no token (RFC 9110, section 5.1), a value that is not of Latin-1, or one with a line
            break, which would begin another header, or a NUL.
        TypeError: no names with values, or one that is no text.
    """
    if isinstance(headers, Mapping):
        return [_pair(item) for item in cast("Mapping[str, str]", headers).items()]
    if isinstance(headers, str | bytes) or not isinstance(headers, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"headers are a mapping, or pairs of a name and a value; got {headers!r}")
    return [_pair(item) for item in headers]


def _pair(item: object) -> tuple[bytes, bytes]:
    match item:
        case (str() | bytes() as name, str() | bytes() as value):
            pass
        case _:
            raise TypeError(f"headers are pairs of a name and a value, both str or bytes; got {item!r}")
    field = name if isinstance(name, bytes) else name.encode("utf-8", "replace")
    if not _TOKEN.fullmatch(field):
        raise ValueError(f"the name of a header is a token of RFC 9110, section 5.6.2; got {name!r}")
    return field.lower(), _value(name, value)


def _value(name: str | bytes, value: str | bytes) -> bytes:
    try:
        data = value if isinstance(value, bytes) else value.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"the header {name!r} has characters beyond Latin-1; got {value!r}") from None
    if _BREAKS.search(data):
        raise ValueError(
            f"the header {name!r} has no line break and no NUL (RFC 9110, section 5.5); got {value!r}"
        )
    return data
