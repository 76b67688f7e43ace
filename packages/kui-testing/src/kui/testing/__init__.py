"""An in-process test client for ASGI WebSocket, HTTP and lifespan, with deadlines and a strict mode."""

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
