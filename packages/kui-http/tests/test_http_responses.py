"""Responses, cookies, the converter, and what annotations say of them."""

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Annotated, Any

import baize.asgi as baize
import httpx
import pytest
from baize.datastructures import URL

from kui.core import ASGIApp, Receive, Scope, Send
from kui.http import (
    FileResponse,
    HTMLResponse,
    HttpResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    ResponseConverter,
    ResponseDescription,
    SendEventResponse,
    ServerSentEvent,
    StreamResponse,
    convert_response,
)
from kui.testing import TestClient


async def get(app: ASGIApp) -> httpx.Response:
    async with TestClient(app, base_url="http://kui.test", lifespan="off") as client:
        return await client.get("/")


async def test_a_response_without_a_body_says_so() -> None:
    answer = await get(HttpResponse(202, {"X-Id": "7"}))
    assert (answer.status_code, answer.headers["x-id"], answer.headers["content-length"]) == (202, "7", "0")


async def test_text_has_its_charset() -> None:
    answer = await get(PlainTextResponse("é", 201, charset="latin-1"))
    assert (answer.content, answer.headers["content-type"]) == (b"\xe9", "text/plain; charset=latin-1")


async def test_html_and_other_media_types() -> None:
    assert (await get(HTMLResponse("<p>"))).headers["content-type"] == "text/html; charset=utf-8"
    assert (await get(PlainTextResponse(b"", media_type="image/png"))).headers["content-type"] == "image/png"


async def test_given_headers_win() -> None:
    for response in (
        PlainTextResponse("a", headers={"Content-Type": "text/css"}),
        JSONResponse({}, headers={"Content-Type": "text/css"}),
        StreamResponse(pieces(), headers={"Content-Type": "text/css"}),
    ):
        answer = await get(response)
        assert answer.headers.get_list("content-type") == ["text/css"]


async def pieces() -> AsyncGenerator[bytes, None]:
    yield b"one"


async def test_a_subclass_may_render_what_it_likes() -> None:
    class Loud(PlainTextResponse):
        async def render(self, content: Any) -> bytes:
            return (await super().render(content)).upper()

    assert (await get(Loud("loud"))).text == "LOUD"


async def test_json_is_compact_utf_8() -> None:
    assert (await get(JSONResponse({"é": [1, None]}, 201))).content == '{"é":[1,null]}'.encode()


async def test_json_takes_the_options_of_the_standard_library() -> None:
    assert (await get(JSONResponse({"b": 1, "a": {2}}, indent=1, sort_keys=True))).text == (
        '{\n "a": [\n  2\n ],\n "b": 1\n}'
    )
    assert (await get(JSONResponse({"é": [1]}, ensure_ascii=True))).text == '{"\\u00e9":[1]}'


async def test_a_redirect_encodes_its_location() -> None:
    answer = await get(RedirectResponse("/é?a=b&c=%20", 303))
    assert (answer.status_code, answer.headers["location"]) == (303, "/%C3%A9?a=b&c=%20")
    assert (await get(RedirectResponse(URL("http://kui.test/")))).status_code == 307


def test_a_line_break_in_a_header_is_refused() -> None:
    with pytest.raises(ValueError, match="control"):
        _ = HttpResponse(200, {"a": "b\r\nc: d"}).headers
    with pytest.raises(ValueError, match="control"):
        RedirectResponse("/").headers["location"] = "/\n"


@pytest.mark.parametrize("text", ["text/plain\r\nset-cookie: a=b", "text/plain\n", "text/plain\0", "text/é"])
async def test_a_content_type_is_one_line_of_ascii(text: str) -> None:
    class Mistaken(PlainTextResponse):
        media_type = text

    for make in (PlainTextResponse, HTMLResponse):
        with pytest.raises(ValueError, match="content type"):
            make("", media_type=text)
        with pytest.raises(ValueError, match="content type"):
            make("", charset=text)
    with pytest.raises(ValueError, match="content type"):
        await get(Mistaken(""))


async def test_cookies_are_set_and_deleted() -> None:
    response = PlainTextResponse("")
    response.set_cookie(
        "a", "1", max_age=60, domain="kui.test", secure=True, httponly=True, samesite="strict"
    )
    response.set_cookie("b", 'x y;"\\', path="")
    response.delete_cookie("c", path="/d")
    first, second, third = (await get(response)).headers.get_list("set-cookie")
    assert first == "a=1; max-age=60; domain=kui.test; path=/; httponly; secure; samesite=strict"
    assert second == 'b="x y\\073\\042\\134"; samesite=lax'
    assert third.startswith("c=; expires=")
    assert third.endswith(" GMT; max-age=0; path=/d; samesite=lax")


def test_a_cookie_for_other_sites_is_secure() -> None:
    response = HttpResponse()
    response.set_cookie("a", samesite="none")
    assert "; secure;" in response.cookies[0]


