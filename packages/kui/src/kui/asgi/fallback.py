"""Handlers for what the router does not find, under the same middlewares as the routes."""

from collections.abc import Callable, Sequence
from typing import Any

from kui.core import Endpoint, HTTPException, Middleware, Scope
from kui.http import method_not_allowed, options_response, request

__all__ = ["Fallback", "announced_method"]


def announced_method(scope: Scope) -> str | None:
    """Return the method of the request that a preflight request is about, None for any other request
    (https://fetch.spec.whatwg.org/#http-access-control-request-method)."""
    if scope["method"] != "OPTIONS":
        return None
    return next(
        (
            value.decode("latin-1")
            for name, value in scope["headers"]
            if name == b"access-control-request-method"
        ),
        None,
    )


class Fallback:
    """Make the handlers that answer 404 and 405, inside the middlewares of the router; 405 inside those of the route too.

    So a middleware sees every connection: one that logs logs the misses too, and CORS headers are on them.
    A group or a route that has CORS of its own has it for preflights and 405 as well.

    Args:
        bind: binds the parameters of what a middleware returns.
    """

    def __init__(self, bind: Callable[[Endpoint], Endpoint]) -> None:
        self._bind = bind
        self._made: dict[tuple[object, ...], tuple[Sequence[Middleware], Endpoint]] = {}

    def not_found(self, around: Sequence[Middleware]) -> Endpoint:
        """Return a handler that answers 404.

        Args:
            around: the middlewares of the router, the last one outermost.
        """
        return self._inside(around, _not_found)

    def other_method(self, allow: tuple[str, ...], around: Sequence[Middleware]) -> Endpoint:
        """Return a handler that answers OPTIONS with the methods of the path, any other with 405.

        Args:
            allow: the methods.
            around: the middlewares of the route, its groups and its router, the last one outermost.
        """
        return self._inside(around, _other_method(allow), *allow)

    def _inside(self, around: Sequence[Middleware], answer: Endpoint, *known_by: str) -> Endpoint:
        """Return the answer inside the middlewares, made once."""
        # by identity, for a middleware need not be hashable; the value keeps what the identities are of
        key = (known_by, *map(id, around))
        if key not in self._made:
            for middleware in around:
                answer = self._bind(middleware(answer))
            self._made[key] = (tuple(around), answer)
        return self._made[key][1]


async def _not_found() -> None:
    raise HTTPException(404)


def _other_method(allow: tuple[str, ...]) -> Endpoint:
    async def other_method() -> Any:
        if request.method == "OPTIONS":
            return options_response(allow)
        raise method_not_allowed(allow)

    return other_method
