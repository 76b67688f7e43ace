"""The way back: from the name of a route to a path."""

import math
import re
import string
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar
from urllib.parse import unquote
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kui.routing import Converter, NoRouteFound, Router, SocketRoute


async def endpoint() -> None: ...


class Hex(Converter[int]):
    regex = "[0-9a-f]+"

    def to_python(self, text: str) -> int:
        return int(text, 16)


class Fruit(str, Enum):  # noqa: UP042 - whose str() is its name, and not its text
    APPLE = "apple"


class Shelf(Enum):
    TOP = 1


class Plain: ...


def url_for(template: str, **params: object) -> str:
    return Router([SocketRoute(template, endpoint, "n")]).url_for("n", params)


@pytest.mark.parametrize(
    ("template", "value", "path"),
    [
        ("/u/{x}", "a b?c#d%é", "/u/a%20b%3Fc%23d%25%C3%A9"),
        ("/u/{x}", "a:b@c", "/u/a:b@c"),
        ("/u/{x:int}", 5, "/u/5"),
        ("/u/{x:int}", "5", "/u/5"),
        ("/u/{x:decimal}", Decimal(100), "/u/100"),
        ("/u/{x:decimal}", Decimal(0), "/u/0"),
        ("/u/{x:decimal}", Decimal("1E+2"), "/u/100"),
        ("/u/{x:decimal}", 0.1, "/u/0.1"),
        ("/u/{x:decimal}", 5, "/u/5"),
        ("/u/{x:decimal}", "1.50", "/u/1.50"),
        ("/u/{x:float}", Decimal("1.5"), "/u/1.5"),
        ("/u/{x:float}", "1.5", "/u/1.5"),
        ("/u/{x:float}", 5, "/u/5"),
        ("/u/{x:float}", 1e22, "/u/10000000000000000000000"),
        ("/u/{x:float}", 1e-7, "/u/0.0000001"),
        ("/u/{x:date}", date(2024, 2, 29), "/u/2024-02-29"),
        ("/u/{x:any}", "a b/c", "/u/a%20b/c"),
        ("/u/{x:any}", "", "/u/"),
        ("/u/{x}", 5, "/u/5"),
        ("/u/{x}", Fruit.APPLE, "/u/apple"),
        ("/u/{x:any}", Shelf.TOP, "/u/1"),
        ("/u/{x:int}", Shelf.TOP, "/u/1"),
        ("/café/{x:int}.json", 1, "/caf%C3%A9/1.json"),
    ],
)
def test_a_value_becomes_a_path(template: str, value: object, path: str) -> None:
    assert url_for(template, x=value) == path


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("/{x}", ""),
        ("/{x}", None),
        ("/{x:any}", None),
        ("/{x}", "a/b"),
        ("/{x:int}", -1),
        ("/{x:int}", "five"),
        ("/{x:int}", True),
        ("/{x:decimal}", Decimal("NaN")),
        ("/{x:decimal}", "one"),
        ("/{x:decimal}", True),
        ("/{x:decimal}", None),
        ("/{x:decimal}", Decimal("1E+999999999999")),
        ("/{x:decimal}", Decimal("1E-999999999999")),
        ("/{x:decimal}", Decimal("1E+4300")),
        ("/{x:float}", True),
        ("/{x:float}", "1e400"),
        ("/{x:float}", "one"),
        ("/{x:float}", math.inf),
        ("/{x:date}", "2020-13-45"),
        ("/{x:uuid}", 5),
        ("/{x}", True),
        ("/{x}", b"a"),
        ("/{x:any}", ["a"]),
        ("/{x}", Plain()),
        ("/{x}", "\ud800"),
        ("/{x:any}", "a\udfff"),
    ],
)
def test_a_value_that_would_not_match_is_refused(template: str, value: object) -> None:
    with pytest.raises(
        ValueError, match=re.escape(f"url_for('n'): {value!r} is no value for the parameter 'x'")
    ):
        url_for(template, x=value)


def test_a_number_too_long_for_a_text_is_refused_by_its_type() -> None:
    with pytest.raises(
        ValueError, match=r"an int too long to print is no value for the parameter 'x' of the path '/{x:i"
    ):
        url_for("/{x:int}", x=10**5000)


class Table(Converter[int]):
    regex = "[a-z]+"
    texts: ClassVar = {1: "one"}

    def to_python(self, text: str) -> int:
        return next(number for number, known in self.texts.items() if known == text)

    def to_path(self, value: int) -> str:
        return self.texts[value]


def test_a_value_that_is_in_no_table_of_a_converter_is_refused() -> None:
    router = Router([SocketRoute("/{x:table}", endpoint, "n")], converters={"table": Table()})
    assert router.url_for("n", {"x": 1}) == "/one"
    with pytest.raises(ValueError, match="2 is no value for the parameter 'x'"):
        router.url_for("n", {"x": 2})


class Letters(Converter[str]):
    def __init__(self, regex: str) -> None:
        self.regex = regex

    def to_python(self, text: str) -> str:
        return text


OWN = {"word": Letters("[a-z]+"), "either": Letters("[a-z]+(?:-[a-z]+)?"), "path": Letters("[a-z/]+")}


