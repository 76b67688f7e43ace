"""Types of parameters: those of a router, the registered ones, and what is none."""

import functools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import pytest

from kui.routing import Converter, NoMatchFound, Router, SocketRoute, register_converter
from kui.routing.converters import IntConverter


async def endpoint() -> None: ...


class Hex(Converter[int]):
    regex = "[0-9a-f]+"

    def to_python(self, text: str) -> int:
        return int(text, 16)

    def to_path(self, value: int) -> str:
        return f"{value:x}"


class Color(Enum):
    RED = 1


class ColorConverter(Converter[Color]):
    regex = "[a-z]+"

    def to_python(self, text: str) -> Color:
        return Color[text.upper()]

    def to_path(self, value: Color) -> str:
        return value.name.lower()


def test_a_router_may_have_converters_of_its_own() -> None:
    router = Router([SocketRoute("/{x:hex}", endpoint)], converters={"hex": Hex()})
    assert router.search("websocket", "/ff")[0] == {"x": 255}
    assert router.url_for("endpoint", {"x": 255}) == "/ff"
    with pytest.raises(ValueError, match="Unknown path converter 'hex'"):
        Router([SocketRoute("/{x:hex}", endpoint)])


def test_a_registered_converter_is_known_to_every_router() -> None:
    converter = ColorConverter()
    register_converter("test_color", converter)
    register_converter("test_color", converter)
    router = Router([SocketRoute("/{c:test_color}", endpoint)], converters={"hex": Hex()})
    assert router.search("websocket", "/red")[0] == {"c": Color.RED}
    with pytest.raises(NoMatchFound):
        router.search("websocket", "/blue")
    with pytest.raises(ValueError, match="'test_color' is registered already"):
        register_converter("test_color", ColorConverter())


def test_a_converter_may_be_made_for_the_occasion() -> None:
    class OneOf(Converter[str]):
        def __init__(self, *choices: str) -> None:
            self.regex = "|".join(map(re.escape, choices))

        def to_python(self, text: str) -> str:
            return text

    router = Router([SocketRoute("/{x:unit}/a", endpoint)], converters={"unit": OneOf("km", "mi")})
    assert router.search("websocket", "/mi/a")[0] == {"x": "mi"}
    with pytest.raises(NoMatchFound):
        router.search("websocket", "/m/a")


@dataclass(frozen=True)
class User(Converter[str]):
    table: dict[str, str] = field(compare=False)
    regex = "[a-z]+"

    def to_python(self, text: str) -> str:
        return self.table[text]


@pytest.mark.parametrize("before", ["", "u-"])
def test_equal_converters_of_two_routers_keep_apart(before: str) -> None:
    tables = [{"a": "of the first"}, {"a": "of the second"}]
    assert User(tables[0]) == User(tables[1])
    routers = [
        Router([SocketRoute(f"/{before}{{x:user}}", endpoint)], converters={"user": User(table)})
        for table in tables
    ]
    found = [router.search("websocket", f"/{before}a")[0]["x"] for router in routers]
    assert found == ["of the first", "of the second"]


def bad_converters() -> Iterator[tuple[Any, Any, str]]:
    class NoRegex(Converter[str]):
        def to_python(self, text: str) -> str:
            return text

    class WrongRegex(Hex):
        regex = "("

    class Group(Hex):
        regex = "(a)"

    class Flags(Hex):
        regex = "(?i)a"

    class Unbalanced(Hex):
        regex = "a)(?:b"

    class Begin(Hex):
        regex = "^a"

    class End(Hex):
        regex = r"a\\$"

    class Async(Converter[str]):
        regex = "a"

        async def to_python(self, text: str) -> str:  # type: ignore[override]  # pyright: ignore
            return text

    class NoText(Converter[str]):
        regex = "a"

        def to_python(self) -> str:  # type: ignore[override]  # pyright: ignore
            return ""

    class AsyncPath(Hex):
        async def to_path(self, value: int) -> str:  # type: ignore[override]  # pyright: ignore
            return ""

    class Table(Converter[str]):
        regex = "a"
        to_python: Any = None

    class Two(Converter[str]):
        regex = "a"
        to_python: Any = staticmethod(functools.partial(pow))

    class Long(Hex):
        regex = "a{99999999999}"

    class Crossing(Hex):
        crosses_slashes: Any = "no"

    class NoMethod(Converter[str]):
        regex = "a"

    class Word(Hex):
        strictness: Any = "high"

    class Nan(Hex):
        strictness: Any = math.nan

    @dataclass
    class Unhashable(Hex):
        regex: str = "a"

    yield "a", Unbalanced(), "the regex of Unbalanced is wrong: unbalanced parenthesis"
    yield "a", Begin(), "the regex of Begin has an anchor"
    yield (
        "a",
        End(),
        "the regex of End has an anchor, which could not match beside other text of a segment; write",
    )
    yield "a", Async(), "Async has an async to_python; declare it with def: a search does not wait"
    yield "a", NoText(), "NoText has a to_python that cannot be called with one argument besides self"
    yield "a", Table(), "Table has a to_python that cannot be called with one argument besides self"
    yield "a", Two(), "Two has a to_python that cannot be called with one argument besides self"
    yield "a", Long(), "the regex of Long is wrong"
    yield "a", AsyncPath(), "AsyncPath has an async to_path"
    yield "a", Crossing(), "the crosses_slashes of Crossing has to be True or False, got 'no'"
    yield "a", NoMethod(), "NoMethod has no to_python method of its own; write one"
    yield "a", Word(), "the strictness of Word has to be a number, got 'high'"
    yield "a", Nan(), "the strictness of Nan has to be a number, got nan"
    yield "a", Unhashable(), "Unhashable cannot be hashed; if it is a dataclass, @dataclass(frozen=True)"
    yield "a b", Hex(), "is an identifier, got 'a b'"
    yield 5, Hex(), "the name of a path parameter type is a string, got 5"
    yield "a", Hex, "needs an instance of Converter"
    yield "a", NoRegex(), "NoRegex needs an attribute regex"
    yield "a", WrongRegex(), "the regex of WrongRegex is wrong"
    yield "a", Group(), "has a capturing group"
    yield "a", Flags(), "the regex of Flags is wrong"


