"""One parameter that takes all of a place: a model, a dataclass, a mapping."""

from dataclasses import dataclass
from typing import Annotated, Any, NotRequired

import pytest
from params_samples import Filter
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypedDict

from kui.params import Cookie, Header, Path, Query, RequestValidationError


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
