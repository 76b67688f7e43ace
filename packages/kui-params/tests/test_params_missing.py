"""What a function needs of a place, and what it leaves there."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NotRequired, Required

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field, RootModel
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from kui.params import Binding, Header, Path, Query


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


@pytest.mark.parametrize("function", [single, open_model, dataclass_, typed_dict, loose_spot, postponed_spot])
def test_what_has_no_default_is_missing_in_a_place_without_it(function: Any) -> None:
    assert Binding.of(function).missing("path", ["hall", "row"]) == ("room",)


def test_a_field_that_goes_by_aliases_is_missing_by_the_first() -> None:
    assert Binding.of(model).missing("path", ["hall", "row", "room"]) == ("roomId",)


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


class Page(BaseModel):
    number: int = Field(alias="pageNumber")
    tags: list[str] = []


class Both(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)
    page_size: int


class Deep(BaseModel):
    ids: list[int] = Field(validation_alias=AliasChoices("id", AliasPath("numbers", 0)))
    first: int = Field(validation_alias=AliasPath("order", 0))


class Camel(TypedDict):
    __pydantic_config__ = ConfigDict(alias_generator=to_camel)  # type: ignore[misc]
    page_size: int


class Agent(BaseModel):
    user_agent: str
    x_tags: list[str] = []
    trace: str = Field("", alias="X-Trace")


class Circle(BaseModel):
    kind: Literal["circle"]
    radius: float
    tags: list[str] = []


class Square(BaseModel):
    kind: Literal["square"]
    side: float


class Everything(RootModel[dict[str, str]]): ...


class JustAPage(RootModel[Page]): ...


Shape = Annotated[Circle | Square, Query(exclusive=True, discriminator="kind")]


@pytest.mark.parametrize(
    ("annotation", "place", "names", "missing"),
    [
        (Annotated[Page, Query()], "query", ("pageNumber", "tags"), ("pageNumber",)),
        (Annotated[JustAPage, Query()], "query", ("pageNumber", "tags"), ("pageNumber",)),
        (Annotated[Both, Query()], "query", ("pageSize", "page_size"), ("pageSize",)),
        (Annotated[Deep, Query()], "query", ("id", "numbers", "order"), ("id", "order")),
        (Annotated[Camel, Query()], "query", ("pageSize",), ("pageSize",)),
        (Annotated[Agent, Header()], "header", ("user-agent", "x-tags", "x-trace"), ("user-agent",)),
        (Shape, "query", ("kind", "radius", "tags", "side"), ("kind",)),
        (Annotated[Everything, Query()], "query", (), ()),
    ],
)
def test_names_are_those_that_the_client_uses(
    annotation: Any, place: str, names: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    async def endpoint(it: Any) -> None: ...

    endpoint.__annotations__["it"] = annotation
    binding = Binding.of(endpoint)
    assert binding.places == {place: names}
    assert binding.missing(place, ["tags"]) == missing
    assert binding.missing(place, names) == ()
    assert binding.ignored(place, [*names, "user_agent"]) == (("user_agent",) if names else ())
