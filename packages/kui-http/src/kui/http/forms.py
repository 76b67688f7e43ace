"""A request's form, from the stream of its body."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

from baize.datastructures import Headers

from .charsets import charset_of
from .errors import MalformedRequest, RequestTooLarge
from .limits import RequestLimits
from .multipart import MultipartParser, PartData, PartStart
from .parameters import split_parameters
from .uploads import FormData, UploadFile

__all__ = ["parse_multipart", "parse_urlencoded"]


def parse_urlencoded(body: bytes, charset: str, limits: RequestLimits) -> FormData:
    """Return the fields of an application/x-www-form-urlencoded body."""
    if body.count(b"&") >= limits.max_form_parts:
        raise RequestTooLarge(f"a form is limited to {limits.max_form_parts} fields")
    try:
        pairs = parse_qsl(body.decode(charset), keep_blank_values=True, encoding=charset, errors="strict")
    except UnicodeError:
        raise MalformedRequest(f"malformed form: it is not {charset}") from None
    return FormData(pairs)


async def parse_multipart(
    stream: AsyncIterator[bytes], boundary: str, charset: str, limits: RequestLimits
) -> FormData:
    """Return the fields and files of a multipart/form-data body; on failure the files read so far are closed."""
    collector = _Collector(charset, limits)
    try:
        parser = MultipartParser(boundary.encode("latin-1"))
        async for chunk in stream:
            for event in parser.feed(chunk):
                if isinstance(event, PartStart):
                    collector.start(event.name, event.filename, event.headers)
                elif isinstance(event, PartData):
                    await collector.add(event.data)
                else:
                    await collector.end()
        parser.close()
    except BaseException:
        collector.discard()
        raise
    return FormData(collector.items)


class _Collector:
    """The parts that are complete, and the one that is being read."""

    def __init__(self, charset: str, limits: RequestLimits) -> None:
        self.items: list[tuple[str, str | UploadFile]] = []
        self._charset = self._part_charset = charset
        self._limits = limits
        self._count = 0
        self._name = ""
        self._has_content = False
        self._file: UploadFile | None = None
        self._text = bytearray()

    def start(self, name: str, filename: str | None, headers: Headers) -> None:
        self._count += 1
        if self._count > self._limits.max_form_parts:
            raise RequestTooLarge(f"a form is limited to {self._limits.max_form_parts} parts")
        self._name = name
        own = split_parameters(headers.get("content-type", ""))[1].get("charset")
        self._part_charset = self._charset if own is None else charset_of(own)  # RFC 7578, section 4.5
        self._has_content = False
        self._text.clear()
        self._file = None if filename is None else UploadFile(filename, headers)

    async def add(self, data: bytes) -> None:
        self._has_content = True
        if self._file is not None:
            await self._file.awrite(data)
            return
        self._text += data
        if len(self._text) > self._limits.max_part_size:
            raise RequestTooLarge(
                f"the field {self._name!r} is limited to {self._limits.max_part_size} bytes; larger content is a file"
            )

    async def end(self) -> None:
        file = self._file
        if file is not None:
            if not file.filename and not self._has_content:
                file.close()  # a file input that was left empty
            else:
                await file.aseek(0)
                self.items.append((self._name, file))
            self._file = None
            return
        try:
            text = self._text.decode(self._part_charset)
        except UnicodeError:
            raise MalformedRequest(
                f"malformed multipart form: the field {self._name!r} is not {self._part_charset}"
            ) from None
        if self._name == "_charset_" and text:  # that of the fields to come (RFC 7578, section 4.6)
            self._charset = charset_of(text)
        self.items.append((self._name, text))

    def discard(self) -> None:
        for _, value in self.items:
            if isinstance(value, UploadFile):
                value.close()
        if self._file is not None:
            self._file.close()
