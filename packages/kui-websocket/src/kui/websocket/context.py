"""`websocket`: the connection of the current task, as a module-level name."""

from collections.abc import AsyncIterator, Coroutine, Iterable
from typing import Any, TypeVar, cast

from kui.core import ASGIApp, ContextProxy, Message, NoActiveConnection

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


_get = websocket_var.get
_OUTSIDE = cast(WebSocket, _Outside())


class WebSocketProxy(ContextProxy[WebSocket]):
    """The methods of `WebSocket`, on the connection of the current task.

    They are spelled out because they run for every message; `__getattr__` answers for the rest, and for what a
    subclass of `WebSocket` adds.
    """

    __slots__ = ()

    def accept(self, subprotocol: str | None = None, headers: HeaderItems = ()) -> Coroutine[Any, Any, None]:
        if not headers:  # a subclass may do without what is not given: here, and where messages are received
            return _get(_OUTSIDE).accept(subprotocol)
        return _get(_OUTSIDE).accept(subprotocol, headers)

    def negotiate(self, supported: Iterable[str]) -> str | None:
        return _get(_OUTSIDE).negotiate(supported)

    def deny(self, response: ASGIApp | int = 403) -> Coroutine[Any, Any, None]:
        return _get(_OUTSIDE).deny(response)

    def close(self, code: int = 1000, reason: str | None = None) -> Coroutine[Any, Any, None]:
        return _get(_OUTSIDE).close(code, reason)

    def is_disconnected(self) -> Coroutine[Any, Any, bool]:
        return _get(_OUTSIDE).is_disconnected()

    def wait_disconnected(self) -> Coroutine[Any, Any, int]:
        return _get(_OUTSIDE).wait_disconnected()

    def receive(self) -> Coroutine[Any, Any, Message]:
        return _get(_OUTSIDE).receive()

    def receive_text(self, timeout: float | None = None) -> Coroutine[Any, Any, str]:
        if timeout is None:
            return _get(_OUTSIDE).receive_text()
        return _get(_OUTSIDE).receive_text(timeout)

    def receive_bytes(self, timeout: float | None = None) -> Coroutine[Any, Any, bytes]:
        if timeout is None:
            return _get(_OUTSIDE).receive_bytes()
        return _get(_OUTSIDE).receive_bytes(timeout)

    def receive_json(
        self, mode: Mode | None = None, timeout: float | None = None
    ) -> Coroutine[Any, Any, Any]:
        return _get(_OUTSIDE).receive_json(mode, timeout)

    def receive_payload(self, timeout: float | None = None) -> Coroutine[Any, Any, str | bytes]:
        return _get(_OUTSIDE).receive_payload(timeout)

    def receive_model(
        self, model: ModelClass[T] | ModelValidator[T], timeout: float | None = None
    ) -> Coroutine[Any, Any, T]:
        return _get(_OUTSIDE).receive_model(model, timeout)

    def iter_text(self) -> AsyncIterator[str]:
        return _get(_OUTSIDE).iter_text()

    def iter_bytes(self) -> AsyncIterator[bytes]:
        return _get(_OUTSIDE).iter_bytes()

    def iter_json(self) -> AsyncIterator[Any]:
        return _get(_OUTSIDE).iter_json()

    def iter_payloads(self) -> AsyncIterator[str | bytes]:
        return _get(_OUTSIDE).iter_payloads()

    def iter_models(self, model: ModelClass[T] | ModelValidator[T]) -> AsyncIterator[T]:
        return _get(_OUTSIDE).iter_models(model)

    def send(self, message: Message) -> Coroutine[Any, Any, None]:
        return _get(_OUTSIDE).send(message)

    def send_text(self, data: str) -> Coroutine[Any, Any, None]:
        return _get(_OUTSIDE).send_text(data)

    def send_bytes(self, data: bytes | bytearray | memoryview) -> Coroutine[Any, Any, None]:
        return _get(_OUTSIDE).send_bytes(data)

    def send_json(self, data: Any, mode: Mode = "text") -> Coroutine[Any, Any, None]:
        return _get(_OUTSIDE).send_json(data, mode)

    def send_payload(self, data: str | bytes) -> Coroutine[Any, Any, None]:
        return _get(_OUTSIDE).send_payload(data)


# A proxy is used as the object that it stands for: this is the one place that says so to a type checker.
websocket = cast(WebSocket, WebSocketProxy(websocket_var))
"""The connection of the current task, and of tasks that it starts; elsewhere its use raises `NoActiveConnection`."""
