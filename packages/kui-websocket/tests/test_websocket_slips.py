"""Wrong arguments, and servers that fail: what is raised, and that nobody waits for ever."""

import functools
import json
import math
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websocket_peer import serve

from kui.core import HTTPException, JSONCodec, Message
from kui.websocket import (
    Bytes,
    Limits,
    SocketSession,
    SocketView,
    Text,
    websocket,
    websocket_session,
)
from kui.websocket.receiving import Mode


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


def test_on_receive_without_the_message_is_refused_when_the_class_is_defined() -> None:
    with pytest.raises(
        TypeError, match=r"Chat\.on_receive is called with one argument: write `async def on_receive\("
    ):
        type("Chat", (SocketView,), {"on_receive": nothing})


@pytest.mark.parametrize("number", ["x", None])
def test_max_invalid_is_a_number(number: Any) -> None:
    with pytest.raises(TypeError, match=r"Chat\.max_invalid is a number of messages; got"):
        type("Chat", (SocketView,), {"max_invalid": number})


@pytest.mark.parametrize("number", [-1, math.nan])
def test_max_invalid_is_not_negative(number: float) -> None:
    with pytest.raises(ValueError, match=r"Chat\.max_invalid is not negative; got"):
        type("Chat", (SocketView,), {"max_invalid": number})


def test_max_invalid_may_be_without_limit() -> None:
    class Chat(SocketView):
        max_invalid = math.inf

    websocket_session(Chat)


def with_a_user(method: Any) -> Any:
    @functools.wraps(method)
    async def wrapper(self: Any, *arguments: Any) -> None:
        await method(self, *arguments, "ada")

    return wrapper


async def test_a_wrapper_may_give_what_a_method_asks_for() -> None:
    seen: list[object] = []

    class Chat(SocketView):
        @with_a_user
        async def on_connect(self, user: str) -> None:
            seen.append(user)
            await websocket.accept()

        @with_a_user
        async def on_receive(self, data: str, user: str) -> None:
            seen.append((data, user))

    async with serve(Chat) as peer:
        peer.deliver("hello")
        peer.leave()
    assert seen == ["ada", ("hello", "ada")]


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


async def generates() -> AsyncIterator[str]:
    yield ""


class NotAwaited:
    """Is no view."""


class Room(SocketView):
    async def on_connect(self, room: str) -> None:
        """Ask for a parameter."""


