"""Messages that are validated straight from the frame."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, GetCoreSchemaHandler, ValidationError
from typing_extensions import TypedDict

from kui.params import ModelEncoding


class Move(BaseModel):
    kind: Literal["move"] = "move"
    x: int


class Chat(BaseModel):
    kind: Literal["chat"] = "chat"
    text: str


@dataclass
class Point:
    x: int


class Box(TypedDict):
    width: float


def test_a_discriminated_union_is_decoded_to_its_member() -> None:
    encoding: ModelEncoding[Any] = ModelEncoding(Annotated[Move | Chat, Field(discriminator="kind")])  # type: ignore[arg-type]  # pyright: ignore
    assert encoding.decode('{"kind": "chat", "text": "hi"}') == Chat(text="hi")
    assert encoding.decode(b'{"kind": "move", "x": "3"}') == Move(x=3)


@pytest.mark.parametrize("payload", ["{", "", "NaN", '{"kind": "move"}', '{"kind":"move","x":NaN}', b"\xff"])
def test_what_does_not_fit_is_a_value_error(payload: str | bytes) -> None:
    encoding = ModelEncoding(Move)
    for _ in range(2):  # the first message builds the validator
        with pytest.raises(ValidationError) as caught:
            encoding.decode(payload)
        assert isinstance(caught.value, ValueError)
        assert json.loads(encoding.refuse(caught.value))["type"] == "invalid_message"


def test_the_validator_is_built_once_also_for_those_who_hold_decode_already() -> None:
    built: list[type] = []

    class Counted(BaseModel):
        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> Any:
            built.append(cls)
            return handler(source)

    encoding = ModelEncoding(list[Counted])
    held = encoding.decode
    built.clear()  # the class has one of its own
    assert [held("[{}]") for _ in range(3)] == [encoding.decode("[{}]")] * 3
    assert built == [Counted]


def test_dataclasses_and_typed_dicts_are_messages() -> None:
    assert ModelEncoding(Point).decode('{"x": 1}') == Point(1)
    assert ModelEncoding(Box).decode('{"width": 1}') == {"width": 1.0}


def test_values_are_encoded_as_compact_json() -> None:
    encoding = ModelEncoding(Move)
    assert encoding.encode(Move(x=1)) == '{"kind":"move","x":1}'
    assert encoding.encode([Move(x=1), Point(2)]) == '[{"kind":"move","x":1},{"x":2}]'
    assert encoding.encode({"a": [1, None]}) == '{"a":[1,null]}'
    with pytest.raises(TypeError):
        encoding.encode(object())


def test_a_refusal_names_what_is_wrong_with_the_message() -> None:
    encoding = ModelEncoding(Move)
    with pytest.raises(ValidationError) as caught:
        encoding.decode('{"kind": "move", "x": "a"}')
    assert json.loads(encoding.refuse(caught.value)) == {
        "type": "invalid_message",
        "errors": [
            {
                "type": "int_parsing",
                "loc": ["x"],
                "msg": "Input should be a valid integer, unable to parse string as an integer",
                "input": "a",
                "in": "message",
            }
        ],
    }
    assert json.loads(encoding.refuse(ValueError("too late")))["errors"][0]["msg"] == "too late"


def test_a_refusal_of_a_long_message_is_short() -> None:
    encoding = ModelEncoding(Move)
    with pytest.raises(ValidationError) as caught:
        encoding.decode(json.dumps({"kind": "move", "y": "z" * 100_000}))
    assert len(encoding.refuse(caught.value)) < 1000


def test_a_refusal_of_a_message_with_very_many_errors_counts_them() -> None:
    encoding: ModelEncoding[Any] = ModelEncoding(list[int])
    with pytest.raises(ValidationError) as caught:
        encoding.decode(json.dumps(["a"] * 6000))
    assert [error["msg"] for error in json.loads(encoding.refuse(caught.value))["errors"]] == [
        "6000 errors, too many to list"
    ]
