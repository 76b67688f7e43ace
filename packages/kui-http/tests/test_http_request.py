"""A request: its body in every form, its limits, and the client that leaves."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from kui.core import HTTPException, Message
from kui.http import (
    BodyConsumed,
    ClientDisconnect,
    HttpRequest,
    MalformedRequest,
    RequestLimits,
    RequestTooLarge,
    UnsupportedMediaType,
    UploadFile,
)


class Client:
    """The server's side of receive: pieces of a body, then nothing until the client leaves."""

    def __init__(self, *pieces: bytes, is_whole: bool = True) -> None:
        last = len(pieces) - 1
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self.is_waited_for = asyncio.Event()
        for index, piece in enumerate(pieces):
            more = index < last or not is_whole
            self._messages.put_nowait({"type": "http.request", "body": piece, "more_body": more})

    @property
    def unread(self) -> int:
        return self._messages.qsize()

    def send(self, last_piece: bytes) -> None:
        self._messages.put_nowait({"type": "http.request", "body": last_piece})

    def leave(self) -> None:
        self._messages.put_nowait({"type": "http.disconnect"})

    async def receive(self) -> Message:
        if self._messages.empty():
            self.is_waited_for.set()
        return await self._messages.get()


def make(client: Client, content_type: str = "", limits: RequestLimits | None = None) -> HttpRequest:
    headers = [(b"content-type", content_type.encode())] if content_type else []
    request = HttpRequest({"type": "http", "method": "POST", "path": "/", "headers": headers}, client.receive)
    if limits is not None:
        request.limits = limits
    return request


def multipart(*parts: tuple[str, bytes]) -> bytes:
    body = b"".join(
        b"--x\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + content + b"\r\n"
        for head, content in parts
    )
    return body + b"--x--\r\n"


FORM = "multipart/form-data; boundary=x"
URLENCODED = "application/x-www-form-urlencoded"


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
    reader = asyncio.ensure_future(_read(request))
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


async def test_an_urlencoded_form_keeps_repeated_and_blank_fields() -> None:
    request = make(Client(b"a=1&a=2&b=&c=%C3%A9+x"), "application/x-www-form-urlencoded")
    form = await request.form
    assert form.getlist("a") == ["1", "2"]
    assert (form["b"], form["c"]) == ("", "é x")
    assert await request.data() is form


@pytest.mark.parametrize("body", [b"a=%ff", b"a=\xff"])
async def test_a_form_that_is_not_utf_8_is_a_400(body: bytes) -> None:
    with pytest.raises(MalformedRequest):
        await make(Client(body), "application/x-www-form-urlencoded").form


async def test_a_multipart_form_has_fields_and_files() -> None:
    head = 'name="f"; filename="a \\"b\\".txt"\r\nContent-Type: text/plain'
    request = make(
        Client(multipart(('name="é"', b"1"), (head, b"\r\n--y x"), ('name="e"; filename=""', b""))), FORM
    )
    form = await request.form
    file = form["f"]
    assert form["é"] == "1"
    assert isinstance(file, UploadFile)
    assert (file.filename, file.content_type, await file.aread()) == ('a "b".txt', "text/plain", b"\r\n--y x")
    await request.close()
    assert file.file.closed


async def test_a_file_input_that_was_left_empty_is_no_field(closed_files: list[str]) -> None:
    nothing, content = ('name="a"; filename=""', b""), ('name="b"; filename=""', b"x")
    request = make(Client(multipart(nothing, content)), FORM)
    assert list(await request.form) == ["b"]
    assert closed_files == [""]
    await request.close()


async def test_empty_file_inputs_count_as_parts() -> None:
    body = multipart(*[('name="a"; filename=""', b"")] * 3)
    with pytest.raises(RequestTooLarge):
        await make(Client(body), FORM, RequestLimits(max_form_parts=2)).form


async def test_a_large_upload_goes_to_disk() -> None:
    content = bytes(range(256)) * 8192
    body = multipart(('name="f"; filename="big"', content))
    request = make(Client(*(body[i : i + 65536] for i in range(0, len(body), 65536))), FORM)
    file = (await request.form)["f"]
    assert isinstance(file, UploadFile)
    assert not file.in_memory
    assert await file.aread() == content
    await request.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing",
        b"--x\r\n",
        multipart(('name="a"', b"1"))[:-6],
        multipart(("name", b"1")),
        b"--x\r\nno colon\r\n\r\n1\r\n--x--\r\n",
        b"--x\r\nContent-Type: text/plain\r\n\r\n1\r\n--x--\r\n",
        b"--xyz\r\n",
        multipart(('name="a"', b"\xff")),
        b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n1\r\n--x--\r\n',
    ],
)
async def test_a_malformed_multipart_form_is_a_400(body: bytes) -> None:
    with pytest.raises(MalformedRequest, match="malformed multipart form"):
        await make(Client(body), FORM).form


