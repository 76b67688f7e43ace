"""Lines of the 1.x documentation about the whole of an application: orders, conversions, and who sees what."""

from collections.abc import AsyncGenerator
from pathlib import Path as FilePath
from typing import Annotated, Any, ClassVar

import pytest
from baize.datastructures import URL

from kui.asgi import (
    Depends,
    FactoryClass,
    HTTPException,
    HttpRequest,
    HttpRoute,
    HttpView,
    Jinja2Templates,
    Kui,
    Path,
    Query,
    Routes,
    SocketRoute,
    SocketView,
    TemplateResponse,
    WebSocketClose,
    request,
    websocket,
)
from kui.core import Endpoint
from kui.routing import RadixTree
from kui.testing import HandshakeDenied, TestClient


async def home() -> str:
    return "home"


# -- orders ------------------------------------------------------------------------------------------------------------


async def test_an_answer_is_followed_by_its_tasks_then_its_dependencies_and_last_the_request_is_closed() -> (
    None
):
    seen: list[str] = []

    async def kept() -> AsyncGenerator[None]:
        yield
        seen.append("kept dependency")

    async def own() -> AsyncGenerator[None]:
        yield
        seen.append("own dependency")

    class Closing(HttpRequest):
        async def close(self) -> None:
            seen.append("request.close")
            await super().close()

    app = Kui(factory_class=FactoryClass(http=Closing))

    @app.router.http.get("/")
    async def endpoint(
        kept: Annotated[None, Depends(kept)], own: Annotated[None, Depends(own, cache=False)]
    ) -> str:
        request.background_tasks.append(seen.append, "task")
        seen.append("endpoint")
        return "answer"

    async with TestClient(app) as client:
        await client.get("/")
    assert seen == ["endpoint", "own dependency", "task", "kept dependency", "request.close"]


async def test_background_tasks_run_also_when_the_handler_raised() -> None:
    seen: list[str] = []
    app = Kui()

    @app.router.http.get("/")
    async def over_http() -> None:
        request.background_tasks.append(seen.append, "http")
        raise HTTPException(400)

    @app.router.websocket("/")
    async def over_websocket() -> None:
        websocket.background_tasks.append(seen.append, "websocket")
        await websocket.accept()
        raise WebSocketClose(4000)

    async with TestClient(app) as client:
        assert (await client.get("/")).status_code == 400
        async with client.websocket("/") as ws:
            assert (await ws.expect_close()).code == 4000
    assert seen == ["http", "websocket"]


async def test_exception_handlers_answer_for_middlewares_and_cors_is_around_them() -> None:
    def failing(endpoint: Endpoint) -> Endpoint:
        async def failed() -> Any:
            raise ValueError("middleware")

        return failed

    app = Kui(
        routes=[HttpRoute("/", home)],
        http_middlewares=[failing],
        exception_handlers={ValueError: lambda error: (str(error), 418)},
        cors_config={},
    )
    async with TestClient(app) as client:
        answer = await client.get("/", headers={"origin": "https://page.example"})
    assert (answer.status_code, answer.text) == (418, "middleware")
    assert answer.headers["access-control-allow-origin"] == "https://page.example"


def test_the_tags_of_a_group_go_before_those_of_its_routes() -> None:
    app = Kui(routes=[Routes(HttpRoute("/", home, tags=["route"]), tags=["group"])])
    assert [route.tags for route in app.router if isinstance(route, HttpRoute)] == [("group", "route")]


def test_a_tree_gives_its_static_paths_first() -> None:
    tree: RadixTree[int] = RadixTree()
    for number, path in enumerate(("/a", "/b/{x:int}", "/c")):
        tree.append(path, number)
    assert [value for _, _, value in tree.iterator()] == [0, 2, 1]


# -- conversions -------------------------------------------------------------------------------------------------------


