"""Class views: one instance for each connection, and the order of its methods."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
from websocket_peer import SERVERS, serve, turns
from websocket_recorder import Recorder

from kui.core import HTTPException, NoActiveConnection
from kui.testing import PROFILES, TestClient
from kui.websocket import InvalidState, SocketView, websocket, websocket_session


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


@pytest.mark.parametrize("has_begun", [False, True])
async def test_a_bound_on_connect_says_when_it_begins(has_begun: bool) -> None:
    class View(Recorder):
        async def on_connect(self) -> None:
            if has_begun:
                self.__kui_begin__()
            raise HTTPException(422)

    View.on_connect.calls_begin = True  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]
    async with serve(View) as peer:
        pass
    assert View.calls == ([("disconnect", 4422)] if has_begun else [])
    assert peer.status() == 422


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


def plain(*args: object) -> None:
    """Is not async."""


@pytest.mark.parametrize("name", ["on_connect", "on_receive", "on_disconnect", "on_invalid"])
def test_a_method_that_is_not_async_fails_when_the_class_is_defined(name: str) -> None:
    with pytest.raises(TypeError, match=rf"View\.{name} is a plain function: declare it with `async def`"):
        type("View", (SocketView,), {name: plain})


async def test_a_method_may_be_wrapped_in_a_plain_function() -> None:
    def logged(method: Callable[..., Any]) -> Any:
        @functools.wraps(method)
        def wrapper(*args: Any) -> Any:
            calls.append(args[1:])
            return method(*args)

        return wrapper

    calls: list[Any] = []

    class View(SocketView):
        @logged
        async def on_receive(self, data: str) -> None:
            await self.send(data)

    async with serve(View) as peer:
        peer.deliver("a")
        peer.leave()
    assert (peer.messages(), calls) == (["a"], [("a",)])


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
