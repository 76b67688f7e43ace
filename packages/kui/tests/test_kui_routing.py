"""Routes of a whole application: order of middlewares, groups, mounts, names, and mistakes found at registration."""

import functools
from pathlib import Path as FilePath
from typing import Annotated, Any

import pytest

from kui.asgi import (
    Body,
    Cookie,
    Depends,
    HttpRoute,
    HttpView,
    Kui,
    Mount,
    MultimethodRoutes,
    NoRouteFound,
    Pages,
    Path,
    Prefix,
    Query,
    Routes,
    SignatureError,
    SocketRoute,
    SocketView,
    auto_params,
    request,
    required_method,
    websocket,
)
from kui.asgi.routing import Router
from kui.core import Endpoint, Message, Middleware, Receive, Scope, Send
from kui.testing import TestClient


async def text(app: Kui, path: str, method: str = "GET", **options: Any) -> str:
    async with TestClient(app) as client:
        return (await client.request(method, path, **options)).text


def noting(name: str, seen: list[str]) -> Middleware:
    def middleware(endpoint: Endpoint) -> Endpoint:
        async def noted() -> Any:
            seen.append(name)
            return await endpoint()

        return noted

    return middleware


# -- middlewares -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", ["http", "websocket"])
async def test_middlewares_run_from_the_application_over_the_group_to_the_route(protocol: str) -> None:
    seen: list[str] = []

    async def http() -> str:
        seen.append("endpoint")
        return ""

    async def socket() -> None:
        seen.append("endpoint")
        await websocket.accept()

    def pair(name: str) -> list[Middleware]:
        return [noting(f"{name} 0", seen), noting(f"{name} 1", seen)]

    group = Routes(http_middlewares=pair("group"), socket_middlewares=pair("group"))
    group.http.get("/", middlewares=pair("route"))(http)
    group.websocket("/", middlewares=pair("route"))(socket)
    app = Kui(routes=[group], http_middlewares=pair("app"), socket_middlewares=pair("app"))
    async with TestClient(app) as client:
        if protocol == "http":
            await client.get("/")
        else:
            async with client.websocket("/") as ws:
                await ws.expect_close()
    assert seen == ["app 1", "app 0", "group 1", "group 0", "route 1", "route 0", "endpoint"]


async def test_middlewares_see_404_and_405() -> None:
    seen: list[str] = []
    app = Kui(http_middlewares=[noting("app", seen)])
    app.router.http.get("/")(_home)
    async with TestClient(app) as client:
        assert (await client.get("/no")).status_code == 404
        assert (await client.post("/")).status_code == 405
    assert seen == ["app", "app"]


async def test_a_middleware_has_parameters_of_its_own() -> None:
    def keyed(endpoint: Endpoint) -> Any:
        async def checked(key: Annotated[str, Query()]) -> Any:
            return f"{key} {await endpoint()}"

        return checked

    app = Kui()
    app.router <<= HttpRoute("/", _home) @ keyed
    assert await text(app, "/?key=k") == "k home"


async def test_a_middleware_may_use_wraps() -> None:
    def wrapping(endpoint: Endpoint) -> Endpoint:
        @functools.wraps(endpoint)
        async def wrapped() -> Any:
            return f"wrapped {await endpoint()}"

        return wrapped

    assert await text(Kui(routes=[HttpRoute("/", _home) @ wrapping]), "/") == "wrapped home"


async def test_a_middleware_wraps_the_methods_of_a_class_view() -> None:
    seen: list[str] = []

    class View(HttpView):
        async def get(self) -> str:
            return "view"

    app = Kui(routes=[HttpRoute("/", View) @ noting("m", seen)])
    assert await text(app, "/") == "view"
    assert seen == ["m"]


async def _home() -> str:
    return "home"


# -- groups ----------------------------------------------------------------------------------------------------------


def group() -> Routes:
    routes = Routes(namespace="ns", http_middlewares=[_exclaim])

    @routes.http.get("/x/{name}", name="x")
    async def x(name: Annotated[str, Path()]) -> str:
        return f"x {name}"

    return routes


def _exclaim(endpoint: Endpoint) -> Endpoint:
    async def exclaimed() -> str:
        return f"{await endpoint()}!"

    return exclaimed


