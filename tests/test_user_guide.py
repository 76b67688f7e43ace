"""The user guide of WebSockets, sentence by sentence: each sample as it is printed, served by uvicorn."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from textwrap import dedent, indent
from typing import Any

import pytest
from baize.datastructures import URL, Address, Headers, QueryParams
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from kui.asgi import Kui, SocketView, State, WebSocketDisconnect, websocket
from serving import served

pytestmark = pytest.mark.parametrize("ws", ["websockets-sansio", "wsproto"])

Namespace = dict[str, Any]


def run_sample(sample: str, **names: Any) -> Namespace:
    """Run a sample as a module that has an application, as the guide's samples have."""
    namespace: Namespace = {"app": Kui(), **names}
    exec(compile(dedent(sample), "user guide", "exec"), namespace)
    return namespace


def in_handler(sample: str) -> Callable[[], Any]:
    """Make a handler of a sample that stands inside of one."""
    source = "async def handler():\n" + indent(dedent(sample), "    ")
    namespace: Namespace = {"websocket": websocket}
    exec(compile(source, "user guide", "exec"), namespace)
    handler: Callable[[], Any] = namespace["handler"]
    return handler


@asynccontextmanager
async def connected(app: Kui, path: str, ws: str, **options: Any) -> AsyncGenerator[ClientConnection]:
    with served(app, ws) as address:
        async with asyncio.timeout(20), connect(f"ws://{address}{path}", **options) as client:
            yield client


async def closed(client: ClientConnection) -> int:
    await client.wait_closed()
    assert client.close_code is not None
    return client.close_code


FUNCTION_HANDLER = """
    from kui.asgi import websocket

    @app.router.websocket("/ws")
    async def ws_handler():
        await websocket.accept()
        async for data in websocket.iter_json():
            await websocket.send_json({"echo": data})
"""

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

PARAMETERS = """
    from typing_extensions import Annotated
    from kui.asgi import Query

    @app.router.websocket("/ws")
    class AuthenticatedWS(SocketView):
        encoding = "json"

        async def on_connect(self):
            await websocket.accept()

        async def on_receive(self, data):
            await websocket.send_json(data)
"""

DECORATOR = """
    @app.router.websocket("/ws", name="websocket")
    async def ws_handler():
        ...
"""

ROUTE_OBJECT = """
    from kui.asgi import SocketRoute

    app.router <<= SocketRoute("/ws", ws_handler, name="websocket")
"""

GROUP = """
    from kui.asgi import Routes, SocketRoute

    ws_routes = Routes(
        SocketRoute("/chat", chat_handler),
        SocketRoute("/notifications", notify_handler),
    )
    app.router <<= "/ws" // ws_routes
"""


# -- function handlers -------------------------------------------------------------------------------------------


async def test_the_function_handler_of_the_guide_echoes_json(ws: str) -> None:
    async with connected(run_sample(FUNCTION_HANDLER)["app"], "/ws", ws) as client:
        for message in ('{"text":"hello"}', "[1,2.5,null]", '"你好"'):
            await client.send(message)
            assert await client.recv() == f'{{"echo":{message}}}'


async def test_a_function_handler_manages_the_life_of_the_connection_itself(ws: str) -> None:
    app = Kui()

    @app.router.websocket("/ws")
    async def ask_and_close() -> None:
        await websocket.accept()
        await websocket.send_text("your name?")
        await websocket.send_text(f"bye {await websocket.receive_text()}")
        await websocket.close(4000)

    async with connected(app, "/ws", ws) as client:
        assert await client.recv() == "your name?"
        await client.send("ada")
        assert await client.recv() == "bye ada"
        assert await closed(client) == 4000


async def test_polling_is_disconnected_discards_no_message_of_the_client(ws: str) -> None:
    app = Kui()

    @app.router.websocket("/ws")
    async def poll() -> None:
        await websocket.accept()
        received: list[str] = []
        while len(received) < 20:
            is_closed = await websocket.is_disconnected()
            assert is_closed is False
            received.append(await websocket.receive_text())
            assert await websocket.is_disconnected() is False
        await websocket.send_json(received)

    async with connected(app, "/ws", ws) as client:
        for number in range(20):
            await client.send(str(number))
        assert await client.recv() == "[" + ",".join(f'"{number}"' for number in range(20)) + "]"


