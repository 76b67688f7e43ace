"""`NaN` and `Infinity` in validated messages: no JSON, and refused as such."""

import json
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import FrameType
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel, ValidationError, WrapValidator
from typing_extensions import TypedDict

from kui.params import ModelEncoding


class Point(BaseModel):
    x: float
    label: str = ""


@dataclass
class Data:
    x: float | None = None


class Dict(TypedDict):
    x: list[float]


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow")


class Root(RootModel[dict[str, Any]]): ...


class Tree(BaseModel):
    weight: float = 0
    below: list["Tree"] = []


class Text(BaseModel):
    text: Annotated[str, Field(coerce_numbers_to_str=True)]


class Texts(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)
    text: str


class Circle(BaseModel):
    kind: Literal["circle"]
    radius: float


class Square(BaseModel):
    kind: Literal["square"]
    side: int


def unchanged(value: Any) -> Any:
    return value


def wrapped(value: Any, handler: Callable[[Any], Any]) -> Any:
    return handler(value)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize(
    ("type_", "message"),
    [
        (Point, '{"x": %s}'),
        (Data, '{"x": %s}'),
        (Dict, '{"x": [1, %s]}'),
        (Loose, '{"other": %s}'),
        (Root, '{"any": [%s]}'),
        (Tree, '{"below": [{"weight": %s}]}'),
        (Text, '{"text": %s}'),
        (Texts, '{"text": %s}'),
        (Annotated[Circle | Square, Field(discriminator="kind")], '{"kind": "circle", "radius": %s}'),
        (dict[str, Any], '{"any": %s}'),
        (dict[str, float], '{"any": %s}'),
        (list, "[%s]"),
        (tuple[int, float], "[1, %s]"),
        (deque[float], "[%s]"),
        (int | float, "%s"),
        (Annotated[float, BeforeValidator(unchanged)], "%s"),
        (Annotated[float, WrapValidator(wrapped)], "%s"),
        (complex, "%s"),
    ],
)
def test_what_is_no_json_is_refused_as_pydantic_refuses_it(type_: Any, message: str, number: str) -> None:
    encoding: ModelEncoding[Any] = ModelEncoding(type_)
    for payload in (message % number, (message % number).encode()):
        with pytest.raises(ValidationError) as caught:
            encoding.decode(payload)
        [detail] = json.loads(encoding.refuse(caught.value))["errors"]
        assert (detail["type"], detail["loc"], detail["in"]) == ("json_invalid", [], "message")
        assert detail["msg"].startswith("Invalid JSON: ")
    assert encoding.decode(message % "1") is not None


def test_the_words_are_data_where_a_text_holds_them() -> None:
    encoding = ModelEncoding(Point)
    for payload in ('{"x": 1, "label": "NaN and Infinity"}', b'{"x": 1, "label": "NaN and Infinity"}'):
        assert encoding.decode(payload) == Point(x=1, label="NaN and Infinity")


class Asking(BaseModel):
    model_config = ConfigDict(allow_inf_nan=True)
    x: float


class AskingForOne(BaseModel):
    x: Annotated[float, Field(allow_inf_nan=True)]


@pytest.mark.parametrize("model", [Asking, AskingForOne])
def test_who_asks_for_them_gets_them(model: type[Any]) -> None:
    assert str(ModelEncoding(model).decode('{"x": -Infinity}').x) == "-inf"


class Whole(BaseModel):
    """A model that holds no float, with something of every kind."""

    model_config = ConfigDict(extra="forbid")
    kind: Literal["whole"]
    count: Annotated[int, Field(ge=0)] = 0
    names: dict[str, list[str | None]] | None = None
    at: datetime | None = None
    exact: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    inner: Square | None = None
    below: tuple["Whole", ...] = ()


@pytest.mark.parametrize(
    ("type_", "message"),
    [(Whole, '{"kind": "whole"}'), (list[Whole], "[]"), (Square | int, "1"), (dict[str, bool], "{}")],
)
def test_a_type_without_floats_costs_no_function_more(type_: Any, message: str) -> None:
    encoding: ModelEncoding[Any] = ModelEncoding(type_)
    encoding.prepare()
    called: list[str] = []

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            called.append(frame.f_code.co_qualname)

    previous = sys.getprofile()
    sys.setprofile(note)
    try:
        encoding.decode(message)
    finally:
        sys.setprofile(previous)
    assert called == []