class Moves(SocketView):
    async def on_receive(self, data: Any, room: str) -> None:
        """Ask for a parameter."""


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
        (generates, "the endpoint generates is an async generator function, whose call cannot be awaited"),
        (
            NotAwaited,
            "the instances of NotAwaited cannot be awaited: derive it from SocketView, or write an __await__",
        ),
        (
            Room,
            r"Room\.on_connect\(.*\) -> None asks for parameters: missing .* auto_params\(Room, \"websocket\"\)",
        ),
        (Moves, r"Moves\.on_receive\(.*\) -> None asks for parameters: missing a required argument: 'room'"),
    ],
)
def test_an_endpoint_that_could_not_serve_is_refused_at_once(endpoint: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        websocket_session(endpoint)


def test_methods_of_a_view_may_be_static_or_of_the_class() -> None:
    class Static(SocketView):
        @staticmethod
        async def on_connect() -> None:  # pyright: ignore
            """Need no self."""

        @classmethod
        async def on_receive(cls, data: Any) -> None:  # pyright: ignore
            """Need no self."""

    websocket_session(Static)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"limits": 5}, "limits are Limits(...), such as Limits(idle_timeout=30); got 5"),
        ({"limits": {"idle_timeout": 5}}, "limits are Limits(...)"),
        (
            {"websocket_class": dict},
            "the websocket_class of a session is WebSocket or a subclass; got <class 'dict'>",
        ),
        ({"websocket_class": "WebSocket"}, "the websocket_class of a session is WebSocket or a subclass"),
        (
            {"json_codec": json},
            "the json_codec of a session is a JSONCodec, or of a subclass; got <module 'json'",
        ),
        ({"middlewares": 5}, "the middlewares of a session are a list of functions; got 5"),
        ({"middlewares": [5]}, "a middleware is a function from an endpoint to an endpoint; got 5"),
    ],
)
def test_an_argument_of_another_kind_is_refused_at_once(arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(TypeError, match=re.escape(problem)):
        websocket_session(SocketView, **arguments)


@pytest.mark.parametrize("name", ["handler", "find", "other", "answer"])
def test_a_function_of_a_session_is_one(name: str) -> None:
    wrong: dict[str, Any] = {name: 5}
    with pytest.raises(TypeError, match=f"the {name} of a session is a function; got 5"):
        SocketSession(**wrong)


@pytest.mark.parametrize("mode", ["text", "binary"])
async def test_a_codec_that_encodes_to_text_is_told_so(mode: Mode) -> None:
    class Codec(JSONCodec):
        def encode(self, value: object) -> bytes:
            text: Any = json.dumps(value)
            return text  # type: ignore[no-any-return]

    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(
            TypeError, match=r"Codec\.encode has to return bytes, and returned str; write \.encode\(\)"
        ):
            await websocket.send_json([1], mode)

    async with serve(handler, json_codec=Codec()) as peer:
        pass
    assert peer.messages() == []


async def test_a_timeout_is_a_number() -> None:
    async def handler() -> None:
        await websocket.accept()
        wrong: Any = "1"
        with pytest.raises(
            TypeError, match="a timeout is a number of seconds, or None for no limit; got '1'"
        ):
            await websocket.receive_text(timeout=wrong)

    async with serve(handler):
        pass


@pytest.mark.parametrize("status", [101, 200, 299, 600, "403"])
@pytest.mark.parametrize("is_accepted", [False, True])
async def test_an_httpexception_of_a_status_that_does_not_refuse_is_an_error(
    status: Any, is_accepted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler() -> None:
        if is_accepted:
            await websocket.accept()
        raise HTTPException(status)

    async with serve(handler) as peer:
        await peer.forget_failure()
    assert (peer.close() if is_accepted else peer.status()) == ((1011, None) if is_accepted else 500)
    assert caplog.records[0].exc_info
    assert f"with a status from 300 to 599; got {status!r}" in str(caplog.records[0].exc_info[1])


# What a server gives against ASGI


ODD = [
    {"type": "websocket.receive"},
    {"type": "websocket.receive", "text": None, "bytes": None},
    {"type": "odd"},
]


@pytest.mark.parametrize("event", ODD)
async def test_an_event_without_payload_is_shown_and_not_kept(event: Message) -> None:
    async def handler() -> None:
        await websocket.accept()
        for receive in (websocket.receive_text, websocket.receive_bytes, websocket.receive_payload):
            with pytest.raises(RuntimeError, match="the server gave an event with neither text nor bytes: "):
                await receive()
        assert await websocket.receive_text() == "next"

    async with serve(handler) as peer:
        peer.deliver(event, event, event, "next")


@pytest.mark.parametrize("event", ODD)
async def test_a_view_gets_no_event_without_payload(event: Message) -> None:
    seen: list[object] = []

    class View(SocketView):
        async def on_receive(self, data: object) -> None:
            seen.append(data)

    async with serve(View) as peer:
        peer.deliver("a", event)
        await peer.forget_failure()
    assert (seen, peer.close()) == (["a"], (1011, None))


@pytest.mark.parametrize("call", ["accept", "receive"])
async def test_a_server_that_does_not_begin_with_connect_is_told_so(call: str) -> None:
    async def handler() -> None:
        await getattr(websocket, call)()

    async with serve(handler, connects=False) as peer:
        peer.deliver("too early")
        await peer.forget_failure()
    error = peer.task.exception()
    assert isinstance(error, RuntimeError)
    assert "the server has to begin with websocket.connect, and gave {'type': 'websocket.receive'" in str(
        error
    )


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
