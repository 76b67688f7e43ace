"""A WebSocket endpoint as a class."""

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine, Generator
from typing import Any, ClassVar, cast

from kui.core import HTTPException, NoActiveConnection

from .codes import CloseCode
from .connection import WebSocket
from .current import websocket_var
from .encodings import Encoding, encoding_of
from .errors import DecodeError, InvalidState, WebSocketClose, WebSocketDisconnect, WebSocketError
from .states import ConnectionState

__all__ = ["SocketView"]

logger = logging.getLogger("kui.websocket")

CLEAN_UP_SECONDS = 5.0


class SocketView:
    """Serve a connection with an object of its own: `on_connect`, then `on_receive` for each message, `on_disconnect`.

    The class is an endpoint: `await ChatView()` serves one connection, that of the current task. What is set on
    `self` is that connection's.

    Attributes:
        encoding: how messages are read: "anystr" (the default), "text", "bytes", "json" or an `Encoding`.
        max_invalid: how many messages that the encoding refuses are answered before the connection is closed with
            1007. Default: 10.

    ```python
    >>> from kui.websocket import SocketView, websocket, websocket_session
    >>> class Echo(SocketView):
    ...     encoding = "json"
    ...     async def on_receive(self, data):
    ...         await websocket.send_json({"echo": data})
    >>> app = websocket_session(Echo)

    ```

    Raises:
        ValueError, TypeError: when the class is defined with a wrong encoding, or with a method that is not async.
    """

    encoding: ClassVar[str | Encoding[Any]] = "anystr"
    max_invalid: ClassVar[int] = 10

    bound_methods: ClassVar[tuple[str, ...]] = ("on_connect",)
    """The methods that take parameters of the connection; kui.params binds them."""
    message_method: ClassVar[str | None] = "on_receive"
    """The method whose first argument is the message."""

    _invalid = 0

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        encoding_of(cls.encoding)
        for name in ("on_connect", "on_receive", "on_disconnect", "on_invalid"):
            method = getattr(cls, name)
            if inspect.isfunction(method) and not inspect.iscoroutinefunction(method):
                raise TypeError(f"{cls.__name__}.{name} is a plain function: declare it with `async def`")

    # The signatures of these two let a subclass ask for parameters of its own.
    async def on_connect(self, *args: Any, **kwargs: Any) -> None:
        """Accept the connection, or refuse it: `await websocket.accept()`, `.deny(...)`, `raise HTTPException(...)`.

        The default accepts.
        """
        await websocket_var.get().accept()

    async def on_receive(self, data: Any, *args: Any, **kwargs: Any) -> None:
        """Deal with a message; the encoding says what it is. The default ignores it."""

    async def on_disconnect(self, close_code: int) -> None:
        """Clean up; runs once after `on_connect` began, whatever happened. The default does nothing.

        Args:
            close_code: the client's code, or this side's if it closed; 1005 when the client gave none, 1006 when
                the connection was cut, 1011 when a method raised, 1001 when the task was cancelled.
        """

    async def on_invalid(self, error: ValueError) -> None:
        """Deal with a message that the encoding refused.

        The default sends the answer that the encoding has for it, and closes with 1007 after `max_invalid` of
        them. An encoding without answers has the connection closed with the error's `close_code`, 1003 for
        malformed JSON.
        """
        refuse = getattr(self.encoding, "refuse", None)
        if refuse is None:
            raise error if isinstance(error, WebSocketError) else DecodeError(str(error))
        connection = websocket_var.get()
        self._invalid += 1
        if self._invalid > self.max_invalid:
            await connection.close(CloseCode.INVALID_PAYLOAD, "too many invalid messages")
        else:
            await connection.send_payload(refuse(error))

    def __await__(self) -> Generator[Any, Any, None]:
        return self._serve().__await__()

    async def _serve(self) -> None:
        connection = websocket_var.get(None)
        if connection is None:
            raise NoActiveConnection("websocket")
        try:
            await self.on_connect()
            await self._receive_all(connection)
        except BaseException as error:
            await self._end(_code_of(error), error)
            raise
        code = connection.close_code
        await self.on_disconnect(CloseCode.ABNORMAL if code is None else code)

    async def _receive_all(self, connection: WebSocket) -> None:
        if connection.connection_state is ConnectionState.DENIED:
            return
        if connection.connection_state is ConnectionState.CONNECTING:
            raise InvalidState(
                f"{type(self).__name__}.on_connect returned without `await websocket.accept()` or `.deny()`"
            )
        decode = self._decoder(connection)
        async for payload in connection.iter_payloads():
            if decode is None:
                await self.on_receive(payload)
                continue
            try:
                data = decode(payload)
            except ValueError as error:
                await self.on_invalid(error)
            else:
                await self.on_receive(data)

    def _decoder(self, connection: WebSocket) -> Callable[[str | bytes], Any] | None:
        if self.encoding == "anystr":
            return None
        if self.encoding == "json":
            return connection.json_codec.decode
        return encoding_of(self.encoding).decode

    async def _end(self, code: int, error: BaseException) -> None:
        """Run on_disconnect after a failure: what it raises is logged, and a cancelled task waits for it."""
        try:
            if isinstance(error, asyncio.CancelledError):
                await _shielded(self.on_disconnect(code))
            else:
                await self.on_disconnect(code)
        except Exception:
            logger.exception("%s.on_disconnect failed, after %r", type(self).__name__, error)


async def _shielded(clean_up: Coroutine[Any, Any, None]) -> None:
    """Await a coroutine in a task that was cancelled already, for a while."""
    task = asyncio.ensure_future(clean_up)
    try:
        async with asyncio.timeout(CLEAN_UP_SECONDS):
            await asyncio.shield(task)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])


def _code_of(error: BaseException) -> int:
    """Return the close code that stands for what ended the view."""
    if isinstance(error, (WebSocketDisconnect, WebSocketClose)):
        return error.code
    if isinstance(error, WebSocketError):
        return error.close_code
    if isinstance(error, HTTPException):
        return 4000 + cast("HTTPException[Any]", error).status_code
    if isinstance(error, asyncio.CancelledError):
        return CloseCode.GOING_AWAY
    return CloseCode.INTERNAL_ERROR