def test_the_samesite_of_a_cookie_may_be_written_as_in_the_header() -> None:
    response = HttpResponse()
    response.set_cookie("a", samesite="None")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert response.cookies == ["a=; path=/; secure; samesite=none"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("a b", ""),
        ("", ""),
        ("a", "é"),
        ("a;", ""),
        ("a", "", -1, None, "/;"),
        ("a", "", -1, None, "/", "a\r\nb"),
        ("a", "", -1, 10**12),
        ("a", "", -1, None, "/", None, False, False, "lax\r\nx-evil: 1"),
        ("a", "", -1, None, "/", None, False, False, "laxer"),
    ],
)
def test_what_no_cookie_can_have_is_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="cookie"):
        HttpResponse().set_cookie(*arguments)


def test_a_cookie_keeps_control_characters_quoted() -> None:
    response = HttpResponse()
    response.set_cookie("a", "1\r\n2")
    assert response.cookies[0].startswith('a="1\\015\\0122"; ')


class Model:
    """What pydantic's models look like from outside."""

    class Serializer:
        def to_json(self, value: object) -> bytes:
            return b'{"model":1}'

    __pydantic_serializer__ = Serializer()


@pytest.mark.parametrize(
    ("value", "class_", "body"),
    [
        ("text", PlainTextResponse, "text"),
        (b"bytes", PlainTextResponse, "bytes"),
        ({"a": 1}, JSONResponse, '{"a":1}'),
        ([1], JSONResponse, "[1]"),
        (((1, 2),), JSONResponse, "[1,2]"),
        (Model(), JSONResponse, '{"model":1}'),
        (URL("/there"), RedirectResponse, ""),
        (Path(__file__), FileResponse, Path(__file__).read_text()),
        (baize.PlainTextResponse("baize"), baize.PlainTextResponse, "baize"),
    ],
)
async def test_values_become_responses(value: object, class_: type, body: str) -> None:
    response = convert_response(value)
    assert isinstance(response, class_)
    assert (await get(response)).text == body


async def test_an_async_generator_becomes_events() -> None:
    async def events() -> AsyncGenerator[ServerSentEvent, None]:
        yield {"data": "x"}

    response = convert_response(events())
    assert isinstance(response, SendEventResponse)
    assert (await get(response)).text == "data: x\n\n"


@pytest.mark.parametrize("app", [baize.Files("."), baize.Router(), baize.Subpaths(), baize.Hosts()])
def test_applications_of_baize_stay_what_they_are(app: ASGIApp) -> None:
    assert convert_response(app) is app


def test_a_response_stays_what_it_is() -> None:
    response = HttpResponse()
    assert convert_response(response) is response


async def test_a_status_and_headers_beside_a_value() -> None:
    answer = await get(convert_response(("made", 201, {"x-id": "7"})))
    assert (answer.status_code, answer.text, answer.headers["x-id"]) == (201, "made", "7")
    answer = await get(convert_response((Path(__file__), 203, {"x-id": "7"})))
    assert (answer.status_code, answer.headers["x-id"]) == (203, "7")


def test_none_is_a_forgotten_return() -> None:
    with pytest.raises(
        TypeError, match=r"^Get 'None'\. Maybe you need to add a return statement to the function\.$"
    ):
        convert_response(None)


@pytest.mark.parametrize("value", [1, object(), {1}])
def test_an_unknown_type_is_named(value: object) -> None:
    message = f"Cannot find response_converter handler for this type: {type(value)}"
    with pytest.raises(TypeError) as caught:
        convert_response(value)
    assert str(caught.value) == message


def number(value: int, status_code: int = 200) -> PlainTextResponse:
    return PlainTextResponse(f"number {value}", status_code)


def len_of(value: dict[str, Any]) -> PlainTextResponse:
    return number(len(value))


async def test_a_converter_learns_types_and_their_subclasses() -> None:
    converter = ResponseConverter()
    register: list[Callable[[], Any]] = [
        lambda: converter.register(int, number),
        lambda: converter.register(int)(number),
    ]
    for learn in register:
        assert learn() is number
        assert (await get(converter.convert((True, 201)))).text == "number True"


async def test_a_converter_replaces_what_is_built_in() -> None:
    def empty(value: object) -> HttpResponse:
        return HttpResponse(204)

    converter = ResponseConverter({dict: len_of, type(None): empty})
    assert (await get(converter({}))).text == "number 0"
    assert (await get(converter(None))).status_code == 204


@pytest.mark.parametrize(("type_", "function"), [("str", number), (str, "number")])
def test_a_mistaken_registration_fails_at_once(type_: Any, function: Any) -> None:
    with pytest.raises(TypeError, match="convert"):
        ResponseConverter().register(type_, function)


def test_brackets_describe_a_response() -> None:
    async def endpoint() -> Annotated[Any, JSONResponse[200, {}, list[int]]]: ...

    described = endpoint.__annotations__["return"].__metadata__
    assert described == (ResponseDescription(JSONResponse, (200, {}, list[int])),)
    classes: list[Any] = [HttpResponse, PlainTextResponse, HTMLResponse, RedirectResponse, StreamResponse]
    for class_ in [*classes, SendEventResponse]:
        assert class_[404] == ResponseDescription(class_, (404,))
    file_response: Any = FileResponse
    assert file_response["text/html"].parameters == ("text/html",)


async def test_responses_answer_in_any_framework() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse({"app": scope.get("app")})(scope, receive, send)

    assert (await get(app)).json() == {"app": None}
