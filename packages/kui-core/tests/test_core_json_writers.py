"""What encodes the values of a type, for who encodes many."""

from kui.core import JSONCodec


def test_the_writer_of_a_type_is_what_encode_calls() -> None:
    codec = JSONCodec()
    assert codec.writers.get(dict) is None
    assert codec.encode({"a": 1}) == codec.writers[dict]({"a": 1}) == b'{"a":1}'


def test_a_subclass_that_encodes_itself_is_always_asked() -> None:
    class Shouting(JSONCodec):
        def __init__(self) -> None:
            """Do without what JSONCodec sets up."""

        def encode(self, value: object) -> bytes:
            return str(value).upper().encode()

    codec = Shouting()
    assert codec.encode("a") == b"A"
    assert not codec.writers


def test_a_subclass_that_calls_encode_of_its_parent_is_asked_too() -> None:
    class Shouting(JSONCodec):
        def encode(self, value: object) -> bytes:
            return super().encode(value).upper()

    codec = Shouting()
    assert codec.encode({"a": 1}) == b'{"A":1}'
    assert not codec.writers
