"""Generators that deal with what the handler raises, or translate it: what the client is told, the log and the server."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Annotated, Any

import pytest

from kui.asgi import Depends, HTTPException, HttpRoute, Kui, SocketRoute, websocket


class DomainError(Exception): ...


async def swallow() -> AsyncIterator[None]:
    with suppress(DomainError):
        yield


def swallow_in_a_thread() -> Iterator[None]:
    with suppress(DomainError):
        yield


async def translate() -> AsyncIterator[None]:
    try:
        yield
    except DomainError:
        raise HTTPException(418) from None


async def told(app: Kui, type_: str) -> tuple[int | None, bool]:
    """Return what a client is told, a status or a close code, and whether the server hears of the error."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": type_,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "method": "GET",
        "path": "/",
        "headers": [],
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }
    try:
        await app(scope, receive, send)
    except DomainError:
        is_raised = True
    else:
        is_raised = False
    [answer] = [message for message in sent if message.keys() & {"status", "code"}]
    return answer.get("status", answer.get("code")), is_raised


HANDLER, ANSWER, CLEAN_UP = "the handler of", "the answer to", "a clean-up of"


@pytest.mark.parametrize(
    ("type_", "call", "cache", "status", "is_raised", "logged"),
    [
        ("http", swallow, True, 500, False, [ANSWER]),
        ("http", swallow, False, 500, True, [ANSWER]),  # for there is no response
        ("http", translate, True, 500, True, [CLEAN_UP, ANSWER]),
        ("http", translate, False, 418, False, []),
        ("websocket", swallow, True, 1011, False, [HANDLER]),
        ("websocket", swallow, False, 1000, False, []),
        ("websocket", translate, True, 1011, True, [HANDLER, CLEAN_UP]),
        ("websocket", translate, False, 4418, False, []),
    ],
)
async def test_what_a_kept_dependency_does_comes_after_the_answer_and_what_another_does_before(
    type_: str,
    call: Any,
    cache: bool,
    status: int,
    is_raised: bool,
    logged: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def endpoint(it: Annotated[None, Depends(call, cache=cache)]) -> None:
        if type_ == "websocket":
            await websocket.accept()
        raise DomainError

    route: Any = {"http": HttpRoute, "websocket": SocketRoute}[type_]
    assert await told(Kui(routes=[route("/", endpoint)]), type_) == (status, is_raised)
    messages = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert [message[: len(words)] for message, words in zip(messages, logged, strict=True)] == logged


@pytest.mark.parametrize(("cache", "status"), [(True, 500), (False, 403)])
async def test_a_handshake_is_refused_before_a_kept_dependency_hears_of_it(cache: bool, status: int) -> None:
    async def endpoint(it: Annotated[None, Depends(swallow, cache=cache)]) -> None:
        raise DomainError

    assert await told(Kui(routes=[SocketRoute("/", endpoint)]), "websocket") == (status, False)


async def test_a_generator_in_a_thread_deals_with_it_as_another_does(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def endpoint(it: Annotated[None, Depends(swallow_in_a_thread, use_thread=True)]) -> None:
        raise DomainError

    assert await told(Kui(routes=[HttpRoute("/", endpoint)]), "http") == (500, False)
    assert "the answer to GET / failed" in caplog.text
