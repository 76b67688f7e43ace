"""A WebSocket endpoint as a class."""

import asyncio
import inspect
import logging
from collections.abc import Callable, Generator
from typing import Any, ClassVar

from kui.core import NoActiveConnection

from .codes import CloseCode
from .connection import WebSocket
from .current import current, websocket_var
from .encodings import Encoding, EncodingName, encoding_of
from .endpoint import is_plain
from .errors import DecodeError, InvalidState, WebSocketError
from .failures import cause_of, code_of
from .states import CONNECTING, DENIED

__all__ = ["SocketView", "check_bound"]

logger = logging.getLogger("kui.websocket")

CLEAN_UP_SECONDS = 5.0


class SocketView:
    """Serve a connection with an object of its own: `on_connect`, then `on_receive` for each message, `on_disconnect`.

    The class is an endpoint: `await ChatView()` serves one connection, that of the current task. What is set on
    `self` is that connection's.

    Attributes:
        encoding: how messages are read and written: "anystr" (the default), "text", "bytes", "json" or an `Encoding`.
        max_invalid: how many messages that the encoding refuses are answered before the connection is closed with
            1007. Default: 10.

    ```python
    >>> from kui.websocket import SocketView, websocket_session
    >>> class Echo(SocketView):
    ...     encoding = "json"
    ...     async def on_receive(self, data):
    ...         await self.send({"echo": data})
    >>> app = websocket_session(Echo)

    ```

    Raises:
        ValueError, TypeError: when the class is defined with a wrong encoding, or with a method that is not async.
    """

    encoding: ClassVar[EncodingName | Encoding[Any]] = "anystr"
    max_invalid: ClassVar[float] = 10

    bound_methods: ClassVar[tuple[str, ...]] = ("on_connect",)
    """The methods that take parameters of the connection; kui.params binds them."""
    message_method: ClassVar[str | None] = "on_receive"
    """The method whose first argument is the message."""

    _invalid = 0
    _has_begun = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        encoding_of(cls.encoding)
        for name in ("on_connect", "on_receive", "on_disconnect", "on_invalid"):
            method = getattr(cls, name)
            if is_plain(method):
                raise TypeError(f"{cls.__name__}.{name} is a plain function: declare it with `async def`")
        for name, argument in (
            ("on_receive", "data"),
            ("on_disconnect", "close_code"),
            ("on_invalid", "error"),
        ):
            method = inspect.getattr_static(cls, name)
            if inspect.isfunction(method) and not _takes_one(method, and_more=name == "on_receive"):
                raise TypeError(
                    f"{cls.__name__}.{name} is called with one argument: write `async def {name}(self, {argument})`"
                )
        if not isinstance(cls.max_invalid, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{cls.__name__}.max_invalid is a number of messages; got {cls.max_invalid!r}")
        if not cls.max_invalid >= 0:  # nan is none either
            raise ValueError(f"{cls.__name__}.max_invalid is not negative; got {cls.max_invalid!r}")

    # The signatures of these two let a subclass ask for parameters of its own.
    async def on_connect(self, *args: Any, **kwargs: Any) -> None:
        """Accept the connection, or refuse it: `await websocket.accept()`, `.deny(...)`, `raise HTTPException(...)`.

        The default accepts.
        """
        await current().accept()

    async def on_receive(self, data: Any, *args: Any, **kwargs: Any) -> None:
        """Deal with a message; the encoding says what it is. The default ignores it."""

    async def on_disconnect(self, close_code: int) -> None:
        """Clean up; runs once after `on_connect` began, whatever happened. The default does nothing.

        It runs in a task of its own: the connection's task waits for it, and if that is cancelled it has five
        seconds more. So what is bound to a task or its context, such as a task group or the token of a context
        variable, cannot be ended here; `websocket.exit_stack` ends it in the connection's task.

        Args:
            close_code: the client's code, or this side's if it closed; 1005 when the client gave none, 1006 when
                the connection was cut, 1011 when a method raised, 1001 when the task was cancelled.
        """

    async def send(self, data: Any) -> None:
        """Send what the encoding makes of the data; raises as `websocket.send_text` does."""
        connection = current()
        if self.encoding == "json":
            await connection.send_json(data)
        else:
            await connection.send_payload(encoding_of(self.encoding).encode(data))

    async def on_invalid(self, error: ValueError) -> None:
        """Deal with a message that the encoding refused with a ValueError; one of the wrong kind closes with 1003.

        The default sends the answer that the encoding has for it, and closes with 1007 after `max_invalid` of
        them. An encoding without answers has the connection closed with 1003, or the `close_code` of a `WebSocketError`.
        """
        refuse = getattr(self.encoding, "refuse", None)
        if refuse is None:
            raise error if isinstance(error, WebSocketError) else DecodeError(str(error))
        connection = current()
        self._invalid += 1
        if self._invalid > self.max_invalid:
            await connection.close(CloseCode.INVALID_PAYLOAD, "too many invalid messages")
        else:
            await connection.send_payload(refuse(error))

    def __kui_begin__(self) -> None:
        """Note that `on_connect` begins: from now on `on_disconnect` will run.

        The view calls it itself; who binds parameters calls it when they are known to be right, and says so with an
        attribute `calls_begin` of the bound `on_connect`.
        """
        self._has_begun = True

    def __await__(self) -> Generator[Any, Any, None]:
        return self._serve().__await__()

    async def _serve(self) -> None:
        connection = websocket_var.get(None)
        if connection is None:
            raise NoActiveConnection("websocket")
        try:
            if not getattr(self.on_connect, "calls_begin", False):
                self.__kui_begin__()
            await self.on_connect()
            await self._receive_all(connection)
        except BaseException as error:
            if not self._has_begun:
                raise
            cause = cause_of(connection, error)
            await self._disconnect(_end_code(connection) if cause is None else code_of(cause), error)
            raise
        await self._disconnect(_end_code(connection))

    async def _receive_all(self, connection: WebSocket) -> None:
        if connection.connection_state is DENIED:
            return
        if connection.connection_state is CONNECTING:
            raise InvalidState(
                f"{type(self).__name__}.on_connect returned without `await websocket.accept()` or `.deny()`"
            )
        await connection.deliver(self.on_receive, self._decoder(connection), self.on_invalid)

    def _decoder(self, connection: WebSocket) -> Callable[[str | bytes], Any] | None:
        if self.encoding == "anystr":
            return None
        if self.encoding == "json":
            return connection.json_codec.decode
        return encoding_of(self.encoding).decode

    async def _disconnect(self, code: int, error: BaseException | None = None) -> None:
        """Run on_disconnect to its end, in a task that a cancellation of this one does not reach.

        What it raises is logged where another exception, or a cancellation, is on its way already.
        """
        if getattr(self.on_disconnect, "__func__", None) is SocketView.on_disconnect:
            return
        task = asyncio.create_task(self.on_disconnect(code))
        try:
            await asyncio.wait([task], timeout=_patience(error))
        except asyncio.CancelledError as cancellation:
            if not isinstance(error, asyncio.CancelledError):  # a second one cuts it off
                error = cancellation
                await asyncio.wait([task], timeout=CLEAN_UP_SECONDS)
            raise
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task], timeout=CLEAN_UP_SECONDS)
                was = (
                    "was cut off in a cancelled task" if task.done() else "goes on although it was cancelled"
                )
                logger.error("%s.on_disconnect %s", type(self).__name__, was)
            elif error is not None and not task.cancelled() and _failure(task) is not None:
                logger.error(
                    "%s.on_disconnect failed, after %r", type(self).__name__, error, exc_info=_failure(task)
                )
        if error is None:
            task.result()


