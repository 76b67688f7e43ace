"""The JSON codec: what it writes, what it reads, what it refuses."""

import dataclasses
import enum
import json
import math
import re
from collections import ChainMap, OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import PurePosixPath
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kui.core import HTTPConnection, JSONCodec, State, default_codec

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

Encoders = Mapping[type, Callable[[Any], Any]]

codec = JSONCodec()

texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
json_values = st.recursive(
    scalars, lambda values: st.lists(values) | st.dictionaries(texts, values), max_leaves=20
)


class Colour(enum.StrEnum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Text(str): ...


class Number(int): ...


class Real(float): ...


class Entries(list[Any]): ...


@dataclasses.dataclass
class Point:
    x: Any
    y: Any = 0


@dataclasses.dataclass(slots=True)
class Slotted:
    x: Any


class Pair(NamedTuple):
    left: Any
    right: Any


class Row(msgspec.Struct):
    """What msgspec looks into, and a walk in Python does not."""

    value: Any


class Money:
    def __init__(self, amount: int) -> None:
        self.amount = amount


class Serializer:
    """As much of pydantic's as the codec uses."""

    def to_json(self, model: object) -> bytes:
        return b'{"a":1}'


class Model:
    __pydantic_serializer__ = Serializer()


def encoded(value: object, encoders: Encoders | None = None) -> str:
    """Encode in both forms, which agree."""
    chosen = JSONCodec(encoders)
    text = chosen.encode(value).decode()
    assert chosen.encode(value) == text.encode()
    return text


# Beside the standard library


@unhurried
@given(json_values)
def test_values_survive_the_round_trip(value: object) -> None:
    assert codec.decode(codec.encode(value)) == value
    assert codec.decode(codec.encode(value)) == value


@unhurried
@given(json_values)
def test_the_standard_library_reads_what_is_written(value: object) -> None:
    assert json.loads(codec.encode(value)) == value


@unhurried
@given(json_values, st.booleans())
def test_what_the_standard_library_writes_is_read(value: object, escaped: bool) -> None:
    assert codec.decode(json.dumps(value, ensure_ascii=escaped)) == value


@unhurried
@given(json_values)
def test_encoders_for_other_types_change_nothing(value: object) -> None:
    assert JSONCodec({Money: str}).encode(value) == codec.encode(value)


@unhurried
@given(st.dictionaries(st.none() | st.booleans() | st.integers() | texts, st.integers()))
def test_keys_are_written_as_the_standard_library_writes_them(value: dict[Any, int]) -> None:
    assert codec.decode(codec.encode(value)) == json.loads(json.dumps(value))


@unhurried
@given(st.text() | st.binary())
def test_any_payload_is_a_value_or_a_value_error(payload: str | bytes) -> None:
    try:
        value = codec.decode(payload)
    except ValueError:
        return
    assert json.loads(payload) == value


# Writing


def test_it_writes_compact_utf8() -> None:
    assert codec.encode({"a": [1, "é"]}) == '{"a":[1,"é"]}'.encode()


FORMS: list[tuple[object, str]] = [
    (Text("a"), '"a"'),
    (Number(2**70), str(2**70)),
    (Real(1.5), "1.5"),
    (Entries([1]), "[1]"),
    (State(a=1), '{"a":1}'),
    (OrderedDict(a=1), '{"a":1}'),
    ({Text("a"): Number(1)}, '{"a":1}'),
    ({Number(1): 2}, '{"1":2}'),
    (Colour.RED, '"red"'),
    (Level.LOW, "1"),
    ({Colour.RED: 1}, '{"red":1}'),
    ({Level.LOW: 1}, '{"1":1}'),
    (Rights.READ | Rights.WRITE, "3"),
    (Point(1, [Slotted(2)]), '{"x":1,"y":[{"x":2}]}'),
    (Pair(1, 2), "[1,2]"),
    ({1}, "[1]"),
    (frozenset([1]), "[1]"),
    (deque([1]), "[1]"),
    (range(3), "[0,1,2]"),
    ({"a": 1}.keys(), '["a"]'),
    (MappingProxyType({"a": 1}), '{"a":1}'),
    (ChainMap({"a": 1}), '{"a":1}'),
    (HTTPConnection({"type": "http"}), '{"type":"http"}'),
    (b"\xff", '"/w=="'),
    (PurePosixPath("/a/b"), '"/a/b"'),
    ({PurePosixPath("/a"): 1}, '{"/a":1}'),
    (date(2026, 11, 22), '"2026-11-22"'),
    (datetime(2026, 11, 22, tzinfo=UTC), '"2026-11-22T00:00:00Z"'),
    (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
    (Decimal("1.50"), '"1.50"'),
    (ip_address("::1"), '"::1"'),
    (ip_network("10.0.0.0/8"), '"10.0.0.0/8"'),
    (ip_interface("10.0.0.1/8"), '"10.0.0.1/8"'),
    ({ip_address("10.0.0.1"): 1}, '{"10.0.0.1":1}'),
    (re.compile("a+"), '"a+"'),
    (1j, '"1j"'),
    (-1 - 1j, '"-1-1j"'),
    (math.nan, "null"),
    (-math.inf, "null"),
]


@pytest.mark.parametrize(("value", "expected"), FORMS, ids=lambda value: type(value).__name__)
def test_it_writes_the_types_of_the_standard_library(value: object, expected: str) -> None:
    assert encoded(value) == expected
    assert encoded([value]) == f"[{expected}]"
    assert encoded(value, {Money: str}) == expected


@pytest.mark.parametrize(
    "value", [object(), Money(1), Point, {(1, 2): 3}, {frozenset([1]): 2}, {iter([1]): 2}]
)
@pytest.mark.parametrize("encoders", [None, {bytearray: str}])
def test_what_has_no_form_in_json_is_a_type_error_that_names_it(value: object, encoders: Any) -> None:
    with pytest.raises(
        TypeError, match=r"cannot encode (\w+) as JSON; an encoder can teach it: {\1: function}"
    ):
        JSONCodec(encoders).encode({"value": value})


@pytest.mark.parametrize("encoders", [None, {Money: str}, {Decimal: float}])
def test_an_iterator_is_written_as_a_list_of_what_is_in_it(encoders: Any) -> None:
    chosen = JSONCodec(encoders)
    price = chosen.encode(Decimal("1.5")).decode()
    for iterator in (iter([Decimal("1.5"), b"\xff"]), (each for each in (Decimal("1.5"), b"\xff"))):
        assert chosen.encode({"values": iterator}) == f'{{"values":[{price},"/w=="]}}'.encode()
    assert chosen.encode([map(str, [1, 2])]) == b'[["1","2"]]'


def test_a_lone_surrogate_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        codec.encode("\ud800")


@pytest.mark.parametrize("encoders", [None, {Money: str}])
def test_a_value_that_contains_itself_is_a_recursion_error(encoders: Any) -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(RecursionError):
        JSONCodec(encoders).encode(value)


# Encoders


def test_an_encoder_goes_before_everything_else() -> None:
    assert encoded({"price": Decimal("1.5")}, {Decimal: float}) == '{"price":1.5}'
    assert encoded([b"\xe9"], {bytes: lambda raw: raw.decode("latin-1")}) == '["é"]'
    assert encoded("a", {str: str.upper}) == '"A"'
    assert encoded(Point(1), {Point: repr}) == '"Point(x=1, y=0)"'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Money(1), "1"),
        ([Money(1), (Money(2), {"a": Money(3)})], '[1,[2,{"a":3}]]'),
        (deque([Money(1)]), "[1]"),
        (MappingProxyType({"a": Money(1)}), '{"a":1}'),
        (Point(Money(1), Slotted(Money(2))), '{"x":1,"y":{"x":2}}'),
        (Pair(Money(1), 2), "[1,2]"),
        ({Money(1): Money(2)}, '{"1":2}'),
        (frozenset([Money(1)]), "[1]"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_encoder_works_at_any_depth(value: object, expected: str) -> None:
    assert encoded(value, {Money: lambda money: money.amount}) == expected


def test_an_encoder_is_found_for_a_subclass() -> None:
    class Euro(Money): ...

    assert encoded(Euro(1), {Money: lambda money: money.amount}) == "1"


def test_the_first_encoder_that_fits_is_taken() -> None:
    assert encoded(True, {int: lambda value: "int", bool: lambda value: "bool"}) == '"int"'
    assert encoded(True, {bool: lambda value: "bool", int: lambda value: "int"}) == '"bool"'


def test_what_an_encoder_returns_is_encoded_by_the_others() -> None:
    encoders: Encoders = {
        Point: lambda point: {"at": point.x},
        Money: lambda money: Decimal(money.amount),
        Decimal: str,
    }
    assert encoded([Point(Money(1))], encoders) == '[{"at":"1"}]'


def test_an_encoder_that_returns_its_own_type_is_asked_once() -> None:
    assert encoded([1], {int: lambda value: value + 1}) == "[2]"


def test_an_encoder_reaches_what_only_the_library_looks_into() -> None:
    assert encoded([Row([Money(1)])], {Money: lambda money: money.amount}) == '[{"value":[1]}]'


def test_an_encoder_goes_before_the_serializer_of_a_model() -> None:
    assert encoded([Model()], {Money: str}) == '[{"a":1}]'
    assert encoded([Model()], {Model: lambda model: "model"}) == '["model"]'


def test_the_encoders_given_stay_their_owners() -> None:
    given: dict[type, Any] = {}
    chosen = JSONCodec(given)
    given[Money] = str
    assert chosen.encoders == {}


# Pydantic's models


def test_an_object_with_pydantics_serializer_writes_itself() -> None:
    assert encoded({"model": [Model()]}) == '{"model":[{"a":1}]}'
    with pytest.raises(TypeError, match="cannot encode type as JSON"):
        codec.encode(Model)


@pytest.mark.parametrize("encoders", [None, {Money: str}])
def test_a_model_that_is_a_collection_writes_itself(encoders: Any) -> None:
    class Plain(Model):
        def __len__(self) -> int:
            raise AssertionError("nobody counts a model")

        def __iter__(self) -> Iterator[str]:
            raise AssertionError("nobody walks a model")

        def __contains__(self, item: object) -> bool:
            raise AssertionError("nobody searches a model")

    assert encoded([Plain()], encoders) == '[{"a":1}]'


def test_pydantics_models_are_written_as_pydantic_writes_them() -> None:
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Order", id=(UUID, ...), tags=(set[str], {"a"}), path=(PurePosixPath, "/a"))
    inner = model(id=UUID(int=1))
    outer = pydantic.create_model("Basket", order=(model, ...))(order=inner)
    assert encoded(outer) == outer.model_dump_json()
    assert encoded([inner], {Money: str}) == f"[{inner.model_dump_json()}]"


# Reading


@pytest.mark.parametrize(
    "payload",
    [
        "",
        " ",
        "nul",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "01",
        "[1,]",
        "{'a': 1}",
        '{"a" 1}',
        "1 2",
        '"\\ud800"',
        '"a\nb"',
        "\ud800",
        b"\xff",
        b'"\xff"',
        b"\xef\xbb\xbf1",
        "9" * 5000,
        "[" * 200_000,
        '{"a":' * 200_000,
    ],
    ids=lambda payload: repr(payload[:10]),
)
def test_malformed_json_is_a_value_error_that_says_so(payload: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"^malformed JSON: "):
        codec.decode(payload)


@pytest.mark.parametrize("digits", [20, 60, 4300])
def test_integers_are_exact(digits: int) -> None:
    assert codec.decode("9" * digits) == int("9" * digits)
    assert codec.encode(int("9" * digits)) == b"9" * digits


def test_of_a_key_given_twice_the_last_counts() -> None:
    assert codec.decode('{"a":1,"a":2}') == {"a": 2}


def test_a_payload_that_is_neither_text_nor_bytes_is_a_type_error() -> None:
    payload: Any = 5
    with pytest.raises(TypeError, match="not 'int'"):
        codec.decode(payload)


# Where a connection finds its codec


def test_the_default_codec_is_made_once() -> None:
    assert default_codec() is default_codec()


class Upper:
    """Anything with these methods is a codec to a connection."""

    def encode(self, value: object) -> bytes:
        return str(value).upper().encode()

    def decode(self, payload: str | bytes) -> object:
        return payload


@pytest.mark.parametrize(
    "app", [SimpleNamespace(json_codec=Upper()), SimpleNamespace(json_codec=JSONCodec({int: str}))]
)
def test_a_connection_has_the_codec_of_its_application(app: Any) -> None:
    assert HTTPConnection({"type": "http", "app": app}).json_codec is app.json_codec


@pytest.mark.parametrize("scope", [{}, {"app": object()}, {"app": SimpleNamespace(json_codec=None)}])
def test_a_connection_without_a_codec_of_its_own_has_the_default(scope: dict[str, Any]) -> None:
    assert HTTPConnection({"type": "http", **scope}).json_codec is default_codec()
