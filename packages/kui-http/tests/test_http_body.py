"""The body of a request: joined, streamed, or decoded from JSON."""

import asyncio
import codecs

import pytest
from http_client import Client, make, read_body

from kui.core import Message
from kui.http import (
    BodyConsumed,
    HttpRequest,
    MalformedRequest,
    RequestLimits,
    RequestTooLarge,
    UnsupportedMediaType,
)


async def test_the_body_is_joined_and_kept() -> None:
    request = make(Client(b"ab", b"", b"c"))
    assert await request.body == b"abc"
    assert await request.body == b"abc"


async def test_tasks_may_ask_for_the_body_at_once() -> None:
    request = make(Client(b"ab", b"c"))
    assert tuple(await asyncio.gather(request.body, request.body)) == (b"abc", b"abc")


async def test_a_cancelled_reader_leaves_its_pieces_to_the_next() -> None:
    client = Client(b"ab", is_whole=False)
    request = make(client)

    async def read() -> bytes:
        return await request.body

    reader = asyncio.ensure_future(read())
    for _ in range(3):
        await asyncio.sleep(0)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    client.send(b"c")
    assert await request.body == b"abc"


async def test_the_stream_begins_with_what_a_cancelled_reader_has_left() -> None:
    client = Client(b"ab", is_whole=False)
    request = make(client, limits=RequestLimits(max_body_size=4))
    reader = asyncio.ensure_future(read_body(request))
    await client.is_waited_for.wait()
    with pytest.raises(BodyConsumed):
        await anext(request.stream())
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    client.send(b"cde")
    stream = request.stream()
    assert await anext(stream) == b"ab"
    with pytest.raises(RequestTooLarge):
        await anext(stream)


async def test_the_stream_yields_pieces_that_are_not_empty() -> None:
    request = make(Client(b"ab", b"", b"c"))
    assert [piece async for piece in request.stream()] == [b"ab", b"c"]


async def test_the_stream_repeats_a_body_that_was_read() -> None:
    request = make(Client(b"ab", b"c"))
    await request.body
    assert [piece async for piece in request.stream()] == [b"abc"]


async def test_a_streamed_body_is_gone() -> None:
    request = make(Client(b"abc"))
    async for _ in request.stream():
        pass
    with pytest.raises(BodyConsumed, match=r"await request\.body"):
        await request.body
    with pytest.raises(BodyConsumed):
        await anext(request.stream())


@pytest.mark.parametrize(
    "type_", ["application/json", "Application/JSON; charset=utf-8", "application/ld+json"]
)
async def test_json_is_decoded_by_its_content_type(type_: str) -> None:
    request = make(Client(b'{"a": [1, 2.5]}'), type_)
    assert await request.json == {"a": [1, 2.5]}
    assert await request.data() is await request.json


async def test_json_may_be_in_another_charset() -> None:
    request = make(Client('"é"'.encode("latin-1")), "application/json; charset=latin-1")
    assert await request.json == "é"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"NaN", b"[" * 100_000, b"{} {}"])
async def test_malformed_json_is_a_400(body: bytes) -> None:
    with pytest.raises(MalformedRequest, match="malformed JSON") as caught:
        await make(Client(body), "application/json").json
    assert caught.value.status_code == 400


@pytest.mark.parametrize("charset", ["nonsense", "hex", "idna", "undefined", "unicode_escape", "a\0b"])
async def test_an_unknown_charset_is_a_400(charset: str) -> None:
    with pytest.raises(MalformedRequest, match="unknown charset"):
        await make(Client(b"{}"), f"application/json; charset={charset}").json


async def test_no_name_that_a_client_makes_up_comes_to_python_which_would_keep_it() -> None:
    asked: list[str] = []
    codecs.register(asked.append)
    try:
        for charset in ("x" * 60_000, "made-up", "utf-8-made-up"):
            with pytest.raises(MalformedRequest) as caught:
                await make(Client(b"{}"), f"application/json; charset={charset}").json
            assert len(str(caught.value.content)) < 100
    finally:
        codecs.unregister(asked.append)
    assert asked == []


@pytest.mark.parametrize(
    "charset", ["UTF-8", "utf8", "Windows-1252", "ISO_8859-1:1987", "koi8-r", "utf-8-sig"]
)
async def test_charsets_are_known_by_their_registered_names(charset: str) -> None:
    assert await make(Client(b"[1]"), f"application/json; charset={charset}").json == [1]


async def test_a_body_of_another_type_is_a_415_that_names_the_types() -> None:
    request = make(Client(b""), "text/css")
    for read in (request.json, request.form, request.data()):
        with pytest.raises(UnsupportedMediaType, match="text/css") as caught:
            await read
        assert caught.value.status_code == 415
        assert "/" in (caught.value.headers or {})["accept"]


async def test_a_body_without_a_type_is_a_415() -> None:
    with pytest.raises(UnsupportedMediaType, match="no content-type"):
        await make(Client(b"{}")).data()


async def test_a_message_that_is_no_piece_is_an_error_of_the_server() -> None:
    async def receive() -> Message:
        return {"type": "websocket.receive"}

    request = HttpRequest({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)
    with pytest.raises(RuntimeError, match=r"expected http\.request.*websocket\.receive"):
        await request.body
