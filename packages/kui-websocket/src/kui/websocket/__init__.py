"""A WebSocket connection for ASGI that is right on every server, with class views and encodings."""

from .codes import CloseCode
from .connection import WebSocket
from .context import websocket
from .current import websocket_var
from .encodings import JSON, AnyStr, Bytes, Encoding, Text
from .errors import (
    DecodeError,
    InvalidState,
    PayloadTypeError,
    WebSocketClose,
    WebSocketDisconnect,
    WebSocketError,
)
from .limits import Limits
from .origin import OriginRule, check_origin
from .session import SocketSession, websocket_session
from .states import ConnectionState
from .view import SocketView

__all__ = [
    "JSON",
    "AnyStr",
    "Bytes",
    "CloseCode",
    "ConnectionState",
    "DecodeError",
    "Encoding",
    "InvalidState",
    "Limits",
    "OriginRule",
    "PayloadTypeError",
    "SocketSession",
    "SocketView",
    "Text",
    "WebSocket",
    "WebSocketClose",
    "WebSocketDisconnect",
    "WebSocketError",
    "check_origin",
    "websocket",
    "websocket_session",
    "websocket_var",
]
