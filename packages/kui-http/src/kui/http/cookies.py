"""A cookie for the client, as a Set-Cookie header."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Literal, cast, get_args

from .parameters import TOKEN

__all__ = ["SameSite", "set_cookie_value"]

SameSite = Literal["strict", "lax", "none"]

# RFC 6265, section 4.1.1
PLAIN = re.compile(r"[!#-+\--:<-\[\]-~]*")
ATTRIBUTE = re.compile(r"[ -:<-~]*")


def set_cookie_value(
    name: str,
    value: str,
    *,
    max_age: int,
    expires: int | None,
    path: str,
    domain: str | None,
    secure: bool,
    httponly: bool,
    samesite: SameSite,
) -> str:
    """Return the value of a Set-Cookie header; raises ValueError for what it cannot hold (RFC 6265).

    ```python
    >>> from kui.http.cookies import set_cookie_value
    >>> set_cookie_value("theme", "dark blue", max_age=60, expires=None, path="/", domain=None, secure=False,
    ...                  httponly=True, samesite="lax")
    'theme="dark blue"; max-age=60; path=/; httponly; samesite=lax'

    ```
    """
    if not TOKEN.fullmatch(name):
        raise ValueError(f"the name of a cookie is letters, digits and some signs (RFC 6265); got {name!r}")
    parts = [f"{name}={value if PLAIN.fullmatch(value) else _quoted(value)}"]
    samesite = cast(SameSite, samesite.lower())
    if samesite not in get_args(SameSite):
        raise ValueError(f'the samesite of a cookie is "strict", "lax" or "none"; got {samesite!r}')
    if expires is not None:
        try:
            moment = datetime.now(UTC) + timedelta(seconds=expires)
        except OverflowError:
            raise ValueError(
                f"a cookie does not expire in {expires} seconds: no date is so far away"
            ) from None
        parts.append(f"expires={format_datetime(moment, usegmt=True)}")
    if max_age > -1:
        parts.append(f"max-age={max_age}")
    for attribute, text in (("domain", domain), ("path", path)):
        if text and not ATTRIBUTE.fullmatch(text):
            raise ValueError(f"the {attribute} of a cookie is ASCII without semicolons; got {text!r}")
        if text:
            parts.append(f"{attribute}={text}")
    if httponly:
        parts.append("httponly")
    if secure or samesite == "none":  # browsers refuse samesite=none without it
        parts.append("secure")
    parts.append(f"samesite={samesite}")
    return "; ".join(parts)


def _quoted(value: str) -> str:
    """Quote a value as Python's and most other servers' cookie parsers read it."""
    if not value.isascii():
        raise ValueError(
            f"the value of a cookie is ASCII; got {value!r}: encode it, as with urllib.parse.quote"
        )
    octal = (f"\\{ord(char):03o}" if char in ',;"\\' or not " " <= char <= "~" else char for char in value)
    return f'"{"".join(octal)}"'
