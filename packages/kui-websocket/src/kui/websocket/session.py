"""Serve one connection: run its handler, answer what the handler raises, end what the connection owns."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, NamedTuple, cast
from weakref import WeakKeyDictionary

from kui.core import (
    ASGIApp,
    Endpoint,
    HTTPException,
    JSONCodec,
    Middleware,
    Receive,
    Scope,
    Send,
    UnknownScopeType,
    end_cancelled,
    http_connection_var,
)

from .codes import CloseCode
from .connection import WebSocket
from .denial import PlainResponse, refuses
from .endpoint import checked
from .errors import WebSocketClose, WebSocketDisconnect, WebSocketError
from .failures import cause_of, code_of
from .limits import Limits, checked_limits
from .states import CONNECTED, CONNECTING, DISCONNECTED
from .view import SocketView, check_bound

__all__ = ["SocketSession", "websocket_session"]

logger = logging.getLogger("kui.websocket")

# Taken out, as the functions that `serve` calls: Python 3.11 has a quick way to call a name, and none to call an attribute
# of an imported name, or one that is a value of the object.
_set_connection, _reset_connection = http_connection_var.set, http_connection_var.reset

LEAVE_SECONDS = 1.0  # for the close of a connection whose task is cancelled


Answer = Callable[[BaseException], Awaitable[ASGIApp | None]]
Find = Callable[[Scope], Endpoint | None]


async def only_websockets(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what is no WebSocket: a plain HTTP request, which a mount hands over as well, with 426.

    RFC 9110, section 15.5.22.

    Raises:
        UnknownScopeType: for a scope of another type.
    """
    type_ = scope["type"]
    if type_ != "http":
        got = "no handler" if type_ == "websocket" else f"a scope of type {type_!r}"
        raise UnknownScopeType(f"a session serves websocket connections with its handler; got {got}")
    await PlainResponse(426, headers={"upgrade": "websocket"})(scope, receive, send)


class _Dismissal(NamedTuple):
    """How a connection ends whose handler the session cancels: refused, or closed if it was accepted."""

    response: ASGIApp
    code: int
    reason: str | None