async def test_iter_json_ends_when_the_client_leaves(ws: str) -> None:
    ended: list[str] = []
    app = Kui()

    @app.router.websocket("/ws")
    async def collect() -> None:
        await websocket.accept()
        async for data in websocket.iter_json():
            ended.append(data)
        ended.append("ended")

    async with connected(app, "/ws", ws) as client:
        await client.send('"a"')
    assert ended == ["a", "ended"]


async def test_a_receive_raises_a_websocket_disconnect_that_can_be_caught(ws: str) -> None:
    caught: list[int] = []
    app = Kui()

    @app.router.websocket("/ws")
    async def wait() -> None:
        await websocket.accept()
        try:
            await websocket.receive_text()
        except WebSocketDisconnect as error:
            caught.append(error.code)

    async with connected(app, "/ws", ws) as client:
        await client.close(4444, "bye")
    assert caught == [4444]


# -- class views -------------------------------------------------------------------------------------------------


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


# -- the websocket object ----------------------------------------------------------------------------------------


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


# -- parameters --------------------------------------------------------------------------------------------------


async def test_the_view_with_parameters_of_the_guide_echoes(ws: str) -> None:
    app = run_sample(PARAMETERS, SocketView=SocketView, websocket=websocket)["app"]
    async with connected(app, "/ws", ws) as client:
        await client.send('{"a":1}')
        assert await client.recv() == '{"a":1}'


async def test_query_parameters_are_taken_with_annotated_in_a_function_handler(ws: str) -> None:
    app = run_sample(
        """
        from typing_extensions import Annotated
        from kui.asgi import Query, websocket

        @app.router.websocket("/ws")
        async def ws_handler(token: Annotated[str, Query()], page: Annotated[int, Query(1)]):
            await websocket.accept()
            await websocket.send_json([token, page])
        """
    )["app"]
    async with connected(app, "/ws?token=abc&page=7", ws) as client:
        assert await client.recv() == '["abc",7]'


async def test_a_handshake_without_its_parameters_is_refused_with_what_is_wrong(ws: str) -> None:
    app = run_sample(
        """
        from typing_extensions import Annotated
        from kui.asgi import Query, websocket

        @app.router.websocket("/ws")
        async def ws_handler(page: Annotated[int, Query()]):
            await websocket.accept()
        """
    )["app"]
    with pytest.raises(InvalidStatus) as refused:
        async with connected(app, "/ws?page=x", ws):
            pass
    assert refused.value.response.status_code == 422
    assert b'"in":"query"' in refused.value.response.body.replace(b" ", b"")


async def test_query_parameters_can_be_read_from_websocket_query_params(ws: str) -> None:
    app = Kui()

    @app.router.websocket("/ws")
    async def ws_handler() -> None:
        await websocket.accept()
        await websocket.send_text(websocket.query_params["token"])

    async with connected(app, "/ws?token=a%20b", ws) as client:
        assert await client.recv() == "a b"


# -- routes ------------------------------------------------------------------------------------------------------


async def test_the_decorator_registers_a_route_with_a_name(ws: str) -> None:
    namespace = run_sample(DECORATOR)
    assert namespace["app"].router.url_for("websocket") == "/ws"
    assert namespace["ws_handler"].__name__ == "ws_handler"
    with pytest.raises(InvalidStatus) as refused:  # the sample's handler does nothing, and so refuses
        async with connected(namespace["app"], "/ws", ws):
            pass
    assert refused.value.response.status_code == 403


async def test_a_route_object_registers_the_same_route(ws: str) -> None:
    handler = run_sample(FUNCTION_HANDLER)["ws_handler"]
    app = run_sample(ROUTE_OBJECT, ws_handler=handler)["app"]
    assert app.router.url_for("websocket") == "/ws"
    async with connected(app, "/ws", ws) as client:
        await client.send("1")
        assert await client.recv() == '{"echo":1}'


async def test_routes_group_websocket_routes_under_a_prefix(ws: str) -> None:
    async def chat_handler() -> None:
        await websocket.accept()
        await websocket.send_text("chat")

    async def notify_handler() -> None:
        await websocket.accept()
        await websocket.send_text("notifications")

    app = run_sample(GROUP, chat_handler=chat_handler, notify_handler=notify_handler)["app"]
    with served(app, ws) as address:
        for name in ("chat", "notifications"):
            async with connect(f"ws://{address}/ws/{name}") as client:
                assert await client.recv() == name
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{address}/chat")
        assert refused.value.response.status_code == 404


