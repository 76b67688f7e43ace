"""An httpx transport that calls an ASGI application, one message at a time."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

import httpx

from .bell import Bell
from .call import Call, note_failure, raise_as_it_is
from .errors import DeadlineExceeded, LeakedTasks
from .leaks import AllowedTasks, LeakCheck
from .messages import violation
from .order import FINISHED, NOT_STARTED, after_http_send
from .types import ASGIApp, Message, Scope

# A body that never suspends would keep its deadline from coming.
_PARTS_PER_TURN = 64


class Exchange(httpx.AsyncByteStream):
    """One HTTP request and its response, which is also the stream of the response's body."""

    def __init__(self, call: Call, body: list[bytes], leaks: LeakCheck, allow_tasks: AllowedTasks) -> None:
        self._call = call
        self._body = deque(body)
        self._leaks = leaks
        self._allow_tasks = allow_tasks
        self._state = NOT_STARTED
        self._start: Message | None = None
        self._chunks: deque[bytes] = deque()
        self._taken = Bell()
        self._client_has_left = False
        self._is_closed = False
        self._broke_off: BaseException | None = None

    async def begin(self, app: ASGIApp, scope: Scope) -> Message:
        """Call the application and return the start of its response. Raises what the application raises."""
        __tracebackhide__ = True

        async def checked(scope: Scope, receive: object, send: object) -> None:
            await app(scope, receive, send)
            self._check_end()

        self._call.start(checked, scope, self.receive, self.send)
        try:
            await self._wait(lambda: self._start is not None, "the start of the response")
        except BaseException as exc:
            failure = await self._leaks.end(self._call, self._allow_tasks, patient=False)
            if failure is not None:
                note_failure(exc, failure)
            raise
        if self._start is None or self._call.violation is not None:
            await self.aclose()
            raise httpx.RemoteProtocolError("the application ended without a response")
        return self._start

    async def __aiter__(self) -> AsyncIterator[bytes]:
        __tracebackhide__ = True
        while self._chunks or self._state != FINISHED:
            if self._chunks:
                chunk = self._chunks.popleft()
                self._taken.ring()
                if chunk:
                    yield chunk
            elif self._call.has_ended or self._call.violation is not None:
                await self.aclose()
                raise httpx.RemoteProtocolError("the application ended before its response did")
            else:
                await self._wait(
                    lambda: bool(self._chunks) or self._state == FINISHED, "the rest of the response"
                )

    async def aclose(self) -> None:
        """Leave, wait for the application to end, and raise what it raised."""
        __tracebackhide__ = True
        if self._is_closed:
            return
        self._is_closed = self._client_has_left = True
        self._taken.ring()
        self._call.changed.ring()
        failure = await self._leaks.end(self._call, self._allow_tasks, patient=self._broke_off is None)
        if self._broke_off is not None and isinstance(failure, LeakedTasks):
            note_failure(self._broke_off, failure)
        elif failure is not None:
            raise_as_it_is(failure)

    async def receive(self) -> Message:
        """Give the application the next part of the request, then, once there is one, the disconnect."""
        if self._body:
            message = {"type": "http.request", "body": self._body.popleft(), "more_body": bool(self._body)}
        else:
            while not self._client_has_left and self._state != FINISHED:
                await self._call.changed.wait()
            message = {"type": "http.disconnect"}
        self._call.transcript.to_app(message)
        return message

    async def send(self, message: Message) -> None:
        """Take a part of the response; one body at a time lies unread."""
        message, state = self._call.accept(
            message, "http", lambda checked: after_http_send(self._state, checked)
        )
        if message["type"] == "http.response.start":
            self._start = message
        elif self._client_has_left:
            # an endless response has to let its cancellation in
            await asyncio.sleep(0)
        else:
            while self._chunks and not self._client_has_left:
                await self._taken.wait()
            self._chunks.append(message.get("body", b""))
        self._state = state
        self._call.changed.ring()

    async def _wait(self, is_reached: Callable[[], bool], what: str) -> None:
        """Wait for a part of the response, or until none can come any more."""
        __tracebackhide__ = True
        call = self._call
        try:
            await call.wait_until(lambda: is_reached() or call.has_ended or call.violation is not None, what)
        except BaseException as exc:
            # missed its deadline or was cancelled: whoever closes the response does not wait again
            self._broke_off = exc
            raise

    def _check_end(self) -> None:
        if not self._call.strict or self._state == FINISHED or self._client_has_left:
            return
        section, rule = (
            ("HTTP, Response Start", "every request is answered")
            if self._state == NOT_STARTED
            else ("HTTP, Response Body", "a response ends with a body without more_body")
        )
        raise self._call.broke(violation(f"the application returned {self._state}", section, rule))


class ASGITransport(httpx.AsyncBaseTransport):
    """Answers httpx's requests by calling the application. The read time-out of a request is its deadline."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        strict: bool,
        deadline: float,
        leaks: LeakCheck,
        allow_tasks: AllowedTasks,
        make_scope: Callable[[httpx.Request], Scope],
    ) -> None:
        self._app = app
        self._strict = strict
        self._deadline = deadline
        self._leaks = leaks
        self._allow_tasks = allow_tasks
        self._make_scope = make_scope

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Call the application for one request; the body of the response is streamed."""
        __tracebackhide__ = True
        if not isinstance(request.stream, httpx.AsyncByteStream):
            raise TypeError("the body of the request is a synchronous stream; use an asynchronous one")
        scope = self._make_scope(request)
        timeout: dict[str, float | None] = request.extensions.get("timeout", {})
        deadline = timeout.get("read") or self._deadline
        body = await _whole_body(request.stream, deadline)
        call = Call(strict=self._strict, deadline=deadline)
        exchange = Exchange(call, body, self._leaks, self._allow_tasks)
        start = await exchange.begin(self._app, scope)
        return httpx.Response(
            start["status"], headers=list(start.get("headers", ())), stream=exchange, request=request
        )


async def _whole_body(stream: httpx.AsyncByteStream, deadline: float) -> list[bytes]:
    """Collect the parts of a request's body, of which there is at least one."""
    __tracebackhide__ = True
    parts: list[bytes] = []
    limit = asyncio.timeout(deadline)
    try:
        async with limit:
            async for part in stream:
                parts.append(part)
                if len(parts) % _PARTS_PER_TURN == 0:
                    await asyncio.sleep(0)
    except TimeoutError:
        if not limit.expired():
            raise
        count = "1 part" if len(parts) == 1 else f"{len(parts)} parts"
        raise DeadlineExceeded(
            f"waited {deadline:g} s for the whole body of the request, after {count} of it\n"
            "the application: it is called once the body is there"
        ) from None
    return parts or [b""]
