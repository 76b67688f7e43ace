"""The request of the current task."""

from collections.abc import AsyncGenerator, Awaitable
from typing import Any, cast

from baize.datastructures import URL, FormData, Headers, QueryParams

from kui.core import ConnectionOf, ContextProxy

from .requests import HttpRequest

__all__ = ["RequestProxy", "request", "request_var"]

request_var = ConnectionOf("request", HttpRequest)
"""The HTTP request of the current task."""


class RequestProxy(ContextProxy[HttpRequest]):
    """Answer for the current request; what most endpoints use is spelled out, because that is quicker."""

    __slots__ = ()

    @property
    def method(self) -> str:
        return self._current().method

    @property
    def url(self) -> URL:
        return self._current().url

    @property
    def headers(self) -> Headers:
        return self._current().headers

    @property
    def path_params(self) -> dict[str, Any]:
        return self._current().path_params

    @property
    def query_params(self) -> QueryParams:
        return self._current().query_params

    @property
    def body(self) -> Awaitable[bytes]:
        return self._current().body

    @property
    def json(self) -> Awaitable[Any]:
        return self._current().json

    @property
    def form(self) -> Awaitable[FormData]:
        return self._current().form

    def data(self) -> Awaitable[Any]:
        return self._current().data()

    def stream(self) -> AsyncGenerator[bytes, None]:
        return self._current().stream()

    def is_disconnected(self) -> Awaitable[bool]:
        return self._current().is_disconnected()


request = cast(HttpRequest, RequestProxy(request_var))
"""The HTTP request of the current task; raises `NoActiveConnection` outside of one."""
