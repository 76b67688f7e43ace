"""`websocket`: the connection of the current task, as a module-level name."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar, cast

from kui.core import ASGIApp, ContextProxy, Message, NoActiveConnection, http_connection_var

from .connection import WebSocket
from .current import current, websocket_var
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


def accept(subprotocol: str | None = None, headers: HeaderItems = ()) -> Coroutine[Any, Any, None]:
    try:
        # a subclass may do without what is not given: here and below
        if not headers:
            return _get(_OUTSIDE).accept(subprotocol)
        return _get(_OUTSIDE).accept(subprotocol, headers)
    except AttributeError as error:
        raise _explained(error) from None


def negotiate(supported: Iterable[str]) -> str | None:
    return current().negotiate(supported)


def deny(response: ASGIApp | int = 403) -> Coroutine[Any, Any, None]:
    return current().deny(response)


def close(code: int = 1000, reason: str | None = None) -> Coroutine[Any, Any, None]:
    if reason is None:
        return current().close(code)
    return current().close(code, reason)


def is_disconnected() -> Coroutine[Any, Any, bool]:
    return current().is_disconnected()


def wait_disconnected() -> Coroutine[Any, Any, int]:
    return current().wait_disconnected()


def receive() -> Coroutine[Any, Any, Message]:
    return current().receive()


def receive_text(timeout: float | None = None) -> Coroutine[Any, Any, str]:
    try:
        if timeout is None:
            return _get(_OUTSIDE).receive_text()
        return _get(_OUTSIDE).receive_text(timeout)
    except AttributeError as error:
        raise _explained(error) from None


def receive_bytes(timeout: float | None = None) -> Coroutine[Any, Any, bytes]:
    try:
        if timeout is None:
            return _get(_OUTSIDE).receive_bytes()
        return _get(_OUTSIDE).receive_bytes(timeout)
    except AttributeError as error:
        raise _explained(error) from None


def receive_json(mode: Mode | None = None, timeout: float | None = None) -> Coroutine[Any, Any, Any]:
    try:
        if timeout is None:
            return _get(_OUTSIDE).receive_json() if mode is None else _get(_OUTSIDE).receive_json(mode)
        return _get(_OUTSIDE).receive_json(mode, timeout)
    except AttributeError as error:
        raise _explained(error) from None


def receive_payload(timeout: float | None = None) -> Coroutine[Any, Any, str | bytes]:
    try:
        if timeout is None:
            return _get(_OUTSIDE).receive_payload()
        return _get(_OUTSIDE).receive_payload(timeout)
    except AttributeError as error:
        raise _explained(error) from None


def receive_model(
    model: ModelClass[T] | ModelValidator[T], timeout: float | None = None
) -> Coroutine[Any, Any, T]:
    try:
        if timeout is None:
            return _get(_OUTSIDE).receive_model(model)
        return _get(_OUTSIDE).receive_model(model, timeout)
    except AttributeError as error:
        raise _explained(error) from None


def iter_text() -> AsyncIterator[str]:
    try:
        return _get(_OUTSIDE).iter_text()
    except AttributeError as error:
        raise _explained(error) from None


def iter_bytes() -> AsyncIterator[bytes]:
    try:
        return _get(_OUTSIDE).iter_bytes()
    except AttributeError as error:
        raise _explained(error) from None


def iter_json() -> AsyncIterator[Any]:
    try:
        return _get(_OUTSIDE).iter_json()
    except AttributeError as error:
        raise _explained(error) from None


def iter_payloads() -> AsyncIterator[str | bytes]:
    try:
        return _get(_OUTSIDE).iter_payloads()
    except AttributeError as error:
        raise _explained(error) from None


def iter_models(model: ModelClass[T] | ModelValidator[T]) -> AsyncIterator[T]:
    try:
        return _get(_OUTSIDE).iter_models(model)
    except AttributeError as error:
        raise _explained(error) from None


def deliver(
    take: Callable[[Any], Awaitable[object]],
    decode: Callable[[str | bytes], Any] | None = None,
    refuse: Callable[[ValueError], Awaitable[object]] | None = None,
) -> Coroutine[Any, Any, None]:
    return current().deliver(take, decode, refuse)


def send(message: Message) -> Coroutine[Any, Any, None]:
    return current().send(message)


def send_text(data: str) -> Coroutine[Any, Any, None]:
    try:
        return _get(_OUTSIDE).send_text(data)
    except AttributeError as error:
        raise _explained(error) from None


def send_bytes(data: bytes | bytearray | memoryview) -> Coroutine[Any, Any, None]:
    try:
        return _get(_OUTSIDE).send_bytes(data)
    except AttributeError as error:
        raise _explained(error) from None


def send_json(data: object, mode: Mode = "text") -> Coroutine[Any, Any, None]:
    try:
        if mode == "text":
            return _get(_OUTSIDE).send_json(data)
        return _get(_OUTSIDE).send_json(data, mode)
    except AttributeError as error:
        raise _explained(error) from None


def send_payload(data: str | bytes) -> Coroutine[Any, Any, None]:
    try:
        return _get(_OUTSIDE).send_payload(data)
    except AttributeError as error:
        raise _explained(error) from None


FUNCTIONS: tuple[Callable[..., Any], ...] = (
    accept,
    negotiate,
    deny,
    close,
    is_disconnected,
    wait_disconnected,
    receive,
    receive_text,
    receive_bytes,
    receive_json,
    receive_payload,
    receive_model,
    iter_text,
    iter_bytes,
    iter_json,
    iter_payloads,
    iter_models,
    deliver,
    send,
    send_text,
    send_bytes,
    send_json,
    send_payload,
)


for _function in FUNCTIONS:
    _function.__doc__ = getattr(WebSocket, _function.__name__).__doc__


class WebSocketProxy(ContextProxy[WebSocket], of=WebSocket):
    """The connection of the current task: what is asked of it is answered by its `WebSocket`."""

    # The functions above are values of slots, and not methods: `websocket` is imported where it is used, and for a name
    # that is imported by its module Python compiles `websocket.send_text(data)` as if it were a function of a module, so
    # that each use of a method would make a bound method first.
    __slots__ = {function.__name__: function.__doc__ for function in FUNCTIONS}

    def __init__(self) -> None:
        super().__init__(websocket_var)
        for function in FUNCTIONS:
            # by the slot itself, so that a subclass may have a method of that name
            vars(WebSocketProxy)[function.__name__].__set__(self, function)

    _current = staticmethod(current)  # pyright: ignore[reportAssignmentType] - it needs no self

    @property
    def path_params(self) -> dict[str, Any]:
        """The parameters that the router found in the path, converted."""
        connection = _get(_OUTSIDE)
        if type(connection) is WebSocket:
            # As there, which would be a second property for a connection through a route.
            return connection._scope.get("path_params") or {}  # pyright: ignore[reportPrivateUsage]
        return current().path_params

    def __aiter__(self) -> AsyncIterator[str]:
        return current().iter_text()

    def __anext__(self) -> Coroutine[Any, Any, str]:
        return current().__anext__()


# A proxy is used as the object that it stands for: this is the one place that says so to a type checker.
websocket = cast(WebSocket, WebSocketProxy())
"""The connection of the current task, and of tasks that it starts; elsewhere its use raises `NoActiveConnection`."""
