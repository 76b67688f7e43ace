"""WebSockets of a whole application: errors, origins, limits, parameters and URLs."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from kui.asgi import (
    Depends,
    HTTPException,
    Kui,
    Limits,
    Path,
    Query,
    SocketView,
    WebSocketClose,
    bearer_auth,
    http_connection,
    request,
    websocket,
)
from kui.core import Endpoint
from kui.testing import HandshakeDenied, TestClient


class Broken(LookupError):
    pass


def raising(error: Exception, *, accept: bool, **options: Any) -> Kui:
    app = Kui(**options)

    @app.router.websocket("/")
    async def handler() -> None:
        if accept:
            await websocket.accept()
        raise error

    return app


def forbidden(content: str | None) -> HTTPException[str | None]:
    return HTTPException(403, {"x-why": "not you"}, content)


async def denied(app: Kui, path: str = "/", **options: Any) -> HandshakeDenied:
    async with TestClient(app) as client:
        with pytest.raises(HandshakeDenied) as refusal:
            await client.websocket(path, **options).__aenter__()
        return refusal.value


async def close_code(app: Kui, path: str = "/") -> int:
    async with TestClient(app) as client, client.websocket(path) as ws:
        return (await ws.expect_close()).code


# -- errors ----------------------------------------------------------------------------------------------------------


async def test_no_route_refuses_the_handshake_with_404() -> None:
    refusal = await denied(Kui(), "/no")
    assert (refusal.status, refusal.body) == (404, b"Nothing matches the given URI")


async def test_the_404_of_a_handshake_is_answered_by_the_handler_of_404() -> None:
    async def not_found(error: Any) -> tuple[Any, int]:
        return {"no": http_connection["path"]}, 404

    app = Kui(exception_handlers={404: not_found})
    assert (await denied(app, "/x")).json() == {"no": "/x"}


async def test_an_exception_handler_that_needs_a_request_leaves_a_socket_to_the_default() -> None:
    async def not_found(error: Any) -> tuple[Any, int]:
        return {"no": request.url.path}, 404

    async with TestClient(Kui(exception_handlers={404: not_found})) as client:
        assert (await client.get("/x")).json() == {"no": "/x"}
        with pytest.raises(HandshakeDenied) as refusal:
            await client.websocket("/x").__aenter__()
    assert (refusal.value.status, refusal.value.body) == (404, b"Nothing matches the given URI")


async def test_an_http_exception_before_accept_refuses_the_handshake() -> None:
    app = raising(forbidden("no"), accept=False)
    refusal = await denied(app)
    assert (refusal.status, refusal.body, refusal.headers["x-why"]) == (403, b"no", "not you")


async def test_an_http_exception_after_accept_closes_with_4000_and_its_status() -> None:
    assert await close_code(raising(forbidden(None), accept=True)) == 4403


async def test_a_handler_by_class_answers_before_accept_and_later_the_socket_is_closed() -> None:
    def lost(error: LookupError) -> tuple[dict[str, str], int]:
        return {"lost": str(error)}, 410

    handlers = {LookupError: lost}
    refusal = await denied(raising(Broken("x"), accept=False, exception_handlers=handlers))
    assert (refusal.status, refusal.json()) == (410, {"lost": "x"})
    assert await close_code(raising(Broken("x"), accept=True, exception_handlers=handlers)) == 1011


async def test_an_error_that_nobody_answers_closes_with_1011_and_reaches_the_server() -> None:
    async with TestClient(raising(Broken("x"), accept=True)) as client:
        with pytest.raises(Broken, match="x"):
            async with client.websocket("/") as ws:
                assert (await ws.expect_close()).code == 1011


async def test_websocket_close_may_be_raised() -> None:
    assert await close_code(raising(WebSocketClose(4001, "bye"), accept=True)) == 4001


async def test_a_missing_token_is_401_with_its_challenge() -> None:
    app = Kui()

    @app.router.websocket("/")
    async def guarded(token: Annotated[str, Depends(bearer_auth)]) -> None:
        await websocket.accept()
        await websocket.send_text(token)

    refusal = await denied(app)
    assert (refusal.status, refusal.headers["www-authenticate"]) == (401, "Bearer")
    bearer = {"authorization": "Bearer abc"}
    async with TestClient(app) as client, client.websocket("/", headers=bearer) as ws:
        assert await ws.receive_text() == "abc"


async def test_invalid_parameters_are_422_and_those_of_the_path_404() -> None:
    app = Kui()

    @app.router.websocket("/{room}")
    async def room(room: Annotated[str, Path(min_length=3)], since: Annotated[int, Query(0, ge=0)]) -> None:
        await websocket.accept()
        await websocket.send_json([room, since])

    refusal = await denied(app, "/lobby?since=-1")
    assert (refusal.status, refusal.json()[0]["in"]) == (422, "query")
    assert (await denied(app, "/xx")).status == 404
    async with TestClient(app) as client, client.websocket("/lobby?since=5") as ws:
        assert await ws.receive_json() == ["lobby", 5]


# -- views -----------------------------------------------------------------------------------------------------------


class Move(BaseModel):
    x: int
    y: int = 0


async def test_a_view_binds_init_and_on_connect_and_validates_its_messages() -> None:
    app = Kui()

    @app.router.websocket("/game")
    class Game(SocketView):
        encoding = "json"

        def __init__(self, name: Annotated[str, Query()]) -> None:
            self.name = name

        async def on_connect(self, token: Annotated[str, Query(min_length=3)]) -> None:
            self.token = token
            await websocket.accept()

        async def on_receive(self, data: Move) -> None:
            await websocket.send_json([self.name, self.token, data])

    assert (await denied(app, "/game?name=ada&token=x")).status == 422
    async with TestClient(app) as client, client.websocket("/game?name=ada&token=abc") as ws:
        await ws.send_json({"x": "1"})
        assert await ws.receive_json() == ["ada", "abc", {"x": 1, "y": 0}]
        await ws.send_json({"y": 1})
        assert (await ws.receive_json())["type"] == "invalid_message"


async def test_request_is_no_connection_of_a_websocket() -> None:
    app = Kui()

    @app.router.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(LookupError):
            _ = request.method
        await websocket.send_text(str(http_connection == websocket))

    async with TestClient(app) as client, client.websocket("/") as ws:
        assert await ws.receive_text() == "True"


async def test_the_json_encoder_is_heard_by_sockets_too() -> None:
    app = Kui(json_encoder={complex: str})

    @app.router.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        await websocket.send_json({"z": 1j})

    async with TestClient(app) as client, client.websocket("/") as ws:
        assert await ws.receive_text() == '{"z":"1j"}'


# -- origins and limits ----------------------------------------------------------------------------------------------


def echoing(**options: Any) -> Kui:
    app = Kui(**options)

    @app.router.websocket("/")
    async def echo() -> None:
        await websocket.accept()
        async for payload in websocket.iter_text():
            await websocket.send_text(payload)

    return app


OWN, LISTED, OTHER = "http://testserver", "https://page.example", "https://evil.example"


@pytest.mark.parametrize(
    ("options", "let_in", "refused"),
    [
        ({}, [None, OWN], [LISTED, OTHER, "null"]),
        ({"origins": [LISTED]}, [None, OWN, LISTED], [OTHER, "null"]),
        ({"origins": ["*"]}, [None, OWN, LISTED, OTHER], ["null"]),
        ({"origins": None}, [None, OWN, LISTED, OTHER, "null"], []),
    ],
)
async def test_pages_of_which_origins_may_connect(
    options: dict[str, Any], let_in: list[str | None], refused: list[str]
) -> None:
    app = echoing(**options)
    async with TestClient(app) as client:
        for origin in let_in:
            async with client.websocket("/", origin=origin) as ws:
                await ws.send_text("hello")
                assert await ws.receive_text() == "hello"
        for origin in refused:
            with pytest.raises(HandshakeDenied) as refusal:
                await client.websocket("/", origin=origin).__aenter__()
            assert refusal.value.status == 403


async def test_limits_hold_for_every_socket() -> None:
    async with TestClient(echoing(limits=Limits(max_message_size=4))) as client, client.websocket("/") as ws:
        await ws.send_text("four")
        assert await ws.receive_text() == "four"
        await ws.send_text("fives")
        assert (await ws.expect_close()).code == 1009


# -- middlewares and URLs ----------------------------------------------------------------------------------------------


async def test_middlewares_see_handshakes_that_no_route_serves() -> None:
    seen: list[str] = []

    def log(endpoint: Endpoint) -> Endpoint:
        async def logged() -> Any:
            seen.append(websocket["path"])
            return await endpoint()

        return logged

    await denied(Kui(socket_middlewares=[log]), "/no")
    assert seen == ["/no"]


def linked() -> Kui:
    app = Kui()

    @app.router.http.get("/page/{name}", name="page")
    async def page() -> list[str]:
        return links()

    @app.router.websocket("/live/{name}", name="live")
    async def live() -> None:
        await websocket.accept()
        await websocket.send_json(links())

    return app


def links() -> list[str]:
    names = ("page", "live")
    return [str(http_connection.url_for(name, {"name": "a b"})) for name in names]


@pytest.mark.parametrize(
    ("base", "page", "live"),
    [
        ("http://testserver", "http://testserver/page/a%20b", "ws://testserver/live/a%20b"),
        ("https://testserver", "https://testserver/page/a%20b", "wss://testserver/live/a%20b"),
    ],
)
async def test_url_for_speaks_the_protocol_of_the_route_on_both_protocols(
    base: str, page: str, live: str
) -> None:
    async with TestClient(linked(), base_url=base) as client, client.websocket("/live/x?q=1") as ws:
        assert (await client.get("/page/x?q=1")).json() == [page, live]
        assert await ws.receive_json() == [page, live]


async def test_url_for_keeps_the_root_path() -> None:
    async with TestClient(linked(), root_path="/api") as client, client.websocket("/live/x") as ws:
        wanted = ["http://testserver/api/page/a%20b", "ws://testserver/api/live/a%20b"]
        assert (await client.get("/page/x")).json() == wanted
        assert await ws.receive_json() == wanted
