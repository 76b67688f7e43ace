"""Wrong arguments, and servers that fail: what is raised, and that nobody waits for ever."""

import functools
from typing import Any

import pytest
from websocket_peer import serve

from kui.core import Message
from kui.websocket import Bytes, Limits, SocketView, Text, websocket, websocket_session


async def test_a_server_that_fails_at_the_handshake_is_not_asked_again() -> None:
    asked: list[str] = []

    async def failing() -> Message:
        asked.append("receive")
        raise OSError("the transport is gone")

    peer = serve(SocketView)
    peer.wrap_receive = lambda receive: failing
    async with peer:
        await peer.forget_failure()
    assert isinstance(peer.task.exception(), OSError)
    assert (asked, peer.status()) == (["receive"], 500)


@pytest.mark.parametrize("response", ["no", None, 404.0])
async def test_a_handshake_is_not_refused_with_what_is_no_response(response: Any) -> None:
    async def handler() -> None:
        with pytest.raises(TypeError, match="a handshake is refused with a status or with a response; got"):
            await websocket.deny(response)
        await websocket.accept()

    async with serve(handler) as peer:
        pass
    assert peer.close() == (1000, None)


@pytest.mark.parametrize("name", ["", "x token", "é", "x:"])
async def test_the_name_of_a_header_is_a_token(name: str) -> None:
    async def handler() -> None:
        with pytest.raises(ValueError, match=r"the name of a header is a token of RFC 9110"):
            await websocket.accept(headers={name: "1"})
        await websocket.accept()

    async with serve(handler) as peer:
        pass
    assert "headers" not in peer.sent[0]


@pytest.mark.parametrize("header", [("x-count", 1), (1, "x"), 5])
async def test_headers_are_pairs_of_texts(header: Any) -> None:
    async def handler() -> None:
        with pytest.raises(
            TypeError, match="headers are pairs of a name and a value, both str or bytes; got"
        ):
            await websocket.accept(headers=[header])
        await websocket.accept()

    async with serve(handler) as peer:
        pass
    assert "headers" not in peer.sent[0]


def test_on_disconnect_without_its_argument_is_refused_when_the_class_is_defined() -> None:
    with pytest.raises(TypeError) as error:
        type("Chat", (SocketView,), {"on_disconnect": nothing})
    assert str(error.value) == (
        "Chat.on_disconnect is called with one argument: write `async def on_disconnect(self, close_code)`"
    )


def test_on_invalid_without_its_argument_is_refused_when_the_class_is_defined() -> None:
    with pytest.raises(TypeError, match=r"write `async def on_invalid\(self, error\)`"):
        type("Chat", (SocketView,), {"on_invalid": nothing})


def test_on_disconnect_may_have_arguments_of_its_own_with_defaults() -> None:
    class Chat(SocketView):
        async def on_disconnect(self, close_code: int, quietly: bool = True) -> None: ...

    assert Chat.encoding == "anystr"


async def nothing(self: Any) -> None: ...


@pytest.mark.parametrize("buffer", [64, (64,), (64, 0), ("64", "1")])
def test_a_buffer_is_two_numbers(buffer: Any) -> None:
    with pytest.raises(ValueError, match="receive_buffer is two positive numbers, messages and bytes; got"):
        Limits(receive_buffer=buffer)


@pytest.mark.parametrize(
    ("encoding", "data", "message"),
    [
        (Text(), b"x", 'encoding = "text" sends a str, got bytes; "anystr" sends bytes too'),
        (Bytes(), "x", 'encoding = "bytes" sends bytes, got str; "anystr" sends a str too'),
    ],
)
def test_an_encoding_of_one_kind_sends_no_other(encoding: Any, data: Any, message: str) -> None:
    with pytest.raises(TypeError) as error:
        encoding.encode(data)
    assert str(error.value) == message


@pytest.mark.parametrize("data", [b"x", bytearray(b"x"), memoryview(b"x")])
def test_bytes_of_any_kind_are_sent_as_bytes(data: Any) -> None:
    assert type(Bytes().encode(data)) is bytes


def plain() -> None:
    """Is not async."""


async def asks(room: str) -> None:
    """Asks for an argument."""


class Asks(SocketView):
    def __init__(self, room: str) -> None:
        """Ask for an argument."""


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        (5, "an endpoint is an async callable without arguments; got 5"),
        (plain, "the endpoint plain is a plain function: declare it with `async def`"),
        (
            asks,
            r"called without arguments; asks\(room: str\) -> None says: missing a required argument: 'room'",
        ),
        (
            Asks,
            r"called without arguments; Asks\(room: str\) -> None says: missing a required argument: 'room'",
        ),
    ],
)
def test_an_endpoint_that_could_not_serve_is_refused_at_once(endpoint: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        websocket_session(endpoint)


async def test_a_lambda_and_a_wrapper_that_return_a_coroutine_are_endpoints() -> None:
    async def accepts() -> None:
        await websocket.accept()

    @functools.wraps(accepts)
    def wrapper() -> Any:
        return accepts()

    for endpoint in (lambda: accepts(), wrapper, functools.partial(accepts)):
        async with serve(endpoint) as peer:
            pass
        assert peer.close() == (1000, None)
