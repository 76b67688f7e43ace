"""What a parameter is when nothing was sent, and where its marker may stand."""

from typing import Annotated, Any, Optional

import pytest
from pydantic import Field
from typing_extensions import TypeAliasType

from kui.params import Header, Query, RequestValidationError, auto_params


async def test_a_marker_may_be_the_default(run: Any) -> None:
    async def endpoint(page: int = Query(1, ge=1), token: str = Header(...)) -> Any:
        return page, token

    assert await run(endpoint, headers={"token": "t"}) == (1, "t")
    assert await run(endpoint, query="page=3", headers={"token": "t"}) == (3, "t")


async def test_a_default_of_the_signature_counts(run: Any) -> None:
    async def endpoint(page: Annotated[int, Query(5)] = 7, size: Annotated[int, Query(20)] = ...) -> Any:  # type: ignore[assignment]
        return page, size

    assert await run(endpoint) == (7, 20)


async def test_a_default_factory_is_called_each_time(run: Any) -> None:
    async def endpoint(tags: Annotated[list[str], Query(default_factory=list)]) -> Any:
        tags.append("seen")
        return tags

    assert await run(endpoint) == ["seen"]
    assert await run(endpoint) == ["seen"]


async def test_a_mutable_default_is_not_shared_between_connections(run: Any) -> None:
    async def endpoint(tags: Annotated[list[str], Query()] = []) -> Any:  # noqa: B006 - that is the point
        tags.append("seen")
        return tags

    handler = auto_params(endpoint, run.protocol)
    assert await run.serve(handler) == ["seen"]
    assert await run.serve(handler) == ["seen"]


async def test_optional_takes_none_for_a_default(run: Any) -> None:
    async def endpoint(
        a: Annotated[int | None, Query()] = None,
        b: Optional[Annotated[int, Query()]] = None,  # noqa: UP045 - both spellings are to work
        c: Annotated[int, Query()] | None = 3,
    ) -> Any:
        return a, b, c

    assert await run(endpoint) == (None, None, 3)
    assert await run(endpoint, query="a=1&b=2&c=4") == (1, 2, 4)


Page = Annotated[int, Field(ge=1)]


PageQuery = Annotated[Page, Query(1, description="which page")]


PageAlias = TypeAliasType("PageAlias", Annotated[int, Query(2)])


async def test_annotated_aliases_nest(run: Any) -> None:
    async def endpoint(page: PageQuery, other: PageAlias, size: Annotated[PageQuery, Field(le=50)]) -> Any:
        return page, other, size

    assert await run(endpoint) == (1, 2, 1)
    with pytest.raises(RequestValidationError) as caught:
        await run(endpoint, query="page=0&size=51")
    assert [(error["loc"], error["type"]) for error in caught.value.errors()] == [
        (["page"], "greater_than_equal"),
        (["size"], "less_than_equal"),
    ]