class SocketSession:
    """Run handlers on connections, the same way for each.

    A session is an ASGI application: of one handler, or of those that `find` returns.

    Args:
        handler: what serves every connection: an async callable without arguments.
        find: called with the ASGI scope, in the place of a handler; returns the handler of this connection, or None
            to leave it to `other`.
        other: an ASGI application for scopes of other types, and for connections that have no handler. Default: it
            answers HTTP with 426, and raises `UnknownScopeType` for the rest.
        websocket_class: the class of connection. Default: `WebSocket`.
        limits: the limits of every connection.
        json_codec: what encodes and decodes JSON. Default: the application's, or kui's own.
        answer: called with an exception that the handler raised, inside the connection; returns the HTTP response
            that answers it. Before `accept()` the response refuses the handshake; later only its having one
            matters: the exception counts as dealt with. Default: an `HTTPException` answers for itself.

    Attributes:
        live: the connections being served.
        websocket_class: the class of the connections to come.

    Raises:
        TypeError: a handler and a function that finds one; an argument of another kind.

    ```python
    >>> from kui.websocket import Limits, SocketSession, SocketView
    >>> views = {"/chat": SocketView}
    >>> app = SocketSession(find=lambda scope: views.get(scope["path"]), limits=Limits(max_message_size=64 * 1024))
    >>> len(app.live)
    0

    ```
    """

    def __init__(
        self,
        handler: Endpoint | None = None,
        *,
        find: Find | None = None,
        other: ASGIApp = only_websockets,
        websocket_class: type[WebSocket] = WebSocket,
        limits: Limits | None = None,
        json_codec: JSONCodec | None = None,
        answer: Answer | None = None,
    ) -> None:
        if handler is not None and find is not None:
            raise TypeError("a session has one handler, or finds one for each connection; got both")
        functions = {"handler": handler, "find": find, "other": other, "answer": answer}
        for name, function in functions.items():
            if function is not None and not callable(function):
                raise TypeError(f"the {name} of a session is a function; got {function!r}")
        if not (isinstance(websocket_class, type) and issubclass(websocket_class, WebSocket)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(
                f"the websocket_class of a session is WebSocket or a subclass; got {websocket_class!r}"
            )
        if not (json_codec is None or isinstance(json_codec, JSONCodec)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(
                f"the json_codec of a session is a JSONCodec, or of a subclass; got {json_codec!r}"
            )
        self.live: set[WebSocket] = set()
        self._find: Find = find or (lambda scope: handler)
        self._other = other
        self.websocket_class = websocket_class
        self._limits = None if limits is None else checked_limits(limits)
        self._json_codec = json_codec
        self._answer = answer
        self._dismissals: WeakKeyDictionary[WebSocket, _Dismissal] = WeakKeyDictionary()

    async def serve(
        self, scope: Scope, receive: Receive, send: Send, handler: Endpoint | None = None
    ) -> None:
        """Serve one connection with a handler: the one given here, or else the session's.

        A handler that returns leaves a closed connection behind: 1000, or a refused handshake when it did not
        accept. What it raises is answered:

        - `WebSocketDisconnect` of this connection, alone or in a group with cancellations: the normal end;
        - `WebSocketClose`: a close with its code;
        - `HTTPException`: before `accept()` its response, later a close with 4000 + status;
        - an exception that `answer` has a response for: the same, the later close with its `close_code` or 1011;
        - a `WebSocketError` that is the client's doing: a close with its `close_code`;
        - any other: a refusal with 500, or a close with 1011; logged once with its traceback, and raised unless a clean-up
          deals with it.
        """
        if scope["type"] != "websocket":
            handler = None
        elif handler is None:
            find = self._find
            handler = find(scope)
        if handler is None:
            await self._other(scope, receive, send)
            return
        websocket_class = self.websocket_class
        connection = websocket_class(scope, receive, send)
        if self._limits is not None:
            connection.limits = self._limits
        if self._json_codec is not None:
            connection.__dict__["json_codec"] = self._json_codec
        self.live.add(connection)
        token = _set_connection(connection)
        try:
            await handler()
            # looked up here, and not asked for, because a call would be one more for every connection
            has_ended = connection._state is DISCONNECTED  # pyright: ignore[reportPrivateUsage]
            if not has_ended or connection.owns_something or connection._pump:  # pyright: ignore[reportPrivateUsage]
                await connection.close()
                await connection.release()
        except BaseException as error:
            if not await self._fail(connection, error):
                raise
        finally:
            self.live.discard(connection)
            _reset_connection(token)

    __call__ = serve  # not a method that calls it: each connection would keep one more coroutine

    def tasks(self) -> dict[WebSocket, "asyncio.Task[Any]"]:
        """Return the tasks that serve the live connections of the running loop, to wait for them or to cancel them.

        They are looked for when asked, among all tasks: to note its task would cost each connection more than
        anything else that is done for it. A connection is left out where the server runs no tasks, as Granian does.
        """
        served: dict[WebSocket, asyncio.Task[Any]] = {}
        for task in asyncio.all_tasks():
            awaited: Any = task.get_coro()
            while inspect.iscoroutine(awaited):
                frame = awaited.cr_frame
                if frame is not None and frame.f_code is _SERVE:
                    connection: WebSocket | None = frame.f_locals.get("connection")
                    if connection is not None and connection in self.live:
                        served[connection] = task
                awaited = awaited.cr_await
        return served

    def cancel(
        self, response: ASGIApp, code: int = CloseCode.GOING_AWAY, reason: str | None = None
    ) -> list["asyncio.Task[Any]"]:
        """Cancel the handlers of the live connections; return the tasks that serve them, to wait for.

        A handshake that was not accepted is refused then, and an accepted connection closed, if it is still open. There
        the cancellation ends: the server does not hear of it. A server's own cancellation passes, as ever.

        Args:
            response: what a handshake is refused with.
            code, reason: what a connection is closed with. Default: 1001.
        """
        tasks = self.tasks()
        for connection, task in tasks.items():
            self._dismissals[connection] = _Dismissal(response, code, reason)
            task.cancel()
        return [*tasks.values()]

    async def _fail(self, connection: WebSocket, error: BaseException) -> bool:
        """Answer what a handler raised and end the connection; say whether that was all, or the server is to know.

        A cancellation that is not of `cancel` is settled after the clean-ups: a task group among them may have asked for
        it, and raises then what it is about.
        """
        reason: BaseException | None = error
        is_own = connection in self._dismissals
        if isinstance(error, asyncio.CancelledError) and connection.owns_something and not is_own:
            with suppress(asyncio.CancelledError):  # once more: it passes with the first one
                reason = await end_cancelled(connection, error)
        try:
            is_settled = await self._settle(connection, reason, is_logged=reason is not error)
        finally:
            is_dealt_with = await connection.release(reason)
        if is_settled or is_dealt_with:
            return True
        if reason is not None and reason is not error:
            raise reason
        return False

    async def _settle(self, connection: WebSocket, error: BaseException | None, is_logged: bool) -> bool:
        """Answer what a handler raised; say whether that was all, or it is to be raised to the server."""
        cause = None if error is None else cause_of(connection, error)
        try:
            if cause is None:
                await connection.close()
                return True
            if isinstance(cause, asyncio.CancelledError):
                return await self._leave(connection)
            if not isinstance(cause, Exception):
                return False
            if isinstance(cause, WebSocketClose):
                await connection.close(cause.code, cause.reason)
                return True
            if await self._respond(connection, cause):
                return True
            if isinstance(cause, WebSocketError) and cause.close_code != CloseCode.INTERNAL_ERROR:
                logger.debug("closed %r with %d: %s", connection, cause.close_code, cause)
                await connection.close(cause.close_code)
                return True
        except Exception:  # of `answer`, a response or the server
            logger.exception("answering %r failed on %r", cause, connection)
        else:
            if not is_logged:
                logger.error("the handler of %r failed", connection, exc_info=cause)
        try:
            await _refuse(connection, PlainResponse(500), CloseCode.INTERNAL_ERROR)
        except Exception:  # of the server: the handler's own is raised
            logger.exception("closing %r failed", connection)
        return False

    async def _leave(self, connection: WebSocket) -> bool:
        """End a connection whose task is cancelled; say whether `cancel` did that, and nobody else."""
        task = asyncio.current_task()
        if task is None:  # a server that runs no tasks (Granian) cancels none
            return False
        dismissal = self._dismissals.pop(connection, None)
        if dismissal is not None and not task.uncancel():
            await _refuse(connection, *dismissal)
            return True
        if connection.connection_state is CONNECTED:
            with suppress(TimeoutError):
                async with asyncio.timeout(LEAVE_SECONDS):
                    await connection.close(CloseCode.GOING_AWAY)
        return False

    async def _respond(self, connection: WebSocket, cause: Exception) -> bool:
        """Answer an exception that has a response; say whether it has."""
        code: int = getattr(cause, "close_code", code_of(cause))
        failure, response = cause, None
        if self._answer is not None:
            response = await self._answer(cause)
        if isinstance(cause, HTTPException):
            http_error = cast("HTTPException[Any]", cause)
            response = response or _own_answer(connection, http_error)
            if http_error.status_code >= 500:
                logger.error("the handler of %r failed", connection, exc_info=http_error)
        if response is None:
            return False
        if code == CloseCode.INTERNAL_ERROR and connection.connection_state is not CONNECTING:
            # the answer cannot be told any more: without a record nobody would hear of the error
            logger.error("the handler of %r failed", connection, exc_info=failure)
        await _refuse(connection, response, code)
        return True


_SERVE = SocketSession.serve.__code__


async def _refuse(connection: WebSocket, response: ASGIApp, code: int, reason: str | None = None) -> None:
    """Refuse the handshake with a response, or close with a code if it was accepted."""
    with suppress(WebSocketDisconnect):  # it has left by itself
        if connection.connection_state is CONNECTING:
            await connection.deny(response)
        else:
            await connection.close(code, reason)


def _own_answer(connection: WebSocket, error: "HTTPException[Any]") -> ASGIApp:
    if not refuses(error.status_code):
        raise ValueError(
            f"an HTTPException refuses a handshake with a status from 300 to 599; got {error.status_code!r}"
        )
    content = error.content
    if content is None:
        return PlainResponse(error.status_code, headers=error.headers)
    if isinstance(content, (str, bytes)):
        body = content.encode() if isinstance(content, str) else content
        return PlainResponse(error.status_code, body, headers=error.headers)
    body = connection.json_codec.encode(content)
    return PlainResponse(error.status_code, body, "application/json", error.headers)


def websocket_session(
    endpoint: Endpoint,
    *,
    websocket_class: type[WebSocket] = WebSocket,
    middlewares: Iterable[Middleware] = (),
    limits: Limits | None = None,
    json_codec: JSONCodec | None = None,
) -> ASGIApp:
    """Make an ASGI application of an endpoint, to be served by itself or mounted in any framework.

    Args:
        endpoint: an async function without arguments, or a `SocketView` class.
        websocket_class: the class of connection. Default: `WebSocket`.
        middlewares: functions that take an endpoint and return one; the last is the outermost.
        limits: the limits of every connection.
        json_codec: what encodes and decodes JSON.

    Raises:
        TypeError: the endpoint, or what a middleware returned, cannot be called without arguments, or is a plain
            function, which gives nothing to await; an argument of another kind.

    ```python
    >>> from kui.websocket import websocket, websocket_session
    >>> async def echo():
    ...     await websocket.accept()
    ...     async for text in websocket.iter_text():
    ...         await websocket.send_text(text)
    >>> app = websocket_session(echo)    # uvicorn module:app, or Starlette's Mount("/ws", app) for clients of /ws/

    ```
    """
    handler = checked(endpoint)
    if isinstance(endpoint, type) and issubclass(endpoint, SocketView):
        check_bound(endpoint)
    if not isinstance(middlewares, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"the middlewares of a session are a list of functions; got {middlewares!r}")
    for middleware in middlewares:
        if not callable(middleware):
            raise TypeError(f"a middleware is a function from an endpoint to an endpoint; got {middleware!r}")
        handler = checked(middleware(handler))
    return SocketSession(handler, websocket_class=websocket_class, limits=limits, json_codec=json_codec)
