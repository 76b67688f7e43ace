"""Which bytes of a file a Range header asks for, and whether the client has the file already."""

import re
from collections.abc import Sequence
from email.utils import parsedate_to_datetime

__all__ = ["is_fresh", "parse_range"]

MAX_RANGES = 50
# more digits than any file has bytes, fewer than int() refuses
SPEC = re.compile(r"[ \t]*(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))[ \t]*")


def parse_range(header: str, size: int) -> Sequence[tuple[int, int]] | None:
    """Return the ranges as (start, stop) in ascending order, those that touch joined (RFC 9110, section 14).

    Args:
        header: the value of the Range header.
        size: the length of the file in bytes.

    Returns:
        The ranges; an empty sequence if none of them is within the file (416); None if the header is to be ignored,
        because it is malformed, in another unit than bytes, or has more than 50 ranges.

    ```python
    >>> from kui.http.ranges import parse_range
    >>> parse_range("bytes=0-4,-2", 10), parse_range("bytes=5-", 3), parse_range("lines=1-2", 10)
    ([(0, 5), (8, 10)], [], None)

    ```
    """
    unit, equals, specs = header.partition("=")
    if not equals or unit.strip().lower() != "bytes" or specs.count(",") >= MAX_RANGES:
        return None
    wanted: list[tuple[int, int]] = []
    listed = [spec for spec in specs.split(",") if spec.strip(" \t")]  # RFC 9110, section 5.6.1
    if not listed:
        return None
    for spec in listed:
        match = SPEC.fullmatch(spec)
        if match is None:
            return None
        first, last, suffix = match.groups()
        if suffix is not None:
            start, stop = max(0, size - int(suffix)), size
        elif last and int(last) < int(first):
            return None
        else:
            start, stop = int(first), min(size, int(last) + 1) if last else size
        if start < stop:
            wanted.append((start, stop))
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(wanted):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined


def is_fresh(etag: str, last_modified: str, if_none_match: str, if_modified_since: str) -> bool:
    """Return whether the client's copy is the file as it is (RFC 9110, section 13.2.2).

    Args:
        etag, last_modified: what these headers of the file's answer say, or "".
        if_none_match, if_modified_since: the values of these headers of the request, or "".

    ```python
    >>> from kui.http.ranges import is_fresh
    >>> is_fresh('"a1"', "", 'W/"a1", "b2"', "")
    True
    >>> is_fresh("", "Thu, 01 Jan 1970 00:01:00 GMT", "", "Thu, 01 Jan 1970 00:00:59 GMT")
    False

    ```
    """
    if if_none_match:
        tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
        return "*" in tags or (etag != "" and etag.removeprefix("W/") in tags)
    if not if_modified_since:
        return False
    try:
        modified, since = parsedate_to_datetime(last_modified), parsedate_to_datetime(if_modified_since)
        return modified.timestamp() <= since.timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return False
