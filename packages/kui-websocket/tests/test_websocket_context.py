"""The context and the connection's parts."""

import asyncio
import inspect
import pydoc
from collections.abc import AsyncIterator
from contextvars import copy_context
from typing import Any, assert_type, cast
from unittest.mock import MagicMock

import pytest
from websocket_peer import scope_of, serve, turns

from kui.core import (
    Endpoint,
    HTTPConnection,
    NoActiveConnection,
    http_connection,
    http_connection_var,
)
from kui.websocket import WebSocket, websocket, websocket_session, websocket_var
from kui.websocket.context import WebSocketProxy

METHODS = sorted(WebSocketProxy.__slots__)
NAMES = {name for name in dir(WebSocket) if not name.startswith("_")}


async def test_the_proxy_means_the_connection_of_the_task_and_of_tasks_that_it_starts() -> None:
    seen: list[bool] = []

    async def child(connection: WebSocket) -> None:
        seen.append(websocket_var.get() is connection)

    async def handler() -> None:
        connection = websocket_var.get()
        seen.append(http_connection_var.get() is connection)
        await asyncio.create_task(child(connection))
        await asyncio.gather(child(connection), child(connection))
        await websocket.close()

    async with serve(handler), serve(handler):
        pass
    assert seen == [True] * 8


async def test_it_is_set_before_the_middlewares_run_and_the_last_middleware_is_the_outermost() -> None:
    order: list[str] = []

    def named(name: str) -> Any:
        def middleware(endpoint: Endpoint) -> Endpoint:
            async def around() -> None:
                order.append(f"{name} {websocket['path']}")
                await endpoint()

            return around

        return middleware

    async with serve(handler_that_accepts, middlewares=[named("inner"), named("outer")]):
        pass
    assert order == ["outer /", "inner /"]


async def handler_that_accepts() -> None:
    await websocket.accept()


@pytest.mark.parametrize("end", ["return", "raise"])
async def test_the_context_is_as_before_when_the_connection_has_ended(end: str) -> None:
    async def handler() -> None:
        await websocket.accept()
        if end == "raise":
            raise KeyError

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        pass

    before = dict(copy_context())
    try:
        await websocket_session(handler)(scope_of(), receive, send)
    except KeyError:
        assert end == "raise"
    assert dict(copy_context()) == before


async def test_outside_of_a_connection_each_use_says_so() -> None:
    uses: list[Any] = [
        lambda: websocket.path_params,
        lambda: websocket["path"],
        lambda: len(websocket),
        lambda: list(websocket),
        lambda: "path" in websocket,
        lambda: setattr(websocket, "x", 1),
        lambda: delattr(websocket, "x"),
        lambda: websocket == 1,
        *(lambda name=name: getattr(websocket, name)(*[None] * required(name)) for name in METHODS),
        *(lambda name=name: getattr(websocket, name) for name in NAMES - set(METHODS)),
    ]
    for use in uses:
        with pytest.raises(NoActiveConnection, match="`websocket` was used outside of a connection"):
            use()
    assert issubclass(NoActiveConnection, LookupError)
    assert not websocket
    assert repr(websocket) == "<`websocket` outside of a connection>"


def required(name: str) -> int:
    parameters = inspect.signature(getattr(websocket, name)).parameters.values()
    return sum(parameter.default is parameter.empty for parameter in parameters)


async def test_the_proxy_answers_like_the_object() -> None:
    async def handler() -> None:
        connection = websocket_var.get()
        assert repr(websocket) == repr(connection) == "<WebSocket '/' connecting>"
        assert websocket
        assert websocket == connection
        assert connection == websocket
        assert isinstance(websocket, WebSocket)
        assert isinstance(websocket, HTTPConnection)
        assert isinstance(http_connection, WebSocket)
        assert dir(websocket) == dir(connection)
        assert "path" in websocket
        assert len(websocket) == len(connection) == len(list(websocket))
        websocket["note"] = 1
        assert connection["note"] == 1
        del websocket["note"]
        assert "note" not in connection
        cast(Any, websocket).note = 1
        assert vars(connection)["note"] == 1
        del cast(Any, websocket).note
        assert not hasattr(connection, "note")

    async with serve(handler):
        pass