def _takes_one(method: Callable[..., Any], and_more: bool) -> bool:
    """Return whether a method can be called with one argument beside self, or with it and others."""
    signature = inspect.signature(method, follow_wrapped=False)
    try:
        (signature.bind_partial if and_more else signature.bind)(None, None)
    except TypeError:
        return False
    return True


def check_bound(view: type[SocketView]) -> None:
    """Raise TypeError for a view that asks for parameters, where nobody binds them."""
    for name, arguments in (("on_connect", [None]), ("on_receive", [None, None])):
        method = inspect.getattr_static(view, name)
        if not inspect.isfunction(method):  # a static or class method, or a descriptor
            continue
        signature = inspect.signature(method, follow_wrapped=False)
        try:
            signature.bind(*arguments)
        except TypeError as error:
            raise TypeError(
                f"{view.__name__}.{name}{signature} asks for parameters: {error}. kui-params binds them:"
                f' auto_params({view.__name__}, "websocket")'
            ) from None


def _failure(task: asyncio.Task[None]) -> BaseException | None:
    """Return what a task raised, if it is more than the end of the connection."""
    error = task.exception()
    return None if error is None else cause_of(current(), error)


def _patience(error: BaseException | None) -> float | None:
    return CLEAN_UP_SECONDS if isinstance(error, asyncio.CancelledError) else None


def _end_code(connection: WebSocket) -> int:
    code = connection.close_code
    return CloseCode.NORMAL if code is None else code
