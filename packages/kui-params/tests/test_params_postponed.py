"""Annotations that are texts: resolved at the first moment they can be."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import pytest
from params_samples import refusal
from pydantic import BaseModel

from kui.params import Depends, Header, ModelEncoding, Query, SignatureError, auto_params, bindings

if TYPE_CHECKING:
    from decimal import Decimal

    Missing = Decimal


async def test_postponed_annotations_are_bound(run: Any) -> None:
    async def endpoint(page: Annotated[int, Query()], x_token: Annotated[str | None, Header()] = None) -> Any:
        return page, x_token

    assert await run(endpoint, query="page=3") == (3, None)


async def test_names_around_the_function_are_seen(run: Any) -> None:
    def user(name: Annotated[str, Query()]) -> str:
        return name

    async def endpoint(user: Annotated[str, Depends(user)]) -> Any:
        # a closure: the name is used in the body too
        return user, callable(endpoint_user)

    endpoint_user = user
    del endpoint.__annotations__["return"]
    with pytest.raises(SignatureError, match="the name 'user' is not defined"):
        await run(endpoint, query="name=ada")

    async def closed(it: Annotated[str, Depends(endpoint_user)]) -> Any:
        return it, callable(endpoint_user)

    assert await run(closed, query="name=ada") == ("ada", True)


async def test_a_return_annotation_need_not_be_defined(run: Any) -> None:
    async def endpoint(page: Annotated[int, Query()]) -> Missing:
        return page  # type: ignore[return-value]  # pyright: ignore

    assert await run(endpoint, query="page=3") == 3


async def test_a_name_defined_later_is_found_at_the_first_use(run: Any) -> None:
    async def endpoint(later: Annotated[Later, Query()]) -> Any:  # pyright: ignore
        return later

    handler = auto_params(endpoint, run.protocol)
    assert handler.__name__ == "endpoint"
    assert bindings(handler) is None
    names = globals()

    class Later(BaseModel):
        page: int

    names["Later"] = Later
    try:
        assert await run.serve(handler, query="page=3") == Later(page=3)
        assert [binding.names for binding in bindings(handler) or ()] == [("later",)]
    finally:
        del names["Later"]


async def test_a_name_that_is_never_defined_is_named(run: Any) -> None:
    async def endpoint(later: Annotated[Never, Query()]) -> None: ...  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore

    unknown: Any = endpoint  # pyright: ignore
    handler = auto_params(unknown, run.protocol)
    with pytest.raises(SignatureError) as caught:
        await run.serve(handler)
    assert str(caught.value) == (
        f"{endpoint.__module__}.{endpoint.__qualname__}: parameter 'later' is annotated with 'Annotated[Never, Query()]', "
        f"and the name 'Never' is not defined in the module {__name__}; annotations that are resolved late see the "
        "names of a module, not those of a function's body"
    )


def test_an_annotation_that_raises_is_refused_at_once() -> None:
    async def endpoint(page: Annotated[int, Query(minimum=1)]) -> None: ...  # pyright: ignore

    with pytest.raises(TypeError) as caught:
        Query(minimum=1)  # type: ignore[call-arg]  # pyright: ignore
    assert refusal(endpoint) == (
        "endpoint: parameter 'page' is annotated with 'Annotated[int, Query(minimum=1)]', which raises TypeError: "
        f"{caught.value}"
    )


@dataclass
class Sorting:
    order: Annotated[str, Query()] = "id"


class Move(BaseModel):
    x: int


class View:
    encoding = "json"
    bound_methods = ("on_connect",)
    message_method = "on_receive"

    def __await__(self) -> Any:
        connect: Any = self.on_connect
        return connect().__await__()

    async def on_connect(self, sorting: Annotated[Sorting, Depends(Sorting)]) -> Any:
        return sorting.order

    async def on_receive(self, data: Move) -> None: ...


async def test_dataclasses_and_views_with_postponed_annotations_are_bound(run_websocket: Any) -> None:
    view: Any = auto_params(View, "websocket")
    assert isinstance(view.encoding, ModelEncoding)
    assert await run_websocket.serve(view, query="order=name") == "name"


class Slice(NamedTuple):
    start: Annotated[int, Query()] = 0


class Below(Slice):
    __module__ = "elsewhere"


class Page:
    size: int

    def __new__(cls, size: Annotated[int, Query()] = 10) -> Page:
        page = super().__new__(cls)
        page.size = size
        return page


class Asking(type):
    def __call__(cls, word: Annotated[str, Query()] = "w") -> Any:
        made = super().__call__()
        made.word = word
        return made


class Asked(metaclass=Asking):
    word: str


async def test_classes_that_are_made_otherwise_than_by_init_are_dependencies(run: Any) -> None:
    async def endpoint(
        slice_: Annotated[Any, Depends(Slice)],
        below: Annotated[Any, Depends(Below)],
        page: Annotated[Any, Depends(Page)],
        asked: Annotated[Any, Depends(Asked)],
    ) -> Any:
        return slice_, below, page.size, asked.word

    assert await run(endpoint) == ((0,), (0,), 10, "w")
    assert await run(endpoint, query="start=3&size=4&word=x") == ((3,), (3,), 4, "x")


async def test_a_view_whose_names_are_defined_later_is_bound_at_the_first_use(run_websocket: Any) -> None:
    class Late(View):
        async def on_connect(self, later: Annotated[LateType, Query()]) -> Any:  # type: ignore  # noqa: F821
            return later  # pyright: ignore

    view = auto_params(Late, "websocket")
    globals()["LateType"] = int
    try:
        assert await run_websocket.serve(view, query="later=3") == 3
    finally:
        del globals()["LateType"]


async def test_parts_of_an_annotation_may_be_texts(run: Any) -> None:
    async def endpoint(ids: Any, move: Any) -> Any:
        return ids, move

    endpoint.__annotations__["ids"] = Annotated[list["int"], Query()]
    endpoint.__annotations__["move"] = Annotated["Move", Query(alias="m", exclusive=True)]
    assert refusal(endpoint) == (
        "endpoint: parameter 'move' takes the whole query, so 'ids' cannot take a part of it; put 'ids' into the model, or "
        "leave out exclusive"
    )
    endpoint.__annotations__["move"] = Annotated["Move", Header()]
    assert await run(endpoint, query="ids=1", headers={"x": "2"}) == ([1], Move(x=2))


async def test_what_is_left_of_a_bound_function_is_read_where_that_was_written(run: Any) -> None:
    async def endpoint(page: Annotated[int, Query()], move: Move | None = None) -> Any:
        return page, move

    @functools.wraps(handler := auto_params(endpoint, run.protocol))
    async def middleware(*args: Any, **kwargs: Any) -> Any:
        return await handler(*args, **kwargs)

    assert await run(middleware, query="page=3") == (3, None)
    assert inspect.signature(handler).parameters["move"].annotation == Move | None
