"""A request as a connection: what it knows, and how it hears that its client has left."""

import asyncio
from typing import Any

import pytest
from http_client import Client, make, read_body

from kui.core import HTTPException
from kui.http import (
    BodyConsumed,
    ClientDisconnect,
    HttpResponse,
    MalformedRequest,
    RequestTooLarge,
    UnsupportedMediaType,
)


async def test_a_client_that_leaves_in_the_middle_is_told_each_time() -> None:
    client = Client(b"ab", is_whole=False)
    client.leave()
    request = make(client)
    for _ in range(2):
        with pytest.raises(ClientDisconnect):
            await request.body
    assert await request.is_disconnected()


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


async def test_a_body_that_nobody_reads_may_be_thrown_away_to_hear_of_the_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kui.http.incoming.UNREAD_SECONDS", 0.01)
    client = Client(*[b"x" * 10_000] * 20)
    request = make(client)
    client.leave()
    await request.wait_disconnected(keep_body=False)
    with pytest.raises(BodyConsumed, match="waited for a reader"):
        await request.body


async def test_a_body_that_has_a_slow_reader_is_not_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kui.http.incoming.UNREAD_SECONDS", 0.01)
    pieces = [b"x" * 10_000] * 20
    client = Client(*pieces)
    request = make(client)
    reading = request.stream()
    read = [await anext(reading)]
    waiting = asyncio.ensure_future(request.wait_disconnected(keep_body=False))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await asyncio.shield(waiting)
    async for piece in reading:
        read.append(piece)
    client.leave()
    await waiting
    assert read == pieces


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
    for value in ("b\nc", "b\0"):
        with pytest.raises(ValueError, match="one line"):
            request.add_response_header("a", value)


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "é"])
def test_the_name_of_a_response_header_is_a_token(name: str) -> None:
    with pytest.raises(ValueError, match="is a token"):
        make(Client()).add_response_header(name, "c")
    with pytest.raises(ValueError, match="is a token"):
        _ = HttpResponse(200, {name: "c"}).headers


async def test_a_request_is_a_connection() -> None:
    request = make(Client(b""), "text/plain")
    assert (request.method, request["path"], request.content_type.type) == ("POST", "/", "text/plain")
    assert request.client.host is None


@pytest.mark.parametrize(
    "error", [MalformedRequest("x"), RequestTooLarge("x"), UnsupportedMediaType("x", "y")]
)
def test_errors_of_a_request_are_answers(error: Any) -> None:
    assert isinstance(error, HTTPException)


async def test_readers_and_watchers_may_wait_at_once() -> None:
    client = Client(b"a", is_whole=False)
    request = make(client)
    watching = [asyncio.ensure_future(request.wait_disconnected()) for _ in range(2)]
    reading = asyncio.ensure_future(read_body(request))
    await asyncio.sleep(0)
    client.send(b"b")
    assert await reading == b"ab"
    client.leave()
    await asyncio.gather(*watching)