async def give_up(request: HttpRequest, client: Client) -> None:
    """Ask for the form, and stop when all that the client has sent is parsed."""

    async def read() -> object:
        return await request.form

    reader = asyncio.ensure_future(read())
    await client.is_waited_for.wait()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader


async def test_a_multipart_form_may_be_awaited_again_after_a_time_limit() -> None:
    body = multipart(('name="a"', b"1"), ('name="f"; filename="b"', b"23"))
    client = Client(body[:50], body[50:90], is_whole=False)
    request = make(client, FORM)
    await give_up(request, client)
    client.send(body[90:])
    form = await request.form
    file = form["f"]
    assert isinstance(file, UploadFile)
    assert (form["a"], await file.aread()) == ("1", b"23")
    assert await request.form is form
    await request.close()


async def test_tasks_may_ask_for_the_form_at_once() -> None:
    for type_, body in ((FORM, multipart(('name="a"', b"1"))), (URLENCODED, b"a=1")):
        request = make(Client(body[:2], body[2:]), type_)
        one, another = await asyncio.gather(request.form, request.form)
        assert one is another
        assert one["a"] == "1"


async def test_a_form_that_nobody_waits_for_ends_with_its_request(closed_files: list[str]) -> None:
    client = Client(multipart(('name="a"; filename="one"', b"1"))[:-10], is_whole=False)
    request = make(client, FORM)
    await give_up(request, client)
    assert request.has_something_to_close
    await request.close()
    assert closed_files == ["one"]


@pytest.mark.parametrize("type_", [FORM, "multipart/form-data", FORM + "; charset=nonsense"])
async def test_a_malformed_multipart_form_is_a_400_each_time(type_: str) -> None:
    request = make(Client(b"nothing"), type_)
    for _ in range(2):
        with pytest.raises(MalformedRequest):
            await request.form


async def test_a_form_that_is_too_large_is_a_413_each_time() -> None:
    request = make(Client(multipart(('name="a"', b"123"))), FORM, RequestLimits(max_part_size=2))
    for _ in range(2):
        with pytest.raises(RequestTooLarge):
            await request.form


@pytest.mark.parametrize("type_", ["multipart/form-data", "multipart/form-data; boundary=", FORM + "x" * 70])
async def test_a_multipart_form_needs_a_boundary(type_: str) -> None:
    with pytest.raises(MalformedRequest, match="boundary"):
        await make(Client(b""), type_).form


@pytest.mark.parametrize(
    ("limits", "type_", "body"),
    [
        (RequestLimits(max_body_size=3), "application/json", [b"12", b"34"]),
        (RequestLimits(max_body_size=60), FORM, [multipart(('name="a"; filename="b"', b"x" * 9))]),
        (RequestLimits(max_form_parts=1), "application/x-www-form-urlencoded", [b"a=1&b=2"]),
        (RequestLimits(max_form_parts=1), FORM, [multipart(('name="a"', b""), ('name="b"', b""))]),
        (RequestLimits(max_part_size=2), FORM, [multipart(('name="a"', b"123"))]),
        (RequestLimits(), FORM, [b"--x\r\n" + b"a" * 20_000]),
    ],
)
async def test_what_is_too_large_is_a_413(limits: RequestLimits, type_: str, body: Iterable[bytes]) -> None:
    with pytest.raises(RequestTooLarge) as caught:
        await make(Client(*body), type_, limits).data()
    assert caught.value.status_code == 413


async def test_the_limits_themselves_are_allowed() -> None:
    limits = RequestLimits(max_body_size=7, max_form_parts=2)
    form = await make(Client(b"a=1&b=2"), "application/x-www-form-urlencoded", limits).form
    assert dict(form) == {"a": "1", "b": "2"}


async def test_a_stream_has_the_limit_of_the_body_too() -> None:
    with pytest.raises(RequestTooLarge):
        async for _ in make(Client(b"12", b"34"), limits=RequestLimits(max_body_size=3)).stream():
            pass


