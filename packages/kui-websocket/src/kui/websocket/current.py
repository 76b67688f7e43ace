"""The WebSocket of the current task."""

from kui.core import ConnectionOf

from .connection import WebSocket

__all__ = ["websocket_var"]

websocket_var = ConnectionOf("websocket", WebSocket)
"""The connection that the current task serves; `websocket_var.get()` is the object to keep in a set."""
