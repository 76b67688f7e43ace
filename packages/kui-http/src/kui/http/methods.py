"""Which methods an endpoint answers, and what the others hear."""

from collections.abc import Iterable
from typing import Any

from kui.core import Endpoint, HTTPException, Middleware

from .context import request_var
from .responses import HttpResponse

__all__ = ["allow_header", "method_not_allowed", "options_response", "required_method"]


def allow_header(methods: Iterable[str]) -> str:
    """Return the value of an Allow header: the methods as given, with HEAD beside GET, and OPTIONS (RFC 9110, 10.2.1).

    ```python
    >>> from kui.http import allow_header
    >>> allow_header(["get", "POST"])
    'GET, HEAD, POST, OPTIONS'

    ```
    """
    allowed: dict[str, None] = {}
    for method in methods:
        allowed[method.upper()] = None
        if method.upper() == "GET":
            allowed["HEAD"] = None
    allowed.pop("OPTIONS", None)
    return ", ".join([*allowed, "OPTIONS"])


def options_response(methods: Iterable[str]) -> HttpResponse:
    """Return the answer to an OPTIONS request: 200 and an Allow header."""
    return HttpResponse(200, {"allow": allow_header(methods)})


def method_not_allowed(methods: Iterable[str]) -> HTTPException[None]:
    """Return the exception to raise for any other method: 405 and an Allow header."""
    return HTTPException(405, {"allow": allow_header(methods)})


def required_method(method: str) -> Middleware:
    """Return a middleware that lets requests of one method through.

    "GET" allows HEAD too. OPTIONS is answered with an Allow header, any other method with 405.

    Args:
        method: the method, in any case.

    Raises:
        TypeError: the middleware is put around a class; a class view names its methods itself.

    ```python
    >>> from kui.http import http_session, required_method
    >>> async def save():
    ...     return "saved"
    >>> app = http_session(save, middlewares=[required_method("POST")])

    ```
    """
    required = method.upper()
    allowed = {required, "HEAD"} if required == "GET" else {required}

    def middleware(endpoint: Endpoint) -> Endpoint:
        if isinstance(endpoint, type):
            raise TypeError(
                f"required_method({method!r}) is for functions; {endpoint.__name__} is a class, "
                "which answers the methods that it defines"
            )

        async def only() -> Any:
            asked = request_var.get().method
            if asked in allowed:
                return await endpoint()
            if asked == "OPTIONS":
                return options_response([required])
            raise method_not_allowed([required])

        vars(only)["__method__"] = required  # read by who documents routes
        return only

    vars(middleware)["__method__"] = required  # read by kui.routing.MultimethodRoutes
    return middleware
