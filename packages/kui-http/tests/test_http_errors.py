"""Exceptions: who answers them, what is logged, and what the server hears of them."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from http_server import SCOPE, Server, call, http_error, nothing_comes, raising, returning

from kui.core import ExceptionHandlers, HTTPConnection, HTTPException, Message, http_connection_var
from kui.http import HttpSession, PlainTextResponse, StreamResponse, http_session, request


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


@pytest.mark.parametrize("keys", [[HTTPException], [403, 404]])
async def test_handlers_that_raise_for_each_other_are_asked_once_each(keys: list[Any]) -> None:
    asked: list[Any] = []

    def handler(key: Any) -> Any:
        def another(error: HTTPException[Any]) -> Any:
            asked.append(key)
            raise http_error(404 if error.status_code == 403 else 403, content="anew")

        return another

    app = http_session(raising(http_error(403)), exception_handlers={key: handler(key) for key in keys})
    assert (await call(app)).text == "anew"
    assert asked == keys


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
