"""Multipart forms as a pure parser: bytes in, parts out (RFC 7578, RFC 2046)."""

from collections.abc import Iterator
from dataclasses import dataclass

from baize.datastructures import Headers

from .errors import MalformedRequest, RequestTooLarge
from .parameters import split_parameters

__all__ = ["MultipartParser", "PartData", "PartEnd", "PartStart"]

MAX_HEADERS = 16 * 1024  # bytes of one part's headers


@dataclass(frozen=True, slots=True)
class PartStart:
    """A part begins; it is a file if it has a filename."""

    name: str
    filename: str | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class PartData:
    """Some bytes of the part's content."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The part is complete."""


class MultipartParser:
    """Find the parts in a multipart/form-data body that arrives in pieces.

    Each byte is searched once: what cannot hold a part of the delimiter is handed out at once, so that neither time
    nor memory grow with the size of a part.

    Args:
        boundary: the boundary parameter of the content type.

    ```python
    >>> from kui.http.multipart import MultipartParser
    >>> parser = MultipartParser(b"x")
    >>> for event in parser.feed(b'--x\\r\\nContent-Disposition: form-data; name="a"\\r\\n\\r\\n1\\r\\n--x--\\r\\n'):
    ...     print(type(event).__name__)
    PartStart
    PartData
    PartEnd
    >>> parser.close()

    ```
    """

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        # The first delimiter may lack the line break before it: with one in front it is like the others.
        self._buffer = bytearray(b"\r\n")
        self._step = self._preamble
        self._is_complete = False

    def feed(self, data: bytes) -> Iterator[PartStart | PartData | PartEnd]:
        """Take a piece of the body and yield what it completes.

        Raises:
            MalformedRequest: the body is no multipart form.
            RequestTooLarge: the headers of a part exceed 16 KiB.
        """
        self._buffer += data
        while (events := self._step()) is not None:
            yield from events

    def close(self) -> None:
        """Raise `MalformedRequest` if the body ended before its last delimiter."""
        if not self._is_complete:
            raise MalformedRequest("malformed multipart form: it ends before its closing boundary")

    def _preamble(self) -> list[PartStart | PartData | PartEnd] | None:
        position = self._buffer.find(self._delimiter)
        if position < 0:
            del self._buffer[: max(0, len(self._buffer) - len(self._delimiter))]
            return None
        del self._buffer[: position + len(self._delimiter)]
        self._step = self._after_delimiter
        return []

    def _after_delimiter(self) -> list[PartStart | PartData | PartEnd] | None:
        """After a delimiter come "--" and the end, or a line break and a part."""
        if self._buffer.startswith(b"--"):
            self._is_complete = True
            self._step = self._epilogue
            return []
        end = self._buffer.find(b"\r\n")
        if end < 0 and len(self._buffer) <= MAX_HEADERS:
            return None
        if end < 0 or self._buffer[:end].strip(b" \t"):
            raise MalformedRequest("malformed multipart form: a boundary is followed by other text")
        # the line break stays: headers end with an empty line, also where there are none
        del self._buffer[:end]
        self._step = self._headers
        return []

    def _headers(self) -> list[PartStart | PartData | PartEnd] | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end > MAX_HEADERS or (end < 0 and len(self._buffer) > MAX_HEADERS):
            raise RequestTooLarge(f"the headers of a form's part are limited to {MAX_HEADERS} bytes")
        if end < 0:
            return None
        headers = _parse_headers(bytes(self._buffer[:end]))
        # The content may be empty: leave the line break, which may begin the next delimiter.
        del self._buffer[: end + 2]
        disposition, parameters = split_parameters(headers.get("content-disposition", ""))
        if disposition != "form-data" or "name" not in parameters:
            raise MalformedRequest(
                'malformed multipart form: a part needs the header Content-Disposition: form-data; name="..."'
            )
        self._is_first_data = True
        self._step = self._content
        return [PartStart(parameters["name"], parameters.get("filename"), headers)]

    def _content(self) -> list[PartStart | PartData | PartEnd] | None:
        buffer, skip = self._buffer, 2 * self._is_first_data
        position = buffer.find(self._delimiter)
        if position >= 0:
            data = bytes(buffer[skip:position])
            del buffer[: position + len(self._delimiter)]
            self._step = self._after_delimiter
            return [PartData(data), PartEnd()] if data else [PartEnd()]
        safe = len(buffer) - len(self._delimiter) + 1
        if safe <= skip:
            return None
        data = bytes(buffer[skip:safe])
        del buffer[:safe]
        self._is_first_data = False
        return [PartData(data)]

    def _epilogue(self) -> None:
        self._buffer.clear()


def _parse_headers(raw: bytes) -> Headers:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise MalformedRequest("malformed multipart form: the headers of a part are not UTF-8") from None
    pairs: list[tuple[str, str]] = []
    for line in text.split("\r\n"):
        if not line:
            continue
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise MalformedRequest("malformed multipart form: a header of a part is no `name: value`")
        pairs.append((name, value.strip()))
    return Headers(pairs)
