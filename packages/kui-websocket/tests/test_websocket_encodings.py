"""Encodings: pure functions over str and bytes."""

from collections.abc import Mapping
from typing import Any

import pytest

from kui.core import JSONCodec
from kui.websocket import JSON, AnyStr, Bytes, DecodeError, PayloadTypeError, SocketView, Text
from kui.websocket.encodings import encoding_of
from kui.websocket.models import validator_of


@pytest.mark.parametrize("payload", ["", "x", b"", b"x"])
def test_anystr_takes_both_kinds_as_they_come(payload: str | bytes) -> None:
    assert AnyStr().decode(payload) is payload
    assert AnyStr().encode(payload) is payload


def test_text_takes_text_alone() -> None:
    assert Text().decode("") == Text().encode("") == ""
    with pytest.raises(PayloadTypeError, match="expected a text message, got a binary one"):
        Text().decode(b"")


def test_bytes_takes_binary_alone() -> None:
    assert Bytes().decode(b"") == Bytes().encode(b"") == b""
    with pytest.raises(PayloadTypeError, match="expected a binary message, got a text one"):
        Bytes().decode("")


@pytest.mark.parametrize("payload", ['{"a":[1,null]}', b'{"a":[1,null]}'])
def test_json_is_read_from_text_and_from_binary(payload: str | bytes) -> None:
    assert JSON().decode(payload) == {"a": [1, None]}


@pytest.mark.parametrize("payload", ["", "{", "NaN", "Infinity", "-Infinity", b"\xff", "[1,]"])
def test_malformed_json_and_numbers_that_json_lacks_are_decode_errors(payload: str | bytes) -> None:
    with pytest.raises(DecodeError, match="malformed JSON"):
        JSON().decode(payload)


def test_json_is_written_compactly_as_text() -> None:
    assert JSON().encode({"a": ["ü", 1]}) == '{"a":["ü",1]}'


def test_a_codec_of_ones_own_reads_and_writes() -> None:
    class Shouting(JSONCodec):
        def decode(self, payload: str | bytes) -> Any:
            return str(super().decode(payload)).upper()

        def encode(self, value: Any) -> bytes:
            return super().encode(str(value).upper())

    assert JSON(Shouting()).decode('"a"') == "A"
    assert JSON(Shouting()).encode("a") == '"A"'


@pytest.mark.parametrize(
    ("name", "kind"), [("anystr", AnyStr), ("text", Text), ("bytes", Bytes), ("json", JSON)]
)
def test_an_encoding_has_a_name(name: str, kind: type) -> None:
    assert isinstance(encoding_of(name), kind)


def test_a_wrong_name_fails_when_the_class_is_defined() -> None:
    with pytest.raises(ValueError, match="unknown encoding 'utf8': use one of anystr, text, bytes, json"):

        class View(SocketView):  # pyright: ignore[reportUnusedClass]
            encoding = "utf8"  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]


def test_a_class_in_the_place_of_an_encoding_fails_when_the_view_is_defined() -> None:
    with pytest.raises(TypeError, match=r"write encoding = Text\(\)"):

        class View(SocketView):  # pyright: ignore[reportUnusedClass]
            encoding = Text  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]


def test_an_object_without_the_two_methods_fails_when_the_view_is_defined() -> None:
    with pytest.raises(TypeError, match="an encoding has the methods decode and encode"):

        class View(SocketView):  # pyright: ignore[reportUnusedClass]
            encoding = 3  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]


def test_a_model_class_and_an_adapter_validate_messages() -> None:
    class Model:
        @staticmethod
        def model_validate_json(data: str | bytes) -> Mapping[str, Any]:
            return {"model": data}

    class Adapter:
        def validate_json(self, data: str | bytes) -> Mapping[str, Any]:
            return {"adapter": data}

    assert validator_of(Model)("x") == {"model": "x"}
    assert validator_of(Adapter())("x") == {"adapter": "x"}


def test_what_is_no_model_is_a_type_error_that_names_the_remedy() -> None:
    with pytest.raises(TypeError, match=r"write TypeAdapter\(<class 'int'>\)"):
        validator_of(int)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
