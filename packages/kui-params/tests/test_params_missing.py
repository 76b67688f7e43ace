"""What a function needs of a place, and what it leaves there."""

from dataclasses import dataclass, field
from typing import Annotated, Any, NotRequired, Required, TypedDict

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from kui.params import Binding, Path, Query


class Seat(BaseModel):
    room: str = Field(validation_alias=AliasChoices("roomId", "room_id"))
    row: int = 1


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    room: str


@dataclass
class Place:
    room: str
    row: int = 1
    marks: list[str] = field(default_factory=list[str])
    column: Annotated[int, Field(ge=1)] = Field(default=1)


class Spot(TypedDict):
    room: str
    row: NotRequired[int]


class LooseSpot(TypedDict, total=False):
    room: Required[str]
    column: int


class PostponedSpot(TypedDict):
    room: "str"
    column: "NotRequired[int]"


async def single(room: Annotated[str, Path()], row: Annotated[int, Path()] = 1) -> None: ...


async def model(seat: Annotated[Seat, Path()]) -> None: ...


async def optional_model(seat: Annotated[Seat | None, Path()] = None) -> None: ...


async def open_model(seat: Annotated[Open, Path()]) -> None: ...


async def dataclass_(place: Annotated[Place, Path()]) -> None: ...


async def typed_dict(spot: Annotated[Spot, Path()]) -> None: ...


async def loose_spot(spot: Annotated[LooseSpot, Path()]) -> None: ...


async def postponed_spot(spot: Annotated[PostponedSpot, Path()]) -> None: ...


async def mapping(every: Annotated[dict[str, str], Path(exclusive=True)]) -> None: ...


async def elsewhere(room: Annotated[str, Query()]) -> None: ...


@pytest.mark.parametrize(
    "function", [single, model, open_model, dataclass_, typed_dict, loose_spot, postponed_spot]
)
def test_what_has_no_default_is_missing_in_a_place_without_it(function: Any) -> None:
    assert Binding.of(function).missing("path", ["hall", "row"]) == ("room",)


@pytest.mark.parametrize("function", [optional_model, mapping, elsewhere])
def test_nothing_is_missing_where_the_function_can_do_without(function: Any) -> None:
    assert Binding.of(function).missing("path", []) == ()


@pytest.mark.parametrize("key", ["roomId", "room_id"])
def test_a_field_of_a_model_may_be_there_under_any_of_its_aliases(key: str) -> None:
    assert Binding.of(model).missing("path", [key]) == ()


@pytest.mark.parametrize("function", [single, dataclass_, typed_dict])
def test_keys_that_no_parameter_takes_are_ignored(function: Any) -> None:
    assert Binding.of(function).ignored("path", ["hall", "room", "row", "floor"]) == ("hall", "floor")


def test_a_key_that_another_place_gives_is_ignored() -> None:
    assert Binding.of(elsewhere).ignored("path", ["room"]) == ("room",)


@pytest.mark.parametrize("function", [mapping, open_model])
def test_a_mapping_and_a_model_that_keeps_the_rest_ignore_nothing(function: Any) -> None:
    assert Binding.of(function).ignored("path", ["hall"]) == ()
