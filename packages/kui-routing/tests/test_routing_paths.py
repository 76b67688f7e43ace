"""The paths of routes and their parameters."""

import re
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from kui.routing import HttpRoute, NoMatchFound, Router, SocketRoute


async def endpoint() -> None: ...


def found(template: str, path: str) -> dict[str, Any] | None:
    try:
        return Router([SocketRoute(template, endpoint)]).search("websocket", path)[0]
    except NoMatchFound:
        return None


@pytest.mark.parametrize(
    ("template", "path", "value"),
    [
        ("/{x}", "/abc", "abc"),
        ("/{x:str}", "/a b:c", "a b:c"),
        ("/{x:int}", "/0042", 42),
        ("/{x:float}", "/1.5", 1.5),
        ("/{x:decimal}", "/1.50", Decimal("1.50")),
        ("/{x:decimal}", "/" + "9" * 4300, Decimal("9" * 4300)),
        ("/{x:date}", "/2024-02-29", date(2024, 2, 29)),
        ("/{x:uuid}", "/0123abcd-0000-4000-8000-000000000000", UUID("0123abcd-0000-4000-8000-000000000000")),
        ("/f/{x:any}", "/f/a/b/", "a/b/"),
        ("/f/{x:any}", "/f/", ""),
        ("/f/{x:any}", "/f/a\nb", "a\nb"),
        ("/v{x:int}", "/v7", 7),
        ("/{x:int}.json", "/7.json", 7),
        ("/files-{x:any}", "/files-a/b", "a/b"),
        ("/{x:int}/", "/7/", 7),
    ],
)
def test_a_parameter_becomes_a_value(template: str, path: str, value: object) -> None:
    params = found(template, path)
    assert params is not None
    assert params == {"x": value}
    assert type(params["x"]) is type(value)


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("/{x}", "/"),
        ("/{x}", "/a/b"),
        ("/{x}", "abc"),
        ("/{x}/", "//"),
        ("/{x:int}", "/-1"),
        ("/{x:int}", "/1\n"),
        ("/{x:int}", "/\u0663"),
        ("/{x:int}", "/" + "9" * 5000),
        ("/{x:decimal}", "/1x5"),
        ("/{x:decimal}", "/1e5"),
        ("/{x:decimal}", "/" + "9" * 4301),
        ("/v{x:decimal}", "/v0." + "9" * 4301),
        ("/{x:float}", "/nan"),
        ("/{x:float}", "/" + "9" * 400),
        ("/{x:date}", "/2020-13-45"),
        ("/{x:date}", "/2023-02-29"),
        ("/{x:uuid}", "/0123ABCD-0000-4000-8000-000000000000"),
        ("/f/{x:any}", "/f"),
        ("/f/{x:any}", "/g/"),
        ("/v{x:int}", "/7"),
        ("/files-{x:any}", "/files/a"),
        ("/{x:int}/", "/7"),
        ("/a", "/a/"),
        ("/a", "/A"),
        ("/a", "//a"),
        ("/", ""),
    ],
)
def test_what_does_not_fit_does_not_match(template: str, path: str) -> None:
    assert found(template, path) is None


def test_several_parameters_share_a_segment() -> None:
    assert found("/{y:int}-{m:int}/{name}", "/2024-05/x") == {"y": 2024, "m": 5, "name": "x"}
    assert found("/{y:int}-{m:int}/{name}", "/2024/x") is None
    assert found("/on-{a:date}-{b:date}", "/on-2024-01-01-2024-01-40") is None


@pytest.mark.parametrize(
    ("path", "position", "problem"),
    [
        ("/{a", 1, "a '{' that no '}' closes"),
        ("/{a{b}", 1, "a '{' that no '}' closes"),
        ("/a}", 2, "a '}' without a '{' before it"),
        ("/{1a}", 2, "a parameter's name is an identifier, got '1a'"),
        ("/{}", 2, "a parameter's name is an identifier, got ''"),
        ("/{a-b}", 2, "a parameter's name is an identifier, got 'a-b'"),
        ("/{a:}", 4, "a parameter's type is an identifier, got ''"),
        ("/{a:[0-9]+}", 4, "got '[0-9]+'; a regular expression needs register_converter"),
        ("/{a?}", 2, "a parameter's name is an identifier, got 'a?'"),
        ("/{x}/{x}", 6, "the parameter 'x' occurs twice"),
    ],
)
def test_a_slip_in_a_path_is_shown_where_it_is(path: str, position: int, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)) as caught:
        HttpRoute(path, endpoint)
    assert f"at position {position} of the path\n    {path}\n    {' ' * position}^" in str(caught.value)


def test_a_parameter_twice_is_found_across_a_prefix() -> None:
    with pytest.raises(ValueError, match="the parameter 'x' occurs twice"):
        "/{x}" // HttpRoute("/{x}", endpoint)  # pyright: ignore[reportUnusedExpression]


@pytest.mark.parametrize(
    ("path", "position", "problem"),
    [
        ("/{x:nope}", 4, "Unknown path converter 'nope' of the parameter 'x'; known are any, date"),
        ("/{x:any}/y", 8, "which takes all the rest of a path"),
        ("/{x}y", 4, "Only `/` is allowed after 'x'"),
        ("/{x}{y:int}", 4, "Only `/` is allowed after 'x'"),
        ("/{x:int}{y:int}", 8, "needs some text between 'x' and 'y'"),
        ("/a-{x:date}{y:any}", 11, "needs some text between 'x' and 'y'"),
        ("/{xy}/{x}y", 9, "Only `/` is allowed after 'x'"),
    ],
)
def test_a_path_that_cannot_be_is_refused_at_registration(path: str, position: int, problem: str) -> None:
    router = Router()
    with pytest.raises(ValueError, match=re.escape(problem)) as caught:
        router << HttpRoute(path, endpoint)  # pyright: ignore[reportUnusedExpression]
    assert f"at position {position} of the path\n    {path}\n    {' ' * position}^" in str(caught.value)
    assert len(router) == 0
