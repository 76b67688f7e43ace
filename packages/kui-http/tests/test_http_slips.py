"""Endpoints that return what cannot be sent, and what they are told."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from baize.datastructures import URL
from http_server import SCOPE, Server, nothing_comes, returning

from kui.core import HTTPException
from kui.http import PlainTextResponse, StreamResponse, http_session
from kui.testing import TestClient


async def test_a_stream_of_texts_is_refused_before_the_server_sees_one() -> None:
    async def pieces() -> AsyncIterator[Any]:
        yield "text"

    async def endpoint() -> StreamResponse:
        return StreamResponse(pieces())

    async with TestClient(http_session(endpoint)) as client:
        with pytest.raises(
            TypeError, match="a stream is made of bytes, and this one yielded str; encode the text"
        ):
            await client.get("/")


async def test_a_stream_may_be_of_any_kind_of_bytes() -> None:
    async def pieces() -> AsyncIterator[Any]:
        yield b"one "
        yield bytearray(b"two ")
        yield memoryview(b"three")

    async def endpoint() -> StreamResponse:
        return StreamResponse(pieces())

    async with TestClient(http_session(endpoint)) as client:
        assert (await client.get("/")).content == b"one two three"


async def test_an_empty_tuple_is_no_answer() -> None:
    async def endpoint() -> tuple[()]:
        return ()

    async with TestClient(http_session(endpoint)) as client:
        with pytest.raises(TypeError, match="an endpoint returned an empty tuple; return a value, or"):
            await client.get("/")


@pytest.mark.parametrize("endpoint", [5, None])
def test_what_cannot_be_called_is_no_endpoint(endpoint: Any) -> None:
    async def fine() -> str:
        return "fine"

    with pytest.raises(TypeError, match="an endpoint is an async callable without arguments; got"):
        http_session(endpoint)
    with pytest.raises(TypeError, match="an endpoint is an async callable without arguments; got"):
        http_session(fine, middlewares=[lambda _: endpoint])


async def test_a_text_in_the_place_of_headers_is_told_where_it_belongs() -> None:
    headers: Any = "no such room"

    async def endpoint() -> None:
        raise HTTPException(404, headers)

    async with TestClient(http_session(endpoint)) as client:
        with pytest.raises(
            TypeError,
            match=r'got \'no such room\'; a text is the content, as in HTTPException\(404, content="',
        ):
            await client.get("/")


async def events() -> AsyncIterator[Any]:
    yield {"data": "tick"}


@pytest.mark.parametrize("status", ["404", None, 404.0])
@pytest.mark.parametrize(
    "value", ["text", {"a": 1}, [1], URL("/x"), events], ids=lambda value: type(value).__name__
)
async def test_a_status_that_is_no_number_is_refused_before_the_server_sees_it(
    value: Any, status: Any
) -> None:
    async def endpoint() -> Any:
        return value() if value is events else value, status

    server = Server()
    with pytest.raises(TypeError) as error:
        await http_session(endpoint)(SCOPE, nothing_comes, server.send)
    assert str(error.value) == f"a status is a whole number, such as 404; got {status!r}"
    assert server.sent[0]["status"] == 500


async def test_beside_a_path_is_a_name_or_a_status_and_nothing_else() -> None:
    with pytest.raises(TypeError, match=r"a status is a whole number, such as 404; got 404\.0"):
        await http_session(returning((Path(__file__), 404.0)))(SCOPE, nothing_comes, Server().send)


def test_a_response_of_a_status_that_is_no_number_is_refused_when_it_is_made() -> None:
    status: Any = "404"
    with pytest.raises(TypeError, match="a status is a whole number, such as 404; got '404'"):
        PlainTextResponse("text", status)