@pytest.mark.parametrize("name", METHODS)
def test_a_method_of_the_proxy_has_the_signature_of_the_classs(name: str) -> None:
    def shape(function: Any) -> list[tuple[str, Any, Any]]:
        return [
            (parameter.name, parameter.default, parameter.kind)
            for parameter in inspect.signature(function).parameters.values()
        ]

    (self, *parameters) = shape(getattr(WebSocket, name))
    assert self[0] == "self"
    assert shape(getattr(websocket, name)) == parameters


def test_every_public_method_that_runs_for_messages_is_spelled_out_on_the_proxy() -> None:
    slow = {"release"}
    methods = {
        name
        for class_ in WebSocket.__mro__[: WebSocket.__mro__.index(HTTPConnection)]
        for name, value in vars(class_).items()
        if inspect.isfunction(value) and not name.startswith("_")
    }
    assert methods - slow == set(METHODS)


@pytest.mark.parametrize("name", ["websocket", "http_connection", "websocket_var.get()"])
async def test_an_attribute_that_a_connection_is_given_is_seen_through_the_proxy(name: str) -> None:
    givers = {"websocket": websocket, "http_connection": http_connection}

    async def handler() -> None:
        cast(Any, givers.get(name) or websocket_var.get()).nickname = "ada"
        for proxy in (websocket, http_connection, websocket_var.get()):
            assert cast(Any, proxy).nickname == "ada"
        del cast(Any, websocket).nickname
        assert not hasattr(websocket, "nickname")

    async with serve(handler):
        pass


async def test_the_names_of_a_subclass_are_seen_through_the_proxy() -> None:
    class Mixin:
        def __init_subclass__(cls) -> None: ...

    class Player(Mixin, WebSocket):
        level = 1

        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            self.lives = 3

    async def handler() -> None:
        player = cast(Player, websocket)
        assert (player.level, player.lives, vars(player)["lives"]) == (1, 3, 3)

    async with serve(handler, websocket_class=Player):
        pass


async def test_the_object_of_a_unit_test_is_seen_through_the_proxy() -> None:
    mock = MagicMock(spec=WebSocket)
    mock.user = "ada"
    token = websocket_var.set(mock)
    assert cast(Any, websocket).user == "ada"
    websocket_var.reset(token)
    with pytest.raises(NoActiveConnection):
        _ = cast(Any, websocket).user


def test_a_subclass_of_the_proxy_may_have_methods_of_its_own() -> None:
    class Loud(WebSocketProxy):
        __slots__ = ()

        def send_text(self, data: str) -> str:
            return data.upper()

    assert Loud().send_text("a") == "A"


def test_help_tells_of_the_proxy_what_it_tells_of_the_class() -> None:
    text = pydoc.plain(pydoc.render_doc(websocket))
    for sentence in ("Send a text message", "The URL of the request"):
        assert sentence in text


