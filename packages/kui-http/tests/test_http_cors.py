"""Cross-origin requests: the headers are on every answer, and on those of allowed origins alone."""

import re
from typing import Any

import httpx
import pytest

from kui.core import HTTPException
from kui.http import PlainTextResponse, allow_cors, http_session, request


async def endpoint() -> Any:
    match request.query_params.get("answer"):
        case "missing":
            raise HTTPException(404)
        case "broken":
            raise ValueError("broken")
        case "vary":
            return PlainTextResponse("", headers={"Vary": "Accept, origin"})
        case _:
            return request.method


async def call(origin: str | None, method: str = "GET", answer: str = "", **config: Any) -> httpx.Response:
    app = http_session(endpoint, middlewares=[allow_cors(**config)])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://kui.test") as client:
        headers = {} if origin is None else {"Origin": origin}
        return await client.request(method, "/", params={"answer": answer}, headers=headers)


def granted(response: httpx.Response) -> dict[str, str]:
    prefix = "access-control-"
    return {
        name.removeprefix(prefix): value
        for name, value in response.headers.items()
        if name.startswith(prefix)
    }


@pytest.mark.parametrize(("answer", "status"), [("", 200), ("missing", 404), ("broken", 500)])
async def test_every_answer_names_the_allowed_origin(answer: str, status: int) -> None:
    response = await call("https://kui.example", answer=answer)
    assert response.status_code == status
    assert granted(response) == {"allow-origin": "https://kui.example"}
    assert response.headers["vary"] == "Origin"


async def test_vary_is_kept_and_not_repeated() -> None:
    assert (await call(None, answer="vary")).headers["vary"] == "Accept, origin"


@pytest.mark.parametrize(
    "origin", [None, "https://evil.example", "https://kui.example.evil", "xhttps://kui.example"]
)
async def test_another_origin_is_granted_nothing(origin: str | None) -> None:
    response = await call(origin, allow_origins=[re.compile(r"https://kui\.example")], allow_credentials=True)
    assert (response.status_code, granted(response), response.headers["vary"]) == (200, {}, "Origin")


async def test_credentials_and_exposed_headers_are_granted() -> None:
    response = await call(
        "https://kui.example",
        allow_origins=["https://kui.example"],
        allow_credentials=True,
        expose_headers=["X-Id", "X-Page"],
    )
    assert granted(response) == {
        "allow-origin": "https://kui.example",
        "allow-credentials": "true",
        "expose-headers": "X-Id, X-Page",
    }


async def test_a_preflight_request_is_answered() -> None:
    response = await call(
        "https://kui.example",
        "OPTIONS",
        allow_origins=["https://kui.example"],
        allow_methods=["get", "POST"],
        allow_headers=["X-Token", "Accept"],
        max_age=60,
        allow_credentials=True,
    )
    assert (response.status_code, response.content) == (200, b"")
    assert granted(response) == {
        "allow-origin": "https://kui.example",
        "allow-credentials": "true",
        "allow-methods": "GET, POST",
        "allow-headers": "Accept, Accept-Language, Content-Language, Content-Type, X-Token",
        "max-age": "60",
    }


@pytest.mark.parametrize("origin", [None, "https://evil.example"])
async def test_options_of_nobody_allowed_reaches_the_endpoint(origin: str | None) -> None:
    assert (await call(origin, "OPTIONS", allow_origins=["https://kui.example"])).text == "OPTIONS"


async def test_a_pattern_may_be_a_string() -> None:
    assert granted(await call("http://a.b", allow_origins=[r"http://[a-z]\.b"]))


def test_a_mistaken_pattern_fails_at_once() -> None:
    with pytest.raises(ValueError, match="is no regular expression: missing"):
        allow_cors(allow_origins=["("])


@pytest.mark.parametrize(
    "config", [{}, {"allow_origins": [".*"]}, {"allow_origins": ["https://a", "null|b"]}]
)
def test_credentials_need_origins_that_are_named(config: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="name the origins"):
        allow_cors(allow_credentials=True, **config)
