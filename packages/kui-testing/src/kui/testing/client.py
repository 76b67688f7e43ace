"""The client of an ASGI application that runs in the same process and on the same loop."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import httpx

from .call import Call, note_failure
from .http import ASGITransport
from .leaks import AllowedTasks, LeakCheck, checked_tasks
from .lifespan import Lifespan, LifespanMode
from .profiles import ServerProfile, find_profile
from .scopes import scope_of, websocket_scope
from .session import WebSocketSession
from .types import ASGIApp
from .wire import Wire


class TestClient(httpx.AsyncClient):
    """Calls an ASGI application over HTTP and WebSocket, without a network.

    Use it with `async with`: entering runs the application's start (lifespan), leaving its end. It is an
    `httpx.AsyncClient`, so `get`, `post`, `stream`, `cookies`, `headers` and the rest are httpx's; cookies
    are shared between requests and sockets.

    `server`: the name of the profile (or a `ServerProfile`) to imitate.
    `strict`: whether breaking a rule of the ASGI specification fails the test.
    `deadline`: how many seconds each wait may take; for a single request, pass httpx's `timeout=`.
    `lifespan`: "on" runs it, "off" does not, "auto" accepts an application that does not speak it.
    `client`: the address in the scope, or None. `root_path`: where the application is mounted; it is put
    before each path, as uvicorn does.
    `allow_tasks`: which of the application's tasks may outlive their connection: names or patterns of
    tasks or of their coroutines, a function of the task, or True for all.

    >>> import asyncio
    >>> async def app(scope, receive, send):
    ...     await receive()
    ...     await send({"type": "websocket.accept"})
    ...     await send({"type": "websocket.send", "text": "hello " + scope["path"]})
    ...     await send({"type": "websocket.close", "code": 4000})
    >>> async def main():
    ...     async with TestClient(app, lifespan="off") as client, client.websocket("/bob") as ws:
    ...         return await ws.receive_text(), await ws.expect_close()
    >>> asyncio.run(main())
    ('hello /bob', Close(code=4000, reason=''))
    """

    __test__ = False

    def __init__(
        self,
        app: ASGIApp,
        *,
        server: str | ServerProfile = "uvicorn",
        strict: bool = True,
        deadline: float = 5.0,
        base_url: str = "http://testserver",
        lifespan: LifespanMode = "auto",
        headers: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        cookies: Mapping[str, str] | None = None,
        client: tuple[str, int] | None = ("testclient", 50000),
        root_path: str = "",
        allow_tasks: AllowedTasks = False,
    ) -> None:
        self.app = app
        self.profile = find_profile(server)
        self._strict = strict
        self.deadline = deadline
        self._address = client
        self._root_path = root_path
        self._allow_tasks = checked_tasks(allow_tasks)
        self._leaks = LeakCheck()
        self._is_open = False
        mode: LifespanMode = "off" if lifespan == "auto" and not self.profile.lifespan else lifespan
        self._lifespan = Lifespan(app, mode=mode, strict=strict, deadline=deadline)
        super().__init__(
            transport=ASGITransport(
                app,
                strict=strict,
                deadline=deadline,
                leaks=self._leaks,
                allow_tasks=self._allow_tasks,
                make_scope=self._http_scope,
            ),
            base_url=base_url,
            headers=headers,
            cookies=dict(cookies) if cookies else None,
            timeout=deadline,
            trust_env=False,
        )

    @property
    def state(self) -> dict[str, Any]:
        """What the application's start left in `scope["state"]`."""
        return self._lifespan.state

    async def __aenter__(self) -> Self:
        __tracebackhide__ = True
        await super().__aenter__()
        try:
            await self._lifespan.start()
        except BaseException:
            await super().__aexit__(None, None, None)
            raise
        self._is_open = True
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        __tracebackhide__ = True
        self._is_open = False
        await super().__aexit__(exc_type, exc_value, traceback)
        try:
            await self._lifespan.stop(self._leaks, self._allow_tasks)
        except Exception as failure:
            if exc_value is None:
                raise
            note_failure(exc_value, failure)

    @asynccontextmanager
    async def stream(
        self, method: str, url: httpx.URL | str, **options: Any
    ) -> AsyncGenerator[httpx.Response, None]:
        """Send a request and read the response as it comes; the options are those of `httpx.AsyncClient.stream`."""
        __tracebackhide__ = True
        async with super().stream(method, url, **options) as response:
            try:
                yield response
            except BaseException as exc:
                try:
                    await response.aclose()
                except Exception as failure:
                    note_failure(exc, failure)
                raise

    def websocket(
        self,
        path: str,
        *,
        params: Mapping[str, str | int | float | bool | None] | None = None,
        subprotocols: Iterable[str] = (),
        headers: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        cookies: Mapping[str, str] | None = None,
        origin: str | None = None,
        deadline: float | None = None,
        window: int | None = None,
        allow_tasks: AllowedTasks | None = None,
        wait_accept: bool = True,
    ) -> WebSocketSession:
        """Open a WebSocket: `async with client.websocket("/ws?room=1") as ws`.

        `params`, `headers` and `cookies` are added to the client's own; `origin` is the Origin header.
        `deadline` and `allow_tasks` replace the client's.
        `window`: how many messages may lie unread before the application's send waits; None for no bound.
        A close does not wait.
        `wait_accept`: False enters at once; `await ws.accept()` then waits for the handshake, and
        `ws.abort()` leaves in the middle of it.

        Entering raises `HandshakeDenied` when the application refuses, and what the application raises.
        """
        if params:
            path += ("&" if "?" in path else "?") + str(httpx.QueryParams(params))
        request = self.build_request("GET", path, headers=headers, cookies=dict(cookies) if cookies else None)
        scope = websocket_scope(
            self._scope_of(request), profile=self.profile, subprotocols=subprotocols, origin=origin
        )
        call = Call(strict=self._strict, deadline=self.deadline if deadline is None else deadline)

        def keep_cookies(status: int, headers: httpx.Headers) -> None:
            if "set-cookie" in headers:
                self.cookies.extract_cookies(httpx.Response(status, headers=headers, request=request))

        return WebSocketSession(
            self.app,
            scope,
            Wire(call, self.profile, window=window),
            leaks=self._leaks,
            allow_tasks=self._allow_tasks if allow_tasks is None else checked_tasks(allow_tasks),
            wait_accept=wait_accept,
            on_response=keep_cookies,
        )

    def _http_scope(self, request: httpx.Request) -> dict[str, Any]:
        # uvicorn speaks 2.3 here: a send after the client has left does nothing
        asgi = {"version": "3.0", "spec_version": "2.3"}
        return self._scope_of(request) | {"type": "http", "method": request.method, "asgi": asgi}

    def _scope_of(self, request: httpx.Request) -> dict[str, Any]:
        if not self._is_open:
            raise RuntimeError("the client is not open: use 'async with TestClient(app) as client'")
        return scope_of(
            request,
            profile=self.profile,
            client=self._address,
            root_path=self._root_path,
            state=self._lifespan.state if self.profile.lifespan else None,
        )