@pytest.mark.parametrize(("name", "converter", "problem"), list(bad_converters()))
def test_a_wrong_converter_is_refused(name: Any, converter: Any, problem: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(problem)):
        register_converter(name, converter)
    with pytest.raises((TypeError, ValueError), match=re.escape(problem)):
        Router(converters={name: converter})


class Text(str, Enum):  # noqa: UP042 - whose str() is its name, and not its text
    REGEX = "[a-z]+"


class Lower(Converter[str]):
    regex = Text.REGEX

    def to_python(self, text: str) -> str:
        return text


class Tens(IntConverter):
    regex = "[1-9][0-9]*"

    def to_python(self, text: str) -> int:
        return int(text) * 10


@pytest.mark.parametrize("before", ["", "v"])
def test_a_regex_may_be_an_enum_and_a_built_in_converter_may_have_a_subclass(before: str) -> None:
    converters: dict[str, Converter[Any]] = {"lower": Lower(), "tens": Tens()}
    paths = [f"/a/{before}{{x:lower}}", f"/b/{before}{{x:tens}}"]
    router = Router([SocketRoute(path, endpoint, None) for path in paths], converters=converters)
    assert router.search("websocket", f"/a/{before}abc")[0] == {"x": "abc"}
    assert router.search("websocket", f"/b/{before}5")[0] == {"x": 50}
    with pytest.raises(NoMatchFound):
        router.search("websocket", f"/b/{before}0")


def test_a_dollar_that_is_meant_is_no_anchor() -> None:
    class Price(Hex):
        regex = r"[0-9]+\$"

        def to_python(self, text: str) -> int:
            return int(text[:-1])

    router = Router([SocketRoute("/for-{x:price}-each", endpoint)], converters={"price": Price()})
    assert router.search("websocket", "/for-5$-each")[0] == {"x": 5}


def test_converters_that_are_no_mapping_are_refused() -> None:
    converters: Any = [("hex", Hex())]
    with pytest.raises(
        TypeError, match=r"the converters of a router are a mapping such as .* got \[\('hex', <"
    ):
        Router(converters=converters)


def test_a_route_that_fails_on_its_way_into_the_table_leaves_the_router_as_it_was() -> None:
    class Late(Converter[str]):
        regex = "[a-z]+"
        is_broken = False

        def to_python(self, text: str) -> str:
            return text

        @property
        def strictness(self) -> int:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
            if self.is_broken:
                raise RuntimeError("no strictness now")
            return 1

    converter = Late()
    router = Router([SocketRoute("/{n:int}", endpoint)], converters={"late": converter})
    assert router.search("websocket", "/1")[0] == {"n": 1}
    converter.is_broken = True
    with pytest.raises(RuntimeError, match="no strictness now"):
        router.append(SocketRoute("/{late:late}", endpoint, "late"))
    assert (len(router), len(router.traces)) == (1, 1)
    assert router.search("websocket", "/1")[0] == {"n": 1}
    converter.is_broken = False
    router.append(SocketRoute("/{late:late}", endpoint, "late"))
    assert router.search("websocket", "/a")[0] == {"late": "a"}


def test_a_converter_without_to_python_says_so() -> None:
    class Half(Converter[str]):
        regex = "x"

    with pytest.raises(NotImplementedError, match="Half has no to_python method"):
        Half().match("x")
