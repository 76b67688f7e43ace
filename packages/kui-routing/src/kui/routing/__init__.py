"""Routes as data, an algebra of prefixes, and a router whose lookups do not grow with its table."""

from .converters import Converter, register_converter
from .endpoint import Bind
from .errors import MethodNotAllowed, NoMatchFound, NoRouteFound, RouteConflict
from .files import FileRoutes
from .group import Prefix, Routes
from .mount import Mount, Mounted
from .multimethod import MultimethodRoutes
from .route import BaseRoute, HttpRoute, SocketRoute
from .router import Router, Verify
from .trace import Trace
from .tree import RadixTree

__all__ = [
    "BaseRoute",
    "Bind",
    "Converter",
    "FileRoutes",
    "HttpRoute",
    "MethodNotAllowed",
    "Mount",
    "Mounted",
    "MultimethodRoutes",
    "NoMatchFound",
    "NoRouteFound",
    "Prefix",
    "RadixTree",
    "RouteConflict",
    "Router",
    "Routes",
    "SocketRoute",
    "Trace",
    "Verify",
    "register_converter",
]