async def test_urls_paths_and_async_generators_are_answers() -> None:
    app = Kui()

    @app.router.http.get("/url")
    async def url() -> URL:
        return URL("https://kui.example/x")

    @app.router.http.get("/path")
    async def path() -> FilePath:
        return FilePath(__file__)

    @app.router.http.get("/events")
    async def events() -> AsyncGenerator[dict[str, str]]:
        async def ticks() -> AsyncGenerator[dict[str, str]]:
            yield {"data": "tick"}

        return ticks()

    @app.router.http.get("/download")
    async def download() -> tuple[FilePath, str]:
        return FilePath(__file__), "tests.py"

    async with TestClient(app) as client:
        redirect = await client.get("/url", follow_redirects=False)
        assert (redirect.status_code, redirect.headers["location"]) == (307, "https://kui.example/x")
        assert (await client.get("/path")).text.startswith('"""Lines of the 1.x documentation')
        saved = await client.get("/download")
        assert saved.headers["content-disposition"] == 'attachment; filename="tests.py"'
        assert (await client.get("/events")).text == "data: tick\n\n"


@pytest.mark.parametrize("status", [204, 304])
async def test_an_exception_of_a_status_without_a_body_has_none(status: int) -> None:
    async def nothing() -> None:
        raise HTTPException(status, {"x-why": "nothing"})

    async with TestClient(Kui(routes=[HttpRoute("/", nothing)])) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.content, answer.headers["x-why"]) == (status, b"", "nothing")


async def test_a_template_of_the_application_knows_the_request_and_url_for(tmp_path: FilePath) -> None:
    pytest.importorskip("jinja2")  # the extra kui-http[templates]
    (tmp_path / "page.html").write_text(
        "{{ name }} {{ request.method }} {{ url_for('room', {'room': 'a b'}) }}"
    )
    app = Kui(templates=Jinja2Templates(str(tmp_path)))

    @app.router.http.get("/rooms/{room}", name="room")
    async def room() -> Any:
        return TemplateResponse("page.html", {"name": "<b>"}, 201, {"x-page": "1"})

    async with TestClient(app) as client:
        answer = await client.get("/rooms/x")
    assert answer.text == "&lt;b&gt; GET http://testserver/rooms/a%20b"
    assert (answer.status_code, answer.headers["x-page"]) == (201, "1")


# -- who sees what -----------------------------------------------------------------------------------------------------


async def test_a_path_that_does_not_fit_is_answered_by_the_handler_of_404_on_both_protocols() -> None:
    async def number(number: Annotated[int, Path()]) -> None: ...

    app = Kui(exception_handlers={404: lambda error: ("no such thing", 404)})
    app.router.http.get("/{number}", name=None)(number)
    app.router.websocket("/{number}", name=None)(number)
    async with TestClient(app) as client:
        answer = await client.get("/x")
        with pytest.raises(HandshakeDenied) as denied:
            await client.websocket("/x").__aenter__()
    assert (answer.status_code, answer.text) == (denied.value.status, denied.value.body.decode())
    assert answer.text == "no such thing"


async def test_a_middleware_of_a_socket_view_gets_the_class_and_makes_an_instance() -> None:
    seen: list[bool] = []

    def looking(endpoint: Endpoint) -> Endpoint:
        async def looked() -> None:
            seen.append(endpoint is SocketView)
            await endpoint()

        return looked

    async with (
        TestClient(Kui(routes=[SocketRoute("/", SocketView) @ looking])) as client,
        client.websocket("/"),
    ):
        pass
    assert seen == [True]


async def test_a_view_may_have_methods_that_http_does_not_know() -> None:
    class Pot(HttpView):
        HTTP_METHOD_NAMES: ClassVar = [*HttpView.HTTP_METHOD_NAMES, "brew"]

        async def brew(self) -> str:
            return "coffee"

    async with TestClient(Kui(routes=[HttpRoute("/", Pot)])) as client:
        assert (await client.request("BREW", "/")).text == "coffee"


def test_nothing_is_set_on_functions_and_classes_that_are_registered() -> None:
    async def function(page: Annotated[int, Query()] = 1) -> None: ...

    class Chat(SocketView):
        async def on_connect(self, page: Annotated[int, Query()] = 1) -> None: ...

    class Page(HttpView):
        async def get(self, page: Annotated[int, Query()] = 1) -> None: ...

    before = [dict(vars(written)) for written in (function, Chat, Page)]
    Kui(routes=[HttpRoute("/", function), SocketRoute("/", Chat), HttpRoute("/page", Page)])
    assert [dict(vars(written)) for written in (function, Chat, Page)] == before
