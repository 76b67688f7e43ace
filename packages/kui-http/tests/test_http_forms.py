"""Forms: fields and files, urlencoded or multipart, and the files that are closed at the end."""

import asyncio
from typing import Any

import pytest
from http_client import FORM, URLENCODED, Client, make, multipart

from kui.http import ClientDisconnect, HttpRequest, MalformedRequest, UploadFile


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


async def test_a_field_of_a_multipart_form_may_have_a_charset_of_its_own() -> None:
    own = ('name="a"\r\nContent-Type: text/plain; charset=ISO-8859-1', b"caf\xe9")
    form = await make(Client(multipart(own, ('name="b"', "é".encode()))), FORM).form
    assert (form["a"], form["b"]) == ("café", "é")


async def test_a_multipart_form_may_name_the_charset_of_the_fields_to_come() -> None:
    form = await make(Client(multipart(('name="_charset_"', b"latin-1"), ('name="a"', b"\xe9"))), FORM).form
    assert form["a"] == "é"


async def test_an_unknown_charset_of_a_field_is_a_400() -> None:
    wrong = ('name="a"\r\nContent-Type: text/plain; charset=nonsense', b"x")
    with pytest.raises(MalformedRequest, match="unknown charset"):
        await make(Client(multipart(wrong)), FORM).form


async def test_a_file_input_that_was_left_empty_is_no_field(closed_files: list[str]) -> None:
    nothing, content = ('name="a"; filename=""', b""), ('name="b"; filename=""', b"x")
    request = make(Client(multipart(nothing, content)), FORM)
    assert list(await request.form) == ["b"]
    assert closed_files == [""]
    await request.close()


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
    assert request.owns_something
    await request.close()
    assert closed_files == ["one"]


@pytest.mark.parametrize("type_", [FORM, "multipart/form-data", FORM + "; charset=nonsense"])
async def test_a_malformed_multipart_form_is_a_400_each_time(type_: str) -> None:
    request = make(Client(b"nothing"), type_)
    for _ in range(2):
        with pytest.raises(MalformedRequest):
            await request.form


@pytest.mark.parametrize("type_", ["multipart/form-data", "multipart/form-data; boundary=", FORM + "x" * 70])
async def test_a_multipart_form_needs_a_boundary(type_: str) -> None:
    with pytest.raises(MalformedRequest, match="boundary"):
        await make(Client(b""), type_).form


async def test_a_failed_upload_closes_the_files_that_came(closed_files: list[str]) -> None:
    body = multipart(('name="a"; filename="one"', b""), ('name="b"; filename="two"', b"123"))
    client = Client(body[:-10], is_whole=False)
    client.leave()
    with pytest.raises(ClientDisconnect):
        await make(client, FORM).form
    assert closed_files == ["one", "two"]


def test_an_upload_is_a_field_of_pydantic() -> None:
    schema: Any = UploadFile.__get_pydantic_core_schema__(UploadFile, None)
    assert schema == {"type": "is-instance", "cls": UploadFile}
    assert UploadFile.__get_pydantic_json_schema__(schema, None)["format"] == "binary"
