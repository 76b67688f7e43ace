"""`websocket`: the connection of the current task, as a module-level name."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar, cast

from baize.datastructures import URL, Address, Headers, QueryParams

from kui.core import (
    ASGIApp,
    ContextProxy,
    Message,
    NoActiveConnection,
    State,
    http_connection_var,
)

from .connection import WebSocket
from .current import websocket_var
from .handshake import HeaderItems
from .models import ModelClass, ModelValidator
from .receiving import Mode

__all__ = ["websocket"]

T = TypeVar("T")


class _Outside:
    """Stands for the connection where there is none."""

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__":  # what tools ask of every object in a module
            raise AttributeError(name)
        raise NoActiveConnection("websocket")


# What runs for every message, or once for every connection, looks into the variable itself, and not through its view
# `websocket_var`: that the connection is an HTTP request shows by what it does not have.
_get = cast("Callable[[WebSocket], WebSocket]", http_connection_var.get)
_OUTSIDE = cast(WebSocket, _Outside())


def _explained(error: AttributeError) -> Exception:
    """Return what to raise where the current connection has no such method: it may be an HTTP request."""
    return error if websocket_var.get(None) is not None else NoActiveConnection("websocket")


class WebSocketProxy(ContextProxy[WebSocket]):
    """The methods of `WebSocket`, on the connection of the current task.

    They are spelled out because they run for every message or for every connection; `__getattr__` answers for the
    rest, and for what a subclass of `WebSocket` adds.
    """

    __slots__ = ()

    def _current(self) -> WebSocket:
        connection = http_connection_var.get(None)
        if isinstance(connection, WebSocket):
            return connection
        raise NoActiveConnection("websocket")

    @property
    def url(self) -> URL:
        return self._current().url

    @property
    def headers(self) -> Headers:
        return self._current().headers

    @property
    def query_params(self) -> QueryParams:
        return self._current().query_params

    @property
    def path_params(self) -> dict[str, Any]:
        connection = http_connection_var.get(None)
        if isinstance(connection, WebSocket):
            return connection.path_params
        raise NoActiveConnection("websocket")

    @property
    def client(self) -> Address:
        return self._current().client

    @property
    def cookies(self) -> dict[str, str]:
        return self._current().cookies

    @property
    def state(self) -> State:
        return self._current().state

    @property
    def app(self) -> Any:
        return self._current().app

    def accept(self, subprotocol: str | None = None, headers: HeaderItems = ()) -> Coroutine[Any, Any, None]:
        try:
            # a subclass may do without what is not given: here and below
            if not headers:
                return _get(_OUTSIDE).accept(subprotocol)
            return _get(_OUTSIDE).accept(subprotocol, headers)
        except AttributeError as error:
            raise _explained(error) from None

    def negotiate(self, supported: Iterable[str]) -> str | None:
        return self._current().negotiate(supported)

    def deny(self, response: ASGIApp | int = 403) -> Coroutine[Any, Any, None]:
        return self._current().deny(response)

    def close(self, code: int = 1000, reason: str | None = None) -> Coroutine[Any, Any, None]:
        if reason is None:
            return self._current().close(code)
        return self._current().close(code, reason)

    def is_disconnected(self) -> Coroutine[Any, Any, bool]:
        return self._current().is_disconnected()

    def wait_disconnected(self) -> Coroutine[Any, Any, int]:
        return self._current().wait_disconnected()

    def receive(self) -> Coroutine[Any, Any, Message]:
        return self._current().receive()

    def receive_text(self, timeout: float | None = None) -> Coroutine[Any, Any, str]:
        try:
            if timeout is None:
                return _get(_OUTSIDE).receive_text()
            return _get(_OUTSIDE).receive_text(timeout)
        except AttributeError as error:
            raise _explained(error) from None

    def receive_bytes(self, timeout: float | None = None) -> Coroutine[Any, Any, bytes]:
        try:
            if timeout is None:
                return _get(_OUTSIDE).receive_bytes()
            return _get(_OUTSIDE).receive_bytes(timeout)
        except AttributeError as error:
            raise _explained(error) from None

    def receive_json(
        self, mode: Mode | None = None, timeout: float | None = None
    ) -> Coroutine[Any, Any, Any]:
        try:
            if timeout is None:
                return _get(_OUTSIDE).receive_json() if mode is None else _get(_OUTSIDE).receive_json(mode)
            return _get(_OUTSIDE).receive_json(mode, timeout)
        except AttributeError as error:
            raise _explained(error) from None

    def receive_payload(self, timeout: float | None = None) -> Coroutine[Any, Any, str | bytes]:
        try:
            if timeout is None:
                return _get(_OUTSIDE).receive_payload()
            return _get(_OUTSIDE).receive_payload(timeout)
        except AttributeError as error:
            raise _explained(error) from None

    def receive_model(
        self, model: ModelClass[T] | ModelValidator[T], timeout: float | None = None
    ) -> Coroutine[Any, Any, T]:
        try:
            if timeout is None:
                return _get(_OUTSIDE).receive_model(model)
            return _get(_OUTSIDE).receive_model(model, timeout)
        except AttributeError as error:
            raise _explained(error) from None

    def __aiter__(self) -> AsyncIterator[str]:
        return self.iter_text()

    def __anext__(self) -> Coroutine[Any, Any, str]:
        return self._current().__anext__()

    def iter_text(self) -> AsyncIterator[str]:
        try:
            return _get(_OUTSIDE).iter_text()
        except AttributeError as error:
            raise _explained(error) from None

    def iter_bytes(self) -> AsyncIterator[bytes]:
        try:
            return _get(_OUTSIDE).iter_bytes()
        except AttributeError as error:
            raise _explained(error) from None

    def iter_json(self) -> AsyncIterator[Any]:
        try:
            return _get(_OUTSIDE).iter_json()
        except AttributeError as error:
            raise _explained(error) from None

    def iter_payloads(self) -> AsyncIterator[str | bytes]:
        try:
            return _get(_OUTSIDE).iter_payloads()
        except AttributeError as error:
            raise _explained(error) from None

    def iter_models(self, model: ModelClass[T] | ModelValidator[T]) -> AsyncIterator[T]:
        try:
            return _get(_OUTSIDE).iter_models(model)
        except AttributeError as error:
            raise _explained(error) from None

    def deliver(
        self,
        take: Callable[[Any], Awaitable[object]],
        decode: Callable[[str | bytes], Any] | None = None,
        refuse: Callable[[ValueError], Awaitable[object]] | None = None,
    ) -> Coroutine[Any, Any, None]:
        return self._current().deliver(take, decode, refuse)

    def send(self, message: Message) -> Coroutine[Any, Any, None]:
        return self._current().send(message)

    def send_text(self, data: str) -> Coroutine[Any, Any, None]:
        try:
            return _get(_OUTSIDE).send_text(data)
        except AttributeError as error:
            raise _explained(error) from None

    def send_bytes(self, data: bytes | bytearray | memoryview) -> Coroutine[Any, Any, None]:
        try:
            return _get(_OUTSIDE).send_bytes(data)
        except AttributeError as error:
            raise _explained(error) from None

    def send_json(self, data: object, mode: Mode = "text") -> Coroutine[Any, Any, None]:
        try:
            if mode == "text":
                return _get(_OUTSIDE).send_json(data)
            return _get(_OUTSIDE).send_json(data, mode)
        except AttributeError as error:
            raise _explained(error) from None

    def send_payload(self, data: str | bytes) -> Coroutine[Any, Any, None]:
        try:
            return _get(_OUTSIDE).send_payload(data)
        except AttributeError as error:
            raise _explained(error) from None


# A proxy is used as the object that it stands for: this is the one place that says so to a type checker.
websocket = cast(WebSocket, WebSocketProxy(websocket_var))
"""The connection of the current task, and of tasks that it starts; elsewhere its use raises `NoActiveConnection`."""
