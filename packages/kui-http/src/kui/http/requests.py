"""An HTTP request: what every connection knows, its method and its body."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from typing import TYPE_CHECKING, Any, cast

from baize.datastructures import FormData

from kui.core import HTTPConnection, Receive, Scope, lazy

from .charsets import charset_of
from .errors import BodyConsumed, MalformedRequest, RequestTooLarge, UnsupportedMediaType
from .incoming import Incoming
from .limits import RequestLimits
from .parameters import TOKEN, split_parameters

if TYPE_CHECKING:
    from .converter import ResponseConverter

__all__ = ["HttpRequest"]

JSON = "application/json"
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


class HttpRequest(HTTPConnection):
    """One HTTP request: a connection with a method and a body.

    `body`, `json` and `form` are awaited, as often as wanted: `data = await request.json`. What is malformed or too
    large raises an HTTPException that answers for itself (400, 413, 415).

    Args:
        scope, receive, send: what the ASGI server called the application with.

    ```python
    >>> import asyncio
    >>> from kui.http import HttpRequest
    >>> async def receive():
    ...     return {"type": "http.request", "body": b'{"id": 7}'}
    >>> scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", b"application/json")]}
    >>> async def main():
    ...     request = HttpRequest(scope, receive)
    ...     return request.method, await request.json, await request.body
    >>> asyncio.run(main())
    ('POST', {'id': 7}, b'{"id": 7}')

    ```
    """

    __slots__ = ("converter",)  # set for every request: a slot spares most of them a dictionary

    limits: RequestLimits = RequestLimits()
    """What the body may hold at most."""

    converter: "ResponseConverter"
    """Makes a response of what the endpoint returns; the session that serves the request sets it."""

    extra_headers: tuple[tuple[bytes, bytes], ...] = ()
    """Headers for whatever answers this request; `add_response_header` adds one."""

    _body: bytes | None = None
    _refusal: RequestTooLarge | None = None  # a piece is lost with it: no reader may go on behind it
    _form: FormData | None = None
    _is_streamed = False
    _is_streaming = False

    @property
    def method(self) -> str:
        """The method as the client sent it: "GET", "POST", ..."""
        method: str = self._scope["method"]
        return method

    @property
    def body(self) -> Awaitable[bytes]:
        """The whole body: `await request.body`.

        Raises, when awaited:
            RequestTooLarge: it is longer than `limits.max_body_size`.
            ClientDisconnect: the client left before it had arrived.
            BodyConsumed: it was streamed, and not kept.
        """
        return self._read_body()

    @property
    def json(self) -> Awaitable[Any]:
        """The value of a JSON body: `await request.json`.

        Raises, when awaited:
            UnsupportedMediaType: the content type is neither application/json nor one that ends in "+json".
            MalformedRequest: the body is no JSON.
            RequestTooLarge, ClientDisconnect, BodyConsumed: as `body` does.
        """
        return self._read_json()

    @property
    def form(self) -> Awaitable[FormData]:
        """The fields and files of a form, a mapping with `getlist` and `multi_items`: `await request.form`.

        The files are closed when the request ends. A file input that was left empty is no field. A multipart form is
        not kept as `body`.

        Raises, when awaited:
            UnsupportedMediaType: the body is neither multipart/form-data nor application/x-www-form-urlencoded.
            MalformedRequest: the body is no such form.
            RequestTooLarge, ClientDisconnect, BodyConsumed: as `body` does, and for what else `limits` names.
        """
        return self._read_form()

    async def data(self) -> Any:
        """Return the body as its content type says: the value of JSON, or the `FormData` of a form.

        Raises:
            UnsupportedMediaType: the body is neither; or what `json` and `form` raise.
        """
        type_ = self._media_type[0]
        if _is_json(type_):
            return await self._read_json()
        if type_ in (MULTIPART, URLENCODED):
            return await self._read_form()
        raise UnsupportedMediaType(type_, JSON, MULTIPART, URLENCODED)

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Yield the body in the pieces in which it arrives, without keeping it; none of them is empty.

        After `await request.body` it yields the body that was read.

        Raises:
            RequestTooLarge, ClientDisconnect, BodyConsumed: as `body` does.
        """
        if self._body is not None:
            if self._body:
                yield self._body
            return
        self._check_unread()
        if self._reading.locked():
            raise BodyConsumed
        self._is_streamed = self._is_streaming = True
        try:
            size = sum(map(len, self._pieces))
            for piece in self._pieces:  # of a reader that was cancelled
                if piece:
                    yield piece
            self._pieces.clear()
            while not self._incoming.is_complete:
                piece = await self._next_piece(size)
                size += len(piece)
                if piece:
                    yield piece
        finally:
            self._is_streaming = False

    async def is_disconnected(self) -> bool:
        """Return whether the client has left, as far as the server knows; never waits, and loses nothing."""
        self.owns_something = True
        return await self._incoming.poll()

    async def wait_disconnected(self, *, keep_body: bool = True) -> None:
        """Wait until the client has left. The body stays readable, by another task meanwhile.

        Args:
            keep_body: whether a large body that nobody reads keeps this from hearing of the client. If not, 64 KiB of it
                wait 10 seconds for a reader; then it is thrown away, and a later reader gets `BodyConsumed`. Streams and
                files are sent so.
        """
        self.owns_something = True
        await self._incoming.wait_disconnected(None if keep_body else self._is_unread)

    async def close(self) -> None:
        """Close the uploaded files; the session does it when the request ends."""
        if "_parsing" in self.__dict__:
            self._parsing.cancel()
            await asyncio.gather(self._parsing, return_exceptions=True)
        if "_incoming" in self.__dict__:
            await self._incoming.close()
        if self._form is not None:
            await self._form.aclose()

    def is_of(self, scope: Scope) -> bool:
        """Return whether this is the request that the server described with this scope."""
        return self._scope is scope

    def add_response_header(self, name: str, value: str) -> None:
        """Add a header to whatever answers this request, a refusal and an error as well.

        It takes the place of a header of the same name in the response; `vary` is joined with it, and `set-cookie`
        added to it.

        Raises:
            ValueError: a name that is no token (RFC 9110, section 5.1), a line break in the value, or text that has no
                Latin-1 form.
        """
        if not TOKEN.fullmatch(name):
            raise ValueError(f"the name of a header is a token: letters, digits and some signs; got {name!r}")
        pair = (name.lower().encode("latin-1"), value.encode("latin-1"))
        if any(byte in pair[1] for byte in b"\r\n\0"):
            raise ValueError(f"a header is one line; got {name!r}: {value!r}")
        self.extra_headers = (*self.extra_headers, pair)

    def receive_for_response(self) -> Receive:
        """Return a receive callable for an ASGI application that answers this request: nothing read ahead is lost."""
        return self._incoming.receive if "_incoming" in self.__dict__ else self._receive

    @lazy
    def _incoming(self) -> Incoming:
        return Incoming(self._receive)

    @lazy
    def _reading(self) -> asyncio.Lock:
        return asyncio.Lock()

    @lazy
    def _parsing(self) -> asyncio.Task[None]:
        self.owns_something = True
        return asyncio.ensure_future(self._parse_multipart())

    @lazy
    def _pieces(self) -> list[bytes]:
        return []

    @lazy
    def _media_type(self) -> tuple[str, dict[str, str]]:
        return split_parameters(self._field(b"content-type"))

    def _field(self, name: bytes) -> str:
        """Return one header as it was sent first; to parse them all takes longer than to parse a small body."""
        for key, value in self._scope["headers"]:
            if key == name:
                field: str = value.decode("latin-1")
                return field
        return ""

    @property
    def _charset(self) -> str:
        return charset_of(self._media_type[1].get("charset", "utf-8"))

    def _is_unread(self) -> bool:
        return not (self._is_streaming or self._reading.locked())

    def _check_unread(self) -> None:
        if self._refusal is not None:
            raise self._refusal
        if self._is_streamed:
            raise BodyConsumed

    async def _next_piece(self, size: int) -> bytes:
        """Return the next piece, if with it the body, of which `size` bytes are here, keeps its limit."""
        limit = self.limits.max_body_size
        if limit is None:
            return await self._incoming.next_piece()
        if size or not self._announces_more_than(limit):
            piece = await self._incoming.next_piece()
            if size + len(piece) <= limit:
                return piece
        self._refusal = RequestTooLarge(f"the body of a request is limited to {limit} bytes")
        raise self._refusal

    def _announces_more_than(self, limit: int) -> bool:
        announced = self._field(b"content-length")
        return len(announced) > 18 or (announced.isdecimal() and int(announced) > limit)

    async def _read_body(self) -> bytes:
        if self._body is not None:
            return self._body
        # several tasks may ask; one that is cancelled leaves what it has to the next
        async with self._reading:
            if self._body is None:
                self._check_unread()
                pieces, size = self._pieces, sum(map(len, self._pieces))
                while not self._incoming.is_complete:
                    pieces.append(await self._next_piece(size))
                    size += len(pieces[-1])
                self._body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
                pieces.clear()
        return self._body

    async def _read_json(self) -> Any:
        if "_json" in self.__dict__:
            return self.__dict__["_json"]
        type_ = self._media_type[0]
        if not _is_json(type_):
            raise UnsupportedMediaType(type_, JSON)
        body = await self._read_body()
        try:
            payload = body.decode(self._charset) if "charset" in self._media_type[1] else body
            value = self.json_codec.decode(payload)
        except UnicodeError as error:
            raise MalformedRequest(f"malformed JSON: {error}") from None
        except ValueError as error:
            raise MalformedRequest(str(error)) from None
        self.__dict__["_json"] = value
        return value

    async def _read_form(self) -> FormData:
        if self._form is not None:
            return self._form
        type_ = self._media_type[0]
        if type_ == URLENCODED:
            from .forms import parse_urlencoded

            body = await self._read_body()
            if self._form is None:
                self._form = parse_urlencoded(body, self._charset, self.limits)
        elif type_ == MULTIPART:
            # it is read once, in a task that whoever gives up leaves to the next who asks
            await asyncio.wait({self._parsing})
            self._parsing.result()
        else:
            raise UnsupportedMediaType(type_, MULTIPART, URLENCODED)
        return cast(FormData, self._form)

    async def _parse_multipart(self) -> None:
        from .forms import parse_multipart

        parameters = self._media_type[1]
        boundary = parameters.get("boundary", "")
        if not 1 <= len(boundary) <= 70:  # RFC 2046, section 5.1.1
            raise MalformedRequest("malformed multipart form: its content type has no boundary")
        self._form = await parse_multipart(self.stream(), boundary, self._charset, self.limits)


def _is_json(media_type: str) -> bool:
    return media_type == JSON or media_type.endswith("+json")
