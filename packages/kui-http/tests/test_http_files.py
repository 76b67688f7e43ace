"""Files: whole, in ranges, or not at all because the client has them."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from http_files import CONTENT, get
from hypothesis import given
from hypothesis import strategies as st

from kui.core import Message, Scope
from kui.http import FileResponse, HttpRequest, http_session
from kui.http.ranges import is_fresh, parse_range
from kui.testing import TestClient


async def test_a_file_is_sent_with_its_type_and_tags(site: Path) -> None:
    answer = await get(FileResponse(site / "a.txt", {"X-Id": "7"}, chunk_size=3))
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert (answer.headers["content-type"], answer.headers["content-length"]) == ("text/plain", "10")
    assert (answer.headers["accept-ranges"], answer.headers["x-id"]) == ("bytes", "7")
    assert "content-disposition" not in answer.headers


async def test_head_of_a_file_has_its_length(site: Path) -> None:
    answer = await get(FileResponse(site / "a.txt"), method="HEAD")
    assert (answer.content, answer.headers["content-length"]) == (b"", "10")


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.txt", 'attachment; filename="a.txt"'),
        ('é"\r\n.txt', "attachment; filename=\"____.txt\"; filename*=utf-8''%C3%A9%22%0D%0A.txt"),
    ],
)
async def test_a_file_may_be_offered_for_saving(site: Path, name: str, header: str) -> None:
    answer = await get(FileResponse(site / "a.txt", download_name=name))
    assert answer.headers["content-disposition"] == header


async def test_a_text_beside_a_path_is_the_name_to_save_it_under_and_a_number_the_status(site: Path) -> None:
    async def answer(value: Any) -> tuple[int, str | None, str | None]:
        async def endpoint() -> Any:
            return value

        async with TestClient(http_session(endpoint), lifespan="off") as client:
            response = await client.get("/")
        assert response.content == CONTENT
        return response.status_code, response.headers.get("content-disposition"), response.headers.get("x-id")

    path, headers = site / "a.txt", {"X-Id": "7"}
    assert await answer((path, "b.txt")) == (200, 'attachment; filename="b.txt"', None)
    assert await answer((path, "b.txt", headers)) == (200, 'attachment; filename="b.txt"', "7")
    assert await answer((path, 202)) == (202, None, None)
    assert await answer((path, 202, headers)) == (202, None, "7")


async def test_a_name_that_is_not_utf_8_may_be_offered(site: Path) -> None:
    answer = await get(FileResponse(site / "a.txt", download_name=os.fsdecode(b"a\xff\xc3\xa9.txt")))
    assert (
        answer.headers["content-disposition"]
        == "attachment; filename=\"a__.txt\"; filename*=utf-8''a_%C3%A9.txt"
    )


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("a.tar.gz", "application/gzip"),
        ("a.txt.bz2", "application/x-bzip2"),
        ("a.tgz", "application/gzip"),
        ("a.txt.xz", "application/x-xz"),
        ("a.txt.br", "application/octet-stream"),
    ],
)
def test_a_compressed_file_has_the_type_of_its_compression(site: Path, name: str, type_: str) -> None:
    assert FileResponse(site / "a.txt", download_name=name).headers["content-type"] == type_


def test_what_is_no_file_is_refused(site: Path) -> None:
    with pytest.raises(IsADirectoryError, match="is a directory"):
        FileResponse(site)
    with pytest.raises(FileNotFoundError):
        FileResponse(site / "absent")


@pytest.mark.parametrize(
    ("asked", "content", "content_range"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=8-", b"89", "bytes 8-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=5-99", b"56789", "bytes 5-9/10"),
        ("bytes=-99", CONTENT, "bytes 0-9/10"),
        ("Bytes = 0-1, 2-3,1-2", b"0123", "bytes 0-3/10"),
    ],
)
async def test_a_range_is_a_206(site: Path, asked: str, content: bytes, content_range: str) -> None:
    answer = await get(FileResponse(site / "a.txt"), range=asked)
    assert (answer.status_code, answer.content) == (206, content)
    assert (answer.headers["content-range"], answer.headers["content-length"]) == (
        content_range,
        str(len(content)),
    )


async def test_several_ranges_are_parts(site: Path) -> None:
    answer = await get(FileResponse(site / "a.txt"), range="bytes=8-9,0-1")
    type_, _, boundary = answer.headers["content-type"].partition("; boundary=")
    assert (answer.status_code, type_) == (206, "multipart/byteranges")
    assert int(answer.headers["content-length"]) == len(answer.content)
    head = f"\r\n--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes "
    assert answer.text == f"{head}0-1/10\r\n\r\n01{head}8-9/10\r\n\r\n89\r\n--{boundary}--\r\n"


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", "bytes=-0"])
async def test_a_range_beyond_the_file_is_a_416(site: Path, asked: str) -> None:
    answer = await get(FileResponse(site / "a.txt"), range=asked)
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */10")


async def test_a_416_has_the_headers_of_its_response(site: Path) -> None:
    response = FileResponse(site / "a.txt", {"X-Id": "7"}, download_name="a.txt")
    response.set_cookie("a", "1")
    answer = await get(response, range="bytes=10-")
    assert (answer.headers["x-id"], answer.headers["content-length"]) == ("7", "0")
    assert answer.headers["set-cookie"].startswith("a=1;")
    assert {"content-type", "content-disposition"}.isdisjoint(answer.headers)


@pytest.mark.parametrize(
    "asked", ["lines=0-1", "bytes", "bytes=3-1", "bytes=a-b", "bytes=1--2", "bytes=,", "bytes=0-," * 60]
)
async def test_a_range_that_makes_no_sense_is_ignored(site: Path, asked: str) -> None:
    assert (await get(FileResponse(site / "a.txt"), range=asked)).status_code == 200


async def test_a_range_of_another_version_is_ignored(site: Path) -> None:
    headers = (await get(FileResponse(site / "a.txt"))).headers
    for condition, status in ((headers["etag"], 206), (headers["last-modified"], 206), ('"old"', 200)):
        answer = await get(FileResponse(site / "a.txt"), range="bytes=0-0", if_range=condition)
        assert answer.status_code == status


async def test_a_weak_tag_is_no_condition_for_a_range(site: Path) -> None:
    response = FileResponse(site / "a.txt", {"etag": 'W/"1"'})
    assert (await get(response, range="bytes=0-0", if_range='W/"1"')).status_code == 200


async def test_empty_elements_of_a_range_do_not_count(site: Path) -> None:
    assert (await get(FileResponse(site / "a.txt"), range="bytes=0-1,,5-5")).status_code == 206


async def test_the_parts_of_several_ranges_have_the_type_of_the_response(site: Path) -> None:
    answer = await get(FileResponse(site / "a.txt", {"content-type": "text/css"}), range="bytes=0-1,8-9")
    assert answer.text.count("Content-Type: text/css\r\n") == 2


async def test_tags_may_come_in_several_lines(site: Path) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    response = FileResponse(site / "a.txt")
    tags = [(b"if-none-match", response.headers["etag"].encode()), (b"if-none-match", b'"other"')]
    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": tags}
    await response(scope, HttpRequest(scope).receive_for_response(), send)
    assert sent[0]["status"] == 304


@pytest.mark.parametrize("asked", ["bytes=0-3", "bytes=0-0,8-9", "bytes=10-"])
@pytest.mark.parametrize("method", ["HEAD", "POST"])
async def test_a_range_counts_for_get_alone(site: Path, method: str, asked: str) -> None:
    answer = await get(FileResponse(site / "a.txt"), method=method, range=asked)
    assert (answer.status_code, answer.headers["content-length"]) == (200, "10")
    assert "content-range" not in answer.headers


async def test_one_response_may_answer_many_requests(site: Path) -> None:
    response = FileResponse(site / "a.txt", {"Content-Type": "text/css"})
    for asked, status, content in (
        ("bytes=0-1,8-9", 206, None),
        ("bytes=1-2", 206, b"12"),
        ("", 200, CONTENT),
    ):
        answer = await get(response, range=asked)
        assert answer.status_code == status
        assert content is None or (answer.content, answer.headers["content-type"]) == (content, "text/css")
    assert "content-range" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("condition", "header"), [("if_none_match", "etag"), ("if_modified_since", "last-modified")]
)
async def test_a_file_that_the_client_has_is_a_304(
    site: Path, method: str, condition: str, header: str
) -> None:
    response = FileResponse(site / "a.txt", {"Cache-Control": "no-cache"}, download_name="a.txt")
    response.set_cookie("a", "1")
    full = await get(response)
    answer = await get(response, method=method, range="bytes=0-1", **{condition: full.headers[header]})
    assert (answer.status_code, answer.content) == (304, b"")
    for name in ("etag", "last-modified", "cache-control", "set-cookie"):
        assert answer.headers[name] == full.headers[name]
    about_content = {"content-type", "content-length", "content-disposition", "content-range"}
    assert about_content.isdisjoint(answer.headers)


async def test_a_tag_goes_before_a_time_and_another_version_may_be_had_in_ranges(site: Path) -> None:
    response = FileResponse(site / "a.txt")
    modified = (await get(response)).headers["last-modified"]
    answer = await get(response, if_none_match='"old"', if_modified_since=modified, range="bytes=0-1")
    assert (answer.status_code, answer.content) == (206, b"01")


async def test_what_the_client_has_does_not_count_for_post_and_for_errors(site: Path) -> None:
    for response, method in (
        (FileResponse(site / "a.txt"), "POST"),
        (FileResponse(site / "a.txt", status_code=404), "GET"),
    ):
        headers = (await get(response, method=method)).headers
        for names in ({"if_none_match": "*"}, {"if_modified_since": headers["last-modified"]}):
            answer = await get(response, method=method, **names)
            assert (answer.status_code, answer.content) == (response.status_code, CONTENT)


async def test_a_response_may_have_a_tag_and_a_time_of_its_own_or_none(site: Path) -> None:
    own = {"ETag": 'W/"7"', "Last-Modified": "Thu, 01 Jan 2099 00:00:00 GMT"}
    response = FileResponse(site / "a.txt", own)
    assert (await get(response, if_none_match='"6", W/"7"')).status_code == 304
    assert (await get(response, if_modified_since=own["Last-Modified"])).status_code == 304
    assert (await get(response, if_modified_since="Wed, 31 Dec 2098 23:59:59 GMT")).status_code == 200
    for name in own:
        del response.headers[name]
    for condition in ('"6", W/"7",', own["Last-Modified"]):
        answer = await get(response, if_none_match=condition, if_range=condition, range="bytes=0-0")
        assert answer.status_code == 200
    assert (await get(response, if_modified_since=own["Last-Modified"])).status_code == 200


async def test_a_file_is_read_no_further_when_its_client_has_left(site: Path) -> None:
    (site / "big").write_bytes(CONTENT * 1000)
    client_leaves = asyncio.Event()
    pieces = 0

    async def receive() -> Message:
        await client_leaves.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal pieces
        if message["type"] == "http.response.body":
            pieces += 1
            client_leaves.set()
            await asyncio.sleep(0)

    async def endpoint() -> Any:
        return FileResponse(site / "big", chunk_size=10)

    scope: Scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    await http_session(endpoint)(scope, receive, send)
    assert pieces < 1000


async def test_a_file_that_becomes_shorter_is_an_error(site: Path) -> None:
    response = FileResponse(site / "a.txt")
    (site / "a.txt").write_bytes(b"012")
    with pytest.raises(RuntimeError, match="shorter"):
        await get(response)


@given(st.binary(max_size=30).map(lambda raw: raw.decode("latin-1")), st.integers(0, 20))
def test_any_range_header_is_within_the_file_or_ignored(text: str, size: int) -> None:
    for header in (text, "bytes=" + text):
        for start, stop in parse_range(header, size) or ():
            assert 0 <= start < stop <= size


@pytest.mark.parametrize(
    ("if_none_match", "if_modified_since", "fresh"),
    [
        ('"a"', "", True),
        ('"b",', "", False),
        ('W/"a"', "", True),
        ('"b", "a"', "", True),
        ("*", "", True),
        ('"b"', "Thu, 01 Jan 1970 00:01:00 GMT", False),
        ("", "Thu, 01 Jan 1970 00:01:00 GMT", True),
        ("", "Thu, 01 Jan 1970 00:00:59 GMT", False),
        ("", "yesterday", False),
        ("", "", False),
    ],
)
def test_a_copy_is_fresh_by_its_tag_or_its_time(
    if_none_match: str, if_modified_since: str, fresh: bool
) -> None:
    modified = "Thu, 01 Jan 1970 00:01:00 GMT"
    assert is_fresh('"a"', modified, if_none_match, if_modified_since) is fresh
