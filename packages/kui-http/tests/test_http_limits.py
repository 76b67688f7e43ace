"""What is too large is a 413, and stays one; the limits themselves are allowed."""

from collections.abc import Iterable
from typing import Any

import pytest
from http_client import FORM, Client, make, multipart

from kui.core import Message
from kui.http import HttpRequest, RequestLimits, RequestTooLarge


async def test_empty_file_inputs_count_as_parts() -> None:
    body = multipart(*[('name="a"; filename=""', b"")] * 3)
    with pytest.raises(RequestTooLarge):
        await make(Client(body), FORM, RequestLimits(max_form_parts=2)).form


async def test_a_form_that_is_too_large_is_a_413_each_time() -> None:
    request = make(Client(multipart(('name="a"', b"123"))), FORM, RequestLimits(max_part_size=2))
    for _ in range(2):
        with pytest.raises(RequestTooLarge):
            await request.form


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
    mebibyte = b"x" * 2**20
    request = make(Client(*[mebibyte] * 101), limits=RequestLimits(max_body_size=None))  # the default is 100
    assert sum([len(piece) async for piece in request.stream()]) == 101 * 2**20


@pytest.mark.parametrize(
    ("name", "value"), [("max_form_parts", None), ("max_part_size", None), ("max_body_size", True)]
)
def test_a_limit_that_is_no_number_is_refused(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=name):
        RequestLimits(**{name: value})


@pytest.mark.parametrize("name", ["max_body_size", "max_form_parts", "max_part_size"])
def test_a_limit_below_one_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        RequestLimits(**{name: 0})
