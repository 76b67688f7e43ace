"""Class views (rules 13, 14, 25-28)."""

import asyncio
from typing import Any, ClassVar, cast

import pytest
from websocket_peer import serve, turns

from kui.core import HTTPException, JSONCodec, NoActiveConnection
from kui.testing import PROFILES, TestClient
from kui.websocket import (
    JSON,
    Encoding,
    InvalidState,
    SocketView,
    WebSocketClose,
    WebSocketDisconnect,
    websocket,
    websocket_session,
    websocket_var,
)

SERVERS = sorted(PROFILES)


class Recorder(SocketView):
    """Notes what is called; each test makes a subclass, and so a list, of its own."""

    calls: ClassVar[list[Any]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.calls = []

    async def on_connect(self) -> None:
        self.calls.append("connect")
        await websocket.accept()

    async def on_receive(self, data: Any) -> None:
        self.calls.append(data)

    async def on_disconnect(self, close_code: int) -> None:
        self.calls.append(("disconnect", close_code))


@pytest.mark.parametrize("server", SERVERS)
async def test_a_view_runs_connect_then_receive_for_each_message_then_disconnect(server: str) -> None:
    class View(Recorder):
        pass

    async with TestClient(websocket_session(View), server=server) as client, client.websocket("/") as ws:
        await ws.send_text("a")
        await ws.send_bytes(b"b")
        await ws.close(4444)
    profile = PROFILES[server]
    code = 4444 if profile.passes_client_code else profile.code_of_cut
    assert View.calls == ["connect", "a", b"b", ("disconnect", code)]


async def test_there_is_one_instance_per_connection_and_its_attributes_are_that_connections() -> None:
    class View(SocketView):
        async def on_connect(self) -> None:
            self.texts: list[str] = []
            await websocket.accept()

        async def on_receive(self, data: str) -> None:
            self.texts.append(data)
            await self.send("".join(self.texts))

    app = websocket_session(View)
    async with (
        TestClient(app) as client,
        client.websocket("/") as one,
        client.websocket("/") as two,
    ):
        for text in "ab":
            await one.send_text(text)
            await two.send_text(text.upper())
        assert [await one.receive_text(), await one.receive_text()] == ["a", "ab"]
        assert [await two.receive_text(), await two.receive_text()] == ["A", "AB"]


async def test_the_base_class_accepts_and_ignores_messages() -> None:
    async with serve(SocketView) as peer:
        peer.deliver("a")
        peer.leave()
    assert [event["type"] for event in peer.sent] == ["websocket.accept"]


@pytest.mark.parametrize("method", ["on_connect", "on_receive"])
async def test_when_a_method_raises_on_disconnect_gets_1011_and_the_socket_is_closed_after(
    method: str,
) -> None:
    class View(Recorder):
        async def on_connect(self) -> None:
            await super().on_connect()
            if method == "on_connect":
                raise KeyError("first")

        async def on_receive(self, data: Any) -> None:
            raise KeyError("first")

        async def on_disconnect(self, close_code: int) -> None:
            await super().on_disconnect(close_code)
            assert peer.close() is None

    peer = serve(View)
    with pytest.raises(KeyError):
        async with peer:
            peer.deliver("a")
    assert View.calls == ["connect", ("disconnect", 1011)]
    assert peer.close() == (1011, None)


async def test_a_failing_on_disconnect_never_hides_the_first_exception(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class View(Recorder):
        async def on_receive(self, data: Any) -> None:
            raise KeyError("first")

        async def on_disconnect(self, close_code: int) -> None:
            raise ZeroDivisionError("second")

    peer = serve(View)
    with pytest.raises(KeyError):
        async with peer:
            peer.deliver("a")
    assert [record.getMessage().rpartition("failed")[0] for record in caplog.records] == [
        "View.on_disconnect ",
        "the handler of <WebSocket '/' disconnected> ",
    ]


async def test_an_on_disconnect_that_fails_alone_is_the_failure() -> None:
    class View(Recorder):
        async def on_disconnect(self, close_code: int) -> None:
            await super().on_disconnect(close_code)
            raise ZeroDivisionError

    peer = serve(View)
    with pytest.raises(ZeroDivisionError):
        async with peer:
            peer.leave()
    assert View.calls == ["connect", ("disconnect", 1001)]


async def test_on_disconnect_does_not_run_when_on_connect_never_began() -> None:
    class View(Recorder):
        def __init__(self) -> None:
            raise KeyError("no instance")

    peer = serve(View)
    with pytest.raises(KeyError):
        async with peer:
            pass
    assert View.calls == []
    assert peer.status() == 500


@pytest.mark.parametrize("has_begun", [False, True])
async def test_a_bound_on_connect_says_when_it_begins(has_begun: bool) -> None:
    class View(Recorder):
        async def on_connect(self) -> None:
            if has_begun:
                self.begin()
            raise HTTPException(422)

    View.on_connect.calls_begin = True  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]
    async with serve(View) as peer:
        pass
    assert View.calls == ([("disconnect", 4422)] if has_begun else [])
    assert peer.status() == 422


@pytest.mark.parametrize("where", ["on_connect", "on_receive", "between"])
async def test_on_disconnect_runs_to_its_end_when_the_task_is_cancelled(where: str) -> None:
    class View(Recorder):
        async def on_connect(self) -> None:
            await super().on_connect()
            if where == "on_connect":
                await asyncio.Event().wait()

        async def on_receive(self, data: Any) -> None:
            await asyncio.Event().wait()

        async def on_disconnect(self, close_code: int) -> None:
            await turns()
            await super().on_disconnect(close_code)
            assert websocket == websocket_var.get()

    async with serve(View) as peer:
        if where == "on_receive":
            peer.deliver("a")
        await turns()
        await peer.cancel()
    assert View.calls == ["connect", ("disconnect", 1001)]
    assert peer.close() is None


@pytest.mark.parametrize("fails", [False, True])
async def test_an_on_disconnect_under_way_is_not_cut_by_a_cancellation(
    fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    class View(Recorder):
        async def on_disconnect(self, close_code: int) -> None:
            began.set()
            await turns()
            await super().on_disconnect(close_code)
            if fails:
                raise ZeroDivisionError

    began = asyncio.Event()
    async with serve(View) as peer:
        peer.leave()
        await began.wait()
        await peer.cancel()
    assert View.calls == ["connect", ("disconnect", 1001)]
    assert len(caplog.records) == fails


async def test_a_second_cancellation_cuts_on_disconnect_off(caplog: pytest.LogCaptureFixture) -> None:
    class View(Recorder):
        async def on_disconnect(self, close_code: int) -> None:
            began.set()
            await asyncio.Event().wait()

    began = asyncio.Event()
    async with serve(View) as peer:
        await turns()
        peer.task.cancel()
        await began.wait()
        await peer.cancel()
    assert [record.getMessage() for record in caplog.records] == [
        "View.on_disconnect was cut off in a cancelled task"
    ]


async def test_on_disconnect_in_a_cancelled_task_has_a_deadline(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class View(Recorder):
        async def on_disconnect(self, close_code: int) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr("kui.websocket.view.CLEAN_UP_SECONDS", 0.01)
    async with serve(View) as peer:
        await turns()
        await peer.cancel()
    assert len(caplog.records) == 1


async def test_an_on_disconnect_that_is_cancelled_from_within_is_a_cancellation() -> None:
    class View(Recorder):
        async def on_disconnect(self, close_code: int) -> None:
            raise asyncio.CancelledError

    peer = serve(View)
    with pytest.raises(asyncio.CancelledError):
        async with peer:
            peer.leave()


async def test_a_disconnect_of_another_socket_is_1011_for_the_view() -> None:
    class View(Recorder):
        async def on_receive(self, data: Any) -> None:
            raise WebSocketDisconnect(4444, "elsewhere", None)

    peer = serve(View)
    with pytest.raises(WebSocketDisconnect):
        async with peer:
            peer.deliver("a")
    assert View.calls == ["connect", ("disconnect", 1011)]


async def test_a_group_of_this_sockets_disconnects_gives_the_clients_code() -> None:
    class View(Recorder):
        async def on_receive(self, data: Any) -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(websocket.receive_text())

    async with serve(View) as peer:
        peer.deliver("a")
        peer.leave(4444)
    assert View.calls == ["connect", ("disconnect", 4444)]


async def test_a_group_of_cancellations_on_an_open_socket_is_a_normal_end() -> None:
    class View(Recorder):
        async def on_receive(self, data: Any) -> None:
            raise BaseExceptionGroup("", [asyncio.CancelledError()])

    async with serve(View) as peer:
        peer.deliver("a")
    assert View.calls == ["connect", ("disconnect", 1000)]
    assert peer.close() == (1000, None)


@pytest.mark.parametrize(
    ("error", "code"),
    cast("list[Any]", [(WebSocketClose(4001), 4001), (HTTPException(404), 4404), (InvalidState(), 1011)]),
)
async def test_on_disconnect_gets_the_code_that_the_exception_stands_for(error: Exception, code: int) -> None:
    class View(Recorder):
        async def on_receive(self, data: Any) -> None:
            raise error

    peer = serve(View)
    async with peer:
        peer.deliver("a")
        await asyncio.wait([peer.task])
        if code == 1011:
            with pytest.raises(InvalidState):
                peer.task.result()
            await peer.forget_failure()
    assert View.calls == ["connect", ("disconnect", code)]
    assert peer.close() == (code, None)


async def test_after_a_close_in_on_receive_no_further_message_comes() -> None:
    class View(Recorder):
        async def on_receive(self, data: Any) -> None:
            await super().on_receive(data)
            await websocket.close(4000)

    async with serve(View) as peer:
        peer.deliver("a", "b")
    assert View.calls == ["connect", "a", ("disconnect", 4000)]


@pytest.mark.parametrize("how", ["deny", "raise", "close"])
async def test_on_connect_may_refuse(how: str, caplog: pytest.LogCaptureFixture) -> None:
    class View(Recorder):
        async def on_connect(self) -> None:
            if how == "deny":
                await websocket.deny(401)
            elif how == "raise":
                raise HTTPException(401)
            else:
                await websocket.close()

    async with serve(View) as peer:
        pass
    assert peer.status() == (403 if how == "close" else 401)
    assert [call[0] for call in View.calls] == ["disconnect"]
    assert not caplog.records


async def test_an_on_connect_that_forgets_to_accept_is_told_so() -> None:
    class View(Recorder):
        async def on_connect(self) -> None:
            pass

    peer = serve(View)
    with pytest.raises(InvalidState, match=r"View\.on_connect returned without `await websocket\.accept"):
        async with peer:
            pass
    assert peer.status() == 500
    assert View.calls == [("disconnect", 1011)]


async def test_a_client_that_leaves_during_on_connect_is_a_normal_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class View(Recorder):
        async def on_connect(self) -> None:
            await websocket.wait_disconnected()
            await super().on_connect()

    async with serve(View) as peer:
        await turns()
        peer.leave(1006)
    assert View.calls == ["connect", ("disconnect", 1006)]
    assert not caplog.records


# Encodings


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("anystr", ["1", b"2"]),
        ("json", [1, 2]),
        (JSON(), [1, 2]),
    ],
)
async def test_the_encoding_says_what_on_receive_gets(
    encoding: str | Encoding[Any], expected: list[Any]
) -> None:
    class View(Recorder):
        pass

    View.encoding = encoding
    async with serve(View) as peer:
        peer.deliver("1", b"2")
        peer.leave()
    assert View.calls == ["connect", *expected, ("disconnect", 1001)]


@pytest.mark.parametrize(("encoding", "wrong"), [("text", b"x"), ("bytes", "x")])
async def test_a_message_of_the_wrong_kind_closes_with_1003_without_a_traceback(
    encoding: str, wrong: str | bytes, caplog: pytest.LogCaptureFixture
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
    encoding: str | Encoding[Any], payload: str | bytes, caplog: pytest.LogCaptureFixture
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


# The class


@pytest.mark.parametrize("name", ["on_connect", "on_receive", "on_disconnect", "on_invalid"])
def test_a_method_that_is_not_async_fails_when_the_class_is_defined(name: str) -> None:
    with pytest.raises(TypeError, match=rf"View\.{name} is a plain function: declare it with `async def`"):
        type("View", (SocketView,), {name: lambda *_: None})  # pyright: ignore[reportUnknownLambdaType]


async def test_mixins_and_subclasses_take_part() -> None:
    class Greets:
        async def on_connect(self) -> None:
            await websocket.accept()
            await websocket.send_text("hello")

    class View(Greets, SocketView):  # pyright: ignore[reportIncompatibleMethodOverride]
        pass

    class Child(View):
        async def on_receive(self, data: Any) -> None:
            await self.send(data)

    async with serve(Child) as peer:
        peer.deliver("a")
        peer.leave()
    assert peer.messages() == ["hello", "a"]


async def test_a_view_awaited_outside_of_a_connection_says_so() -> None:
    with pytest.raises(NoActiveConnection, match="`websocket` was used outside of a connection"):
        await SocketView()
