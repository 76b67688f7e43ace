"""The encoding of a class view: what `on_receive` gets, what `send` writes, what is refused."""

from typing import Any

import pytest
from websocket_peer import serve
from websocket_recorder import Recorder

from kui.core import JSONCodec
from kui.websocket import JSON, SocketView


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("anystr", ["1", b"2"]),
        ("json", [1, 2]),
        (JSON(), [1, 2]),
    ],
)
async def test_the_encoding_says_what_on_receive_gets(encoding: Any, expected: list[Any]) -> None:
    class View(Recorder):
        pass

    View.encoding = encoding
    async with serve(View) as peer:
        peer.deliver("1", b"2")
        peer.leave()
    assert View.calls == ["connect", *expected, ("disconnect", 1001)]


@pytest.mark.parametrize(("encoding", "wrong"), [("text", b"x"), ("bytes", "x")])
async def test_a_message_of_the_wrong_kind_closes_with_1003_without_a_traceback(
    encoding: Any, wrong: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    class View(Recorder):
        pass

    View.encoding = encoding
    right: str | bytes = "x" if encoding == "text" else b"x"
    async with serve(View) as peer:
        peer.deliver(right, wrong, right)
    assert View.calls == ["connect", right, ("disconnect", 1003)]
    assert peer.close() == (1003, None)
    assert not caplog.records


@pytest.mark.parametrize("encoding", ["json", JSON()])
@pytest.mark.parametrize("payload", ["{", "NaN", b"\xff"])
async def test_malformed_json_closes_with_1003_without_a_traceback(
    encoding: Any, payload: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    class View(Recorder):
        pass

    View.encoding = encoding
    async with serve(View) as peer:
        peer.deliver("1", payload)
    assert View.calls == ["connect", 1, ("disconnect", 1003)]
    assert peer.close() == (1003, None)
    assert not caplog.records


async def test_send_writes_what_the_encoding_makes_of_the_data() -> None:
    class Lines:
        def decode(self, payload: str | bytes) -> list[str]:
            if isinstance(payload, bytes):
                raise ValueError("lines are text")
            return payload.splitlines()

        def encode(self, data: list[str]) -> str | bytes:
            return "\n".join(data)

    class View(SocketView):
        encoding = Lines()

        async def on_receive(self, data: list[str]) -> None:
            await self.send([line.upper() for line in data])

    async with serve(View) as peer:
        peer.deliver("a\nb", b"x")
    assert peer.messages() == ["A\nB"]
    assert peer.close() == (1003, None)


async def test_the_json_of_a_view_is_written_and_read_by_the_sessions_codec() -> None:
    class Tagged(JSONCodec):
        def decode(self, payload: str | bytes) -> Any:
            return ["read", super().decode(payload)]

        def encode(self, value: Any) -> bytes:
            return super().encode(["written", value])

    class View(SocketView):
        encoding = "json"

        async def on_receive(self, data: Any) -> None:
            await self.send(data)

    async with serve(View, json_codec=Tagged()) as peer:
        peer.deliver("1")
        peer.leave()
    assert peer.messages() == ['["written",["read",1]]']


async def test_an_encoding_that_answers_refused_messages_goes_on_and_then_closes_with_1007() -> None:
    class Strict:
        def decode(self, payload: str | bytes) -> int:
            return int(payload)

        def encode(self, data: int) -> str:
            return str(data)

        def refuse(self, error: ValueError) -> str:
            return "refused"

    class View(Recorder):
        encoding = Strict()
        max_invalid = 2

    async with serve(View) as peer:
        peer.deliver("x", "1", "y", "z", "2")
    assert View.calls == ["connect", 1, ("disconnect", 1007)]
    assert peer.messages() == ["refused", "refused"]
    assert peer.close() == (1007, "too many invalid messages")


async def test_on_invalid_may_be_overridden() -> None:
    class View(Recorder):
        encoding = "json"

        async def on_invalid(self, error: ValueError) -> None:
            self.calls.append(str(error)[:14])

    async with serve(View) as peer:
        peer.deliver("{", "1")
        peer.leave()
    assert View.calls == ["connect", "malformed JSON", 1, ("disconnect", 1001)]
