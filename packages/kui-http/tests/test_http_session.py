"""A session: what becomes of results and exceptions, in which order, and what is told to whom."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any

import httpx
import pytest

from kui.core import (
    ASGIApp,
    Endpoint,
    ExceptionHandlers,
    HTTPConnection,
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
    HttpSession,
    PlainTextResponse,
    RequestLimits,
    ResponseConverter,
    StreamResponse,
    http_session,
    request,
    request_var,
)
from kui.testing import TestClient

SCOPE: Scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": []}


async def call(app: ASGIApp, method: str = "GET", **arguments: Any) -> httpx.Response:
    async with TestClient(app, base_url="http://kui.test", lifespan="off") as client:
        return await client.request(method, "/x", **arguments)


async def nothing_comes() -> Message:
    return {"type": "http.disconnect"}


class Server:
    """Take what an application sends; raise `error` for the message with the given number."""

    def __init__(self, error: Exception | None = None, at: int = 0) -> None:
        self.sent: list[Message] = []
        self._error = error
        self._at = at

    async def send(self, message: Message) -> None:
        if self._error is not None and len(self.sent) == self._at:
            raise self._error
        self.sent.append(message)


def http_error(status: int, headers: dict[str, str] | None = None, content: Any = None) -> HTTPException[Any]:
    return HTTPException(status, headers, content)


def text_of(value: Any) -> PlainTextResponse:
    return PlainTextResponse(str(value).upper())


def raising(error: Exception) -> Endpoint:
    async def endpoint() -> Any:
        raise error

    return endpoint


def returning(value: object) -> Endpoint:
    async def endpoint() -> Any:
        return value

    return endpoint


async def test_text_and_json_are_answers() -> None:
    text = await call(http_session(returning("héllo")))
    assert (text.status_code, text.text) == (200, "héllo")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert text.headers["content-length"] == "6"
    data = await call(http_session(returning({"é": [1]})))
    assert (data.json(), data.headers["content-type"]) == ({"é": [1]}, "application/json")
    assert data.content == '{"é":[1]}'.encode()


async def test_a_tuple_is_a_body_a_status_and_headers() -> None:
    answer = await call(http_session(returning((["made"], 201, {"Location": "/7"}))))
    assert (answer.status_code, answer.json(), answer.headers["location"]) == (201, ["made"], "/7")


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


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (http_error(404), 404, "Nothing matches the given URI"),
        (http_error(422), 422, "Unprocessable"),
        (http_error(599), 599, "599"),
        (http_error(418, content="short and stout"), 418, "short and stout"),
        (http_error(401, {"www-authenticate": "Bearer"}, ""), 401, "No permission"),
    ],
)
async def test_an_http_exception_is_an_answer(error: HTTPException[Any], status: int, text: str) -> None:
    answer = await call(http_session(raising(error)))
    assert answer.status_code == status
    assert answer.text.startswith(text)
    assert all(answer.headers[name] == value for name, value in (error.headers or {}).items())


@pytest.mark.parametrize("content", [[{"loc": ["a"], "in": "query"}], {"a": 1}, []])
async def test_the_content_of_an_http_exception_may_be_json(content: Any) -> None:
    answer = await call(http_session(raising(http_error(422, content=content))))
    assert (answer.status_code, answer.json()) == (422, content)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [204, 304])
async def test_statuses_without_a_body_have_none(status: int) -> None:
    apps: Iterable[ASGIApp] = (
        http_session(raising(http_error(status))),
        http_session(returning(("text", status))),
        http_session(returning(HttpResponse(status, {"content-length": "7"}))),
    )
    for app in apps:
        answer = await call(app)
        assert (answer.status_code, answer.content) == (status, b"")
        assert "content-length" not in answer.headers
        assert "content-type" not in answer.headers


async def test_head_has_the_headers_of_get_and_no_body() -> None:
    for value in ("hello", {"a": 1}, PlainTextResponse("hello"), ("hello", 201)):
        get, head = [await call(http_session(returning(value)), method) for method in ("GET", "HEAD")]
        assert get.content
        assert (head.content, head.headers, head.status_code) == (b"", get.headers, get.status_code)


async def test_head_of_any_application_sends_no_bytes() -> None:
    class Application(HttpResponse):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"a", "more_body": True})
            await send({"type": "http.response.body", "body": b"b"})

    server = Server()
    await http_session(returning(Application()))({**SCOPE, "method": "HEAD"}, nothing_comes, server.send)
    assert [message["body"] for message in server.sent[1:]] == [b"", b""]


async def test_exceptions_have_handlers_by_class_and_by_status() -> None:
    async def lost(error: LookupError) -> Any:
        return {"lost": str(error.args[0])}, 410

    def missing(error: HTTPException[Any]) -> Any:
        return "not here", error.status_code

    handlers: dict[Any, Any] = {LookupError: lost, 404: missing}
    for error, text in ((KeyError("k"), '{"lost":"k"}'), (http_error(404), "not here")):
        assert (await call(http_session(raising(error), exception_handlers=handlers))).text == text


async def test_a_handled_exception_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    app = http_session(raising(KeyError("k")), exception_handlers={KeyError: lambda error: "fine"})
    assert (await call(app)).text == "fine"
    assert [record for record in caplog.records if record.name == "kui.http"] == []


async def test_handlers_answer_for_results_that_cannot_be_converted() -> None:
    app = http_session(returning(None), exception_handlers={TypeError: str})
    assert (await call(app)).text == "Get 'None'. Maybe you need to add a return statement to the function."


async def test_a_handler_may_raise_an_http_exception() -> None:
    def translate(error: KeyError) -> Any:
        raise http_error(404, content="no " + str(error.args[0]))

    def pass_on(error: HTTPException[Any]) -> Any:
        raise error

    app = http_session(raising(KeyError("k")), exception_handlers={KeyError: translate, 404: pass_on})
    answer = await call(app)
    assert (answer.status_code, answer.text) == (404, "no k")


async def test_an_unknown_exception_is_a_500_logged_once_and_raised(caplog: pytest.LogCaptureFixture) -> None:
    server = Server()
    error = ValueError("secret")
    with pytest.raises(ValueError, match="secret") as caught:
        await http_session(raising(error))(SCOPE, nothing_comes, server.send)
    assert caught.value is error
    assert server.sent[0]["status"] == 500
    assert server.sent[1]["body"] == b"Internal Server Error"
    assert [(record.name, record.levelno) for record in caplog.records] == [("kui.http", logging.ERROR)]
    assert caplog.records[0].exc_info is not None
    assert caplog.records[0].exc_info[1] is error


async def test_an_exception_of_a_handler_is_reported_with_the_first_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def failing(error: KeyError) -> Any:
        raise OSError("second")

    server = Server()
    app = http_session(raising(KeyError("first")), exception_handlers={KeyError: failing})
    with pytest.raises(OSError, match="second") as caught:
        await app(SCOPE, nothing_comes, server.send)
    assert isinstance(caught.value.__context__, KeyError)
    assert server.sent[0]["status"] == 500
    assert len(caplog.records) == 1


async def test_an_exception_in_the_middle_of_a_response_is_reported() -> None:
    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b"one"
        raise ValueError("in the middle")

    server = Server()
    with pytest.raises(ValueError, match="in the middle"):
        await http_session(returning(StreamResponse(pieces())))(SCOPE, HangingClient().receive, server.send)
    assert [message.get("body") for message in server.sent] == [None, b"one"]


async def test_a_value_without_json_form_is_a_500() -> None:
    server = Server()
    with pytest.raises(TypeError, match="object"):
        await http_session(returning({"a": object()}))(SCOPE, nothing_comes, server.send)
    assert server.sent[0]["status"] == 500


class HangingClient:
    """A client that stays."""

    async def receive(self) -> Message:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}


@pytest.mark.parametrize("value", ["text", PlainTextResponse("text"), ("text", 201)])
@pytest.mark.parametrize("at", [0, 1])
async def test_a_client_that_does_not_take_the_answer_is_no_error(
    value: object, at: int, caplog: pytest.LogCaptureFixture
) -> None:
    await http_session(returning(value))(SCOPE, nothing_comes, Server(ConnectionResetError(), at).send)
    await http_session(raising(http_error(400)))(SCOPE, nothing_comes, Server(OSError(), at).send)
    assert caplog.records == []


@pytest.mark.parametrize("value", ["text", PlainTextResponse("text")])
async def test_an_error_of_the_server_is_reported(value: object) -> None:
    with pytest.raises(RuntimeError, match="closed"):
        await http_session(returning(value))(SCOPE, nothing_comes, Server(RuntimeError("closed"), 1).send)


async def test_a_failure_that_nobody_hears_of_is_still_reported(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match="x"):
        await http_session(raising(ValueError("x")))(SCOPE, nothing_comes, Server(OSError()).send)
    assert len(caplog.records) == 1


async def test_an_os_error_of_the_handler_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        await http_session(raising(FileNotFoundError("x")))(SCOPE, nothing_comes, Server().send)


async def test_a_client_that_leaves_in_its_request_gets_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    async def endpoint() -> Any:
        return await request.body

    server = Server()
    await http_session(endpoint)(SCOPE, nothing_comes, server.send)
    assert server.sent == []
    assert caplog.records == []


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


async def test_a_clean_up_may_deal_with_the_exception() -> None:
    def suppress(*error: object) -> bool:
        return True

    async def endpoint() -> str:
        request.exit_stack.push(suppress)
        raise ValueError("dealt with")

    server = Server()
    await http_session(endpoint)(SCOPE, nothing_comes, server.send)
    assert server.sent[0]["status"] == 500


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


async def test_respond_answers_an_exception_of_any_connection() -> None:
    session = HttpSession(exception_handlers=ExceptionHandlers({KeyError: lambda error: ("no", 403)}))
    token = http_connection_var.set(HTTPConnection({"type": "websocket", "path": "/", "headers": []}))
    try:
        for error, status in ((KeyError(), 403), (http_error(401), 401)):
            response = await session.respond(error)
            assert response is not None
            server = Server()
            await response({**SCOPE}, nothing_comes, server.send)
            assert server.sent[0]["status"] == status
        assert await session.respond(ValueError()) is None
    finally:
        http_connection_var.reset(token)


async def test_extra_headers_are_on_every_answer() -> None:
    async def endpoint() -> Any:
        request.add_response_header("X-Id", "7")
        request.add_response_header("Vary", "Accept")
        request.add_response_header("Set-Cookie", "a=1")
        if request.query_params["kind"] == "error":
            raise http_error(404)
        return PlainTextResponse("", 200, {"vary": "Origin", "x-id": "1", "set-cookie": "b=2"})

    for kind, vary, cookies in (("error", "Accept", ["a=1"]), ("fine", "Origin, Accept", ["b=2", "a=1"])):
        answer = await call(http_session(endpoint), params={"kind": kind})
        assert (answer.headers["x-id"], answer.headers["vary"]) == ("7", vary)
        assert answer.headers.get_list("set-cookie") == cookies


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
