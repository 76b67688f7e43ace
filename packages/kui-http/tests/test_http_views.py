"""Class views and required_method: which method is answered by what."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import httpx
import pytest

from kui.core import ASGIApp, HTTPException, Message
from kui.http import (
    HttpResponse,
    HttpView,
    allow_header,
    http_session,
    method_not_allowed,
    options_response,
    request,
    required_method,
)
from kui.testing import TestClient


async def call(app: ASGIApp, method: str) -> httpx.Response:
    async with TestClient(app, base_url="http://kui.test", lifespan="off") as client:
        return await client.request(method, "/")


class Notes(HttpView):
    async def get(self) -> Any:
        return f"instance {type(self).__name__}"

    @classmethod
    async def post(cls) -> Any:
        return f"class {cls.__name__}", 201

    @staticmethod
    async def delete() -> Any:
        return "static"


@pytest.mark.parametrize(
    ("method", "text"), [("GET", "instance Notes"), ("POST", "class Notes"), ("DELETE", "static")]
)
async def test_a_method_is_answered_by_its_namesake(method: str, text: str) -> None:
    assert (await call(http_session(Notes), method)).text == text


async def test_head_is_answered_by_get() -> None:
    answer = await call(http_session(Notes), "HEAD")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "14")


async def test_a_view_may_have_a_head_of_its_own() -> None:
    class View(Notes):
        async def head(self) -> Any:
            return HttpResponse(204, {"x-head": request.method})

    assert (await call(http_session(View), "HEAD")).headers["x-head"] == "HEAD"


async def test_options_names_the_methods_in_their_order() -> None:
    answer = await call(http_session(Notes), "OPTIONS")
    assert (answer.status_code, answer.headers["allow"]) == (200, "GET, HEAD, POST, DELETE, OPTIONS")


async def test_a_view_may_have_options_of_its_own() -> None:
    class View(Notes):
        async def options(self) -> Any:
            return "mine"

    assert (await call(http_session(View), "OPTIONS")).text == "mine"


@pytest.mark.parametrize("method", ["PUT", "BREW", "__INIT__", "BOUND_METHODS", "HTTP_METHOD_NOT_ALLOWED"])
async def test_other_methods_are_a_405_that_names_the_methods(method: str) -> None:
    answer = await call(http_session(Notes), method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST, DELETE, OPTIONS")


async def test_the_405_goes_through_the_exception_handlers() -> None:
    def refuse(error: HTTPException[Any]) -> Any:
        return "no", error.status_code, error.headers

    answer = await call(http_session(Notes, exception_handlers={405: refuse}), "PUT")
    assert (answer.text, answer.headers["allow"]) == ("no", "GET, HEAD, POST, DELETE, OPTIONS")


async def test_a_view_may_answer_the_other_methods_itself() -> None:
    class View(Notes):
        async def http_method_not_allowed(self) -> Any:
            return request.method, 405

    assert (await call(http_session(View), "PUT")).text == "PUT"


async def test_a_view_may_name_further_methods() -> None:
    class Pot(HttpView):
        HTTP_METHOD_NAMES: ClassVar[list[str]] = [*HttpView.HTTP_METHOD_NAMES, "brew"]

        async def brew(self) -> Any:
            return "coffee"

    assert (await call(http_session(Pot), "BREW")).text == "coffee"
    assert Pot.__methods__ == ["BREW", "OPTIONS"]


def test_further_methods_are_named_in_lower_case() -> None:
    with pytest.raises(ValueError, match="lower case"):
        type("Pot", (HttpView,), {"HTTP_METHOD_NAMES": ["BREW"]})


def plain(self: object) -> Any:
    return "plain"


def yielding(self: object) -> Any:
    yield "plain"


async def events(self: object) -> Any:
    yield {"data": "x"}


@pytest.mark.parametrize("function", [plain, yielding, events])
def test_a_method_that_cannot_be_awaited_fails_when_its_class_is_made(function: Callable[..., Any]) -> None:
    for method in (function, staticmethod(function), classmethod(function)):
        with pytest.raises(TypeError, match=r"View\.get .* async def"):
            type("View", (HttpView,), {"get": method})


async def test_a_method_may_be_decorated_to_be_awaited() -> None:
    async def get(self: object) -> Any:
        return "awaited"

    @functools.wraps(get)
    def wrapper(self: object) -> Any:
        return get(self)

    def annotated(self: object) -> Awaitable[Any]:
        return get(self)

    @functools.wraps(plain)
    async def made_async(self: object) -> Any:
        return "awaited"

    for method in (wrapper, annotated, made_async):
        assert (await call(http_session(type("View", (HttpView,), {"get": method})), "GET")).text == "awaited"


async def test_methods_are_told_apart_by_their_case() -> None:
    app = http_session(Notes)
    for method, status in (("GET", 200), ("gEt", 405), ("get", 405), ("head", 405), ("options", 405)):
        sent: list[Message] = []

        async def send(message: Message, sent: list[Message] = sent) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        await app({"type": "http", "method": method, "path": "/", "headers": []}, receive, send)
        assert sent[0]["status"] == status


def test_a_view_knows_its_methods() -> None:
    assert Notes.bound_methods == ("get", "post", "delete")
    assert HttpView.bound_methods == ()


async def test_a_subclass_overrides_and_inherits() -> None:
    class Derived(Notes):
        async def post(self) -> Any:  # type: ignore[override]
            return "derived"

    assert (await call(http_session(Derived), "POST")).text == "derived"
    assert (await call(http_session(Derived), "GET")).text == "instance Derived"
    assert Notes.bound_methods == Derived.bound_methods


async def test_each_request_has_an_instance() -> None:
    instances: set[int] = set()
    kept: list[HttpView] = []

    class View(HttpView):
        async def get(self) -> Any:
            kept.append(self)
            instances.add(id(self))
            return ""

    for _ in range(3):
        await call(http_session(View), "GET")
    assert len(instances) == 3


async def test_a_method_may_be_any_callable_that_returns_an_awaitable() -> None:
    async def answer(text: str) -> Any:
        return text

    view = type("View", (HttpView,), {"get": staticmethod(functools.partial(answer, "partial"))})
    assert (await call(http_session(view), "GET")).text == "partial"


async def answer() -> Any:
    return request.method


@pytest.mark.parametrize("name", ["GET", "get", "Get"])
@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("HEAD", 200), ("OPTIONS", 200), ("POST", 405)])
async def test_a_function_may_require_get(name: str, method: str, status: int) -> None:
    response = await call(http_session(answer, middlewares=[required_method(name)]), method)
    assert response.status_code == status
    assert response.headers.get("allow") == (None if method in ("GET", "HEAD") else "GET, HEAD, OPTIONS")


async def test_a_function_may_require_another_method() -> None:
    app = http_session(answer, middlewares=[required_method("delete")])
    assert (await call(app, "DELETE")).text == "DELETE"
    assert (await call(app, "HEAD")).headers["allow"] == "DELETE, OPTIONS"


def test_a_required_method_can_be_read() -> None:
    endpoint: Any = required_method("put")(answer)
    assert endpoint.__method__ == "PUT"


def test_a_class_is_no_function() -> None:
    with pytest.raises(TypeError, match="Notes is a class"):
        required_method("GET")(Notes)


def test_the_allow_header_is_in_a_stable_order() -> None:
    assert allow_header(["post", "GET", "OPTIONS", "HEAD"]) == "POST, GET, HEAD, OPTIONS"
    assert options_response(["PUT"]).headers["allow"] == "PUT, OPTIONS"
    raised: Callable[[], HTTPException[Any]] = lambda: method_not_allowed(["PUT"])  # noqa: E731
    assert (raised().status_code, raised().headers) == (405, {"allow": "PUT, OPTIONS"})
