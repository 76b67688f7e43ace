"""An httpx transport that calls an ASGI application, one message at a time."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx

from .bell import Bell
from .errors import ASGIViolation, DeadlineExceeded
from .messages import check_message, violation
from .order import FINISHED, NOT_STARTED, after_http_send
from .profiles import ServerProfile
from .stacks import stack_of
from .tasks import AllowedTasks, check_leaks, start_application
from .transcript import Transcript
from .types import ASGIApp, Message, Scope


class Exchange(httpx.AsyncByteStream):
    """One HTTP request and its response, which is also the stream of the response's body."""

    def __init__(
        self,
        app: ASGIApp,
        scope: Scope,
        body: list[bytes],
        *,
        strict: bool,
        deadline: float,
        allow: AllowedTasks,
    ) -> None:
        self.start: Message | None = None
        self._app = app
        self._scope = scope
        self._body = deque(body)
        self._strict = strict
        self._deadline = deadline
        self._allow = allow
        self._state = NOT_STARTED
        self._chunks: deque[bytes] = deque()
        self._changed = Bell()
        self._taken = Bell()
        self._has_left = False
        self._transcript = Transcript()
        self._violation: ASGIViolation | None = None
        self._task = start_application(self._run(), self)
        self._task.add_done_callback(lambda _: self._changed.ring())

    async def begin(self) -> Message:
        """Wait for the start of the response. Raises what the application raises."""
        __tracebackhide__ = True
        try:
            while self.start is None:
                await self._wait("the start of the response")
                if self._violation is not None or (self._task.done() and self.start is None):
                    break
        except BaseException:
            await self._kill()
            raise
        if self.start is None or self._violation is not None:
            await self.aclose()
            raise RuntimeError("the application returned without a response")
        return self.start

    async def __aiter__(self) -> AsyncIterator[bytes]:
        __tracebackhide__ = True
        while self._chunks or self._state != FINISHED:
            if self._chunks:
                chunk = self._chunks.popleft()
                self._taken.ring()
                if chunk:
                    yield chunk
            elif self._task.done() or self._violation is not None:
                await self.aclose()
                raise httpx.RemoteProtocolError("the application ended before its response did")
            else:
                await self._wait("the rest of the response")

    async def aclose(self) -> None:
        """Leave, wait for the application to end, and raise what it raised."""
        __tracebackhide__ = True
        self._has_left = True
        self._taken.ring()
        self._changed.ring()
        late: DeadlineExceeded | None = None
        try:
            while not self._task.done():
                await self._wait("the application to end")
        except DeadlineExceeded as missed:
            late = missed
        await self._kill()
        failure = self._violation or (None if self._task.cancelled() else self._task.exception()) or late
        self._violation = None
        if failure is not None:
            raise failure
        await check_leaks(self, self._allow)

    async def _kill(self) -> None:
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=self._deadline)

    async def _wait(self, what: str) -> None:
        __tracebackhide__ = True
        if not await self._changed.wait(self._deadline):
            where = "it has ended" if self._task.done() else f"it waits in\n{stack_of(self._task)}"
            raise DeadlineExceeded(
                f"waited {self._deadline:g} s for {what}\nthe application: {where}\nmessages:\n{self._transcript}"
            )

    async def _run(self) -> None:
        await self._app(self._scope, self._receive, self._send)
        if self._strict and self._state != FINISHED and not self._has_left:
            section, rule = (
                ("HTTP, Response Start", "every request is answered")
                if self._state == NOT_STARTED
                else ("HTTP, Response Body", "a response ends with a body without more_body")
            )
            raise self._break(violation(f"the application returned {self._state}", section, rule))

    async def _receive(self) -> Message:
        if self._body:
            message = {"type": "http.request", "body": self._body.popleft(), "more_body": bool(self._body)}
        else:
            while not self._has_left and self._state != FINISHED:
                await self._changed.wait()
            message = {"type": "http.disconnect"}
        self._transcript.to_app(message)
        return message

    async def _send(self, message: Message) -> None:
        try:
            if self._strict:
                message = check_message(message, "http")
            state = after_http_send(self._state, message)
        except ASGIViolation as broken:
            if self._strict:
                raise self._break(broken) from None
            raise RuntimeError(str(broken)) from None
        self._transcript.from_app(message)
        if message["type"] == "http.response.start":
            self.start = message
        elif self._has_left:
            # a stream without an end has to let its cancellation in
            await asyncio.sleep(0)
        else:
            while self._chunks and not self._has_left:
                await self._taken.wait()
            self._chunks.append(message.get("body", b""))
        self._state = state
        self._changed.ring()

    def _break(self, broken: ASGIViolation) -> ASGIViolation:
        if self._violation is None:
            self._violation = ASGIViolation(f"{broken}\nmessages:\n{self._transcript}")
        self._changed.ring()
        return self._violation


class ASGITransport(httpx.AsyncBaseTransport):
    """Answers httpx's requests by calling the application.

    The read time-out of a request is its deadline.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        profile: ServerProfile,
        strict: bool,
        deadline: float,
        allow_tasks: AllowedTasks,
        make_scope: Callable[[httpx.Request], dict[str, Any]],
    ) -> None:
        self._app = app
        self._profile = profile
        self._strict = strict
        self._deadline = deadline
        self._allow_tasks = allow_tasks
        self._make_scope = make_scope

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Call the application for one request; the body of the response is streamed."""
        __tracebackhide__ = True
        if not isinstance(request.stream, httpx.AsyncByteStream):
            raise TypeError("the body of the request is a synchronous stream; use an asynchronous one")
        body = [chunk async for chunk in request.stream] or [b""]
        scope = self._make_scope(request) | {"type": "http", "method": request.method}
        timeout: dict[str, float | None] = request.extensions.get("timeout", {})
        exchange = Exchange(
            self._app,
            scope,
            body,
            strict=self._strict,
            deadline=timeout.get("read") or self._deadline,
            allow=self._allow_tasks,
        )
        start = await exchange.begin()
        return httpx.Response(
            start["status"], headers=list(start.get("headers", ())), stream=exchange, request=request
        )
