"""HTTP of a whole application: answers, misses, errors, conversion and CORS."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from kui.asgi import (
    Body,
    FileResponse,
    HTTPException,
    HttpRoute,
    HttpView,
    JSONResponse,
    Kui,
    PlainTextResponse,
    Query,
    RequestLimits,
    Routes,
    UploadFile,
    allow_cors,
    convert_response,
    request,
    required_method,
)
from kui.asgi.routing import Router
from kui.core import Endpoint
from kui.testing import TestClient

Reply = tuple[int, str]


def answering(value: Any, **options: Any) -> Kui:
    """Make an application whose only route returns a value, or raises it."""
    app = Kui(**options)

    @app.router.http("/")
    async def endpoint() -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    return app


async def reply(app: Kui, method: str = "GET", path: str = "/", **options: Any) -> Reply:
    async with TestClient(app) as client:
        response = await client.request(method, path, **options)
        return response.status_code, response.text


# -- methods and misses ----------------------------------------------------------------------------------------------


def notes() -> Kui:
    app = Kui()

    @app.router.http.get("/notes")
    async def read() -> list[str]:
        return ["milk"]

    @app.router.http.post("/notes")
    async def write() -> tuple[str, int]:
        return "saved", 201

    return app


async def test_a_path_that_nobody_serves_is_404() -> None:
    assert await reply(notes(), path="/no") == (404, "Nothing matches the given URI")


async def test_a_method_that_nobody_serves_is_405_and_names_the_others() -> None:
    async with TestClient(notes()) as client:
        response = await client.delete("/notes")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, POST, OPTIONS"


async def test_options_is_answered_with_the_methods() -> None:
    async with TestClient(notes()) as client:
        response = await client.options("/notes")
    assert (response.status_code, response.headers["allow"]) == (200, "GET, HEAD, POST, OPTIONS")


async def test_head_is_get_without_its_body() -> None:
    async with TestClient(notes()) as client:
        head, get = await client.head("/notes"), await client.get("/notes")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


async def test_a_route_without_methods_serves_every_one() -> None:
    app = Kui()

    @app.router.http("/")
    async def any_method() -> str:
        return request.method

    assert await reply(app, "BREW") == (200, "BREW")


async def test_a_class_view_answers_by_method_with_instance_class_and_static_methods() -> None:
    app = Kui()

    @app.router.http("/view")
    class View(HttpView):
        async def get(self, page: Annotated[int, Query()] = 1) -> str:
            return f"page {page}"

        @classmethod
        async def post(cls) -> str:
            return cls.__name__

        @staticmethod
        async def put() -> str:
            return "put"

    assert View.__methods__ == ["GET", "HEAD", "POST", "PUT", "OPTIONS"]
    assert await reply(app, path="/view?page=2") == (200, "page 2")
    assert await reply(app, "POST", "/view") == (200, "View")
    assert await reply(app, "PUT", "/view") == (200, "put")
    assert (await reply(app, "DELETE", "/view"))[0] == 405
    assert (await reply(app, "OPTIONS", "/view"))[0] == 200


async def test_required_method_restricts_a_route() -> None:
    app = Kui()

    @app.router.http("/", middlewares=[required_method("GET")])
    async def only() -> str:
        return "got"

    assert await reply(app) == (200, "got")
    assert (await reply(app, "HEAD"))[0] == 200
    assert (await reply(app, "POST"))[0] == 405


# -- what endpoints return -------------------------------------------------------------------------------------------


class Move(BaseModel):
    x: int


@pytest.mark.parametrize(
    ("value", "text", "content_type"),
    [
        ("text", "text", "text/plain; charset=utf-8"),
        (b"bytes", "bytes", "text/plain; charset=utf-8"),
        ({"a": 1}, '{"a":1}', "application/json"),
        ([1, 2], "[1,2]", "application/json"),
        (Move(x=1), '{"x":1}', "application/json"),
        (PlainTextResponse("own"), "own", "text/plain; charset=utf-8"),
    ],
)
async def test_a_value_becomes_the_response_of_its_type(value: Any, text: str, content_type: str) -> None:
    async with TestClient(answering(value)) as client:
        response = await client.get("/")
    assert (response.text, response.headers["content-type"]) == (text, content_type)


async def test_a_tuple_is_a_body_a_status_and_headers() -> None:
    async with TestClient(answering(({"id": 7}, 201, {"location": "/7"}))) as client:
        response = await client.post("/")
    assert (response.status_code, response.json(), response.headers["location"]) == (201, {"id": 7}, "/7")


async def test_an_async_generator_becomes_server_sent_events() -> None:
    app = Kui()

    async def events() -> AsyncGenerator[Any]:
        yield {"event": "tick", "data": "1"}

    @app.router.http.get("/")
    async def ticks() -> AsyncGenerator[Any]:
        return events()

    assert await reply(app) == (200, "event: tick\ndata: 1\n\n")


async def test_a_path_becomes_the_file(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("milk")
    assert await reply(answering(tmp_path / "note.txt")) == (200, "milk")
    async with TestClient(answering(FileResponse(tmp_path / "note.txt"))) as client:
        part = await client.get("/", headers={"range": "bytes=0-1"})
    assert (part.status_code, part.text) == (206, "mi")


async def test_a_url_becomes_a_redirect() -> None:
    app = Kui()

    @app.router.http.get("/old")
    async def old() -> Any:
        return request.url_for("new")

    @app.router.http.get("/new")
    async def new() -> str:
        return "new"

    async with TestClient(app) as client:
        response = await client.get("/old?q=1")
    assert (response.status_code, response.headers["location"]) == (307, "http://testserver/new")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "Get 'None'. Maybe you need to add a return statement to the function."),
        (object(), "Cannot find response_converter handler for this type: <class 'object'>"),
    ],
)
async def test_a_value_that_is_no_answer_is_an_error_that_says_so(value: Any, message: str) -> None:
    with pytest.raises(TypeError) as error:
        await reply(answering(value))
    assert str(error.value) == message


async def test_response_converters_are_heard_and_may_be_registered_later() -> None:
    def move(move: Move) -> PlainTextResponse:
        return PlainTextResponse(f"x {move.x}")

    assert await reply(answering(Move(x=1), response_converters={Move: move})) == (200, "x 1")
    app = answering(date(2024, 2, 29))

    @app.response_converter.register(date)
    def day(day: date) -> PlainTextResponse:
        return PlainTextResponse(day.isoformat())

    assert await reply(app) == (200, "2024-02-29")


async def test_the_json_encoder_is_heard() -> None:
    assert await reply(answering({"z": 1j}, json_encoder={complex: str})) == (200, '{"z":"1j"}')


async def test_a_middleware_may_change_any_answer() -> None:
    def stamp(endpoint: Endpoint) -> Endpoint:
        async def stamped() -> Any:
            response: Any = convert_response(await endpoint())
            response.headers["x-stamp"] = "1"
            return response

        return stamped

    async with TestClient(answering({"id": 7}, http_middlewares=[stamp])) as client:
        response = await client.get("/")
    assert (response.json(), response.headers["x-stamp"]) == ({"id": 7}, "1")


async def test_a_response_sets_and_deletes_cookies() -> None:
    response = PlainTextResponse("cookies")
    response.set_cookie("theme", "dark")
    response.delete_cookie("old")
    async with TestClient(answering(response)) as client:
        answer = await client.get("/")
        assert answer.headers.get_list("set-cookie")[0].startswith("theme=dark")
        assert client.cookies["theme"] == "dark"


# -- bodies and limits -----------------------------------------------------------------------------------------------


async def test_a_body_is_taken_from_json_and_forms_and_files() -> None:
    app = Kui()

    @app.router.http.post("/json")
    async def from_json(x: Annotated[int, Body()], y: Annotated[int, Body(0)]) -> int | Any:
        return str(x + y)

    @app.router.http.post("/model")
    async def from_model(move: Annotated[Move, Body(exclusive=True)]) -> Move:
        return move

    @app.router.http.post("/file")
    async def from_form(name: Annotated[str, Body()], file: Annotated[UploadFile, Body()]) -> str:
        return f"{name} {file.filename} {(await file.aread()).decode()}"

    assert await reply(app, "POST", "/json", json={"x": 1, "y": 2}) == (200, "3")
    assert await reply(app, "POST", "/json", data={"x": "1"}) == (200, "1")
    assert await reply(app, "POST", "/model", json={"x": 7}) == (200, '{"x":7}')
    files = {"file": ("a.txt", b"hello")}
    assert await reply(app, "POST", "/file", data={"name": "n"}, files=files) == (200, "n a.txt hello")
    assert (await reply(app, "POST", "/json", content=b"x", headers={"content-type": "text/x"}))[0] == 415
    assert (await reply(app, "POST", "/json", content=b"{", headers={"content-type": "application/json"}))[
        0
    ] == 400


async def test_a_body_above_the_limit_is_413() -> None:
    app = Kui(request_limits=RequestLimits(max_body_size=10))

    @app.router.http.post("/")
    async def read() -> bytes:
        return await request.body

    assert await reply(app, "POST", content=b"x" * 10) == (200, "x" * 10)
    assert (await reply(app, "POST", content=b"x" * 11))[0] == 413


async def test_invalid_parameters_are_422_with_every_error_and_its_place() -> None:
    app = Kui()

    @app.router.http.get("/")
    async def search(page: Annotated[int, Query(ge=1)], size: Annotated[int, Query()]) -> str:
        return "found"

    async with TestClient(app) as client:
        response = await client.get("/?page=0")
    assert response.status_code == 422
    assert [(each["in"], each["loc"], each["type"]) for each in response.json()] == [
        ("query", ["page"], "greater_than_equal"),
        ("query", ["size"], "missing"),
    ]


# -- errors ----------------------------------------------------------------------------------------------------------


class Broken(LookupError):
    pass


async def test_an_http_exception_answers_for_itself() -> None:
    assert await reply(answering(HTTPException(403))) == (
        403,
        "Request forbidden -- authorization will not help",
    )
    assert await reply(answering(HTTPException(418, content={"tea": True}))) == (418, '{"tea":true}')
    assert await reply(answering(HTTPException(204))) == (204, "")


async def test_exception_handlers_answer_by_status_and_by_the_nearest_class() -> None:
    def by_class(error: LookupError) -> tuple[str, int]:
        return f"lookup {error}", 410

    async def by_status(error: Any) -> JSONResponse:
        return JSONResponse({"status": error.status_code}, error.status_code)

    handlers = {LookupError: by_class, 404: by_status}
    assert await reply(answering(Broken("x"), exception_handlers=handlers)) == (410, "lookup x")
    assert await reply(answering(HTTPException(404), exception_handlers=handlers)) == (404, '{"status":404}')
    assert await reply(answering("", exception_handlers=handlers), path="/no") == (404, '{"status":404}')


async def test_exception_handlers_may_be_added_later() -> None:
    app = answering(Broken("x"))
    app.add_exception_handler(LookupError, told)
    assert await reply(app) == (400, "told")

    @app.exception_handler(Broken)
    async def broken(error: Broken) -> tuple[str, int]:
        return "broken", 409

    assert broken.__name__ == "broken"
    assert await reply(app) == (409, "broken")


def told(error: Exception) -> tuple[str, int]:
    return "told", 400


async def test_exception_handlers_see_what_middlewares_raise() -> None:
    def strict(endpoint: Endpoint) -> Endpoint:
        async def refusing() -> Any:
            raise Broken("no")

        return refusing

    app = answering("home", http_middlewares=[strict], exception_handlers={Broken: told})
    assert await reply(app) == (400, "told")


async def test_what_nobody_answers_is_500_and_reaches_the_server() -> None:
    with pytest.raises(Broken, match="x"):
        await reply(answering(Broken("x")))


# -- CORS ------------------------------------------------------------------------------------------------------------

PAGE = {"origin": "https://page.example"}
CORS = {"allow_origins": [r"https://page\.example"]}


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 410), ("GET", "/no", 404), ("OPTIONS", "/", 200)]
)
async def test_cors_headers_are_on_errors_misses_and_preflights(method: str, path: str, status: int) -> None:
    app = answering(HTTPException(410), cors_config=CORS)
    async with TestClient(app) as client:
        response = await client.request(method, path, headers=PAGE)
        other = await client.request(method, path, headers={"origin": "https://other.example"})
    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == PAGE["origin"]
    assert "access-control-allow-origin" not in other.headers


async def test_cors_headers_are_on_405() -> None:
    app = Kui(cors_config=CORS)
    app.router.http.get("/")(_home)
    async with TestClient(app) as client:
        response = await client.post("/", headers=PAGE)
    assert response.status_code == 405
    assert response.headers["access-control-allow-origin"] == PAGE["origin"]


async def _home() -> str:
    return "home"


async def test_a_group_may_have_cors_of_its_own() -> None:
    app = Kui()
    app.router <<= "/api" // Routes(
        HttpRoute("/home", _home), http_middlewares=[allow_cors(CORS["allow_origins"])]
    )
    async with TestClient(app) as client:
        response = await client.get("/api/home", headers=PAGE)
    assert response.headers["access-control-allow-origin"] == PAGE["origin"]


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("OPTIONS", 200), ("POST", 405)])
async def test_cors_of_a_group_or_a_route_is_on_preflights_and_405(method: str, status: int) -> None:
    app = Kui()
    cors = allow_cors(CORS["allow_origins"])
    app.router <<= HttpRoute("/route", _home, None, ["GET"]) @ cors
    app.router <<= "/api" // Routes(HttpRoute("/home", _home, None, ["GET"]), http_middlewares=[cors])
    async with TestClient(app) as client:
        for path in ("/route", "/api/home"):
            response = await client.request(method, path, headers=PAGE)
            assert (path, response.status_code) == (path, status)
            assert response.headers["access-control-allow-origin"] == PAGE["origin"]
            assert ("access-control-allow-methods" in response.headers) is (method == "OPTIONS")


@dataclass
class Counting:
    """A middleware that is not hashable."""

    paths: list[dict[str, Any]]

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        async def counted() -> Any:
            self.paths.append(request.path_params)
            return await endpoint()

        return counted


async def test_a_405_runs_the_middlewares_of_application_and_route_once_with_the_path_parameters() -> None:
    of_app, of_route = Counting([]), Counting([])
    routes = [HttpRoute("/{id:int}", _home, methods=["GET"]) @ of_route]
    app = Kui(routes=routes, http_middlewares=[of_app])
    async with TestClient(app) as client:
        assert (await client.post("/7")).status_code == 405
        assert (await client.post("/8")).status_code == 405
        assert of_route.paths == of_app.paths == [{"id": 7}, {"id": 8}]
        app.router = Router(routes)
        assert (await client.post("/9")).status_code == 405
    assert of_route.paths == of_app.paths == [{"id": 7}, {"id": 8}, {"id": 9}]
