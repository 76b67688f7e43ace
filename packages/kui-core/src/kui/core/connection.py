"""What both protocols know of a connection: the scope, read lazily."""

import asyncio
from collections.abc import Iterator, MutableMapping
from contextlib import AsyncExitStack
from typing import Any

from baize.datastructures import URL, Address, QueryParams

from .application import application_of
from .background import BackgroundTasks
from .cleanup import CleanupStack
from .headers import HeaderFields
from .json import JSONCodec, default_codec
from .lazy import lazy
from .state import State
from .types import Message, Receive, Scope, Send
from .urls import connection_url, reverse_url

__all__ = ["HTTPConnection", "end_cancelled", "end_connection"]


async def _no_receive() -> Message:
    raise RuntimeError("this connection was made without a receive callable")


async def _no_send(message: Message) -> None:
    raise RuntimeError("this connection was made without a send callable")


class HTTPConnection(HeaderFields, MutableMapping[str, Any]):
    """One connection, HTTP or WebSocket: a mapping over the ASGI scope, and its parsed parts.

    What is parsed is parsed once, when it is first asked for. Beside the properties here it has those of the header
    fields: `headers`, `cookies`, `accepted_types`, `accepts()`, `content_type`, `content_length`, `date` and
    `referrer`. What a client has malformed is absent there, and never an error.

    Args:
        scope: the ASGI connection scope
            (https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope).
        receive: the server's receive callable.
        send: the server's send callable.

    ```python
    >>> from kui.core import HTTPConnection
    >>> connection = HTTPConnection({
    ...     "type": "http", "scheme": "https", "path": "/a b", "query_string": b"q=1&q=2",
    ...     "headers": [(b"host", b"kui.test"), (b"cookie", b"theme=dark")], "client": ("192.0.2.7", 4711),
    ... })
    >>> str(connection.url), connection.query_params.getlist("q"), connection.cookies
    ('https://kui.test/a%20b?q=1&q=2', ['1', '2'], {'theme': 'dark'})
    >>> connection.client.host, connection.headers["Host"], connection["path"]
    ('192.0.2.7', 'kui.test', '/a b')

    ```
    """

    # and a dictionary, for what is lazy
    __slots__ = ("_receive", "_scope", "_send", "owns_something")

    _exit_stack: CleanupStack | None = None

    owns_something: bool
    """Whether there may be something that ends with this connection: an exit stack, or what a subclass has."""

    def __init__(self, scope: Scope, receive: Receive = _no_receive, send: Send = _no_send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self.owns_something = False

    def __getitem__(self, key: str) -> Any:
        return self._scope[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._scope[key] = value

    def __delitem__(self, key: str) -> None:
        del self._scope[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._scope)

    def __len__(self) -> int:
        return len(self._scope)

    # A connection is itself alone, and may be a member of a set; a Mapping would compare scopes.
    __eq__ = object.__eq__
    __hash__ = object.__hash__  # pyright: ignore[reportAssignmentType] - Mapping says None

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._scope.get('path', '')!r}>"

    @lazy
    def url(self) -> URL:
        """The URL of the request as the client asked for it: percent-encoded, with root_path and query.

        The path is the server's `raw_path` as long as that is the path of the scope, so an encoded slash (%2F) stays
        one; where somebody has rewritten the path, it is that path, encoded. Without a Host header and without the
        server's address the URL is relative.

        Raises:
            HTTPException: 400, when the Host header is malformed.
        """
        return connection_url(self._scope)

    @lazy
    def query_params(self) -> QueryParams:
        """The query parameters: a mapping to the last value of each, with `getlist` and `multi_items` for all."""
        return QueryParams(self._scope.get("query_string", b""))

    @property
    def path_params(self) -> dict[str, Any]:
        """The parameters that the router found in the path, converted."""
        return self._scope.get("path_params") or {}

    @lazy
    def client(self) -> Address:
        """The client's host and port as the server reports them; both None where it does not."""
        host, port = self._scope.get("client") or (None, None)
        return Address(host, port)

    @lazy
    def state(self) -> State:
        """What this connection remembers; starts as a shallow copy of the lifespan's state, and stays its own."""
        state = State(getattr(self._scope.get("app"), "lifespan_state", None) or {})
        state.update(self._scope.get("state") or {})
        return state

    @property
    def app(self) -> Any:
        """The application that serves this connection.

        Raises:
            RuntimeError: nobody put an application into the scope.
        """
        return application_of(self._scope)

    @property
    def exit_stack(self) -> AsyncExitStack:
        """What ends with this connection, in reverse order: `await connection.exit_stack.enter_async_context(...)`."""
        if self._exit_stack is None:
            self.owns_something = True
            self._exit_stack = CleanupStack()
            self._exit_stack.owner = self
        return self._exit_stack

    @lazy
    def background_tasks(self) -> BackgroundTasks:
        """Functions to run when the handler has ended: `connection.background_tasks.append(function, *args)`."""
        tasks = BackgroundTasks()
        self.exit_stack.push_async_callback(tasks)
        return tasks

    @lazy
    def json_codec(self) -> JSONCodec:
        """The codec of the application that serves this connection: its `json_codec`, or kui's own without one."""
        codec: JSONCodec | None = getattr(self._scope.get("app"), "json_codec", None)
        return default_codec() if codec is None else codec

    def url_for(self, name: str, path_params: dict[str, Any] | None = None) -> URL:
        """Return the absolute URL of the route with this name, below the same host and root_path.

        The scheme fits the route's protocol (ws or wss for a WebSocket route) and is as secure as this
        connection's. The query of this connection is not kept.

        Args:
            name: the route's name, with its namespaces: `"live:game"`.
            path_params: the values of the path's parameters.

        Raises:
            HTTPException: 400, when the Host header is malformed.
            RuntimeError: the application has no router.
            LookupError: the router has no route of this name.
            ValueError: a path parameter is missing, superfluous or unfit.
        """
        return reverse_url(self._scope, name, path_params or {})


async def end_connection(connection: HTTPConnection, error: BaseException | None = None) -> bool:
    """Close the connection's exit stack, if anything was put on it.

    What is on the stack sees the error, as the body of a `with` would raise it. One clean-up that fails does not
    skip the others; all failures are logged, and raised nowhere, because the handler has given its result already.
    What a clean-up puts on the stack ends too, and what it appends to the background tasks. Cancellation passes.

    Args:
        connection: the connection that ends.
        error: what the handler raised, or None.

    Returns:
        Whether a clean-up has dealt with the error, as `__exit__` says by returning true. Nothing deals with a
        cancellation.
    """
    return await _end(connection, error) is None and isinstance(error, Exception)


async def end_cancelled(connection: HTTPConnection, error: asyncio.CancelledError) -> BaseException | None:
    """Close the exit stack of a connection whose handler was cancelled, and say what the cancellation is.

    A task group or a time limit that is open on the stack cancels the task as well, and at its end it says why. For the
    rest this is `end_connection`.

    Args:
        connection: the connection that ends.
        error: the cancellation that the handler raised.

    Returns:
        The cancellation. If none but a clean-up had asked for it, what that has raised in its place, which is logged;
        None if it has dealt with it.
    """
    outcome = await _end(connection, error)
    task = asyncio.current_task()
    return error if task is None or task.cancelling() else outcome


async def _end(connection: HTTPConnection, error: BaseException | None) -> BaseException | None:
    """Close the exit stack; return what is left of the error, or the exception in its place."""
    stack = connection._exit_stack  # pyright: ignore[reportPrivateUsage] - a function of this class's module
    if stack is None:
        return error
    stack.known = error
    try:
        traceback = None if error is None else error.__traceback__
        try:
            dealt = await stack.__aexit__(None if error is None else type(error), error, traceback)
        finally:
            while tasks := vars(connection).get("background_tasks"):  # appended after they had run
                stack.push_async_callback(tasks)
                await stack.aclose()
        return None if dealt else error
    except Exception as raised:  # which is the error, or has been logged
        return raised
    finally:
        connection.owns_something = False
        connection._exit_stack = None  # pyright: ignore[reportPrivateUsage]
