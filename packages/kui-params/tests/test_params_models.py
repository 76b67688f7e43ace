"""One parameter that takes all of a place: a model, a dataclass, a mapping."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, NewType, NotRequired, TypeVar

import pytest
from params_samples import Filter
from pydantic import AfterValidator, AliasChoices, AliasPath, BaseModel, ConfigDict, Field, Json, RootModel
from pydantic.alias_generators import to_camel
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypedDict

from kui.params import Cookie, Header, Path, Query, RequestValidationError

T = TypeVar("T")


@dataclass
class Point:
    x: int
    y: int = 0


class Box(TypedDict):
    width: int
    tags: NotRequired[list[str]]


async def test_a_model_takes_all_of_a_place(run: Any) -> None:
    async def endpoint(filter: Annotated[Filter, Query()]) -> Any:
        return filter

    assert await run(endpoint) == Filter()
    result = await run(endpoint, query="page=2&tags=a&tags=b&order=name&other=1")
    assert result == Filter.model_validate({"page": 2, "tags": ["a", "b"], "order": "name"})


async def test_a_dataclass_and_a_typed_dict_take_all_of_a_place(run: Any) -> None:
    async def endpoint(point: Annotated[Point, Query()], box: Annotated[Box, Cookie()]) -> Any:
        return point, box

    result = await run(endpoint, query="x=1&y=2", headers={"cookie": "width=3; tags=a"})
    assert result == (Point(1, 2), {"width": 3, "tags": ["a"]})


async def test_a_model_of_headers_has_underscores_for_hyphens(run: Any) -> None:
    class Agent(BaseModel):
        user_agent: str
        accept: list[str] = []

    async def endpoint(agent: Annotated[Agent, Header()]) -> Any:
        return agent

    result = await run(endpoint, headers={"User-Agent": "curl", "Accept": "a/b"})
    assert result == Agent(user_agent="curl", accept=["a/b"])


async def test_a_model_that_forbids_what_it_does_not_know_sees_it(run: Any) -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(extra="forbid")
        page: int = 1

    async def endpoint(strict: Annotated[Strict, Query()]) -> Any:
        return strict

    with pytest.raises(RequestValidationError) as caught:
        await run(endpoint, query="pgae=2")
    assert [(error["loc"], error["type"]) for error in caught.value.errors()] == [
        (["pgae"], "extra_forbidden")
    ]


async def test_an_exclusive_mapping_takes_everything(run: Any) -> None:
    async def endpoint(
        query: Annotated[dict[str, str], Query(exclusive=True)],
        headers: Annotated[dict[str, str], Header(exclusive=True)],
        path: Annotated[dict[str, int], Path(exclusive=True)],
    ) -> Any:
        return query, headers, path

    result = await run(endpoint, query="a=1&b=2", headers={"Host": "kui.test"}, path={"n": 1})
    assert result == ({"a": "1", "b": "2"}, {"host": "kui.test"}, {"n": 1})


async def test_an_exclusive_mapping_of_lists_takes_all_values_of_each_name(run: Any) -> None:
    class Root(RootModel[dict[str, set[int]]]): ...

    async def endpoint(
        query: Annotated[dict[str, list[str]], Query(exclusive=True)],
        headers: Annotated[Mapping[str, tuple[str, ...]] | None, Header(exclusive=True)],
        cookies: Annotated[Root, Cookie()],
    ) -> Any:
        return query, headers, cookies.root

    headers = [("Host", "kui.test"), ("cookie", "c=3; c=4")]
    assert await run(endpoint, query="a=1&b=&a=2", headers=headers) == (
        {"a": ["1", "2"], "b": [""]},
        {"host": ("kui.test",), "cookie": ("c=3; c=4",)},
        {"c": {3, 4}},
    )


async def test_an_optional_model_has_its_default_when_nothing_is_sent(run: Any) -> None:
    async def endpoint(point: Annotated[Point | None, Query()] = None) -> Any:
        return point

    assert await run(endpoint) is None
    assert await run(endpoint, query="x=1") == Point(1)


async def test_every_alias_of_a_models_field_is_read(run: Any) -> None:
    class Names(BaseModel):
        ids: list[int] = Field(validation_alias=AliasChoices("id", AliasPath("number")))
        page: int = Field(validation_alias=AliasChoices("p", "page"))

    @pydantic_dataclass
    class Size:
        width: int = Field(alias="w")

    async def endpoint(names: Annotated[Names, Query()], size: Annotated[Size, Header()]) -> Any:
        return names.ids, names.page, size.width

    assert await run(endpoint, query="id=1&id=2&p=3", headers={"W": "4"}) == ([1, 2], 3, 4)
    assert await run(endpoint, query="id=1&page=3", headers={"W": "4"}) == ([1], 3, 4)


async def test_an_alias_that_is_one_of_several_values_is_read(run: Any) -> None:
    class Names(BaseModel):
        first: int = Field(validation_alias=AliasPath("ids", 0))
        second: int = Field(2, validation_alias=AliasChoices(AliasPath("ids", 1), "second"))

    class Newest(BaseModel):
        newest: int = Field(validation_alias=AliasPath("x_id", -1))

    async def endpoint(names: Annotated[Names, Query()], newest: Annotated[Newest, Header()]) -> Any:
        return names.first, names.second, newest.newest

    headers = [("x-id", "6"), ("x-id", "7")]
    assert await run(endpoint, query="ids=3", headers=headers) == (3, 2, 7)
    assert await run(endpoint, query="ids=3&ids=4", headers=headers) == (3, 4, 7)
    assert await run(endpoint, query="ids=3&second=4&second=5", headers=headers) == (3, 5, 7)


async def test_a_name_for_a_type_is_that_type(run: Any) -> None:
    Ids = NewType("Ids", list[int])
    Place = NewType("Place", Point)
    Texts = NewType("Texts", Json[list[int]])  # pyright: ignore

    class Model(BaseModel):
        ids: Ids

    async def endpoint(
        ids: Annotated[Ids, Query()],
        texts: Annotated[Texts | None, Query()],  # pyright: ignore
        place: Annotated[Place, Header()],
        model: Annotated[Model, Cookie()],
    ) -> Any:
        return ids, texts, place, model.ids

    result = await run(endpoint, query="ids=1&ids=2&texts=[3]", headers={"x": "4", "cookie": "ids=5; ids=6"})
    assert result == ([1, 2], [3], Point(4), [5, 6])


async def test_an_alias_generator_names_the_fields_of_every_kind_of_model(run: Any) -> None:
    config = ConfigDict(alias_generator=to_camel)

    class Model(BaseModel):
        model_config = config
        user_ids: list[int]

    @pydantic_dataclass(config=config)
    class Data:
        user_ids: list[int]

    class Dict(TypedDict):
        __pydantic_config__ = config  # type: ignore[misc]
        user_ids: list[int]

    async def endpoint(
        model: Annotated[Model, Query()], data: Annotated[Data, Header()], dict_: Annotated[Dict, Cookie()]
    ) -> Any:
        return model.user_ids, data.user_ids, dict_["user_ids"]

    sent = {"query": "userIds=1&userIds=2", "headers": {"userIds": "3", "cookie": "userIds=4"}}
    assert await run(endpoint, **sent) == ([1, 2], [3], [4])


async def test_a_root_model_is_what_its_root_is(run: Any) -> None:
    class Everything(RootModel[dict[str, str]]): ...

    class Ids(RootModel[list[int]]): ...

    class Page(RootModel[int]): ...

    class Wrapped(RootModel[Filter | None]): ...

    async def endpoint(
        every: Annotated[Everything, Query()],
        ids: Annotated[Ids, Header()],
        page: Annotated[Page, Header()],
        filter: Annotated[Wrapped, Cookie()],
    ) -> Any:
        return every.root, ids.root, page.root, filter.root

    sent = {
        "query": "a=1&b=2",
        "headers": [("ids", "1"), ("ids", "2"), ("page", "3"), ("cookie", "page=4; tags=a")],
    }
    assert await run(endpoint, **sent) == ({"a": "1", "b": "2"}, [1, 2], 3, Filter(page=4, tags=["a"]))


class Circle(BaseModel):
    kind: Literal["circle"]
    marks: list[int] = []


class Square(BaseModel):
    kind: Literal["square"]
    side: int


async def test_a_union_of_models_takes_the_fields_of_all_its_members(run: Any) -> None:
    async def endpoint(shape: Annotated[Circle | Square, Query(exclusive=True, discriminator="kind")]) -> Any:
        return shape

    assert await run(endpoint, query="kind=circle&marks=1") == Circle(kind="circle", marks=[1])
    assert await run(endpoint, query="kind=circle&marks=1&marks=2") == Circle(kind="circle", marks=[1, 2])
    assert await run(endpoint, query="kind=square&side=3&side=4") == Square(kind="square", side=4)


async def test_the_type_arguments_of_a_generic_model_count(run: Any) -> None:
    @dataclass
    class Data(Generic[T]):
        ids: T

    class Model(BaseModel, Generic[T]):
        ids: T

    class Dict(TypedDict, Generic[T]):
        ids: T

    async def endpoint(
        data: Annotated[Data[list[int]], Query()],
        model: Annotated[Model[set[int]], Header()],
        dict_: Annotated[Dict[tuple[int, ...]], Cookie()],
    ) -> Any:
        return data.ids, model.ids, dict_["ids"]

    sent = {"query": "ids=1", "headers": {"ids": "2", "cookie": "ids=3"}}
    assert await run(endpoint, **sent) == ([1], {2}, (3,))


async def test_every_collection_is_a_field_of_several_values(run: Any) -> None:
    class Several(BaseModel):
        a: list[int]
        b: Sequence[int]
        c: deque[int]
        d: frozenset[int] | None = None
        e: tuple[int, int] = (0, 0)
        f: Annotated[list[int], AfterValidator(sorted)] = []
        g: Json[list[int]] = []

    async def endpoint(several: Annotated[Several, Query()]) -> Any:
        return several

    query = "a=1&b=2&c=3&d=4&e=5&e=6&f=8&f=7&g=[9]"
    expected = Several(a=[1], b=[2], c=deque([3]), d=frozenset([4]), e=(5, 6), f=[7, 8], g="[9]")  # type: ignore[arg-type]  # pyright: ignore
    assert await run(endpoint, query=query) == expected


async def test_a_model_that_names_itself_takes_its_place(run: Any) -> None:
    async def endpoint(node: Annotated[Node, Query()]) -> Any:
        return node

    assert await run(endpoint, query="tags=a") == Node(tags=["a"])


class Node(BaseModel):
    tags: list[str]
    next: "Node | None" = None
