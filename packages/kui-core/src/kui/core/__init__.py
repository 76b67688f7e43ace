"""The connection, its context, the application and its errors: the pieces that every kui protocol stands on."""

from .application import Application
from .background import BackgroundTasks
from .connection import HTTPConnection, end_cancelled, end_connection
from .context import ContextProxy, http_connection
from .current import ConnectionOf, http_connection_var
from .errors import HTTPException, NoActiveConnection, UnknownScopeType
from .handlers import ExceptionHandler, ExceptionHandlers
from .headers import cookie_pairs
from .json import JSONCodec, default_codec
from .lazy import lazy
from .lifespan import Lifespan
from .state import State
from .types import ASGIApp, Endpoint, Message, Middleware, Receive, Scope, Send
from .urls import route_path

__all__ = [
    "ASGIApp",
    "Application",
    "BackgroundTasks",
    "ConnectionOf",
    "ContextProxy",
    "Endpoint",
    "ExceptionHandler",
    "ExceptionHandlers",
    "HTTPConnection",
    "HTTPException",
    "JSONCodec",
    "Lifespan",
    "Message",
    "Middleware",
    "NoActiveConnection",
    "Receive",
    "Scope",
    "Send",
    "State",
    "UnknownScopeType",
    "cookie_pairs",
    "default_codec",
    "end_cancelled",
    "end_connection",
    "http_connection",
    "http_connection_var",
    "lazy",
    "route_path",
]
