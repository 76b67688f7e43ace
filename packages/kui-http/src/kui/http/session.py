"""One HTTP request from the server's call to the end of its answer."""

import asyncio
import inspect
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, cast

from kui.core import (
    ASGIApp,
    Endpoint,
    ExceptionHandler,
    ExceptionHandlers,
    HTTPException,
    Middleware,
    Receive,
    Scope,
    Send,
    UnknownScopeType,
    end_cancelled,
    end_connection,
    http_connection_var,
)

from .converter import ResponseConverter, application_converter, current_converter
from .errors import ClientDisconnect
from .limits import RequestLimits
from .requests import HttpRequest
from .sending import ResponseSender, content_length, send_whole

__all__ = ["HttpSession", "http_session"]

logger = logging.getLogger("kui.http")

_set_connection, _reset_connection = http_connection_var.set, http_connection_var.reset

PLAIN_TEXT = (b"content-type", b"text/plain; charset=utf-8")


class HttpSession:
    """Serve requests: make the request, run its handler, convert and send the answer, end the connection.

    A framework calls `serve` when its router has found the handler; `http_session` makes an application of one
    endpoint. The order is: handler, response, the connection's exit stack in reverse order (dependencies,
    background tasks), `request.close()`.

    An exception is answered by its handler in `exception_handlers`, or by itself if it is an HTTPException. Any
    other is answered with a plain 500 where nothing was sent yet, logged with its traceback, and raised again
    for the server unless a clean-up deals with it. A client that leaves is no error.

    Args:
        request_class: a subclass of HttpRequest, called with scope, receive and send.
        converter: makes responses of what handlers return.
        exception_handlers: functions of an exception, sync or async, whose result is converted.
        limits: what a request's body may hold.

    ```python
    >>> from kui.core import ExceptionHandlers
    >>> from kui.http import HttpSession
    >>> session = HttpSession(exception_handlers=ExceptionHandlers({KeyError: lambda error: ("no such thing", 404)}))

    ```
    """

    def __init__(
        self,
        *,
        request_class: Callable[[Scope, Receive, Send], HttpRequest] = HttpRequest,
        converter: ResponseConverter | None = None,
        exception_handlers: ExceptionHandlers | Mapping[Any, Callable[[Any], Any]] | None = None,
        limits: RequestLimits | None = None,
    ) -> None:
        self.request_class = request_class
        self.converter = converter
        self.exception_handlers = (
            exception_handlers
            if isinstance(exception_handlers, ExceptionHandlers)
            else ExceptionHandlers(exception_handlers)
        )
        self.limits = limits
        self._closes_always = getattr(request_class, "close", None) is not HttpRequest.close

    async def serve(self, scope: Scope, receive: Receive, send: Send, handler: Endpoint) -> None:
        """Answer one request with what the handler returns.

        Raises:
            Exception: what neither the handler, nor an exception handler, nor a clean-up has dealt with.
        """
        request_class = self.request_class
        request = request_class(scope, receive, send)
        request.converter = converter = self.converter or application_converter(scope)
        if self.limits is not None:
            request.limits = self.limits
        token = _set_connection(request)
        sender: ResponseSender | None = None
        error: BaseException | None = None  # what the handler or the response raised
        failure: Exception | None = None  # what nobody has answered
        logged: BaseException | None = None  # what a clean-up has raised, of which there is a record
        is_sending = is_dealt_with = False
        try:
            try:
                value: object = await handler()
                plain = converter.plain.get(type(value))
                if plain is None or request.extra_headers or scope["method"] == "HEAD":
                    sender = ResponseSender(request, send)
                    await converter.convert(value)(scope, request.receive_for_response(), sender)
                else:  # the most frequent answers, on the shortest way
                    content_type, encode = plain
                    body = encode(value, scope)
                    headers = [content_type, content_length(len(body))]
                    is_sending = True
                    await send({"type": "http.response.start", "status": 200, "headers": headers})
                    await send({"type": "http.response.body", "body": body})
            except Exception as raised:
                error = raised
                if not is_sending:
                    failure = await self._answer(raised, scope, sender or ResponseSender(request, send))
                elif not isinstance(raised, OSError):  # which says that the client has left, since ASGI 2.4
                    failure = raised
        except asyncio.CancelledError as raised:
            error = logged = await end_cancelled(request, raised)
            if error is raised:
                raise
            failure = _reason(error)
            if not is_sending:
                failure = await self._answer(failure, scope, sender or ResponseSender(request, send))
        except BaseException as raised:
            error = raised
            raise
        finally:
            try:
                if request.owns_something or self._closes_always:
                    is_dealt_with = await _end(request, error)
            finally:
                _reset_connection(token)
        if failure is not None:
            if failure is not logged:
                logger.error("the answer to %s %s failed", request.method, scope["path"], exc_info=failure)
            if not is_dealt_with:
                raise failure

    async def respond(self, error: BaseException) -> ASGIApp | None:
        """Return the response that answers an exception of the current connection, of either protocol.

        Returns:
            What the exception's handler returns, converted; for an HTTPException without one its content, status and
            headers; None for any other exception.

        Raises:
            Exception: what the exception's handler raises; an HTTPException from it is answered instead.
        """
        return await self._respond(error, ())

    async def _respond(self, error: BaseException, asked: tuple[ExceptionHandler, ...]) -> ASGIApp | None:
        """Answer an exception, without the handlers that were asked and have raised an HTTPException."""
        handler = self.exception_handlers.find(error)
        if handler is None or handler in asked:
            if isinstance(error, HTTPException):
                return self._exception_response(cast("HTTPException[Any]", error))
            return None
        try:
            answer = handler(error)
            if inspect.isawaitable(answer):
                answer = await answer
        except Exception as raised:
            if not isinstance(raised, HTTPException):
                raise
            return await self._respond(cast(BaseException, raised), (*asked, handler))
        return self._convert(answer)

    def _convert(self, value: Any) -> ASGIApp:
        converter = self.converter or current_converter()
        return converter.convert(value)

    def _exception_response(self, error: HTTPException[Any]) -> ASGIApp:
        content = error.content
        if content is None or content == "":
            content = _description(error.status_code)
        converter = self.converter or current_converter()
        return converter(content, error.status_code, error.headers)

    async def _answer(self, error: Exception, scope: Scope, sender: ResponseSender) -> Exception | None:
        """Answer an exception where that is still possible; return what is left to report."""
        failure = error
        if not sender.has_started and not isinstance(error, ClientDisconnect):
            try:
                response = await self.respond(error)
                if response is not None:
                    await response(scope, sender.request.receive_for_response(), sender)
                    return None
            except Exception as another:
                failure = another
        if isinstance(failure, ClientDisconnect):
            return None
        if not sender.has_started:
            with suppress(ClientDisconnect):
                await send_whole(scope, sender, 500, [PLAIN_TEXT], b"Internal Server Error")
        return failure