async def test_an_announced_length_beyond_the_limit_is_refused_before_anything_is_read() -> None:
    async def receive() -> Message:
        raise AssertionError("nothing may be read")

    headers = [(b"content-length", b"1000")]
    request = HttpRequest({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)
    request.limits = RequestLimits(max_body_size=999)
    with pytest.raises(RequestTooLarge):
        await request.body


@pytest.mark.parametrize("later_limit", [2, None])
@pytest.mark.parametrize("pieces", [[b"12345"], [b"12", b"345"], [b"12", b"345", b"6"]])
async def test_a_body_that_was_too_large_stays_refused(pieces: list[bytes], later_limit: int | None) -> None:
    request = make(Client(*pieces), limits=RequestLimits(max_body_size=4))
    with pytest.raises(RequestTooLarge):
        await request.body
    request.limits = RequestLimits(max_body_size=later_limit)
    for read in (request.body, anext(request.stream())):
        with pytest.raises(RequestTooLarge, match="4 bytes"):
            await read


async def test_a_stream_that_was_too_large_leaves_no_body() -> None:
    request = make(Client(b"123", b"4"), limits=RequestLimits(max_body_size=2))
    with pytest.raises(RequestTooLarge):
        await anext(request.stream())
    with pytest.raises(RequestTooLarge):
        await request.body


async def test_no_limit_is_no_limit() -> None:
    request = make(Client(b"x" * 1000), limits=RequestLimits(max_body_size=None))
    assert len(await request.body) == 1000


@pytest.mark.parametrize("name", ["max_body_size", "max_form_parts", "max_part_size"])
def test_a_limit_below_one_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        RequestLimits(**{name: 0})


async def test_a_client_that_leaves_in_the_middle_is_told_each_time() -> None:
    client = Client(b"ab", is_whole=False)
    client.leave()
    request = make(client)
    for _ in range(2):
        with pytest.raises(ClientDisconnect):
            await request.body
    assert await request.is_disconnected()


@pytest.fixture
def closed_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    closed: list[str] = []
    really_close = UploadFile.close

    def close(file: UploadFile) -> None:
        closed.append(file.filename)
        really_close(file)

    monkeypatch.setattr(UploadFile, "close", close)
    return closed


async def test_a_failed_upload_closes_the_files_that_came(closed_files: list[str]) -> None:
    body = multipart(('name="a"; filename="one"', b""), ('name="b"; filename="two"', b"123"))
    client = Client(body[:-10], is_whole=False)
    client.leave()
    with pytest.raises(ClientDisconnect):
        await make(client, FORM).form
    assert closed_files == ["one", "two"]


async def test_asking_whether_the_client_is_there_loses_nothing() -> None:
    client = Client(b"a", b"b", b"c")
    request = make(client)
    assert [await request.is_disconnected() for _ in range(5)] == [False] * 5
    assert await request.body == b"abc"
    assert not await request.is_disconnected()
    client.leave()
    assert await request.is_disconnected()
    await request.close()


async def test_asking_reads_ahead_only_so_far() -> None:
    pieces = [b"x" * 10_000] * 20
    client = Client(*pieces)
    request = make(client)
    assert not await request.is_disconnected()
    assert client.unread > 10
    assert await request.body == b"".join(pieces)
    await request.close()


async def test_waiting_for_the_client_to_leave_keeps_the_body_for_another_task() -> None:
    pieces = [b"x" * 10_000] * 20
    client = Client(*pieces)
    request = make(client)
    waiting = asyncio.ensure_future(request.wait_disconnected())
    await asyncio.sleep(0)
    assert await request.body == b"".join(pieces)
    assert not waiting.done()
    client.leave()
    await waiting
    await request.close()


async def test_time_limits_around_the_stream_lose_nothing() -> None:
    client = Client(b"a", b"b")
    request = make(client)
    assert not await request.is_disconnected()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await request.wait_disconnected()
    assert await request.body == b"ab"
    await request.close()


def test_a_response_header_is_one_line() -> None:
    request = make(Client())
    for name, value in (("a\r\nb", "c"), ("a", "b\nc"), ("a", "b\0")):
        with pytest.raises(ValueError, match="one line"):
            request.add_response_header(name, value)


async def test_a_request_is_a_connection() -> None:
    request = make(Client(b""), "text/plain")
    assert (request.method, request["path"], request.content_type.type) == ("POST", "/", "text/plain")
    assert request.client.host is None


@pytest.mark.parametrize(
    "error", [MalformedRequest("x"), RequestTooLarge("x"), UnsupportedMediaType("x", "y")]
)
def test_errors_of_a_request_are_answers(error: Any) -> None:
    assert isinstance(error, HTTPException)


async def test_a_message_that_is_no_piece_is_an_error_of_the_server() -> None:
    async def receive() -> Message:
        return {"type": "websocket.receive"}

    request = HttpRequest({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)
    with pytest.raises(RuntimeError, match=r"expected http\.request.*websocket\.receive"):
        await request.body


async def test_readers_and_watchers_may_wait_at_once() -> None:
    client = Client(b"a", is_whole=False)
    request = make(client)
    watching = [asyncio.ensure_future(request.wait_disconnected()) for _ in range(2)]
    reading = asyncio.ensure_future(_read(request))
    await asyncio.sleep(0)
    client.send(b"b")
    assert await reading == b"ab"
    client.leave()
    await asyncio.gather(*watching)


async def _read(request: HttpRequest) -> bytes:
    return await request.body


def test_an_upload_is_a_field_of_pydantic() -> None:
    schema: Any = UploadFile.__get_pydantic_core_schema__(UploadFile, None)
    assert schema == {"type": "is-instance", "cls": UploadFile}
    assert UploadFile.__get_pydantic_json_schema__(schema, None)["format"] == "binary"
