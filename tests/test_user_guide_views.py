"""The user guide, class views: the methods of the sample, and its encodings."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from kui.asgi import Kui
from user_guide import closed, connected, run_sample, with_both_implementations

pytestmark = with_both_implementations

CLASS_VIEW = """
    from kui.asgi import SocketView, websocket

    @app.router.websocket("/chat")
    class ChatView(SocketView):
        encoding = "json"  # "text" | "bytes" | "json" | "anystr"

        async def on_connect(self):
            await websocket.accept()

        async def on_receive(self, data):
            await websocket.send_json({"echo": data})

        async def on_disconnect(self, close_code: int):
            pass
"""


async def test_the_class_view_of_the_guide_echoes_json(ws: str) -> None:
    async with connected(run_sample(CLASS_VIEW)["app"], "/chat", ws) as client:
        await client.send('{"text":"hello"}')
        assert await client.recv() == '{"echo":{"text":"hello"}}'


@contextmanager
def recorded_view(**attributes: Any) -> Generator[tuple[Kui, list[Any]]]:
    """An application with the guide's view, which notes what happens."""
    calls: list[Any] = []
    namespace = run_sample(CLASS_VIEW)

    guide_view: Any = namespace["ChatView"]

    class Recorded(guide_view):  # type: ignore[misc]
        async def on_connect(self) -> None:
            calls.append("on_connect")
            await guide_view.on_connect(self)

        async def on_receive(self, data: Any) -> None:
            calls.append(data)

        async def on_disconnect(self, close_code: int) -> None:
            calls.append(close_code)

    app = Kui()
    app.router.websocket("/chat")(type("View", (Recorded,), attributes))
    yield app, calls


async def test_on_connect_is_called_when_a_client_connects_and_accepts_there(ws: str) -> None:
    with recorded_view() as (app, calls):
        async with connected(app, "/chat", ws):
            assert calls == ["on_connect"]


async def test_on_receive_is_called_for_each_message(ws: str) -> None:
    with recorded_view() as (app, calls):
        async with connected(app, "/chat", ws) as client:
            await client.send("1")
            await client.send("[2]")
        assert calls == ["on_connect", 1, [2], 1000]


async def test_on_disconnect_is_called_with_the_close_code_when_the_connection_closes(ws: str) -> None:
    with recorded_view() as (app, calls):
        async with connected(app, "/chat", ws) as client:
            await client.close(4321)
        assert calls == ["on_connect", 4321]


@pytest.mark.parametrize(
    ("encoding", "sent", "data"),
    [
        ("anystr", "text", "text"),
        ("anystr", b"\x00\x01", b"\x00\x01"),
        ("anystr", "", ""),
        ("anystr", b"", b""),
        ("text", "text", "text"),
        ("bytes", b"\x00\x01", b"\x00\x01"),
        ("json", '{"a": [1, "b", null]}', {"a": [1, "b", None]}),
        ("json", b'{"a": 1}', {"a": 1}),
    ],
)
async def test_the_encoding_decides_what_data_is(ws: str, encoding: str, sent: Any, data: Any) -> None:
    with recorded_view(encoding=encoding) as (app, calls):
        async with connected(app, "/chat", ws) as client:
            await client.send(sent)
        assert calls == ["on_connect", data, 1000]


@pytest.mark.parametrize(("encoding", "sent"), [("text", b"bytes"), ("bytes", "text"), ("json", "{no json")])
async def test_what_the_encoding_does_not_take_closes_the_connection_with_1003(
    ws: str, encoding: str, sent: Any
) -> None:
    with recorded_view(encoding=encoding) as (app, calls):
        async with connected(app, "/chat", ws) as client:
            await client.send(sent)
            assert await closed(client) == 1003
        assert calls == ["on_connect", 1003]
