"""The keys of the messages that an application may send, and the types of their values."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from .errors import ASGIViolation
from .transcript import shorten
from .types import Message

CLOSE_CODES = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})


class Field(NamedTuple):
    """One key of a message: what its value has to be, in words and as a test."""

    expected: str
    fits: Callable[[Any], bool]
    required: bool = False


def _is_text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_text_or_none(value: Any) -> bool:
    return value is None or _is_text(value)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_status(value: Any) -> bool:
    return _is_int(value) and 100 <= value <= 999


def _is_close_code(value: Any) -> bool:
    return _is_int(value) and value in CLOSE_CODES


def _is_bytes(value: Any) -> bool:
    return isinstance(value, bytes)


def _is_bytes_or_none(value: Any) -> bool:
    return value is None or isinstance(value, bytes)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_iterable(value: Any) -> bool:
    return isinstance(value, Iterable)


def _is_pair(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


_HEADERS = Field("an iterable of [name, value] pairs", _is_iterable)
_STATUS = Field("an int from 100 to 999", _is_status, required=True)
_BODY = Field("bytes", _is_bytes)
_FLAG = Field("a bool", _is_flag)
_WORDS = Field("a str", _is_text)
_WORDS_OR_NONE = Field("a str or None", _is_text_or_none)

FIELDS: Mapping[str, tuple[str, Mapping[str, Field]]] = {
    "websocket.accept": (
        "WebSocket, Accept",
        {"subprotocol": _WORDS_OR_NONE, "headers": _HEADERS},
    ),
    "websocket.send": (
        "WebSocket, Send",
        {
            "text": Field("a str that UTF-8 can encode, or None", _is_text_or_none),
            "bytes": Field("bytes or None", _is_bytes_or_none),
        },
    ),
    "websocket.close": (
        "WebSocket, Close",
        {
            "code": Field("an int out of 1000-1003, 1007-1014 or 3000-4999", _is_close_code),
            "reason": _WORDS_OR_NONE,
        },
    ),
    "websocket.http.response.start": (
        "WebSocket Denial Response, Start",
        {"status": _STATUS, "headers": _HEADERS},
    ),
    "websocket.http.response.body": (
        "WebSocket Denial Response, Body",
        {"body": _BODY, "more_body": _FLAG},
    ),
    "http.response.start": (
        "HTTP, Response Start",
        {"status": _STATUS, "headers": _HEADERS, "trailers": _FLAG},
    ),
    "http.response.body": ("HTTP, Response Body", {"body": _BODY, "more_body": _FLAG}),
    "lifespan.startup.complete": ("Lifespan, Startup Complete", {}),
    "lifespan.startup.failed": ("Lifespan, Startup Failed", {"message": _WORDS}),
    "lifespan.shutdown.complete": ("Lifespan, Shutdown Complete", {}),
    "lifespan.shutdown.failed": ("Lifespan, Shutdown Failed", {"message": _WORDS}),
}


def check_message(message: Any, protocol: str) -> Message:
    """Check the type, the keys and the values of a message that an application of `protocol` sends.

    Returns the message, with its headers as a list if they were an iterator. Raises `ASGIViolation`.

    >>> check_message({"type": "websocket.close", "code": 1006}, "websocket")
    Traceback (most recent call last):
        ...
    kui.testing.errors.ASGIViolation: websocket.close with code=1006
    ASGI (WebSocket, Close): the value of 'code' is an int out of 1000-1003, 1007-1014 or 3000-4999
    """
    if not _is_mapping(message) or not isinstance(message.get("type"), str):
        raise violation(f"sent {shorten(message)}", "Events", "an event is a dict whose 'type' is a str")
    checked: Message = dict(message)
    kind: str = checked["type"]
    if kind not in FIELDS or kind.partition(".")[0] != protocol:
        known = ", ".join(name for name in FIELDS if name.startswith(protocol + "."))
        raise violation(f"sent {kind!r}", "Connection Scope", f"a {protocol} application sends {known}")
    section, fields = FIELDS[kind]
    for key, value in checked.items():
        if key == "type":
            continue
        field = fields.get(key)
        if field is None:
            allowed = ", ".join(map(repr, fields)) or "none but 'type'"
            raise violation(
                f"{kind} with the key {key!r}", section, f"the keys of this message are {allowed}"
            )
        if not field.fits(value):
            raise violation(
                f"{kind} with {key}={shorten(value)}", section, f"the value of {key!r} is {field.expected}"
            )
    for key, field in fields.items():
        if field.required and key not in checked:
            raise violation(
                f"{kind} without {key!r}", section, f"{key!r} is required and is {field.expected}"
            )
    if kind == "websocket.send" and (checked.get("text") is None) == (checked.get("bytes") is None):
        raise violation(
            f"{kind} with text={shorten(checked.get('text'))} and bytes={shorten(checked.get('bytes'))}",
            section,
            "a message is one frame: one of 'text' and 'bytes' has a value, the other is None or missing",
        )
    if "headers" in checked:
        checked["headers"] = list(checked["headers"])
        _check_headers(kind, section, checked["headers"])
    return checked


def _check_headers(kind: str, section: str, headers: list[Any]) -> None:
    for pair in headers:
        if not (_is_pair(pair) and len(pair) == 2 and _is_bytes(pair[0]) and _is_bytes(pair[1])):
            raise violation(
                f"{kind} with the header {shorten(pair)}", section, "a header is a pair of bytes: name, value"
            )
        name: bytes = pair[0]
        if name != name.lower():
            raise violation(f"{kind} with the header {name!r}", section, "header names are in lower case")
        if name.startswith(b":"):
            raise violation(f"{kind} with the header {name!r}", section, "pseudo headers are not sent")
        if kind == "websocket.accept" and name == b"sec-websocket-protocol":
            raise violation(
                f"{kind} with the header {name!r}",
                section,
                "the subprotocol is given as 'subprotocol', not as a header",
            )


def violation(seen: str, section: str, rule: str) -> ASGIViolation:
    """Word a violation: what the application did, where the rule stands, what it says."""
    return ASGIViolation(f"{seen}\nASGI ({section}): {rule}")