async def test_one_group_serves_two_applications() -> None:
    routes = group()
    one, two = Kui(routes=[routes]), Kui(routes=["/v2" // routes])
    assert await text(one, "/x/1") == await text(two, "/v2/x/1") == "x 1!"
    assert one.router.url_for("ns:x", {"name": "1"}) == "/x/1"
    assert two.router.url_for("ns:x", {"name": "1"}) == "/v2/x/1"


async def test_the_router_takes_routes_with_an_operator() -> None:
    app = Kui()
    router = app.router
    app.router <<= HttpRoute("/a", _home, "a")
    app.router <<= [HttpRoute("/b", _home, "b"), [HttpRoute("/c", _home, "c")]]
    app.router <<= Prefix("/v1") // [HttpRoute("/d", _home, "d")]
    assert app.router is router
    for path in ("/a", "/b", "/c", "/v1/d"):
        assert await text(app, path) == "home"


async def test_methods_of_one_path_may_stand_in_several_functions() -> None:
    routes = MultimethodRoutes()

    @routes.http.get("/item")
    async def read() -> str:
        return "read"

    @routes.http.post("/item")
    async def write() -> str:
        return "written"

    app = Kui(routes=[routes])
    assert await text(app, "/item") == "read"
    assert await text(app, "/item", "POST") == "written"


async def test_converted_parameters_arrive_on_both_protocols() -> None:
    app = Kui()

    @app.router.http.get("/n/{n:int}")
    async def over_http(n: Annotated[int, Path()]) -> list[Any]:
        return [n, request.path_params]

    @app.router.websocket("/n/{n:int}")
    async def over_websocket(n: Annotated[int, Path()]) -> None:
        await websocket.accept()
        await websocket.send_json([n, websocket.path_params])

    async with TestClient(app) as client, client.websocket("/n/7") as ws:
        assert (await client.get("/n/7")).json() == await ws.receive_json() == [7, {"n": 7}]


# -- the router ------------------------------------------------------------------------------------------------------


async def test_a_router_may_be_assigned_and_binds_parameters() -> None:
    async def hello(name: Annotated[str, Query()]) -> str:
        return f"hello {name}"

    app = Kui()
    app.router = Router([HttpRoute("/hello", hello)], [_exclaim])
    assert await text(app, "/hello?name=ada") == "hello ada!"


def test_a_router_is_searched_by_protocol_and_path() -> None:
    router = Router([SocketRoute("/rooms/{room:int}", _home)])
    params, handler = router.search("websocket", "/rooms/5")
    assert (params, handler) == ({"room": 5}, _home)
    with pytest.raises(ValueError, match="`protocol` must be in"):
        router.search("gopher", "/rooms/5")
    with pytest.raises(NoRouteFound, match="No route with name 'x' exists"):
        router.url_for("x")


# -- mounts ----------------------------------------------------------------------------------------------------------


async def elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell the paths of the scope, over either protocol."""
    told = f"{scope['root_path']} {scope['path']}"
    if scope["type"] == "http":
        start: Message = {"type": "http.response.start", "status": 200, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": told.encode()})
    else:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": told})
        await send({"type": "websocket.close"})


@pytest.mark.parametrize(("root", "told"), [("", "/app /app/x"), ("/api", "/api/app /api/app/x")])
async def test_another_application_is_mounted_for_both_protocols(root: str, told: str) -> None:
    app = Kui(routes=[Mount("/app", elsewhere)])
    async with TestClient(app, root_path=root) as client:
        assert (await client.get("/app/x")).text == told
        async with client.websocket("/app/x") as ws:
            assert await ws.receive_text() == told


async def test_an_application_may_be_mounted_in_another() -> None:
    inner = Kui()

    @inner.router.http.get("/x", name="x")
    async def x() -> str:
        return f"{request.app is inner} {request.url_for('x')}"

    assert await text(Kui(routes=[Mount("/in", inner)]), "/in/x") == "True http://testserver/in/x"


async def test_a_site_that_is_mounted_is_redirected_to_with_its_slash(tmp_path: FilePath) -> None:
    (tmp_path / "index.html").write_text("index")
    async with TestClient(Kui(routes=[Mount("/site", Pages(tmp_path))]), root_path="/api") as client:
        answer = await client.get("/site", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (307, "//testserver/api/site/")
        assert (await client.get("/site/")).text == "index"


# -- mistakes --------------------------------------------------------------------------------------------------------


def refusal(route: Any) -> str:
    with pytest.raises((TypeError, ValueError)) as error:
        Kui(routes=[route])
    return str(error.value).replace(f"{__name__}.", "")


async def needs_room(room: Annotated[str, Path()]) -> None: ...


async def needs_body(text: Annotated[str, Body()]) -> None: ...


async def unknown(page: int) -> None: ...


class BodyOnConnect(SocketView):
    async def on_connect(self, text: Annotated[str, Body()]) -> None: ...


def test_a_path_parameter_that_the_path_lacks_is_refused() -> None:
    assert refusal(SocketRoute("/rooms/{id}", needs_room)) == (
        "needs_room asks for the path parameter 'room', and the path '/rooms/{id}' has id: write {room} into the path, "
        "or take the parameter from another place, as with Query()"
    )
    assert "and the path '/rooms' has none" in refusal(HttpRoute("/rooms", needs_room))


@pytest.mark.parametrize(
    ("endpoint", "name"), [(needs_body, "needs_body"), (BodyOnConnect, "BodyOnConnect.on_connect")]
)
def test_a_body_of_a_websocket_is_refused(endpoint: Any, name: str) -> None:
    assert refusal(SocketRoute("/", endpoint)) == (
        f"{name}: parameter 'text' is taken from the body, and a WebSocket has none; take it from the path, the "
        "query, a header or a cookie, or receive it as a message"
    )


def test_a_parameter_of_no_place_is_refused() -> None:
    with pytest.raises(SignatureError, match="'page'") as error:
        Kui(routes=[HttpRoute("/", unknown)])
    assert "Query()" in str(error.value)


def test_a_plain_function_is_refused() -> None:
    def plain() -> None: ...

    endpoint: Any = plain
    assert "async" in refusal(HttpRoute("/", endpoint))


def test_a_name_is_taken_once_and_a_path_too() -> None:
    assert refusal([HttpRoute("/a", _home, "x"), SocketRoute("/b", _home, "x")]).startswith(
        "Duplicate route name: x"
    )
    assert refusal([HttpRoute("/a", _home, "x"), HttpRoute("/a", _home, "y")]).startswith(
        "Routing conflict: /a"
    )


def test_a_path_needs_its_slash_and_known_converters() -> None:
    with pytest.raises(ValueError, match="Route path must start with '/'"):
        HttpRoute("a", _home)
    assert "'nope'" in refusal(HttpRoute("/{x:nope}", _home))


# -- parameters ------------------------------------------------------------------------------------------------------


async def test_dependencies_are_kept_for_the_connection_and_end_after_the_answer() -> None:
    seen: list[str] = []

    async def database() -> Any:
        seen.append("open")
        yield "db"
        seen.append("closed")

    def user(db: Annotated[str, Depends(database)]) -> str:
        return f"user of {db}"

    app = Kui()

    @app.router.http.get("/")
    async def handler(one: Annotated[str, Depends(user)], two: Annotated[str, Depends(database)]) -> str:
        seen.append("handler")
        return f"{one} {two}"

    assert await text(app, "/") == "user of db db"
    assert seen == ["open", "handler", "closed"]


async def test_dependencies_may_be_overridden() -> None:
    def real() -> str:
        return "real"

    async def home(name: Annotated[str, Depends(real)]) -> str:
        return name

    assert await text(Kui(routes=[HttpRoute("/", home)]), "/") == "real"
    app = Kui(routes=[HttpRoute("/", home)], dependency_overrides={real: lambda: "fake"})
    assert await text(app, "/") == "fake"


async def test_auto_params_binds_anywhere_inside_of_a_connection() -> None:
    @auto_params
    async def theme(theme: Annotated[str, Cookie()]) -> str:
        return theme

    async def home() -> str:
        return await theme()

    assert await text(Kui(routes=[HttpRoute("/", home)]), "/", headers={"cookie": "theme=dark"}) == "dark"


def test_required_method_is_for_functions() -> None:
    class View(HttpView):
        async def get(self) -> None: ...

    assert "required_method('GET')" in refusal(HttpRoute("/", View) @ required_method("GET"))
