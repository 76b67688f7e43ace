"""The order of the messages that an application may send, as tables."""

from collections.abc import Mapping

from .messages import violation
from .types import Message

_ACCEPT = "websocket.accept"
_SEND = "websocket.send"
_CLOSE = "websocket.close"
_DENY_START = "websocket.http.response.start"
_DENY_BODY = "websocket.http.response.body"

CONNECTING = "before websocket.accept"
CONNECTED = "after websocket.accept"
DENYING = "after websocket.http.response.start"
CLOSED = "after websocket.close"
DENIED = "after the whole denial response"

_WEBSOCKET: Mapping[tuple[str, str], str] = {
    (CONNECTING, _ACCEPT): CONNECTED,
    (CONNECTING, _CLOSE): CLOSED,
    (CONNECTING, _DENY_START): DENYING,
    (CONNECTED, _SEND): CONNECTED,
    (CONNECTED, _CLOSE): CLOSED,
    (DENYING, _DENY_BODY): DENYING,
}

_WEBSOCKET_RULES: Mapping[str, tuple[str, str]] = {
    CONNECTING: (
        "WebSocket, Connect",
        "websocket.connect is answered first, by accept, close or a denial response",
    ),
    CONNECTED: ("WebSocket, Accept", "an accepted connection is sent to or closed, nothing else"),
    DENYING: (
        "WebSocket Denial Response, Body",
        "after the start of a denial response come its bodies, until one without more_body",
    ),
    CLOSED: ("WebSocket, Close", "websocket.close is the last message"),
    DENIED: ("WebSocket Denial Response, Body", "a body without more_body is the last message"),
}


def after_websocket_send(state: str, message: Message, *, denial: bool = True) -> str:
    """Tell the state after the application sent `message` in `state`. Raises `ASGIViolation`.

    `denial` says whether the server offered the denial extension.

    >>> after_websocket_send(CONNECTING, {"type": "websocket.accept"})
    'after websocket.accept'
    """
    kind: str = message["type"]
    if not denial and kind in (_DENY_START, _DENY_BODY):
        raise violation(
            f"{kind} on a server without the extension",
            "WebSocket Denial Response",
            "a denial response needs 'websocket.http.response' in scope['extensions']; without it, websocket.close",
        )
    new = _WEBSOCKET.get((state, kind))
    if new is None:
        raise violation(f"{kind} {state}", *_WEBSOCKET_RULES[state])
    if kind == _DENY_BODY and not message.get("more_body", False):
        return DENIED
    return new


NOT_STARTED = "before http.response.start"
STARTED = "after http.response.start"
FINISHED = "after the whole response"


def after_http_send(state: str, message: Message) -> str:
    """Tell the state after the application sent `message` in `state`. Raises `ASGIViolation`.

    >>> after_http_send(STARTED, {"type": "http.response.body", "body": b"end"})
    'after the whole response'
    """
    kind: str = message["type"]
    if state == NOT_STARTED and kind == "http.response.start":
        return STARTED
    if state == STARTED and kind == "http.response.body":
        return STARTED if message.get("more_body", False) else FINISHED
    rules = {
        NOT_STARTED: ("HTTP, Response Start", "http.response.start comes first"),
        STARTED: ("HTTP, Response Body", "after the start come bodies, until one without more_body"),
        FINISHED: ("HTTP, Response Body", "a body without more_body is the last message"),
    }
    raise violation(f"{kind} {state}", *rules[state])


STARTING = "before the answer to lifespan.startup"
RUNNING = "before lifespan.shutdown"
STOPPING = "after lifespan.shutdown"
STOPPED = "after its last message"

_LIFESPAN: Mapping[tuple[str, str], str] = {
    (STARTING, "lifespan.startup.complete"): RUNNING,
    (STARTING, "lifespan.startup.failed"): STOPPED,
    (STOPPING, "lifespan.shutdown.complete"): STOPPED,
    (STOPPING, "lifespan.shutdown.failed"): STOPPED,
}


def after_lifespan_send(state: str, message: Message) -> str:
    """Tell the state after the application sent `message` in `state`. Raises `ASGIViolation`.

    >>> after_lifespan_send(STARTING, {"type": "lifespan.startup.complete"})
    'before lifespan.shutdown'
    """
    kind: str = message["type"]
    new = _LIFESPAN.get((state, kind))
    if new is None:
        raise violation(
            f"{kind} {state}",
            "Lifespan",
            "each of startup and shutdown is answered once, after it was received",
        )
    return new