@pytest.mark.parametrize(
    ("template", "params", "problem"),
    [
        (
            "/{x:decimal}.{y:decimal}",
            {"x": 1, "y": Decimal("2.5")},
            "'1.2.5' in the path '/{x:decimal}.{y:decimal}' would be read as {'x': '1.2', 'y': '5'}, not as"
            " {'x': '1', 'y': '2.5'}",
        ),
        ("/a/{x:either}-{y:either}", {"x": "a", "y": "b-c"}, "'a-b-c' in the path"),
        (
            "/{x:path}",
            {"x": "a/b"},
            "'a/b' is no value for the parameter 'x' of the path '/{x:path}': a segment has no",
        ),
    ],
)
def test_values_that_a_search_would_read_otherwise_are_refused(
    template: str, params: dict[str, Any], problem: str
) -> None:
    router = Router([SocketRoute(template, endpoint, "n")], converters=OWN)
    with pytest.raises(ValueError, match=re.escape(problem)):
        router.url_for("n", params)


def test_values_that_share_a_segment_are_taken_where_a_search_reads_them_as_they_are() -> None:
    router = Router([SocketRoute("/{x:decimal}.{y:decimal}", endpoint, "n")])
    assert router.url_for("n", {"x": 1, "y": 2}) == "/1.2"
    assert router.url_for("n", {"x": Decimal("1.5"), "y": 2}) == "/1.5.2"


@pytest.mark.parametrize("text", [None, 5, b"a"])
def test_a_converter_whose_text_is_none_is_named(text: Any) -> None:
    class Wrong(Hex):
        def to_path(self, value: int) -> str:
            return text  # type: ignore[no-any-return]

    router = Router([SocketRoute("/{x:wrong}", endpoint)], converters={"wrong": Wrong()})
    with pytest.raises(
        TypeError,
        match=rf"Wrong\.to_path has to return a string, and returned {text!r} for 7, the parameter 'x'",
    ):
        router.url_for("endpoint", {"x": 7})


@pytest.mark.parametrize(
    ("template", "value", "path"),
    [
        ("/{x}", ".", "/."),
        ("/a/{x}/b", "..", "/a/../b"),
        ("/a/{x:any}", "../../admin", "/a/../../admin"),
        ("/a/{x:any}", "b/./c", "/a/b/./c"),
        ("/a/.{x:any}", "./b", "/a/../b"),
        ("/a/.{x:any}", "", "/a/."),
    ],
)
def test_a_path_that_clients_would_shorten_is_refused(template: str, value: str, path: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"url_for('n'): the path {template!r} would be {path!r}")):
        url_for(template, x=value)


@pytest.mark.parametrize(
    ("value", "path"), [("...", "/a/..."), (".b/c..", "/a/.b/c.."), ("%2e%2e", "/a/%252e%252e")]
)
def test_dots_that_are_no_segment_are_left(value: str, path: str) -> None:
    assert url_for("/a/{x:any}", x=value) == path


def test_url_for_makes_no_path_that_leads_to_another_host() -> None:
    router = Router([SocketRoute("/{rest:any}", endpoint, name="all")])
    assert router.url_for("all", {"rest": "evil.example"}) == "/evil.example"
    with pytest.raises(ValueError, match="as another host"):
        router.url_for("all", {"rest": "/evil.example"})


def test_missing_and_superfluous_parameters_are_named() -> None:
    with pytest.raises(ValueError, match=r"url_for\('n'\).*'/{a}/{b}': missing 'a', 'b'; superfluous 'z'"):
        url_for("/{a}/{b}", z=1)


def test_a_name_that_no_route_has_is_an_error_with_a_hint() -> None:
    router = Router([SocketRoute("/", endpoint, "chat")])
    with pytest.raises(NoRouteFound, match=r"No route with name 'chit' exists; did you mean 'chat'\?"):
        router.url_for("chit")
    assert router.protocol_of("chat") == "websocket"
    assert issubclass(NoRouteFound, LookupError)


def has_dots(text: str) -> bool:
    return not {".", ".."}.isdisjoint(text.split("/"))


@settings(max_examples=500, deadline=None)
@given(
    st.text(min_size=1).filter(lambda text: "/" not in text and text.isprintable() and not has_dots(text)),
    st.integers(min_value=0),
    st.decimals(min_value=0, allow_nan=False, allow_infinity=False),
    st.floats(min_value=0, allow_nan=False, allow_infinity=False),
    st.dates(),
    st.uuids(),
    st.text(alphabet=string.printable).filter(lambda text: not has_dots(text)),
)
def test_search_finds_what_url_for_made(
    text: str, number: int, decimal: Decimal, real: float, day: date, key: UUID, rest: str
) -> None:
    template = "/{t}/{n:int}/v{m:int}-{d:decimal}/{f:float}/{day:date}.{key:uuid}/{r:any}"
    router = Router([SocketRoute(template, endpoint, "n")])
    params = {"t": text, "n": number, "m": number, "d": decimal, "f": real, "day": day, "key": key, "r": rest}
    path = unquote(router.url_for("n", params))
    assert router.search("websocket", path)[0] == params
