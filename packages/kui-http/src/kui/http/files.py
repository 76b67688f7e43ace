"""A file as a response, whole or in ranges."""

import asyncio
import os
import stat
from collections.abc import AsyncGenerator, Mapping, Sequence
from email.utils import formatdate
from hashlib import sha1
from mimetypes import guess_type
from typing import BinaryIO
from urllib.parse import quote

from kui.core import Message, Receive, Scope, Send

from .ranges import is_fresh, parse_range
from .responses import HttpResponse
from .sending import RawHeaders, merge_headers, send_whole
from .streaming import send_stream

__all__ = ["FileResponse"]

# the types of what is sent as it lies there: without a Content-Encoding, browsers do not unpack it
COMPRESSED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
# what is said of a file that is sent, and of none that is not
ABOUT_CONTENT = (b"content-type", b"content-disposition")


class FileResponse(HttpResponse):
    """A response of a file: read in threads, in ranges to GET, and as a 304 to a GET or HEAD of who has it already.

    Understood are Range and If-Range (RFC 9110, section 14), If-None-Match and If-Modified-Since (section 13).

    Args:
        filepath: the file.
        headers: as for HttpResponse.
        content_type: the content type; None to guess it from the name.
        download_name: the name to offer for saving; browsers then save the file instead of showing it.
        stat_result: the file's status, if it is known already.
        chunk_size: bytes to read at a time.
        status_code: the status of a whole file; with another one than 200 it is always whole.

    Raises:
        FileNotFoundError: there is no such file.
        IsADirectoryError: it is a directory.

    ```python
    >>> import tempfile
    >>> from kui.http import FileResponse
    >>> with tempfile.NamedTemporaryFile(suffix=".txt") as file:
    ...     response = FileResponse(file.name, download_name="na\u00efve.txt")
    >>> print(response.headers["content-disposition"])
    attachment; filename="na_ve.txt"; filename*=utf-8''na%C3%AFve.txt

    ```
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
        download_name: str | None = None,
        stat_result: os.stat_result | None = None,
        chunk_size: int = 256 * 1024,
        *,
        status_code: int = 200,
    ) -> None:
        super().__init__(status_code, headers)
        self.filepath = os.fspath(filepath)
        self.stat_result = stat_result or os.stat(self.filepath)
        if stat.S_ISDIR(self.stat_result.st_mode):
            raise IsADirectoryError(f"a FileResponse needs a file; {self.filepath} is a directory")
        name = download_name or os.path.basename(self.filepath)
        self.content_type = content_type or _guess(name)
        self.chunk_size = chunk_size
        self.headers.setdefault("content-type", self.content_type)
        if download_name or self.content_type == "application/octet-stream":
            self.headers.setdefault("content-disposition", _attachment(name))
        self.headers.setdefault("accept-ranges", "bytes")
        self.headers.setdefault("last-modified", formatdate(self.stat_result.st_mtime, usegmt=True))
        self.headers.setdefault("etag", _entity_tag(self.stat_result))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        size = self.stat_result.st_size
        asked = self._asked(scope)
        if self._is_known(asked):
            await send_whole(scope, send, 304, self._headers_without_content(), b"")
            return
        ranges = self._ranges(asked, size)
        if ranges is None:
            await self._send(scope, receive, send, self.status_code, [], [(b"", (0, size))])
        elif not ranges:
            whole = (b"content-range", b"bytes */%d" % size)
            await send_whole(scope, send, 416, merge_headers(self._headers_without_content(), [whole]), b"")
        elif len(ranges) == 1:
            start, stop = ranges[0]
            sent = (b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, size))
            await self._send(scope, receive, send, 206, [sent], [(b"", (start, stop))])
        else:
            boundary = os.urandom(8).hex()
            type_ = (b"content-type", b"multipart/byteranges; boundary=" + boundary.encode())
            parts = [(self._part_head(boundary, range_, size), range_) for range_ in ranges]
            tail = f"\r\n--{boundary}--\r\n".encode()
            await self._send(scope, receive, send, 206, [type_], [*parts, (tail, (0, 0))])

    def _asked(self, scope: Scope) -> Mapping[bytes, str]:
        """Return the headers of the request that count for its method and for the status of this response."""
        counting = _COUNTING.get(scope.get("method", ""), ()) if self.status_code == 200 else ()
        asked: dict[bytes, str] = {}
        for name, value in scope["headers"]:
            if name in counting:
                asked[name] = ", ".join([*filter(None, [asked.get(name)]), value.decode("latin-1")])
        return asked

    def _is_known(self, asked: Mapping[bytes, str]) -> bool:
        return is_fresh(
            self.headers.get("etag", ""),
            self.headers.get("last-modified", ""),
            asked.get(b"if-none-match", ""),
            asked.get(b"if-modified-since", ""),
        )

    def _ranges(self, asked: Mapping[bytes, str], size: int) -> Sequence[tuple[int, int]] | None:
        """Return the ranges that the request asks for, if their condition holds; None for the whole file."""
        condition = asked.get(b"if-range")
        if condition not in (None, self.headers.get("etag"), self.headers.get("last-modified")):
            return None
        if condition is not None and condition.startswith("W/"):  # RFC 9110, section 13.1.5
            return None
        return parse_range(asked[b"range"], size) if b"range" in asked else None

    def _headers_without_content(self) -> RawHeaders:
        return [pair for pair in self.list_headers(as_bytes=True) if pair[0] not in ABOUT_CONTENT]

    def _part_head(self, boundary: str, range_: tuple[int, int], size: int) -> bytes:
        start, stop = range_
        lines = (
            f"\r\n--{boundary}",
            f"Content-Type: {self.headers['content-type']}",
            f"Content-Range: bytes {start}-{stop - 1}/{size}",
            "\r\n",
        )
        return "\r\n".join(lines).encode("latin-1")

    async def _send(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        status: int,
        headers: RawHeaders,
        parts: Sequence[tuple[bytes, tuple[int, int]]],
    ) -> None:
        """Send the parts, each a text and the bytes of the file that follow it."""
        length = sum(len(head) + stop - start for head, (start, stop) in parts)
        headers = merge_headers(
            self.list_headers(as_bytes=True), [*headers, (b"content-length", b"%d" % length)]
        )
        start: Message = {"type": "http.response.start", "status": status, "headers": headers}
        if scope.get("method") == "HEAD":
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        file = await asyncio.to_thread(open, self.filepath, "rb", buffering=0)
        try:
            if length <= self.chunk_size:
                body = b"".join([piece async for piece in self._pieces(file, parts)])
                await send(start)
                await send({"type": "http.response.body", "body": body})
            else:
                await send(start)
                await send_stream(self._pieces(file, parts), scope, receive, send)
        finally:
            await asyncio.to_thread(file.close)

    async def _pieces(
        self, file: BinaryIO, parts: Sequence[tuple[bytes, tuple[int, int]]]
    ) -> AsyncGenerator[bytes, None]:
        for head, (start, stop) in parts:
            if head:
                yield head
            while start < stop:
                count = min(self.chunk_size, stop - start)
                reading = asyncio.ensure_future(asyncio.to_thread(_read, file, start, count))
                try:
                    data = await asyncio.shield(reading)
                finally:
                    if not reading.done():  # nobody closes the file under a thread
                        await asyncio.wait({reading})
                if not data:
                    raise RuntimeError(f"{self.filepath} became shorter while it was sent")
                start += len(data)
                yield data


# RFC 9110, sections 13.2.1 and 14.2
_CONDITIONS = (b"if-none-match", b"if-modified-since")
_COUNTING: Mapping[str, Sequence[bytes]] = {"GET": (*_CONDITIONS, b"range", b"if-range"), "HEAD": _CONDITIONS}


def _entity_tag(status: os.stat_result) -> str:
    """Return the entity tag of a file, from its size and its time of change."""
    return f'"{sha1(f"{status.st_mtime_ns}-{status.st_size}".encode(), usedforsecurity=False).hexdigest()}"'


def _read(file: BinaryIO, start: int, count: int) -> bytes:
    file.seek(start)
    return file.read(count)


def _guess(name: str) -> str:
    type_, compression = guess_type(name)
    if compression is not None:
        type_ = COMPRESSED.get(compression)
    return type_ or "application/octet-stream"


def _attachment(name: str) -> str:
    """Return a Content-Disposition with the name, and a name in ASCII for old clients (RFC 6266)."""
    plain = "".join(char if " " <= char <= "~" and char not in '"\\%' else "_" for char in name)
    text = "".join("_" if "\ud800" <= char <= "\udfff" else char for char in name)  # a byte that is not UTF-8
    extended = "" if plain == text else f"; filename*=utf-8''{quote(text, safe='')}"
    return f'attachment; filename="{plain}"{extended}'
