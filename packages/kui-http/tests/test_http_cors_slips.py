"""What is said to those who write the arguments of CORS in another way."""

import re
from typing import Any

import pytest

from kui.http import allow_cors, http_session
from kui.testing import TestClient


async def hello() -> str:
    return "hello"


async def preflight(**options: Any) -> dict[str, str]:
    app = http_session(hello, middlewares=[allow_cors(**options)])
    async with TestClient(app) as client:
        headers = {"origin": "https://kui.example", "access-control-request-method": "GET"}
        return dict((await client.options("/", headers=headers)).headers)


@pytest.mark.parametrize("origin", [r"https://kui\.example", re.compile(r"https://kui\.example")])
async def test_a_single_origin_needs_no_list(origin: Any) -> None:
    assert (await preflight(allow_origins=origin))["access-control-allow-origin"] == "https://kui.example"


async def test_a_single_method_and_a_single_header_need_no_list() -> None:
    answer = await preflight(allow_methods="GET", allow_headers="X-Token")
    assert answer["access-control-allow-methods"] == "GET"
    assert answer["access-control-allow-headers"].endswith(", X-Token")


@pytest.mark.parametrize("origins", ["*", ["*"]])
def test_a_star_is_refused_with_the_expression_to_write(origins: Any) -> None:
    with pytest.raises(
        ValueError, match=r"the origin '\*' is no regular expression: .*; write '\.\*' for every"
    ):
        allow_cors(origins)


@pytest.mark.parametrize("max_age", ["600", None, 600.0])
def test_a_max_age_that_is_no_whole_number_is_refused(max_age: Any) -> None:
    with pytest.raises(
        TypeError, match=f"max_age is a whole number of seconds; got {re.escape(repr(max_age))}"
    ):
        allow_cors(max_age=max_age)


async def test_a_max_age_is_in_the_answer_to_a_preflight() -> None:
    assert (await preflight(max_age=60))["access-control-max-age"] == "60"
