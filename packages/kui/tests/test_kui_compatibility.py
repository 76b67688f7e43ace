"""What the documentation of 1.x says, line by line, where no other test says it."""

from collections.abc import AsyncGenerator, Callable
from typing import Annotated, Any, List, Optional  # noqa: UP035 - as 1.x wrote them

import pytest
from pydantic import BaseModel, ValidationError

from kui.asgi import (
    Depends,
    Header,
    HttpRoute,
    Kui,
    Query,
    RequestValidationError,
    Routes,
    SocketRoute,
    SocketView,
    api_key_auth_dependency,
    basic_auth,
    request,
    required_method,
    websocket,
)
from kui.testing import HandshakeDenied, TestClient


async def endpoint() -> str:
    return "endpoint"


class Item(BaseModel):
    id: int


# -- routes ----------------------------------------------------------------------------------------------------------


def test_routes_are_equal_by_what_they_hold_and_a_group_to_any_sequence() -> None:
    assert HttpRoute("/", endpoint) == HttpRoute("/", endpoint)
    assert HttpRoute("/", endpoint) != HttpRoute("/", endpoint, "other")
    assert Routes(HttpRoute("/", endpoint)) == [HttpRoute("/", endpoint)]


def test_a_route_is_named_by_its_endpoint_unless_it_is_anonymous() -> None:
    assert HttpRoute("/", endpoint).name == "endpoint"
    assert HttpRoute("/", endpoint, name=None).name is None


def test_a_list_and_a_group_are_added_from_both_sides() -> None:
    one, two = HttpRoute("/1", endpoint), HttpRoute("/2", endpoint)
    assert Routes(one) + [two] == [one] + Routes(two) == [one, two]  # noqa: RUF005 - the sum is the point
    assert isinstance([one] + Routes(two), Routes)  # noqa: RUF005


def test_a_middleware_of_a_group_comes_before_its_routes() -> None:
    routes = Routes()

    @routes.http_middleware
    def first(endpoint: Any) -> Any:
        return endpoint

    assert routes.http_middlewares == [first]
    routes <<= HttpRoute("/", endpoint)
    with pytest.raises(RuntimeError, match="Can not append middleware after route"):
        routes.http_middleware(first)


def test_decorators_return_what_they_decorate() -> None:
    app = Kui()
    assert app.router.http.get("/a")(endpoint) is endpoint
    assert app.router.websocket("/a", name="b")(SocketView) is SocketView


def test_required_method_tells_its_method() -> None:
    assert required_method("GET")(endpoint).__method__ == "GET"  # type: ignore[attr-defined] # pyright: ignore[reportFunctionMemberAccess]


def test_nested_namespaces_stack() -> None:
    inner = Routes(HttpRoute("/x", endpoint, "x"), namespace="inner")
    app = Kui(routes=[Routes(inner, namespace="outer")])
    assert app.router.url_for("outer:inner:x") == "/x"


@pytest.mark.parametrize("path", ["/X", "/x/", "//x", ""])
async def test_slashes_and_case_matter(path: str) -> None:
    async with TestClient(Kui(routes=[HttpRoute("/x", endpoint)])) as client:
        assert (await client.get(path)).status_code == 404


# -- sockets ---------------------------------------------------------------------------------------------------------


async def test_a_socket_speaks_json_in_both_kinds_of_frame_and_raw_events() -> None:
    app, seen = Kui(), list[Any]()

    @app.router.websocket("/ws")
    async def handler() -> None:
        await websocket.accept()
        seen.append(await websocket.receive_json(mode="binary"))
        seen.append(await websocket.receive_json())
        seen.append((await websocket.receive())["text"])
        await websocket.send_json({"a": 1}, mode="binary")
        await websocket.send_json({"a": 1})
        await websocket.send({"type": "websocket.send", "text": "raw"})
        await websocket.close(4000, "bye")
        await websocket.close()

    async with TestClient(app) as client, client.websocket("/ws") as ws:
        await ws.send_bytes(b"[1]")
        await ws.send_text("[2]")
        await ws.send_text("raw")
        assert [await ws.receive() for _ in range(3)] == [b'{"a":1}', '{"a":1}', "raw"]
        assert await ws.expect_close() == (4000, "bye")
    assert seen == [[1], [2], "raw"]


