"""Handlers for what the router does not find, under the same middlewares as the routes."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from kui.core import Endpoint, HTTPException, Middleware
from kui.http import method_not_allowed, options_response, request

__all__ = ["Fallback"]


class Fallback:
    """Make the handlers that answer 404 and 405, inside an application's middlewares.

    So a middleware sees every connection: one that logs logs the misses too, and CORS headers are on them.

    Args:
        middlewares: the application's, the last one outermost.
        bind: binds the parameters of what a middleware returns.
    """

    def __init__(self, middlewares: Sequence[Middleware], bind: Callable[[Endpoint], Endpoint]) -> None:
        self._middlewares = middlewares
        self._bind = bind
        self.not_found = self._wrap(_not_found)
        self.other_method = cache(self._other_method)

    def _other_method(self, allow: tuple[str, ...]) -> Endpoint:
        """Return a handler that answers OPTIONS with the methods of the path, any other with 405."""

        async def other_method() -> Any:
            if request.method == "OPTIONS":
                return options_response(allow)
            raise method_not_allowed(allow)

        return self._wrap(other_method)

    def _wrap(self, endpoint: Endpoint) -> Endpoint:
        for middleware in self._middlewares:
            endpoint = self._bind(middleware(endpoint))
        return endpoint


async def _not_found() -> None:
    raise HTTPException(404)
