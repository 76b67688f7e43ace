"""Generic classes: their type variables stand for what a derived class, or `Repo[int]`, says."""

from typing import Annotated, Any, ClassVar, Generic, TypeVar

import pytest
import typing_extensions
from params_samples import Move, Socket
from pydantic import BaseModel

from kui.params import Depends, ModelEncoding, Query, RequestValidationError, SignatureError, auto_params

T = TypeVar("T")
U = TypeVar("U")
Numbered = typing_extensions.TypeVar("Numbered", default=int)


class Box(BaseModel, Generic[T]):
    item: T


class Channel(Socket, Generic[T]):
    async def on_connect(self, q: Annotated[Any, Query()] = None) -> None:
        self.q = q

    async def on_receive(self, data: T) -> None: ...


def type_of(view: Any) -> Any:
    bound: Any = auto_params(view, "websocket")
    assert isinstance(bound.encoding, ModelEncoding)
    return vars(bound.encoding)["type"]  # pyright: ignore


def test_messages_are_of_the_type_that_a_derived_class_names() -> None:
    class Moves(Channel[Move]): ...

    class Below(Moves): ...

    class Lists(Channel[list[U]], Generic[U]): ...

    class Numbers(Lists[int]): ...

    class Later(Channel["Move"]): ...

    class Boxes(Socket, Generic[U]):
        async def on_receive(self, data: Box[U] | None) -> None: ...

    class Moved(Boxes[Move]): ...

    assert type_of(Moves) is Move
    assert type_of(Below) is Move
    assert type_of(Numbers) == list[int]
    assert type_of(Later) is Move
    assert type_of(Moved) == Box[Move] | None


def test_one_variable_may_stand_for_different_types_in_two_classes() -> None:
    class Lists(Channel[list[T]], Generic[T]):
        async def on_connect(self, q: Annotated[T, Query()]) -> None: ...  # type: ignore[override]  # pyright: ignore

    class Numbers(Lists[int]): ...

    assert type_of(Numbers) == list[int]


async def test_parameters_are_of_the_type_that_a_derived_class_names(run: Any) -> None:
    class Base(Socket, Generic[T]):
        def __init__(self, room: Annotated["T", Query()]) -> None:
            self.room = room

        async def on_connect(self, q: Annotated[list[T], Query()]) -> None:
            self.q = q

    class Numbers(Base[int]): ...

    view = await run(Numbers, query="room=1&q=2&q=3")
    assert (view.room, view.q) == (1, [2, 3])
    with pytest.raises(RequestValidationError):
        await run(Numbers, query="room=x")


async def test_a_generic_class_is_a_dependency(run: Any) -> None:
    class Repo(Generic[T]):
        made: ClassVar[int] = 0

        def __init__(self, q: Annotated[T, Query()]) -> None:
            self.q = q
            Repo.made += 1

    class Numbers(Repo[int]): ...

    async def endpoint(
        numbers: Annotated[Repo[int], Depends(Repo[int])],
        same: Annotated[Repo[int], Depends(Repo[int])],
        text: Annotated[Repo[str], Depends(Repo[str])],
        derived: Annotated[Numbers, Depends(Numbers)],
    ) -> Any:
        assert numbers is same
        return numbers.q, text.q, derived.q

    assert await run(endpoint, query="q=3") == (3, "3", 3)
    assert Repo.made == 3
    with pytest.raises(RequestValidationError):
        await run(endpoint)


def test_a_variable_with_a_default_stands_for_that() -> None:
    class Numbers(Socket, Generic[Numbered]):
        async def on_receive(self, data: Numbered) -> None: ...

    class Moves(Numbers[Move]): ...

    assert type_of(Numbers) is int
    assert type_of(Moves) is Move


async def test_a_view_with_its_types_in_brackets_is_an_endpoint(run: Any) -> None:
    class Base(Socket, Generic[T, U]):
        messages: ClassVar[list[Any]] = ["m"]

        def __init__(self, room: Annotated[T, Query()]) -> None:
            self.room = room

        async def on_connect(self, q: Annotated[list[U], Query()]) -> None:
            self.q = q

        async def on_receive(self, data: U) -> None: ...

    handler = auto_params(Base[int, str], run.protocol)
    assert handler.__name__ == "Base"
    view = await run.serve(handler, query="room=1&q=2&q=3")
    assert (view.room, view.q) == (1, ["2", "3"])
    assert issubclass(type(view), Base)
    with pytest.raises(RequestValidationError):
        await run.serve(handler, query="room=x&q=2")
    assert type_of(Channel[Move]) is Move
    assert type_of(Channel["Move"]) is Move
    assert type_of(Channel[list[int]]) == list[int]


def test_a_view_in_brackets_with_nothing_to_bind_is_returned_unchanged(run: Any) -> None:
    class View(Socket, Generic[T]):
        async def on_receive(self, data: Any) -> None: ...

    view = View[int]
    assert auto_params(view, run.protocol) is view


WORDS = (
    "is annotated with the type variable T, and nothing says which type that is; name it in brackets behind the class, "
    "as in Repo[int], where you derive from it or depend on it"
)


def test_a_variable_that_stands_for_nothing_is_refused() -> None:
    class Still(Channel[list[T]], Generic[T]): ...

    class Bare(Still): ...  # type: ignore[type-arg]  # pyright: ignore

    class Repo(Generic[T]):
        def __init__(self, q: Annotated[T, Query()]) -> None: ...

    async def endpoint(repo: Annotated[Any, Depends(Repo)]) -> None: ...

    for view in (Channel, Still, Bare):
        with pytest.raises(SignatureError) as caught:
            auto_params(view, "websocket")
        assert str(caught.value) == f"{__name__}.Channel.on_receive: parameter 'data' {WORDS}"
    with pytest.raises(SignatureError) as caught:
        auto_params(endpoint)
    assert str(caught.value) == f"{__name__}.{Repo.__qualname__}: parameter 'q' {WORDS}"


def test_a_variable_of_a_dependency_is_only_its_type(run: Any) -> None:
    def connect() -> str:
        return "connected"

    class Base(Socket, Generic[T]):
        async def on_connect(self, session: Annotated[T, Depends(connect)]) -> None: ...

    assert auto_params(Base, run.protocol) is not Base
