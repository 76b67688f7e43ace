"""The user guide, the object `websocket`: managing, sending, receiving, and the table of its properties."""

from collections.abc import Callable
from typing import Any

import pytest
from baize.datastructures import URL, Address, Headers, QueryParams
from websockets.asyncio.client import connect

from kui.asgi import Kui, State, websocket
from serving import served
from user_guide import closed, connected, in_handler, with_both_implementations

pytestmark = with_both_implementations


async def test_the_lines_of_connection_management_accept_close_and_ask(ws: str) -> None:
    app = Kui()
    handler = in_handler(
        """
        await websocket.accept()
        await websocket.close(code=1000)
        is_closed = await websocket.is_disconnected()
        return is_closed
        """
    )
    answers: list[bool] = []

    @app.router.websocket("/ws")
    async def ws_handler() -> None:
        answers.append(await handler())

    async with connected(app, "/ws", ws) as client:
        assert await closed(client) == 1000
    assert answers == [True]


async def test_the_lines_of_sending_send_text_bytes_and_json(ws: str) -> None:
    app = Kui()
    send = in_handler(
        r"""
        await websocket.send_text("hello")
        await websocket.send_bytes(b"\x00\x01")
        await websocket.send_json({"key": "value"})
        """
    )

    @app.router.websocket("/ws")
    async def ws_handler() -> None:
        await websocket.accept()
        await send()

    async with connected(app, "/ws", ws) as client:
        assert [await client.recv() for _ in range(3)] == ["hello", b"\x00\x01", '{"key":"value"}']


async def test_the_lines_of_receiving_receive_text_bytes_json_and_iterate(
    ws: str, capsys: pytest.CaptureFixture[str]
) -> None:
    app = Kui()
    receive = in_handler(
        """
        text = await websocket.receive_text()
        data = await websocket.receive_bytes()
        obj = await websocket.receive_json()

        # iterate over JSON messages until the client leaves
        async for msg in websocket.iter_json():
            print(msg)
        return text, data, obj
        """
    )
    received: list[Any] = []

    @app.router.websocket("/ws")
    async def ws_handler() -> None:
        await websocket.accept()
        received.extend(await receive())

    async with connected(app, "/ws", ws) as client:
        for message in ("hello", b"\x00\x01", '{"key":"value"}', "[1]", '"last"'):
            await client.send(message)
    assert received == ["hello", b"\x00\x01", {"key": "value"}]
    assert capsys.readouterr().out == "[1]\nlast\n"


def the_url(url: URL) -> bool:
    return (url.scheme, url.path, url.query) == ("ws", "/ws/blue", "a=1&a=2&b=3")


def the_headers(headers: Headers) -> bool:
    return headers["X-Token"] == "secret"


def the_query_params(query: QueryParams) -> bool:
    return (query.getlist("a"), query["b"]) == (["1", "2"], "3")


def the_path_params(params: dict[str, Any]) -> bool:
    return params == {"room": "blue"}


def the_client(client: Address) -> bool:
    return client.host == "127.0.0.1" and isinstance(client.port, int)


def the_cookies(cookies: dict[str, str]) -> bool:
    return cookies == {"theme": "dark"}


def the_state(state: State) -> bool:
    return state == {} and not hasattr(state, "user")


def the_app(app: Kui) -> bool:
    return app.router.url_for("ws_handler", {"room": "blue"}) == "/ws/blue"


@pytest.mark.parametrize(
    ("attribute", "type_", "is_right"),
    [
        ("url", URL, the_url),
        ("headers", Headers, the_headers),
        ("query_params", QueryParams, the_query_params),
        ("path_params", dict, the_path_params),
        ("client", Address, the_client),
        ("cookies", dict, the_cookies),
        ("state", State, the_state),
        ("app", Kui, the_app),
    ],
)
async def test_a_property_of_the_connection_has_the_type_of_the_table(
    ws: str, attribute: str, type_: type[Any], is_right: Callable[[Any], bool]
) -> None:
    app = Kui()
    seen: list[Any] = []

    @app.router.websocket("/ws/{room}")
    async def ws_handler() -> None:
        seen.append(getattr(websocket, attribute))
        await websocket.accept()

    headers = {"X-Token": "secret", "Cookie": "theme=dark"}
    async with connected(app, "/ws/blue?a=1&a=2&b=3", ws, additional_headers=headers):
        pass
    (value,) = seen
    assert isinstance(value, type_)
    assert is_right(value)


async def test_the_state_of_a_connection_can_be_changed_and_is_its_own(ws: str) -> None:
    app = Kui()

    @app.router.websocket("/ws")
    async def ws_handler() -> None:
        websocket.state.visits = websocket.state.get("visits", 0) + 1
        await websocket.accept()
        await websocket.send_json(websocket.state.visits)

    with served(app, ws) as address:
        for _ in range(2):
            async with connect(f"ws://{address}/ws") as client:
                assert await client.recv() == "1"
