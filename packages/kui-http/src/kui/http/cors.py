"""Which pages of other origins may use an application (CORS)."""

import re
from collections.abc import Iterable
from re import Pattern
from typing import Any, NamedTuple

from kui.core import Endpoint, Middleware

from .context import request_var
from .requests import HttpRequest
from .responses import HttpResponse

__all__ = ["allow_cors"]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")
SAFE_HEADERS = ("Accept", "Accept-Language", "Content-Language", "Content-Type")


def allow_cors(
    allow_origins: Iterable[Pattern[str] | str] = (re.compile(".*"),),
    allow_methods: Iterable[str] = METHODS,
    allow_headers: Iterable[str] = (),
    expose_headers: Iterable[str] = (),
    allow_credentials: bool = False,
    max_age: int = 600,
) -> Middleware:
    """Return a middleware that lets pages of other origins use what is below it
    (https://fetch.spec.whatwg.org/#http-cors-protocol).

    An OPTIONS request of an allowed origin is answered as preflight. On other answers the headers are set when they
    are sent, whichever they are: an error that the endpoint raises and a 404 have them too. Each answer depends on
    the Origin header, and says so to caches with `Vary: Origin`; the allowed origin is named, never "*", so that it
    is right with credentials.

    Args:
        allow_origins: regular expressions; one must match the whole of the Origin header, `https://kui.example`. A
            single one, as everywhere here, needs no list around it.
        allow_methods: what a preflight request may announce.
        allow_headers: the request headers that it may announce, beside Accept, Accept-Language, Content-Language
            and Content-Type.
        expose_headers: the response headers that the page may read.
        allow_credentials: whether cookies and HTTP authentication are sent and the answers may be read. It needs
            origins of its own: with the default ones any page could act as the user who looks at it.
        max_age: seconds for which a browser may keep the answer to a preflight request.

    Raises:
        TypeError: max_age is no whole number.
        ValueError: an origin that is no regular expression, as "*" is none; or credentials are allowed to an origin
            that anybody can have, "null": name the origins.

    ```python
    >>> from kui.http import allow_cors, http_session
    >>> async def hello():
    ...     return "hello"
    >>> app = http_session(hello, middlewares=[allow_cors([r"https://([a-z]+\\.)?kui\\.example"], allow_credentials=True)])

    ```
    """
    if not isinstance(max_age, int):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"max_age is a whole number of seconds; got {max_age!r}")
    origins = tuple(map(_compiled, _listed(allow_origins)))
    for pattern in origins:
        # the origin of a sandboxed frame, which any page can make
        if allow_credentials and pattern.fullmatch("null"):
            raise ValueError(
                f"allow_credentials with the origin {pattern.pattern!r} lets every page act as its visitor; "
                r"name the origins, as in allow_origins=[r'https://kui\.example']"
            )
    policy = _Policy(
        origins,
        ", ".join(method.upper() for method in _listed(allow_methods)),
        ", ".join(dict.fromkeys((*SAFE_HEADERS, *_listed(allow_headers)))),
        ", ".join(_listed(expose_headers)),
        allow_credentials,
        str(max_age),
    )

    def middleware(endpoint: Endpoint) -> Endpoint:
        async def shared() -> Any:
            request = request_var.get()
            request.add_response_header("vary", "Origin")
            origin = request.headers.get("origin")
            if origin is None or not policy.allows(origin):
                return await endpoint()
            policy.apply(request, origin)
            return policy.preflight() if request.method == "OPTIONS" else await endpoint()

        return shared

    return middleware


def _listed(values: Iterable[Any]) -> Iterable[Any]:
    """Return a string as a list of one: as an iterable it would stand for its letters."""
    return [values] if isinstance(values, str | Pattern) else values


def _compiled(origin: Pattern[str] | str) -> Pattern[str]:
    try:
        return re.compile(origin)
    except re.error as error:
        remedy = "; write '.*' for every origin" if origin == "*" else ""
        raise ValueError(f"the origin {origin!r} is no regular expression: {error}{remedy}") from error


class _Policy(NamedTuple):
    origins: tuple[Pattern[str], ...]
    methods: str
    headers: str
    exposed: str
    with_credentials: bool
    max_age: str

    def allows(self, origin: str) -> bool:
        # it is going to be a header of the answer
        is_clean = origin.isascii() and origin.isprintable()
        return is_clean and any(pattern.fullmatch(origin) for pattern in self.origins)

    def apply(self, request: HttpRequest, origin: str) -> None:
        request.add_response_header("access-control-allow-origin", origin)
        if self.with_credentials:
            request.add_response_header("access-control-allow-credentials", "true")
        if self.exposed:
            request.add_response_header("access-control-expose-headers", self.exposed)

    def preflight(self) -> HttpResponse:
        return HttpResponse(
            200,
            {
                "access-control-allow-methods": self.methods,
                "access-control-allow-headers": self.headers,
                "access-control-max-age": self.max_age,
            },
        )
