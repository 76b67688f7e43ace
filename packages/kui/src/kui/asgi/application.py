"""`Kui`: an application of all the pieces."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

from kui.core import (
    Application,
    ASGIApp,
    Endpoint,
    ExceptionHandler,
    JSONCodec,
    Lifespan,
    Message,
    Middleware,
    NoActiveConnection,
    Receive,
    Scope,
    Send,
    State,
    route_path,
)
from kui.http import HttpSession, Jinja2Templates, RequestLimits, ResponseConverter, allow_cors
from kui.params import auto_params
from kui.routing import MethodNotAllowed, Mounted, NoMatchFound, Verify
from kui.routing import Router as PlainRouter
from kui.websocket import CloseCode, Limits, OriginRule, SocketSession, websocket

from .arguments import check_arguments, check_attribute, check_handlers
from .draining import Drained, Draining
from .encoders import IMMUTABLE, JSONEncoders
from .exceptions import ExceptionMiddleware
from .factory import FactoryClass
from .fallback import Fallback, announced_method
from .routing import Router
from .verify import verify_path_parameters

__all__ = ["Kui"]

logger = logging.getLogger("kui.asgi")

H = TypeVar("H", bound=ExceptionHandler)
Hook = TypeVar("Hook", bound=Callable[[Any], Any])


class Kui(Application):
    """An ASGI application: WebSocket and HTTP routes, their middlewares, errors, lifespan.

    Args:
        templates: what `TemplateResponse` renders with.
        lifespan: an async generator function of the application: what stands before its `yield` is the start-up,
            what stands after is the shut-down; a mapping that it yields is the initial state of every connection.
        on_startup, on_shutdown: functions of the application. Deprecated, use `lifespan`.
        routes: routes, groups of routes and lists of them.
        http_middlewares: around every HTTP handler but mounts, and the answers 404 and 405; the last is the outermost. They and
            the next two are around the routes of a `router` that is assigned later, too.
        socket_middlewares: likewise around every WebSocket handler.
        exception_handlers: functions of an exception, by its class or, for an HTTPException, by status; for both
            protocols. Before a WebSocket is accepted the answer refuses the handshake. They look at
            `http_connection`; one that looks at `request` answers HTTP alone.
        cors_config: arguments of `allow_cors`, for all HTTP answers but those of mounted applications.
        factory_class: the classes of connections.
        response_converters: functions by the type of what an HTTP endpoint returns.
        json_encoder: functions by type, tried in order, for what is encoded as JSON, on both protocols.
        json_codec: what encodes and decodes JSON on both protocols, in the place of kui's own with `json_encoder`.
        origins: the pages that may open WebSockets beside the server's own: see `check_origin`. None switches the
            check off. Default: only the server's own.
        limits: the limits of every WebSocket.
        request_limits: the limits of every HTTP request.
        dependency_overrides: functions to call in the place of others that `Depends` names; for tests.
        verify: called as `verify(route, trace)` before a route goes into `router`; may raise to refuse it. Where it raises
            `UnresolvedName` the start of the lifespan asks it again. Default: `verify_path_parameters`;
            `verify_every_path_parameter` is stricter, None lets everything in.

    Raises:
        TypeError, ValueError: an argument, a route or a middleware that could not work.

    ```python
    >>> from kui.asgi import Kui, websocket
    >>> app = Kui()
    >>> @app.router.websocket("/ws/{room}")
    ... async def echo():
    ...     await websocket.accept()
    ...     async for data in websocket.iter_json():
    ...         await websocket.send_json({"room": websocket.path_params["room"], "echo": data})

    ```
    """

    should_exit: bool
    """Whether the application has begun to drain. Server-sent events end then; other endless answers look at it."""

    def __init__(
        self,
        *,
        templates: Jinja2Templates | None = None,
        lifespan: Callable[[Any], Any] | None = None,
        on_startup: Iterable[Callable[[Any], Any]] = (),
        on_shutdown: Iterable[Callable[[Any], Any]] = (),
        routes: Iterable[Any] = (),
        http_middlewares: Iterable[Middleware] = (),
        socket_middlewares: Iterable[Middleware] = (),
        exception_handlers: Mapping[Any, ExceptionHandler] | None = None,
        cors_config: Mapping[str, Any] | None = None,
        factory_class: FactoryClass | None = None,
        response_converters: Mapping[type, Callable[..., Any]] | None = None,
        json_encoder: Mapping[type, Callable[[Any], Any]] | None = None,
        json_codec: JSONCodec | None = None,
        origins: Iterable[str] | None = (),
        limits: Limits | None = None,
        request_limits: RequestLimits | None = None,
        dependency_overrides: Mapping[Callable[..., Any], Callable[..., Any]] | None = None,
        verify: Verify | None = verify_path_parameters,
    ) -> None:
        check_arguments(
            templates=templates,
            exception_handlers=exception_handlers,
            cors_config=cors_config,
            factory_class=factory_class,
            response_converters=response_converters,
            json_encoder=json_encoder,
            json_codec=json_codec,
            origins=origins,
            limits=limits,
            request_limits=request_limits,
            dependency_overrides=dependency_overrides,
            verify=verify,
        )
        self.should_exit = False
        self.templates = templates
        self._factory_class = factory_class or FactoryClass()
        self._json_encoder = JSONEncoders(json_encoder or {})
        self.json_codec = json_codec or JSONCodec(self._json_encoder)
        self._origins = None if origins is None else OriginRule(origins)
        self._response_converter = ResponseConverter(response_converters)
        self.dependency_overrides = dict(dependency_overrides or {})
        self.lifespan = Lifespan(lifespan, on_startup, on_shutdown)
        self._state = State()
        self._exception_handlers = ExceptionMiddleware(exception_handlers)
        self._http_middlewares = [
            *http_middlewares,
            *([] if cors_config is None else [allow_cors(**cors_config)]),
        ]
        self._socket_middlewares = [*socket_middlewares]
        self._router: PlainRouter = Router(
            routes, self._http_middlewares, self._socket_middlewares, verify=verify
        )
        self._http_fallback = Fallback(lambda endpoint: auto_params(endpoint, "http"))
        self._socket_fallback = Fallback(lambda endpoint: auto_params(endpoint, "websocket"))
        self._request_limits = request_limits
        self._requests = self._make_requests()
        self._sockets = SocketSession(
            websocket_class=self._factory_class.websocket,
            limits=limits,
            answer=self._answer_socket,
            find=self._find_socket,
            other=self._serve_http,
        )
        self._serve = self._sockets.serve
        self._draining = Draining(self, self._sockets)
        super().__init__(
            {"lifespan": self._serve_lifespan, "http": self._serve_http, "websocket": self._serve_mounted}
        )

    if not TYPE_CHECKING:  # to whom it is the method that it overrides
        __call__ = property(
            attrgetter("_serve"),
            doc="""Serve a connection.

            It is the socket session that is called: a coroutine of the application's own around that of the session
            would cost each open WebSocket 280 bytes, and each message another step. What is no WebSocket the session
            hands to `_serve_http`.
            """,
        )

    @property
    def state(self) -> State:
        """What the application remembers; set its attributes, it cannot be replaced itself."""
        return self._state

    @state.setter
    def state(self, value: Any) -> NoReturn:
        raise RuntimeError("Kui.state is immutable: set its attributes, as in app.state.database = ...")

    @state.deleter
    def state(self) -> NoReturn:
        raise RuntimeError("Kui.state is immutable: delete its attributes, as in del app.state.database")

    @property
    def router(self) -> PlainRouter:
        """The routes; `app.router <<= routes` adds to them. A `Router` that is assigned gets the application's middlewares."""
        return self._router

    @router.setter
    def router(self, router: PlainRouter) -> None:
        if router is not self._router:  # as in `app.router <<= routes`
            check_attribute("router", router)
            check_handlers(router)
            router.surround(self._http_middlewares, self._socket_middlewares)
            self._router = router

    @property
    def factory_class(self) -> FactoryClass:
        """The classes of connections; others may be assigned, for the connections to come."""
        return self._factory_class

    @factory_class.setter
    def factory_class(self, classes: FactoryClass) -> None:
        check_attribute("factory_class", classes)
        self._factory_class = classes
        self._requests = self._make_requests()
        self._sockets.websocket_class = classes.websocket

    @property
    def response_converter(self) -> ResponseConverter:
        """What makes responses of what endpoints return; `register(type)` teaches it, and another may be assigned."""
        return self._response_converter

    @response_converter.setter
    def response_converter(self, converter: ResponseConverter) -> None:
        check_attribute("response_converter", converter)
        self._response_converter = converter
        self._requests = self._make_requests()

    @property
    def json_encoder(self) -> Mapping[type, Callable[[Any], Any]]:
        """The functions that the application was given for JSON; they cannot be changed any more."""
        return self._json_encoder

    @json_encoder.setter
    def json_encoder(self, value: Any) -> NoReturn:
        raise RuntimeError(IMMUTABLE)

    @property
    def exception_middleware(self) -> ExceptionMiddleware:
        """The exception handlers, by key; 1.x calls them so."""
        return self._exception_handlers

    def on_startup(self, hook: Hook) -> Hook:
        """Run a function of the application at start-up; return it. Deprecated, use `lifespan`."""
        return self.lifespan.on_startup(hook)

    def on_shutdown(self, hook: Hook) -> Hook:
        """Run a function of the application at shut-down; return it. Deprecated, use `lifespan`."""
        return self.lifespan.on_shutdown(hook)

    def add_exception_handler(self, key: int | type[BaseException], handler: ExceptionHandler) -> None:
        """Let a function answer for a class of exceptions, or for an HTTPException by status.

        Args:
            key: the class, or the status.
            handler: a function of the exception, sync or async; what it returns is the answer.

        Raises:
            TypeError, ValueError: the key is neither, or the handler cannot be called.
        """
        self._exception_handlers.add(key, handler)

    def exception_handler(self, key: int | type[BaseException]) -> Callable[[H], H]:
        """Decorate a function with `add_exception_handler`; it stays what it is."""
        return self._exception_handlers.decorator(key)

    def on_drain(self, hook: Hook) -> Hook:
        """Let a function of the application, sync or async, be told when a drain begins; return it.

        A time to say good-bye: the sockets are still open. Hooks are called one after the other, before the first
        close; one that fails is logged.

        ```python
        >>> from kui.asgi import Kui
        >>> app = Kui()
        >>> @app.on_drain
        ... async def leave_the_cluster(app): ...

        ```
        """
        return self._draining.add(hook)

    async def drain(
        self,
        *,
        timeout: float = 30.0,
        batch: int = 100,
        jitter: float = 0.1,
        code: int = CloseCode.SERVICE_RESTART,
    ) -> Drained:
        """Close the live WebSockets in good order, before the server stops; HTTP goes on.

        From now on handshakes are refused with 503 and Retry-After, and `should_exit` is true. The hooks of
        `on_drain` are called; then the sockets are closed in batches, so that not all clients come back at once.
        What has not ended at the deadline is cancelled; a handshake that is still pending is refused then. A second
        call joins the first one.

        `kui run` does this at SIGTERM. Elsewhere call it before the server cuts the connections. The sockets of
        mounted applications are not known here; a hook may drain those of another Kui.

        Args:
            timeout: seconds until the handlers that are left are cancelled.
            batch: how many sockets are closed at once.
            jitter: seconds at most between two batches, chosen at random.
            code: what the sockets are closed with: 1012 (service restart), 1001 (going away) or one of your own.

        Returns:
            How many sockets were closed, and how many handlers cancelled.

        Raises:
            TypeError, ValueError: an argument that is no number, or out of its range.
        """
        return await self._draining.drain(timeout=timeout, batch=batch, jitter=jitter, code=code)

    def _make_requests(self) -> HttpSession:
        return HttpSession(
            request_class=self._factory_class.http,
            converter=self._response_converter,
            exception_handlers=self._exception_handlers,
            limits=self._request_limits,
        )

    def _serve_lifespan(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Return the awaitable that starts and ends the application; what `_prepare` raises stops the start."""

        async def send_prepared(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":  # all routes are there
                self._prepare()
            await send(message)

        return self.lifespan(scope, receive, send_prepared)  # another may have been assigned

    def _prepare(self) -> None:
        """Make the handlers ready before the first connection; a plain router leaves that to its connections."""
        if isinstance(self._router, Router):
            self._router.prepare()

    def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Return the awaitable that serves a request, or what is neither that nor a WebSocket.

        An async function would be one coroutine more, and to dispatch a request one call more.
        """
        if scope["type"] != "http":
            return self.dispatch(scope, receive, send)
        scope["app"] = self
        path = route_path(scope) if scope.get("root_path") else scope["path"]
        try:
            scope["path_params"], handler = self._router.search("http", path, scope["method"])
        except NoMatchFound:
            scope["path_params"], handler = {}, self._http_fallback.not_found(self._router.http_middlewares)
        except MethodNotAllowed as error:
            scope["path_params"], around = error.path_params, error.middlewares
            if (announced := announced_method(scope)) in error.allow:
                scope["path_params"], trace = self._router.trace("http", path, announced)
                around = trace.middlewares
            handler = self._http_fallback.other_method(error.allow, around)
        if type(handler) is Mounted:
            return cast(ASGIApp, handler)(scope, receive, send)
        return self._requests.serve(scope, receive, send, handler)

    def _find_socket(self, scope: Scope) -> Endpoint | None:
        """Return the handler of a socket; None for one of a mounted application."""
        scope["app"] = self
        if self._origins is not None:
            # most clients that are no browsers send none, and are spared the call
            for name, _ in scope["headers"]:
                if name == b"origin" and (refusal := self._origins.refusal(scope)) is not None:
                    return partial(websocket.deny, refusal)
        if self._draining.has_begun:
            return self._draining.refuse
        path = route_path(scope) if scope.get("root_path") else scope["path"]
        try:
            scope["path_params"], handler = self._router.search("websocket", path)
        except NoMatchFound:
            scope["path_params"] = {}
            return self._socket_fallback.not_found(self._router.socket_middlewares)
        return None if type(handler) is Mounted else handler

    def _serve_mounted(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Hand a socket to the mounted application that `_find_socket` has found."""
        scope["path_params"], mounted = self._router.search("websocket", route_path(scope))
        return cast(ASGIApp, mounted)(scope, receive, send)

    async def _answer_socket(self, error: BaseException) -> ASGIApp | None:
        """Return the answer of the exception handlers to what the handler of a socket raised.

        Code of 1.x has exception handlers that look at `request`, because they were called for HTTP alone.
        """
        try:
            return await self._requests.respond(error)
        except NoActiveConnection as missing:
            logger.info("the exception handler of %r does not answer for a WebSocket: %s", error, missing)
            return None
