"""Where 1.x keeps the groups that make routes in a way of their own."""

from .files import FileRoutes
from .multimethod import MultimethodRoutes

__all__ = ["FileRoutes", "MultimethodRoutes"]
