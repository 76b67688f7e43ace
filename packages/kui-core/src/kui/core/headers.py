"""What the headers of a connection say, whatever a client has put into them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from baize.datastructures import URL, ContentType, Headers, MediaType

from .lazy import lazy
from .types import Scope

__all__ = ["HeaderFields", "cookie_pairs"]

# baize parses a media type in a time that grows with the square of its length: 64 KiB take seconds
_LONGEST_MEDIA_TYPE = 1024


_ZERO = re.compile(r"0(?:\.0{0,3})?")


class HeaderFields:
    """Parse header fields, each when it is first asked for; one that makes no sense counts as absent."""

    _scope: Scope

    @lazy
    def headers(self) -> Headers:
        """The headers by name, in any case; a header sent more than once is joined with ", ", a cookie with "; "."""
        headers: list[tuple[str, str]] = []
        cookies: list[str] = []
        for name, value in self._scope["headers"]:
            if name == b"cookie":
                cookies.append(value.decode("latin-1"))
            else:
                headers.append((name.decode("latin-1"), value.decode("latin-1")))
        if cookies:  # HTTP/2 clients may send one header for each cookie (RFC 9113, section 8.2.3)
            headers.append(("cookie", "; ".join(cookies)))
        return Headers(headers)

    @lazy
    def cookies(self) -> dict[str, str]:
        """The cookies by name; of two with one name the last, and a quoted value without its quotes."""
        return dict(cookie_pairs(self.headers.get("cookie", "")))

    @lazy
    def accepted_types(self) -> list[MediaType]:
        """The media types of the Accept header, in its order; everything when there is none."""
        tokens = (token.strip() for token in self.headers.get("accept", "*/*").split(","))
        return [MediaType(token) for token in tokens if 0 < len(token) <= _LONGEST_MEDIA_TYPE]

    def accepts(self, media_type: str) -> bool:
        """Say whether the client takes this media type: `request.accepts("application/json")`.

        The range that names it most closely decides; one with a `q` of 0 refuses it (RFC 9110, section 12.5.1).
        """
        matching = [accepted for accepted in self.accepted_types if accepted.match(media_type)]
        closest = max(
            matching,
            key=lambda accepted: ("*" not in accepted.sub_type, "*" not in accepted.main_type),
            default=None,
        )
        return closest is not None and not _ZERO.fullmatch(closest.options.get("q", ""))

    @lazy
    def content_type(self) -> ContentType:
        """The media type of the body, with its parameters in `options`; empty when there is none."""
        value = self.headers.get("content-type", "")
        return ContentType(value if len(value) <= _LONGEST_MEDIA_TYPE else "")

    @lazy
    def content_length(self) -> int | None:
        """The length of the body in bytes; None when it is not known before the body has been read."""
        value = self.headers.get("content-length", "")
        if "transfer-encoding" in self.headers or not re.fullmatch("[0-9]{1,18}", value):
            return None
        return int(value)

    @lazy
    def date(self) -> datetime | None:
        """When the message was sent, with its time zone; None when the header is absent or malformed."""
        try:
            date = parsedate_to_datetime(self.headers["date"])
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
        return date if date.tzinfo else date.replace(tzinfo=UTC)

    @lazy
    def referrer(self) -> URL | None:
        """The page that led here, an absolute or partial URL; None when the header is absent or malformed."""
        try:
            return URL(self.headers["referer"])
        except (KeyError, ValueError):
            return None


def cookie_pairs(header: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the value of each cookie in a Cookie header (RFC 6265, section 5.4), as browsers mean it.

    A cookie without a name has the name ""; one with neither a name nor a value is left out.

    Args:
        header: the value of the header.

    ```python
    >>> from kui.core import cookie_pairs
    >>> list(cookie_pairs('theme=dark; user="ada l."; theme=light'))
    [('theme', 'dark'), ('user', 'ada l.'), ('theme', 'light')]

    ```
    """
    for pair in header.split(";"):
        name, equals, value = pair.partition("=")
        if not equals:  # browsers send a cookie without a name as its value alone
            name, value = "", name
        name, value = name.strip(), value.strip()
        if name or value:
            yield name, _unquoted(value)


_ESCAPE = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))", re.DOTALL)


def _unquoted(value: str) -> str:
    # The standard library's way takes seconds for 64 KiB of backslashes (CVE-2024-7592).
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    return _ESCAPE.sub(lambda escape: escape[2] or chr(int(escape[1], 8)), value[1:-1])
