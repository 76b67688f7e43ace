"""What a binding describes is valid JSON Schema, and says what binding does."""

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar, cast

import pytest
from baize.datastructures import UploadFile
from hypothesis import given, settings
from hypothesis import strategies as st
from params_cases import Case, function_of, signatures
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, RootModel
from typing_extensions import TypedDict

from kui.core import HTTPConnection
from kui.params import Binding, Body, Cookie, Depends, Header, Path, Query, RequestValidationError

jsonschema: Any = pytest.importorskip("jsonschema")

T = TypeVar("T")


class Node(BaseModel):
    name: str = Field(validation_alias=AliasChoices("title", "name"))
    next: "Node | None" = None


class Circle(BaseModel):
    kind: Literal["circle"]
    radius: float


class Square(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["square"]
    side: int


class Agent(BaseModel):
    user_agent: str
    x_tags: list[str] = []


class Shape(RootModel[Annotated[Circle | Square, Field(discriminator="kind")]]): ...


@dataclass
class Data(Generic[T]):
    ids: T
    at: datetime.date | None = None


class Box(TypedDict, total=False):
    width: int


async def single(
    room: Annotated[str, Path(max_length=3)],
    page: Annotated[int, Query(ge=1, deprecated=True)] = 1,
    tags: Annotated[list[str], Query(max_length=2, description="words")] = [],  # noqa: B006 - pydantic copies it
    x_token: Annotated[str | None, Header(alias="X-Token")] = None,
    when: Annotated[datetime.datetime, Cookie()] = datetime.datetime(2026, 1, 1),
    number: Annotated[complex, Cookie()] = 3j,
    file: Annotated[UploadFile | None, Body()] = None,
) -> None: ...


async def whole(
    node: Annotated[Node, Query()], agent: Annotated[Agent, Header()], box: Annotated[Box, Cookie()]
) -> None: ...


async def unions(
    shape: Annotated[Circle | Square, Query(exclusive=True, discriminator="kind")],
    header: Annotated[Agent | Circle | None, Header(exclusive=True)],
    body: Annotated[Shape, Body(exclusive=True)],
) -> None: ...


async def generic(
    data: Annotated[Data[list[int]], Query()], every: Annotated[dict[str, int], Cookie(exclusive=True)]
) -> None: ...


async def twice(
    page: Annotated[int, Query(ge=1)], limit: Annotated[int, Query(le=9, alias="page")]
) -> None: ...


async def nothing(it: Annotated[None, Depends(single)]) -> None: ...


def references(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for each in cast("list[Any]", schema):
            yield from references(each)
    elif isinstance(schema, dict):
        for key, value in cast("dict[str, Any]", schema).items():
            yield from [value] if key == "$ref" else references(value)


def check(schema: dict[str, Any]) -> None:
    """Raise unless it is JSON Schema, and JSON, whose references lead to something."""
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema, allow_nan=False)) == schema
    for reference in references(schema):
        assert reference.removeprefix("#/$defs/") in schema["$defs"]


@pytest.mark.parametrize("function", [single, whole, unions, generic, twice, nothing])
def test_schemas_are_valid(function: Any) -> None:
    check(Binding.of(function).json_schema())


@settings(deadline=None)
@given(st.sampled_from(["http", "websocket"]).flatmap(signatures))
def test_schemas_of_random_signatures_are_valid(cases: dict[str, Case]) -> None:
    check(Binding.of(function_of(cases)).json_schema())


@pytest.mark.parametrize(
    ("function", "sent", "is_valid"),
    [
        (single, {"path": {"room": "a"}}, True),
        (
            single,
            {"path": {"room": "a"}, "query": {"page": 2, "tags": ["a"]}, "header": {"x-token": "t"}},
            True,
        ),
        (single, {}, False),
        (single, {"path": {"room": "hall"}}, False),
        (single, {"path": {"room": "a"}, "query": {"page": 0}}, False),
        (
            whole,
            {"query": {"title": "a"}, "header": {"user-agent": "b", "x-tags": ["c"]}, "cookie": {}},
            True,
        ),
        (whole, {"query": {"title": "a"}, "header": {"user_agent": "b"}, "cookie": {}}, False),
        (unions, {"query": {"kind": "square", "side": 1}, "header": {"user-agent": "b"}, "body": {}}, False),
        (
            unions,
            {
                "query": {"kind": "square", "side": 1},
                "header": {"user-agent": "b"},
                "body": {"kind": "circle", "radius": 1.5},
            },
            True,
        ),
        (generic, {"query": {"ids": [1]}, "cookie": {"a": 1}}, True),
        (generic, {"query": {"ids": 1}, "cookie": {"a": 1}}, False),
        (twice, {"query": {"page": 5}}, True),
        (twice, {"query": {"page": 0}}, False),
        (twice, {"query": {"page": 10}}, False),
        (nothing, {}, True),
    ],
)
def test_schemas_say_what_is_taken(function: Any, sent: dict[str, Any], is_valid: bool) -> None:
    assert jsonschema.Draft202012Validator(Binding.of(function).json_schema()).is_valid(sent) is is_valid


async def test_refusals_are_what_their_schema_says() -> None:
    schema = RequestValidationError.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    scope: dict[str, Any] = {
        "type": "http",
        "path": "/",
        "path_params": {"room": "hall"},
        "query_string": b"page=x",
        "headers": [],
    }
    with pytest.raises(RequestValidationError) as caught:
        async with Binding.of(single).arguments(HTTPConnection(scope)):
            raise AssertionError
    jsonschema.validate(caught.value.errors(), schema)
    assert json.loads(caught.value.json()) == caught.value.errors()