# -- middlewares -------------------------------------------------------------------------------------------------


def noting(calls: list[str], name: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """A middleware: it takes an endpoint, an async callable without arguments, and returns another one."""

    def middleware(endpoint: Callable[[], Any]) -> Callable[[], Any]:
        async def noted() -> None:
            calls.append(f"{name} before")
            await endpoint()
            calls.append(f"{name} after")

        return noted

    return middleware


async def echo_once() -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())


async def test_a_middleware_is_put_on_one_route_with_the_at_operator(ws: str) -> None:
    calls: list[str] = []
    app = run_sample(
        """
        from kui.asgi import SocketRoute

        app.router <<= SocketRoute("/ws", handler) @ ws_auth_middleware
        """,
        handler=echo_once,
        ws_auth_middleware=noting(calls, "auth"),
    )["app"]
    app.router.websocket("/plain", name="plain")(echo_once)
    with served(app, ws) as address:
        for path in ("/plain", "/ws"):
            async with connect(f"ws://{address}{path}") as client:
                await client.send("hello")
                assert await client.recv() == "hello"
                assert await closed(client) == 1000
    assert calls == ["auth before", "auth after"]


async def test_socket_middlewares_are_on_every_websocket_route_of_the_application(ws: str) -> None:
    calls: list[str] = []
    app = run_sample(
        """
        from kui.asgi import Kui

        app = Kui(socket_middlewares=[ws_logging_middleware])
        """,
        ws_logging_middleware=noting(calls, "log"),
    )["app"]
    app.router.websocket("/a")(echo_once)
    app.router.websocket("/b", name="b")(echo_once)
    with served(app, ws) as address:
        for path in ("/a", "/b"):
            async with connect(f"ws://{address}{path}") as client:
                await client.send("hello")
                assert await client.recv() == "hello"
                assert await closed(client) == 1000
    assert calls == ["log before", "log after"] * 2


async def test_a_middleware_may_refuse_the_handshake(ws: str) -> None:
    app = run_sample(
        """
        from kui.asgi import HTTPException, SocketRoute, websocket

        def ws_auth_middleware(endpoint):
            async def authenticated():
                if websocket.headers.get("authorization") != "Bearer secret":
                    raise HTTPException(401, {"WWW-Authenticate": "Bearer"})
                await endpoint()
            return authenticated

        app.router <<= SocketRoute("/ws", handler) @ ws_auth_middleware
        """,
        handler=echo_once,
    )["app"]
    with served(app, ws) as address:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{address}/ws")
        assert refused.value.response.status_code == 401
        assert refused.value.response.headers["WWW-Authenticate"] == "Bearer"
        async with connect(
            f"ws://{address}/ws", additional_headers={"Authorization": "Bearer secret"}
        ) as client:
            await client.send("hello")
            assert await client.recv() == "hello"


# -- server-sent events ------------------------------------------------------------------------------------------


async def test_server_sent_events_stand_in_where_there_is_no_websocket(ws: str) -> None:
    app = run_sample(
        """
        from kui.asgi import SendEventResponse

        @app.router.http("/events")
        async def events():
            async def generator():
                for number in range(3):
                    yield {"event": "tick", "data": str(number)}
            return SendEventResponse(generator())
        """
    )["app"]
    with served(app, ws) as address:
        host, port = address.split(":")
        async with asyncio.timeout(20):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(f"GET /events HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
    assert b"content-type: text/event-stream" in answer.lower()
    assert [line for line in answer.split(b"\n") if line.startswith(b"data")] == [
        b"data: 0",
        b"data: 1",
        b"data: 2",
    ]


async def test_an_error_in_a_handler_closes_with_1011_and_says_nothing_on_the_wire(
    ws: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = Kui()

    @app.router.websocket("/ws")
    async def failing() -> None:
        await websocket.accept()
        raise LookupError("a secret of the server")

    async with connected(app, "/ws", ws) as client:
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert (client.close_code, client.close_reason) == (1011, "")
    own = [record for record in caplog.records if record.name == "kui.websocket"]
    assert len(own) == 1
    assert own[0].exc_info is not None
