"""The results of endpoints as answers: text, JSON, tuples, HTTP exceptions, HEAD."""

from collections.abc import Iterable
from typing import Any

import pytest
from http_server import SCOPE, Server, call, http_error, nothing_comes, raising, returning

from kui.core import ASGIApp, HTTPException, Receive, Scope, Send
from kui.http import HttpResponse, PlainTextResponse, http_session, request


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


@pytest.mark.parametrize("status", [204, 205, 304])
async def test_statuses_without_a_body_have_none(status: int) -> None:
    apps: Iterable[ASGIApp] = (
        http_session(raising(http_error(status))),
        http_session(returning(("text", status))),
        http_session(returning(HttpResponse(status, {"content-length": "7"}))),
    )
    for app in apps:
        answer = await call(app)
        assert (answer.status_code, answer.content) == (status, b"")
        assert answer.headers.get("content-length") == ("0" if status == 205 else None)
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


async def test_a_value_without_json_form_is_a_500() -> None:
    server = Server()
    with pytest.raises(TypeError, match="object"):
        await http_session(returning({"a": object()}))(SCOPE, nothing_comes, server.send)
    assert server.sent[0]["status"] == 500


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
