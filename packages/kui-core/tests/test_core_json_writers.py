"""What encodes and decodes for who does it for every message."""

import pytest

from kui.core import JSONCodec


def test_the_writer_of_a_type_is_what_encode_calls() -> None:
    codec = JSONCodec()
    assert codec.writers.get(dict) is None
    assert codec.encode({"a": 1}) == codec.writers[dict]({"a": 1}) == b'{"a":1}'


def test_the_reader_is_what_decode_calls() -> None:
    codec = JSONCodec()
    assert codec.reader is not None
    assert codec.reader('{"a": 1}') == codec.decode('{"a": 1}') == {"a": 1}
    with pytest.raises(ValueError, match="malformed JSON"):
        codec.decode("{")


def test_a_subclass_that_does_it_by_itself_is_always_asked() -> None:
    class Shouting(JSONCodec):
        def __init__(self) -> None:
            """Do without what JSONCodec sets up."""

        def encode(self, value: object) -> bytes:
            return str(value).upper().encode()

        def decode(self, payload: str | bytes) -> str:
            return str(payload).upper()

    codec = Shouting()
    assert (codec.encode("a"), codec.decode("b")) == (b"A", "B")
    assert not codec.writers
    assert codec.reader is None


def test_a_subclass_that_calls_its_parent_is_asked_too() -> None:
    class Shouting(JSONCodec):
        def encode(self, value: object) -> bytes:
            return super().encode(value).upper()

        def decode(self, payload: str | bytes) -> str:
            return str(super().decode(payload)).upper()

    codec = Shouting()
    assert (codec.encode({"a": 1}), codec.decode('"b"')) == (b'{"A":1}', "B")
    assert not codec.writers
    assert codec.reader is None