def _reason(error: BaseException | None) -> Exception:
    """Return why a handler was cancelled, in the place of an answer: what a clean-up says, which may have dealt with it."""
    return (
        error
        if isinstance(error, Exception)
        else TimeoutError("a clean-up has cancelled the handler, which has no answer")
    )


async def _end(request: HttpRequest, error: BaseException | None) -> bool:
    """End what the request owns; return whether a clean-up has dealt with the error."""
    try:
        return await end_connection(request, error)
    finally:
        await request.close()


def _description(status: int) -> str:
    try:
        known = HTTPStatus(status)
    except ValueError:
        return str(status)
    return known.description or known.phrase


def http_session(
    endpoint: Endpoint,
    *,
    request_class: Callable[[Scope, Receive, Send], HttpRequest] = HttpRequest,
    middlewares: Iterable[Middleware] = (),
    converter: ResponseConverter | None = None,
    exception_handlers: ExceptionHandlers | Mapping[Any, Callable[[Any], Any]] | None = None,
    limits: RequestLimits | None = None,
) -> ASGIApp:
    """Make an ASGI application of an endpoint: an async function without arguments, or a class view.

    It runs on any ASGI server, and inside Starlette or FastAPI: `app.mount("/notes", http_session(Notes))`.

    Args:
        endpoint: what answers every request; it reads `kui.http.request`.
        middlewares: functions from an endpoint to an endpoint; the last one is outermost.
        request_class, converter, exception_handlers, limits: as for HttpSession.

    Returns:
        The application. It raises kui.core's UnknownScopeType for another scope type than "http", as ASGI asks.

    Raises:
        TypeError: the endpoint, or what a middleware returned, cannot be called.

    ```python
    >>> from kui.http import http_session, request
    >>> async def hello():
    ...     return {"hello": request.query_params.get("name", "you")}
    >>> app = http_session(hello)

    ```
    """
    session = HttpSession(
        request_class=request_class,
        converter=converter,
        exception_handlers=exception_handlers,
        limits=limits,
    )
    handler = _checked(endpoint)
    for middleware in middlewares:
        handler = _checked(middleware(handler))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise UnknownScopeType(f"got a scope of type {scope['type']!r}; this application serves: http")
        await session.serve(scope, receive, send, handler)

    return app


def _checked(endpoint: Endpoint) -> Endpoint:
    if not callable(endpoint):
        raise TypeError(f"an endpoint is an async callable without arguments; got {endpoint!r}")
    return endpoint
