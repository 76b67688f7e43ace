"""The answers that kui gives by itself, beside exception handlers of the application, on both protocols."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

import pytest

from kui.asgi import (
    Depends,
    HTTPException,
    HttpRoute,
    Kui,
    Path,
    Query,
    RequestValidationError,
    SocketRoute,
    WebSocketClose,
    bearer_auth,
    required_method,
    websocket,
)
from kui.testing import HandshakeDenied, TestClient

Answer = tuple[int, str]


async def forbidden() -> None:
    raise HTTPException(403, content="not you")


async def moved() -> None:
    raise HTTPException(302, {"location": "/elsewhere"}, "elsewhere")


async def guarded(token: Annotated[str, Depends(bearer_auth)]) -> None: ...


async def numbered(number: Annotated[int, Path()], page: Annotated[int, Query()]) -> None: ...


async def broken() -> None:
    raise KeyError("broken")


PATHS: Mapping[str, Callable[..., Awaitable[None]]] = {
    "/forbidden": forbidden,
    "/moved": moved,
    "/guarded": guarded,
    "/numbered/{number}": numbered,
    "/broken": broken,
}


def everything(error: BaseException) -> tuple[str, int]:
    return f"everything: {type(error).__name__}", 503


def validation(error: RequestValidationError) -> tuple[str, int]:
    return f"validation: {error.in_}", 400


def refusal(error: HTTPException[Any]) -> tuple[str, int]:
    return f"refused: {error.status_code}", error.status_code


async def answers(path: str, handlers: Mapping[Any, Any]) -> Answer:
    """Return the answer over HTTP, which is that to a handshake too."""
    app = Kui(exception_handlers=handlers)
    for pattern, endpoint in PATHS.items():
        app.router <<= HttpRoute(pattern, endpoint, name=None)
        app.router <<= SocketRoute(pattern, endpoint, name=None)
    async with TestClient(app) as client:
        answer = await client.get(path, follow_redirects=False)
        with pytest.raises(HandshakeDenied) as denied:
            await client.websocket(path).__aenter__()
    assert (denied.value.status, denied.value.body) == (answer.status_code, answer.content)
    return answer.status_code, answer.text


@pytest.mark.parametrize("class_", [Exception, BaseException])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/forbidden", 403),
        ("/moved", 302),
        ("/guarded", 401),
        ("/nowhere", 404),
        ("/numbered/x?page=1", 404),
        ("/numbered/1?page=x", 422),
    ],
)
async def test_a_handler_of_everything_leaves_http_exceptions_their_own_answers(
    class_: type[BaseException], path: str, status: int
) -> None:
    own = await answers(path, {})
    assert own[0] == status
    assert await answers(path, {class_: everything}) == own


async def test_a_handler_of_everything_answers_for_what_is_no_http_exception() -> None:
    assert await answers("/broken", {Exception: everything}) == (503, "everything: KeyError")


async def test_a_handler_of_everything_leaves_405_and_options_their_own_answers() -> None:
    app = Kui(exception_handlers={Exception: everything})
    app.router <<= HttpRoute("/", forbidden) @ required_method("GET")
    async with TestClient(app) as client:
        answer = await client.post("/")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
        assert (await client.options("/")).status_code == 200


async def test_a_handler_of_everything_leaves_closes_and_disconnects_alone() -> None:
    app = Kui(exception_handlers={Exception: everything})

    @app.router.websocket("/close")
    async def close() -> None:
        await websocket.accept()
        raise WebSocketClose(4001, "bye")

    @app.router.websocket("/http")
    async def http() -> None:
        await websocket.accept()
        raise HTTPException(403)

    @app.router.websocket("/left")
    async def left() -> None:
        await websocket.accept()
        await websocket.receive_text()

    async with TestClient(app) as client:
        for path, code in (("/close", 4001), ("/http", 4403)):
            async with client.websocket(path) as ws:
                assert (await ws.expect_close()).code == code
        async with client.websocket("/left"):
            pass


PATH_ERROR, QUERY_ERROR = "/numbered/x?page=1", "/numbered/1?page=x"


@pytest.mark.parametrize("others", [{}, {422: refusal, 404: refusal}, {HTTPException: refusal}])
async def test_a_handler_of_validation_errors_goes_before_those_of_statuses_and_http_exceptions(
    others: Mapping[Any, Any],
) -> None:
    handlers = {**others, RequestValidationError: validation}
    assert await answers(QUERY_ERROR, handlers) == (400, "validation: query")
    assert await answers(PATH_ERROR, handlers) == (400, "validation: path")


@pytest.mark.parametrize("key", [422, HTTPException])
async def test_validation_errors_without_a_handler_of_their_own_are_the_list_of_422(key: Any) -> None:
    own = await answers(QUERY_ERROR, {})
    assert (own[0], own[1].startswith('[{"type":"int_parsing"')) == (422, True)
    assert await answers(QUERY_ERROR, {key: refusal}) == own


@pytest.mark.parametrize("key", [404, HTTPException])
async def test_errors_of_the_path_without_a_handler_of_their_own_go_to_the_handler_of_404(key: Any) -> None:
    assert await answers(PATH_ERROR, {key: refusal}) == (404, "refused: 404")
    own = await answers(PATH_ERROR, {422: refusal})
    assert (own[0], own[1].startswith('[{"type":"int_parsing"')) == (404, True)


async def test_a_handler_of_one_kind_of_validation_error_answers_for_it_alone() -> None:
    class Unfit(RequestValidationError):
        def __init__(self) -> None:
            super().__init__([{"type": "unfit", "loc": [], "msg": "unfit", "input": None, "in": "body"}])

    async def unfit() -> None:
        raise Unfit

    app = Kui(routes=[HttpRoute("/", unfit)], exception_handlers={Unfit: validation, 422: refusal})
    assert app.exception_middleware.lookup_handler(Unfit()) is validation
    assert app.exception_middleware.lookup_handler(RequestValidationError(Unfit().errors())) is None
    async with TestClient(app) as client:
        assert (await client.get("/")).text == "validation: body"