async def test_a_subclass_of_ones_own_is_used_through_the_proxy() -> None:
    class Loud(WebSocket):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            self.heard = 0

        async def accept(self, subprotocol: str | None = None) -> None:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
            await super().accept(subprotocol)

        async def receive_text(self) -> str:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
            self.heard += 1
            return (await super().receive_text()).upper()

        async def receive_bytes(self) -> bytes:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
            return b"<" + await super().receive_bytes() + b">"

        async def send_text(self, data: str) -> None:
            await super().send_text(data + "!")

        async def receive_json(self, mode: str = "text") -> Any:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
            return [await super().receive_json()]

        async def receive_payload(self) -> str | bytes:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
            return await super().receive_payload()

        async def send_json(self, data: object) -> None:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
            await super().send_json({"data": data})

        async def close(self, code: int = 1000) -> None:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
            await super().close(code, "mine")

        async def shout(self, data: str) -> None:
            await self.send_text(data.upper())

    async def handler() -> None:
        mine = cast(Loud, websocket)
        assert isinstance(mine, Loud)
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.send_bytes(await websocket.receive_bytes())
        await mine.shout("b")
        assert mine.heard == 1
        await websocket.send_json(await websocket.receive_json())
        assert await websocket.receive_payload() == "y"
        await websocket.close()

    async with serve(handler, websocket_class=Loud) as peer:
        peer.deliver("a", b"x", "1", "y")
    assert peer.messages() == ["A!", b"<x>", "B!", '{"data":[1]}']
    assert peer.close() == (1000, "mine")


async def test_every_method_works_through_the_proxy() -> None:
    class Model:
        @staticmethod
        def model_validate_json(data: str | bytes) -> int:
            return int(data)

    async def handler() -> None:
        assert websocket.negotiate(["a"]) == "a"
        await websocket.accept(headers={"x": "y"})
        got: list[Any] = [
            await websocket.receive_text(1),
            await websocket.receive_bytes(1),
            await websocket.receive_payload(1),
            await websocket.receive_json("text", 1),
            await websocket.receive_model(Model, 1),
            (await websocket.receive())["text"],
        ]
        assert got == ["a", b"b", "c", 1, 2, "d"]
        iterators: list[AsyncIterator[Any]] = [
            websocket.iter_text(),
            websocket.iter_bytes(),
            websocket.iter_payloads(),
            websocket.iter_json(),
            websocket.iter_models(Model),
        ]
        assert [await anext(iterator) for iterator in iterators] == ["e", b"f", "g", 3, 4]
        await websocket.send({"type": "websocket.send", "text": "a"})
        await websocket.send_bytes(b"b")
        await websocket.send_payload("c")
        await websocket.send_json([1])
        assert not await websocket.is_disconnected()
        await websocket.close(4000, "bye")
        assert await websocket.wait_disconnected() == 4000

    async with serve(handler, subprotocols=["a"]) as peer:
        peer.deliver("a", b"b", "c", "1", "2", "d", "e", b"f", "g", "3", "4")
    assert peer.messages() == ["a", b"b", "c", "[1]"]


async def test_a_type_checker_sees_the_connection_in_the_proxy() -> None:
    async def handler() -> None:
        assert_type(websocket, WebSocket)
        assert_type(await websocket.accept(), None)
        assert_type(await websocket.receive_text(), str)
        assert_type(await websocket.receive_payload(), str | bytes)
        assert_type([text async for text in websocket], list[str])
        assert_type(websocket.path_params, dict[str, Any])

    async with serve(handler) as peer:
        peer.deliver("a", "b", "c")
        peer.leave()


async def test_async_for_takes_texts_from_the_proxy_and_from_the_connection() -> None:
    got: list[str] = []

    async def handler() -> None:
        await websocket.accept()
        got.append(await anext(websocket))
        async for text in websocket:
            got.append(text)
            break
        got.extend([text async for text in websocket_var.get()])

    async with serve(handler) as peer:
        peer.deliver("a", "b", "c", "")
        peer.leave()
    assert got == ["a", "b", "c", ""]


async def test_async_for_outside_of_a_connection_says_so() -> None:
    with pytest.raises(NoActiveConnection):
        aiter(websocket)
    with pytest.raises(NoActiveConnection):
        await anext(websocket)


async def test_two_connections_in_one_task_are_apart() -> None:
    async def outer() -> None:
        await websocket.accept()
        async with serve(inner) as other:
            other.deliver("in")
        await websocket.send_text("out")

    async def inner() -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())

    async with serve(outer) as peer:
        await turns()
    assert peer.messages() == ["out"]
