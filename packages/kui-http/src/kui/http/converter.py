"""From what an endpoint returns to a response."""

from collections.abc import AsyncGenerator, Callable, Mapping
from functools import singledispatch
from pathlib import PurePath
from typing import Any, TypeVar, cast, overload

import baize.asgi as baize
from baize.datastructures import URL

from kui.core import ASGIApp, JSONCodec, Scope, default_codec, http_connection_var

from .context import request_var
from .events import SendEventResponse
from .files import FileResponse
from .responses import HttpResponse, JSONResponse, PlainTextResponse, RedirectResponse

__all__ = ["ResponseConverter", "convert_response"]

F = TypeVar("F", bound=Callable[..., Any])


class ResponseConverter:
    """Make a response of a value, by the value's type: `converter(value, status_code, headers)`.

    A function registered for a type is called with the value, and with the status and the headers where the endpoint
    returned them beside it. Unless something else is registered:

    - a response, and baize's Files, Pages, Router, Subpaths and Hosts, stay what they are;
    - `str` and `bytes` become text, `dict`, `list`, `tuple` and pydantic's models JSON;
    - an async generator becomes server-sent events, a path the file, a `URL` a redirect; a text in the place of a
      path's status is the name to save the file under.

    Args:
        converters: functions by type, in the place of the ones above.

    ```python
    >>> from datetime import date
    >>> from kui.http import PlainTextResponse, ResponseConverter
    >>> converter = ResponseConverter({date: lambda day: PlainTextResponse(f"{day:%d.%m.%Y}")})
    >>> converter(date(2024, 2, 29)).content, type(converter({"id": 7})).__name__
    ('29.02.2024', 'JSONResponse')
    >>> @converter.register(complex)
    ... def _(number):
    ...     return PlainTextResponse(str(number))
    >>> converter(1j).content
    '1j'

    ```
    """

    def __init__(self, converters: Mapping[type, Callable[..., Any]] | None = None) -> None:
        self.plain = dict(_PLAIN)
        """By type, the content type and the encoding of values that need no response of their own."""
        self._convert = singledispatch(_unknown)
        for type_, function in _DEFAULTS.items():
            self._convert.register(type_)(function)
        for type_, function in (converters or {}).items():
            self.register(type_, function)

    @overload
    def register(self, type_: type, function: None = None) -> Callable[[F], F]: ...

    @overload
    def register(self, type_: type, function: F) -> F: ...

    def register(self, type_: type, function: F | None = None) -> F | Callable[[F], F]:
        """Use the function for values of this type and its subclasses; `register(type)` is a decorator.

        Raises:
            TypeError: the first argument is no type, or the second cannot be called.
        """
        if not isinstance(cast(object, type_), type):
            raise TypeError(f"a converter is registered for a type: register(type)(function); got {type_!r}")
        if function is None:
            return lambda decorated: self.register(type_, decorated)
        if not callable(cast(object, function)):
            raise TypeError(f"the converter of {type_.__name__} is {function!r}, which cannot be called")
        self.plain.pop(type_, None)
        self._convert.register(type_)(function)
        return function

    def __call__(self, value: Any, *args: Any, **kwargs: Any) -> ASGIApp:
        """Return the response that the value becomes.

        Raises:
            TypeError: nothing is registered for the type of the value.
        """
        return self._convert(value, *args, **kwargs)

    def convert(self, value: Any) -> ASGIApp:
        """Return the response of what an endpoint returned: a value, or a tuple of it, a status and headers."""
        if type(value) is not tuple:
            return self(value)
        if not value:
            raise TypeError(
                "an endpoint returned an empty tuple; return a value, or (value, status, headers)"
            )
        return self(*value)


def convert_response(value: Any) -> ASGIApp:
    """Return the response that the value becomes when an endpoint of the current connection returns it.

    A middleware uses it to look at an answer or to change it, whatever the endpoint returned.

    Raises:
        TypeError: there is no response for a value of this type.

    ```python
    >>> from kui.http import convert_response
    >>> response = convert_response(("made", 201))
    >>> response.status_code, response.content
    (201, 'made')

    ```
    """
    return current_converter().convert(value)


def current_converter() -> ResponseConverter:
    """Return the converter of the current connection: its session's, its application's or the default one."""
    request = request_var.get(None)
    if request is not None and hasattr(request, "converter"):
        return request.converter
    connection = http_connection_var.get(None)
    return application_converter({} if connection is None else connection)


def application_converter(scope: Scope) -> ResponseConverter:
    """Return the converter of the application in the scope, or the default one."""
    app = scope.get("app")
    converter = None if app is None else getattr(app, "response_converter", None)
    return converter if isinstance(converter, ResponseConverter) else _DEFAULT_CONVERTER


def _unknown(value: Any, *args: Any, **kwargs: Any) -> ASGIApp:
    type_ = cast("type[Any]", type(value))
    if hasattr(type_, "__pydantic_serializer__"):
        return JSONResponse(value, *args, **kwargs)
    raise TypeError(f"Cannot find response_converter handler for this type: {type_}")


def _nothing(value: None, *args: Any, **kwargs: Any) -> ASGIApp:
    raise TypeError("Get 'None'. Maybe you need to add a return statement to the function.")


def _itself(value: ASGIApp) -> ASGIApp:
    return value


def _file(
    value: PurePath,
    status_code: int | str | None = 200,
    headers: Mapping[str, str] | None = None,
    **kwargs: Any,
) -> ASGIApp:
    # in 1.x what stands second is the name of the download
    if status_code is None or isinstance(status_code, str):
        status_code, kwargs = 200, {"download_name": status_code, **kwargs}
    return FileResponse(value, headers, status_code=status_code, **kwargs)


def _text(value: str, scope: Scope) -> bytes:
    return value.encode()


def _bytes(value: bytes, scope: Scope) -> bytes:
    return value


def _json(value: object, scope: Scope) -> bytes:
    # as codec_of, without the call
    codec: JSONCodec = getattr(scope.get("app"), "json_codec", None) or default_codec()
    return (codec.writers.get(type(value)) or codec.encode)(value)


_TEXT_TYPE = (b"content-type", b"text/plain; charset=utf-8")
_JSON_TYPE = (b"content-type", b"application/json")
_PLAIN: dict[type, tuple[tuple[bytes, bytes], Callable[[Any, Scope], bytes]]] = {
    str: (_TEXT_TYPE, _text),
    bytes: (_TEXT_TYPE, _bytes),
    dict: (_JSON_TYPE, _json),
    list: (_JSON_TYPE, _json),
}
_DEFAULTS: dict[type, Callable[..., Any]] = {
    type(None): _nothing,
    HttpResponse: _itself,
    baize.Response: _itself,
    baize.Files: _itself,
    baize.Router: _itself,
    baize.Subpaths: _itself,
    baize.Hosts: _itself,
    str: PlainTextResponse,
    bytes: PlainTextResponse,
    dict: JSONResponse,
    list: JSONResponse,
    tuple: JSONResponse,
    AsyncGenerator: SendEventResponse,
    PurePath: _file,
    URL: RedirectResponse,
}
_DEFAULT_CONVERTER = ResponseConverter()
