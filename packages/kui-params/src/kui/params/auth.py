"""Dependencies that take a client's credentials, over HTTP and WebSocket alike."""

from base64 import b64decode
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from kui.core import HTTPException

from .markers import Cookie, Header, Query

__all__ = ["api_key_auth_dependency", "basic_auth", "bearer_auth"]


async def bearer_auth(authorization: Annotated[str, Header()] = "") -> str:
    """Take the token of `Authorization: Bearer TOKEN` (RFC 6750): `token: Annotated[str, Depends(bearer_auth)]`.

    A browser cannot send this header with a WebSocket: the README of kui-params shows what to do there.

    Raises:
        HTTPException: 401 with `WWW-Authenticate: Bearer` without such a header. Whether the token is good is for
            you to check.

    ```python
    >>> import asyncio
    >>> asyncio.run(bearer_auth("Bearer abc"))
    'abc'

    ```
    """
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise HTTPException(401, {"WWW-Authenticate": "Bearer"}, "a bearer token is required")
    return token


async def basic_auth(authorization: Annotated[str, Header()] = "") -> tuple[str, str]:
    """Take the user and the password of `Authorization: Basic` (RFC 7617, UTF-8).

    Raises:
        HTTPException: 401 with `WWW-Authenticate: Basic` without such a header. Whether the password is right is
            for you to check, with `secrets.compare_digest`.

    ```python
    >>> import asyncio
    >>> asyncio.run(basic_auth("Basic YWRhOmVuZ2luZTp4"))
    ('ada', 'engine:x')

    ```
    """
    scheme, _, credentials = authorization.partition(" ")
    try:
        user, colon, password = b64decode(credentials.strip(), validate=True).decode().partition(":")
    except ValueError:  # no base64, or no UTF-8 in it
        user, colon, password = "", "", ""
    if scheme.lower() != "basic" or not colon:
        raise HTTPException(
            401,
            {"WWW-Authenticate": 'Basic realm="kui", charset="UTF-8"'},
            "a user and a password are required",
        )
    return user, password


def api_key_auth_dependency(
    name: str, position: Literal["header", "query", "cookie"] = "header"
) -> Callable[..., Awaitable[str]]:
    """Return a dependency that takes a key from one place.

    Args:
        name: the name of the header, the query parameter or the cookie.
        position: where the key is.

    Raises:
        ValueError: there is no such position. The dependency raises `HTTPException` 401 when the key is absent or
            empty; whether it is good is for you to check.

    ```python
    >>> from typing import Annotated
    >>> from kui.params import Depends
    >>> api_key = api_key_auth_dependency("X-API-Key")
    >>> async def report(key: Annotated[str, Depends(api_key)]): ...

    ```
    """
    markers = {"header": Header, "query": Query, "cookie": Cookie}
    if position not in markers:
        raise ValueError(f"an API key is in the 'header', the 'query' or a 'cookie'; got {position!r}")

    async def api_key(key: str = markers[position]("", alias=name)) -> str:
        if not key:
            raise HTTPException(401, None, f"an API key is required: {name!r} in the {position}")
        return key

    return api_key
