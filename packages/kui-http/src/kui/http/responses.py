"""The responses that are complete when they are made; each is an ASGI application."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, Literal, overload

from baize.datastructures import URL, MutableHeaders
from baize.responses import iri_to_uri

from kui.core import JSONCodec, Receive, Scope, Send, default_codec, lazy

from .cookies import SameSite, set_cookie_value
from .description import ResponseDescription
from .parameters import TOKEN
from .sending import RawHeaders, send_whole

__all__ = ["HTMLResponse", "HttpResponse", "JSONResponse", "PlainTextResponse", "RedirectResponse"]


def codec_of(scope: Scope) -> JSONCodec:
    """Return the JSON codec of the connection with this scope."""
    # What HTTPConnection.json_codec says, without making a connection for every answer: that takes longer than to
    # encode a small one.
    codec: JSONCodec | None = getattr(scope.get("app"), "json_codec", None)
    return codec or default_codec()


@lru_cache(maxsize=256)
def content_type(media_type: str, charset: str) -> tuple[bytes, bytes]:
    """Return the header of a text: its type, and the charset of a type of `text/`.

    Raises:
        ValueError: it is not one line of ASCII.
    """
    value = f"{media_type}; charset={charset}" if media_type.startswith("text/") else media_type
    if not (value.isascii() and value.isprintable()):
        raise ValueError(f"a content type is one line of printable ASCII; got {value!r}")
    return b"content-type", value.encode()


class HttpResponse:
    """A response without a body, and the parent of those that have one.

    Args:
        status_code: the status, also one that HTTP does not know.
        headers: the headers by name. `response.headers` is a mutable mapping of them.

    Raises:
        TypeError: the status is no number.

    ```python
    >>> from kui.http import HttpResponse
    >>> response = HttpResponse(201, {"Location": "/notes/7"})
    >>> response.set_cookie("seen", "7", max_age=60)
    >>> response.headers["location"], response.list_headers(as_bytes=False)[-1]
    ('/notes/7', ('set-cookie', 'seen=7; max-age=60; path=/; samesite=lax'))

    ```
    """

    def __init__(self, status_code: int = 200, headers: Mapping[str, str] | None = None) -> None:
        if not isinstance(status_code, int):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a status is a whole number, such as 404; got {status_code!r}")
        self.status_code = status_code
        self._given = headers

    def __class_getitem__(cls, parameters: Any) -> ResponseDescription:
        return ResponseDescription.of(cls, parameters)

    @lazy
    def headers(self) -> MutableHeaders:
        """The headers, a mutable mapping; made when asked for, because most responses have none of their own."""
        headers = MutableHeaders()
        given = self._given or {}
        if not isinstance(given, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(
                f"headers are a mapping of names to values, got {given!r}; a text is the content, as in "
                'HTTPException(404, content="no such room")'
            )
        for name, value in given.items():
            if not TOKEN.fullmatch(name):
                raise ValueError(
                    f"the name of a header is a token: letters, digits and some signs; got {name!r}"
                )
            headers[name] = value  # which refuses line breaks
        return headers

    @lazy
    def cookies(self) -> list[str]:
        """The values of the Set-Cookie headers."""
        return []

    def set_cookie(
        self,
        key: str,
        value: str = "",
        max_age: int = -1,
        expires: int | None = None,
        path: str = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: SameSite = "lax",
    ) -> None:
        """Add a cookie for the client to keep.

        Args:
            max_age: seconds until it expires; below 0 it ends with the browser's session.
            expires: the same as a moment, in seconds from now, for very old clients.

        Raises:
            ValueError: a name, value or attribute that a cookie cannot have (RFC 6265).
        """
        self.cookies.append(
            set_cookie_value(
                key,
                value,
                max_age=max_age,
                expires=expires,
                path=path,
                domain=domain,
                secure=secure,
                httponly=httponly,
                samesite=samesite,
            )
        )

    def delete_cookie(
        self,
        key: str,
        value: str = "",
        path: str = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: SameSite = "lax",
    ) -> None:
        """Tell the client to forget a cookie; path and domain must be those that it was set with."""
        self.set_cookie(key, value, 0, 0, path, domain, secure, httponly, samesite)

    @overload
    def list_headers(self, *, as_bytes: Literal[True]) -> list[tuple[bytes, bytes]]: ...

    @overload
    def list_headers(self, *, as_bytes: Literal[False]) -> list[tuple[str, str]]: ...

    def list_headers(self, *, as_bytes: bool) -> list[tuple[bytes, bytes]] | list[tuple[str, str]]:
        """Return the headers and the cookies as pairs, of `bytes` or of `str`."""
        pairs = [*self.headers.items(), *(("set-cookie", cookie) for cookie in self.cookies)]
        if not as_bytes:
            return pairs
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]

    def _raw_headers(self) -> RawHeaders:
        attributes = self.__dict__
        if self._given or "headers" in attributes or "cookies" in attributes:
            return self.list_headers(as_bytes=True)
        return []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_whole(scope, send, self.status_code, self._raw_headers(), b"")


class PlainTextResponse(HttpResponse):
    """A response of text.

    Args:
        content: the text, or its bytes.
        status_code, headers: as for HttpResponse.
        media_type: the content type without its charset.
        charset: the charset that a `str` is encoded with, and that is named for a type of `text/`.

    Raises:
        ValueError: the media type or the charset is not one line of ASCII.

    ```python
    >>> from kui.http import PlainTextResponse
    >>> PlainTextResponse("gone", 410).status_code
    410

    ```
    """

    media_type: str = "text/plain"
    charset: str = "utf-8"

    def __init__(
        self,
        content: str | bytes,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        charset: str | None = None,
    ) -> None:
        super().__init__(status_code, headers)
        self.content = content
        if media_type:
            self.media_type = media_type
        if charset:
            self.charset = charset
        if media_type or charset:
            content_type(self.media_type, self.charset)  # a mistake is told where it is made

    async def render(self, content: Any) -> bytes:
        """Return the bytes of the body; for subclasses to override."""
        return content.encode(self.charset) if isinstance(content, str) else bytes(content)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await self.render(self.content)
        headers = self._raw_headers()
        if not any(name == b"content-type" for name, _ in headers):
            headers.append(content_type(self.media_type, self.charset))
        await send_whole(scope, send, self.status_code, headers, body)


class HTMLResponse(PlainTextResponse):
    """A response of HTML; the arguments are those of PlainTextResponse."""

    media_type = "text/html"


class JSONResponse(HttpResponse):
    """A response of JSON.

    Args:
        content: the value; encoded by the codec of the application, so that its `json_encoder` is heard.
        status_code, headers: as for HttpResponse.
        options: keyword arguments of `json.dumps`, `indent=2` for one. The standard library writes the JSON then,
            with the codec for the values that it does not know.

    ```python
    >>> import asyncio
    >>> from kui.http import JSONResponse
    >>> async def send(message):
    ...     print(message.get("body", b"").decode(), end="")
    >>> scope = {"type": "http", "method": "GET", "headers": []}
    >>> asyncio.run(JSONResponse({"id": 7})(scope, None, send))
    {"id":7}

    ```
    """

    media_type: ClassVar[str] = "application/json"

    def __init__(
        self,
        content: Any,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(status_code, headers)
        self.content = content
        self._options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        codec = codec_of(scope)
        if self._options:

            def plain(value: object) -> Any:
                return codec.decode(codec.encode(value))

            separators = None if "indent" in self._options else (",", ":")
            options: dict[str, Any] = {
                "ensure_ascii": False,
                "allow_nan": False,
                "separators": separators,
                "default": plain,
            } | self._options
            body = json.dumps(self.content, **options).encode()
        else:
            body = codec.encode(self.content)
        headers = self._raw_headers()
        if not any(name == b"content-type" for name, _ in headers):
            headers.append((b"content-type", self.media_type.encode("latin-1")))
        await send_whole(scope, send, self.status_code, headers, body)


class RedirectResponse(HttpResponse):
    """A response that sends the client elsewhere.

    Args:
        url: where to; characters that a URL cannot hold are percent-encoded.
        status_code: 307 keeps the method and the body; 303 makes the client GET.
        headers: as for HttpResponse.

    ```python
    >>> from kui.http import RedirectResponse
    >>> RedirectResponse("/caf\u00e9", 303).headers["location"]
    '/caf%C3%A9'

    ```
    """

    def __init__(
        self, url: str | URL, status_code: int = 307, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status_code, headers)
        self.headers["location"] = iri_to_uri(str(url))
