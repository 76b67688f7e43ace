"""A session: its context, its middlewares, the order of its end, and what it takes from the application."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from http_server import SCOPE, Server, call, http_error, nothing_comes, raising, returning

from kui.core import (
    Endpoint,
    HTTPException,
    JSONCodec,
    Message,
    NoActiveConnection,
    Receive,
    Scope,
    Send,
    UnknownScopeType,
    http_connection,
    http_connection_var,
)
from kui.http import (
    HttpRequest,
    HttpResponse,
    PlainTextResponse,
    RequestLimits,
    ResponseConverter,
    http_session,
    request,
    request_var,
)


def text_of(value: Any) -> PlainTextResponse:
    return PlainTextResponse(str(value).upper())


async def test_the_request_is_known_inside_and_unknown_outside() -> None:
    seen: list[bool] = []

    async def endpoint() -> Any:
        seen.append(request == request_var.get() == http_connection_var.get() == http_connection)
        return request.method + request["path"]

    assert (await call(http_session(endpoint))).text == "GET/x"
    assert seen == [True]
    with pytest.raises(NoActiveConnection, match="request"):
        _ = request.method


async def test_the_context_is_reset_when_the_handler_fails() -> None:
    with pytest.raises(KeyError):
        await http_session(raising(KeyError("x")))(SCOPE, nothing_comes, Server().send)
    assert request_var.get(None) is None
    assert http_connection_var.get(None) is None


async def test_middlewares_run_from_the_last_to_the_first() -> None:
    def tag(name: str) -> Callable[[Endpoint], Endpoint]:
        def middleware(endpoint: Endpoint) -> Endpoint:
            async def tagged() -> Any:
                return name + await endpoint()

            return tagged

        return middleware

    app = http_session(returning("!"), middlewares=[tag("inner"), tag("outer ")])
    assert (await call(app)).text == "outer inner!"


async def test_other_scope_types_are_refused() -> None:
    for type_ in ("websocket", "lifespan"):
        with pytest.raises(UnknownScopeType, match=type_):
            await http_session(returning(""))({"type": type_}, nothing_comes, Server().send)


async def test_the_response_is_sent_then_the_stack_ends_then_the_request_closes() -> None:
    events: list[str] = []

    class Request(HttpRequest):
        async def close(self) -> None:
            events.append("closed")

    async def endpoint() -> str:
        request.exit_stack.callback(events.append, "stack")
        request.background_tasks.append(events.append, "task")
        events.append("handler")
        return "text"

    async def send(message: Message) -> None:
        events.append(message["type"].rpartition(".")[2])

    await http_session(endpoint, request_class=Request)(SCOPE, nothing_comes, send)
    assert events == ["handler", "start", "body", "task", "stack", "closed"]


async def test_the_stack_sees_the_exception_of_the_handler_even_if_it_is_answered() -> None:
    seen: list[object] = []

    def look(kind: object, error: object, traceback: object) -> None:
        seen.append(error)

    async def endpoint() -> str:
        request.exit_stack.push(look)
        raise http_error(404)

    assert (await call(http_session(endpoint))).status_code == 404
    assert [type(error) for error in seen] == [HTTPException]


async def test_a_clean_up_may_deal_with_the_exception_which_is_logged_then_and_not_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def suppress(*error: object) -> bool:
        return True

    async def endpoint() -> str:
        request.exit_stack.push(suppress)
        raise ValueError("dealt with")

    server = Server()
    await http_session(endpoint)(SCOPE, nothing_comes, server.send)
    assert server.sent[0]["status"] == 500
    [record] = caplog.records
    assert record.getMessage() == "the answer to GET /x failed"
    assert "ValueError: dealt with" in caplog.text


async def test_the_session_has_a_converter_of_its_own() -> None:
    converter = ResponseConverter({str: text_of})
    assert (await call(http_session(returning("loud"), converter=converter))).text == "LOUD"


async def test_the_application_in_the_scope_has_the_converter_and_the_codec() -> None:
    class App:
        response_converter = ResponseConverter({complex: text_of})
        json_codec = JSONCodec({bytes: bytes.hex})

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = App
        value: Any = 1j if scope["query_string"] else {"id": b"\xff"}
        await http_session(returning(value))(scope, receive, send)

    assert (await call(app)).json() == {"id": "ff"}
    assert (await call(app, params={"q": "1"})).text == "1J"


async def test_limits_are_those_of_the_session() -> None:
    async def endpoint() -> Any:
        return await request.body

    app = http_session(endpoint, limits=RequestLimits(max_body_size=3))
    assert (await call(app, "POST", content=b"123")).content == b"123"
    assert (await call(app, "POST", content=b"1234")).status_code == 413


async def test_an_endpoint_may_hand_over_to_another_application() -> None:
    class Application(HttpResponse):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            body = (await receive())["body"] + (await receive())["type"].encode()
            await PlainTextResponse(body)(scope, receive, send)

    async def endpoint() -> Any:
        await request.is_disconnected()
        return Application()

    messages = iter([{"type": "http.request", "body": b"kept "}])

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    server = Server()
    await http_session(endpoint)({**SCOPE, "method": "POST"}, receive, server.send)
    assert server.sent[1]["body"] == b"kept http.disconnect"


async def test_a_cancelled_handler_ends_its_connection() -> None:
    events: list[str] = []
    begun = asyncio.Event()

    async def endpoint() -> str:
        request.exit_stack.callback(events.append, "stack")
        begun.set()
        await asyncio.Event().wait()
        return "never"

    server = Server()
    serving = asyncio.ensure_future(http_session(endpoint)(SCOPE, nothing_comes, server.send))
    await begun.wait()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert (events, server.sent) == (["stack"], [])


async def test_an_application_that_is_handed_over_to_hears_of_the_rest_of_the_body() -> None:
    heard: list[Message] = []

    class Application(HttpResponse):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            heard.extend([await receive() for _ in range(4)])
            await super().__call__(scope, receive, send)

    async def endpoint() -> Any:
        assert [piece async for piece in first_piece()] == [b"a"]
        return Application()

    async def first_piece() -> AsyncGenerator[bytes, None]:
        stream = request.stream()
        yield await anext(stream)
        await stream.aclose()

    messages = iter(
        [
            {"type": "http.request", "body": b"a", "more_body": True},
            {"type": "http.request", "body": b"b", "more_body": True},
            {"type": "http.request", "body": b"c", "more_body": True},
        ]
    )

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    await http_session(endpoint)({**SCOPE, "method": "POST"}, receive, Server().send)
    pieces = [{"type": "http.request", "body": piece, "more_body": True} for piece in (b"b", b"c")]
    assert heard == [*pieces, {"type": "http.disconnect"}, {"type": "http.disconnect"}]


async def fail() -> None:
    raise ValueError("of a task")


async def test_a_task_group_on_the_exit_stack_says_why_it_has_cancelled_the_handler(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def endpoint() -> str:
        group = await request.exit_stack.enter_async_context(asyncio.TaskGroup())
        group.create_task(fail())
        await asyncio.Event().wait()
        return "never"

    server = Server()
    with pytest.raises(ExceptionGroup) as caught:
        await http_session(endpoint)(SCOPE, nothing_comes, server.send)
    assert caught.group_contains(ValueError, match="of a task")
    assert server.sent[0]["status"] == 500
    assert len(caplog.records) == 1


async def test_a_time_limit_on_the_exit_stack_has_the_answer_of_its_exception_handler() -> None:
    async def endpoint() -> str:
        await request.exit_stack.enter_async_context(asyncio.timeout(0))
        await asyncio.Event().wait()
        return "never"

    app = http_session(endpoint, exception_handlers={TimeoutError: lambda error: ("too late", 504)})
    answer = await call(app)
    assert (answer.status_code, answer.text) == (504, "too late")


async def test_a_handler_that_a_clean_up_has_cancelled_and_forgiven_has_no_answer() -> None:
    @asynccontextmanager
    async def for_a_while() -> AsyncGenerator[None]:
        with suppress(TimeoutError):
            async with asyncio.timeout(0):
                yield

    async def endpoint() -> str:
        await request.exit_stack.enter_async_context(for_a_while())
        await asyncio.Event().wait()
        return "never"

    server = Server()
    with pytest.raises(TimeoutError, match="which has no answer"):
        await http_session(endpoint)(SCOPE, nothing_comes, server.send)
    assert server.sent[0]["status"] == 500
