"""The WebSocket of the current task."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .connection import WebSocket

__all__ = ["websocket_var"]

websocket_var: ContextVar["WebSocket"] = ContextVar("websocket")
"""The connection that the current task serves; `websocket_var.get()` is the object to keep in a set."""
