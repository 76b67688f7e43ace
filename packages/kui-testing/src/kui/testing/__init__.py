"""An in-process test client for ASGI WebSocket, HTTP and lifespan, with deadlines and a strict mode."""

import importlib
import typing

if typing.TYPE_CHECKING:
    from .client import TestClient
    from .errors import (
        ASGIViolation,
        ConnectionClosed,
        DeadlineExceeded,
        HandshakeDenied,
        LeakedTasks,
        LifespanFailed,
    )
    from .profiles import PROFILES, ServerProfile
    from .session import WebSocketSession
    from .sync import SyncTestClient, SyncWebSocketSession
    from .wire import Close

__all__ = [
    "PROFILES",
    "ASGIViolation",
    "Close",
    "ConnectionClosed",
    "DeadlineExceeded",
    "HandshakeDenied",
    "LeakedTasks",
    "LifespanFailed",
    "ServerProfile",
    "SyncTestClient",
    "SyncWebSocketSession",
    "TestClient",
    "WebSocketSession",
]

# pytest imports this package for its plugin at every start, in projects that never use it as well; the names
# come at first use because httpx takes longer to import than pytest's own start.
_MODULE_OF = {
    "PROFILES": "profiles",
    "ASGIViolation": "errors",
    "Close": "wire",
    "ConnectionClosed": "errors",
    "DeadlineExceeded": "errors",
    "HandshakeDenied": "errors",
    "LeakedTasks": "errors",
    "LifespanFailed": "errors",
    "ServerProfile": "profiles",
    "SyncTestClient": "sync",
    "SyncWebSocketSession": "sync",
    "TestClient": "client",
    "WebSocketSession": "session",
}


if not typing.TYPE_CHECKING:

    def __getattr__(name: str) -> typing.Any:
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)
        return value
