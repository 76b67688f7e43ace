"""`request` stands for the request of the current task, and spells out what most endpoints use."""

import inspect
from typing import Any

import pytest

from kui.core import NoActiveConnection
from kui.http import (
    HttpRequest,
    PlainTextResponse,
    ResponseConverter,
    convert_response,
    http_session,
    request,
)
from kui.http.context import RequestProxy
from kui.testing import TestClient

SPELLED_OUT = [name for name in vars(RequestProxy) if not name.startswith("_")]


@pytest.mark.parametrize("name", SPELLED_OUT)
def test_what_the_proxy_spells_out_is_what_the_request_has(name: str) -> None:
    of_proxy, of_request = getattr(RequestProxy, name), inspect.getattr_static(HttpRequest, name)
    assert callable(of_proxy) == inspect.isfunction(of_request)
    if callable(of_proxy):
        assert inspect.signature(of_proxy).parameters == inspect.signature(of_request).parameters


@pytest.mark.parametrize("name", [*SPELLED_OUT, "cookies", "state", "wait_disconnected"])
def test_nothing_is_known_outside_of_a_request(name: str) -> None:
    def use() -> None:
        method: Any = getattr(request, name)
        method()

    with pytest.raises(NoActiveConnection, match="request"):
        use()


async def test_the_proxy_answers_like_the_request() -> None:
    async def endpoint() -> Any:
        request.state.seen = [piece async for piece in request.stream()]
        return {
            "method": request.method,
            "path": request.url.path,
            "params": request.path_params,
            "query": dict(request.query_params),
            "header": request.headers["x-id"],
            "gone": await request.is_disconnected(),
            "pieces": [piece.decode() for piece in request.state.seen],
            "repr": repr(request),
            "length": len(request["headers"]) > 0 and "path" in request,
        }

    async with TestClient(http_session(endpoint), base_url="http://kui.test", lifespan="off") as client:
        answer = await client.post("/a%20b?q=1", headers={"X-Id": "7"}, content=b"body")
    assert answer.json() == {
        "method": "POST",
        "path": "/a%20b",
        "params": {},
        "query": {"q": "1"},
        "header": "7",
        "gone": False,
        "pieces": ["body"],
        "repr": "<HttpRequest '/a b'>",
        "length": True,
    }


async def test_each_way_to_the_body_is_awaited() -> None:
    async def endpoint() -> Any:
        if request["path"] == "/form":
            return [dict(await request.form), dict(await request.data()), (await request.body).decode()]
        return [await request.json, await request.data(), (await request.body).decode()]

    async with TestClient(http_session(endpoint), base_url="http://kui.test", lifespan="off") as client:
        assert (await client.post("/form", data={"a": "1"})).json() == [{"a": "1"}, {"a": "1"}, "a=1"]
        assert (await client.post("/json", json=[1])).json() == [[1], [1], "[1]"]


async def test_a_middleware_looks_at_answers_with_the_converter_of_its_session() -> None:
    def loud(text: str) -> PlainTextResponse:
        return PlainTextResponse(text.upper())

    def middleware(endpoint: Any) -> Any:
        async def changed() -> Any:
            response: Any = convert_response(await endpoint())
            response.headers["x-content"] = response.content
            return response

        return changed

    async def endpoint() -> Any:
        return "loud"

    app = http_session(endpoint, middlewares=[middleware], converter=ResponseConverter({str: loud}))
    async with TestClient(app, base_url="http://kui.test", lifespan="off") as client:
        answer = await client.get("/")
    assert (answer.headers["x-content"], answer.text) == ("LOUD", "LOUD")