async def test_a_socket_is_a_mapping_over_its_scope_and_has_the_properties_of_the_guide() -> None:
    app, seen = Kui(), list[Any]()

    @app.router.websocket("/ws/{x:int}")
    async def handler() -> None:
        websocket["own"] = "set"
        seen.append((websocket["own"], "path" in websocket, websocket["path"]))
        del websocket["own"]
        seen.append("own" in websocket)
        seen.append((websocket.url.scheme, websocket.url.hostname, websocket.url.path, websocket.url.query))
        seen.append((websocket.headers["X-TOKEN"], websocket.query_params["a"], websocket.path_params))
        seen.append((websocket.query_params.getlist("a"), websocket.cookies, websocket.client.host))
        seen.append((websocket.app is app, websocket.accepts("text/html"), websocket.content_length))
        websocket.state.x = 1
        seen.append(websocket.state["x"])
        await websocket.accept()

    headers = [("x-token", "t"), ("cookie", "theme=dark")]
    async with TestClient(app) as client, client.websocket("/ws/7?a=1&a=2", headers=headers) as ws:
        await ws.expect_close()
    assert seen == [
        ("set", True, "/ws/7"),
        False,
        ("ws", "testserver", "/ws/7", "a=1&a=2"),
        ("t", "2", {"x": 7}),
        (["1", "2"], {"theme": "dark"}, "testclient"),
        (True, True, None),
        1,
    ]


async def test_a_view_that_only_accepts_is_the_default() -> None:
    app = Kui(routes=[SocketRoute("/", SocketView)])
    async with TestClient(app) as client, client.websocket("/") as ws:
        await ws.send_text("ignored")


async def test_a_view_reads_json_and_closes_with_1003_on_anything_else() -> None:
    class Reading(SocketView):
        encoding = "json"

    app = Kui(routes=[SocketRoute("/", Reading)])
    async with TestClient(app) as client, client.websocket("/") as ws:
        await ws.send_text("{")
        assert (await ws.expect_close()).code == 1003


# -- parameters ------------------------------------------------------------------------------------------------------


async def test_dependencies_without_cache_end_with_the_handler_and_the_others_in_reverse_order() -> None:
    seen: list[str] = []

    def dependency(name: str) -> Callable[..., Any]:
        async def opened() -> AsyncGenerator[str]:
            seen.append(f"open {name}")
            yield name
            seen.append(f"close {name}")

        return opened

    a, b, c = dependency("a"), dependency("b"), dependency("c")
    app = Kui()

    @app.router.http.get("/")
    async def handler(
        a: Annotated[str, Depends(a)],
        b: Annotated[str, Depends(b, cache=False)],
        c: Annotated[str, Depends(c)],
    ) -> str:
        seen.append("handler")
        return a + b + c

    async with TestClient(app) as client:
        assert (await client.get("/")).text == "abc"
    assert seen == ["open a", "open b", "open c", "handler", "close b", "close c", "close a"]


async def test_parameters_may_be_defaults_and_aliases_lists_and_optional() -> None:
    app = Kui()

    @app.router.http.get("/")
    async def handler(
        page: int = Query(1),
        tags: List[str] = Query([]),  # noqa: B008, UP006
        size: Optional[Annotated[int, Query()]] = None,  # noqa: UP045
        token: str = Header("none", alias="X-Token"),
    ) -> Any:
        return [page, tags, size, token]

    async with TestClient(app) as client:
        assert (await client.get("/")).json() == [1, [], None, "none"]
        full = await client.get("/?page=2&tags=a&tags=b&size=3", headers={"x-token": "t"})
    assert full.json() == [2, ["a", "b"], 3, "t"]


async def test_credentials_come_as_basic_auth_or_as_a_key_on_both_protocols() -> None:
    key = api_key_auth_dependency("key", "query")
    app = Kui()

    @app.router.http.get("/basic")
    async def basic(user: Annotated[tuple[str, str], Depends(basic_auth)]) -> Any:
        return list(user)

    @app.router.websocket("/key")
    async def keyed(key: Annotated[str, Depends(key)]) -> None:
        await websocket.accept()
        await websocket.send_text(key)

    async with TestClient(app) as client:
        assert (await client.get("/basic", auth=("ada", "pw"))).json() == ["ada", "pw"]
        assert (await client.get("/basic")).headers["www-authenticate"].startswith("Basic")
        with pytest.raises(HandshakeDenied) as denied:
            await client.websocket("/key").__aenter__()
        assert denied.value.status == 401
        async with client.websocket("/key?key=k") as ws:
            assert await ws.receive_text() == "k"


def test_a_validation_error_tells_its_place() -> None:
    with pytest.raises(ValidationError) as error:
        Item.model_validate({"id": "x"})
    refusal = RequestValidationError(error.value, "body")
    assert refusal.errors()[0]["in"] == "body"
    assert '"in": "body"' in refusal.json(indent=2)
    assert RequestValidationError.schema()["type"] == "array"


# -- requests --------------------------------------------------------------------------------------------------------


async def test_the_request_has_what_the_guide_names() -> None:
    app = Kui()

    @app.router.http.post("/x")
    async def handler() -> Any:
        pieces = [piece async for piece in request.stream()]
        return [request.method, request.url.path, b"".join(pieces).decode(), await request.is_disconnected()]

    async with TestClient(app) as client:
        assert (await client.post("/x", content=b"body")).json() == ["POST", "/x", "body", False]
