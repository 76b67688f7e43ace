"""Dependencies that take credentials."""

from base64 import b64encode
from typing import Annotated, Any

import pytest

from kui.core import HTTPException
from kui.params import Depends, api_key_auth_dependency, basic_auth, bearer_auth

Denied: type[HTTPException[Any]] = HTTPException


async def bearer(token: Annotated[str, Depends(bearer_auth)]) -> Any:
    return token


async def basic(credentials: Annotated[tuple[str, str], Depends(basic_auth)]) -> Any:
    return credentials


async def test_a_bearer_token_is_taken_from_its_header(run: Any) -> None:
    assert await run(bearer, headers={"Authorization": "Bearer a.b-c"}) == "a.b-c"
    assert await run(bearer, headers={"authorization": "bearer  x "}) == "x"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc"])
async def test_without_a_bearer_token_the_answer_is_401(run: Any, header: str | None) -> None:
    with pytest.raises(Denied) as caught:
        await run(bearer, headers={} if header is None else {"authorization": header})
    assert caught.value.status_code == 401
    assert caught.value.headers == {"WWW-Authenticate": "Bearer"}


@pytest.mark.parametrize("password", ["pass", "", "a:b", "größe"])
async def test_a_user_and_a_password_are_decoded(run: Any, password: str) -> None:
    header = "Basic " + b64encode(f"ada:{password}".encode()).decode()
    assert await run(basic, headers={"authorization": header}) == ("ada", password)


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic !!!", "Basic YWRh", "Basic /w==", "Basic \xff", "Bearer YTpi"]
)
async def test_without_a_user_and_a_password_the_answer_is_401(run: Any, header: str) -> None:
    with pytest.raises(Denied) as caught:
        await run(basic, headers={"authorization": header})
    assert caught.value.status_code == 401
    assert caught.value.headers is not None
    assert caught.value.headers["WWW-Authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize(
    ("position", "sent"),
    [
        ("header", {"headers": {"X-API-Key": "k"}}),
        ("query", {"query": "X-API-Key=k"}),
        ("cookie", {"headers": {"cookie": "X-API-Key=k"}}),
    ],
)
async def test_an_api_key_is_taken_from_its_place(run: Any, position: Any, sent: dict[str, Any]) -> None:
    api_key = api_key_auth_dependency("X-API-Key", position)

    async def endpoint(key: Annotated[str, Depends(api_key)]) -> Any:
        return key

    assert await run(endpoint, **sent) == "k"
    with pytest.raises(Denied) as caught:
        await run(endpoint)
    assert caught.value.status_code == 401
    assert not caught.value.headers


def test_an_api_key_has_one_of_three_places() -> None:
    with pytest.raises(
        ValueError, match=r"^an API key is in the 'header', the 'query' or a 'cookie'; got 'body'$"
    ):
        api_key_auth_dependency("key", "body")  # type: ignore[arg-type]  # pyright: ignore
