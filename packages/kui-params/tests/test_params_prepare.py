"""What a start-up finds out before the first connection: handlers made ready, and types that cannot be validated."""

import sys
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from params_samples import Notes, Socket
from pydantic import BaseModel, Field, TypeAdapter

from kui.params import (
    Binding,
    Body,
    Depends,
    Header,
    ModelEncoding,
    Path,
    Query,
    SignatureError,
    UnresolvedName,
    auto_params,
    prepare,
)


class Plain:
    """No type that pydantic knows."""


class Lines(BaseModel):
    kind: Literal["lines"]
    marks: list[int] = []


class Line(BaseModel):
    kind: Literal["line"]
    marks: int = 0


def counted(built: list[str], name: str) -> Any:
    """Return a type that notes when pydantic makes a validator of it."""

    class Counted(int):
        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            built.append(name)
            return handler(int)

    return Counted


def refusal(prepared: Callable[[], object]) -> str:
    """Return the words of the refusal, without the name of this module."""
    with pytest.raises(SignatureError) as caught:
        prepared()
    return str(caught.value).replace(f"{__name__}.", "").replace(f"{wrong_type.__module__}.", "")


# -- what is ready afterwards ------------------------------------------------------------------------------------------


async def test_a_prepared_handler_builds_nothing_at_its_first_connection(run: Any) -> None:
    built: list[str] = []
    one, two = counted(built, "one"), counted(built, "two")

    def dependency(two: Annotated[Any, Query()]) -> int:
        return two  # type: ignore[no-any-return]

    async def endpoint(one: Annotated[Any, Query()], two: Annotated[int, Depends(dependency)]) -> Any:
        return one, two

    endpoint.__annotations__["one"] = Annotated[one, Query()]
    dependency.__annotations__["two"] = Annotated[two, Query()]
    handler = auto_params(endpoint, run.protocol)
    assert built == []
    prepare(handler)
    assert sorted(built) == ["one", "two"]
    assert await run.serve(handler, query="one=1&two=2") == (1, 2)
    prepare(handler)
    assert sorted(built) == ["one", "two"]


async def test_a_prepared_view_builds_nothing_at_its_first_connection(run_websocket: Any) -> None:
    built: list[str] = []

    class Game(Socket):
        messages: typing.ClassVar[list[Any]] = ["4"]

        def __init__(self, init: Any) -> None:
            self.seen: list[Any] = [init]

        async def on_connect(self, connect: Any) -> None:
            self.seen.append(connect)

        async def on_receive(self, data: Any, receive: Any) -> None:
            self.seen += [type(self).encoding.decode(data), receive]

    for method, name in ((Game.__init__, "init"), (Game.on_connect, "connect"), (Game.on_receive, "receive")):
        method.__annotations__[name] = Annotated[counted(built, name), Query()]
    Game.on_receive.__annotations__["data"] = counted(built, "data")
    view = auto_params(Game, "websocket")
    assert built == []
    prepare(view)
    ready = sorted(built)
    assert set(ready) == {"init", "connect", "receive", "data"}
    assert (await run_websocket.serve(view, query="init=1&connect=2&receive=3")).seen == [1, 2, 4, 3]
    assert sorted(built) == ready


async def test_a_prepared_view_of_http_builds_nothing_at_its_first_request(run_http: Any) -> None:
    built: list[str] = []

    class View(Notes):
        async def get(self, q: Any) -> Any:
            return q

    View.get.__annotations__["q"] = Annotated[counted(built, "q"), Query()]
    view = auto_params(View)
    prepare(view)
    assert built == ["q"]
    assert await run_http.serve(view, query="q=1") == 1
    assert built == ["q"]


def test_a_binding_and_an_encoding_can_be_prepared_too() -> None:
    built: list[str] = []

    async def endpoint(q: Any) -> None: ...

    endpoint.__annotations__["q"] = Annotated[counted(built, "parameter"), Query()]
    Binding.of(endpoint).prepare()
    encoding: ModelEncoding[Any] = ModelEncoding(counted(built, "message"))
    encoding.prepare()
    assert built == ["parameter", "message"]
    assert encoding.decode("3") == 3
    assert built == ["parameter", "message"]


def test_what_has_nothing_to_bind_needs_no_preparation() -> None:
    async def endpoint() -> None: ...

    prepare(endpoint)
    prepare(auto_params(endpoint))
    prepare(Socket)


# -- annotations that name what is defined later -----------------------------------------------------------------------


async def later_query(it: "Annotated[Later, Query()]") -> Any:  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore
    return it  # pyright: ignore


async def later_body(it: "Annotated[Later, Body()]") -> None: ...  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore


@pytest.fixture
def later() -> typing.Iterator[None]:
    globals()["Later"] = int
    yield
    del globals()["Later"]


async def test_what_was_not_defined_is_looked_up(run: Any, request: pytest.FixtureRequest) -> None:
    endpoint: Any = later_query  # pyright: ignore[reportUnknownVariableType]
    handler = auto_params(endpoint, run.protocol)
    with pytest.raises(UnresolvedName, match="the name 'Later' is not defined"):
        prepare(handler)
    request.getfixturevalue("later")
    prepare(handler)
    assert await run.serve(handler, query="it=3") == 3


def test_a_mistake_that_shows_late_is_refused(request: pytest.FixtureRequest) -> None:
    endpoint: Any = later_body  # pyright: ignore[reportUnknownVariableType]
    handler = auto_params(endpoint, "websocket")
    request.getfixturevalue("later")
    assert refusal(lambda: prepare(handler)) == (
        "later_body: parameter 'it' is taken from the body, and a WebSocket has none; take it from the path, the query, a "
        "header or a cookie, or receive it as a message"
    )


# -- types that cannot be validated ------------------------------------------------------------------------------------


async def wrong_type(
    page: Annotated[int, Query()], shape: Annotated[int, Query(discriminator="x")]
) -> None: ...


def reason(annotation: Any) -> str:
    """Return what pydantic says of the type: its first sentences, for what follows is about pydantic."""
    try:
        TypeAdapter(annotation).rebuild()
    except Exception as error:
        return " ".join(str(error).partition("\n\n")[0].split())
    raise AssertionError("there is a validator of it")


WORDS = "wrong_type: parameter 'shape' is of the type int, which cannot be validated: " + reason(
    Annotated[int, Field(discriminator="x")]
)


def test_the_parameter_and_its_type_are_named() -> None:
    handler = auto_params(wrong_type)
    assert refusal(lambda: prepare(handler)) == WORDS
    assert refusal(Binding.of(wrong_type).prepare) == WORDS
    assert refusal(Binding.of(wrong_type).json_schema) == WORDS


async def test_the_first_use_names_them_without_preparation(run: Any) -> None:
    with pytest.raises(SignatureError) as caught:
        await run(wrong_type, query="page=1&shape=2")
    assert str(caught.value) == f"{__name__}.{WORDS}"


async def through_a_dependency(it: Annotated[None, Depends(wrong_type)]) -> None: ...


def test_it_is_the_dependency_that_is_named_where_the_parameter_is_its_own() -> None:
    handler = auto_params(through_a_dependency)
    assert refusal(lambda: prepare(handler)) == WORDS


def test_a_field_that_no_header_can_have() -> None:
    class Named(BaseModel):
        größe: int = 1

    async def named(model: Annotated[Named, Header()]) -> None: ...

    assert refusal(Binding.of(named).prepare).endswith(
        "named: parameter 'model' is of the type Named, which cannot be validated: the field 'größe' is taken from a "
        "header, and the name of a header is ASCII; give it an alias"
    )


async def unclear(shape: Annotated[Lines | Line, Query(exclusive=True, discriminator="kind")]) -> None: ...


def test_a_union_whose_members_read_a_field_in_two_ways() -> None:
    binding = Binding.of(unclear)
    for look in (binding.prepare, lambda: binding.places, lambda: binding.ignored("query", [])):
        assert refusal(look) == (
            "unclear: parameter 'shape' is of the type Lines | Line, which cannot be validated: one field takes several "
            "values of 'marks', and another one takes one; give them one type, or two names"
        )


@dataclass
class Unfinished:
    room: "Undefined"  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore


async def unfinished(it: Annotated[Unfinished, Path()]) -> None: ...


def test_a_model_that_names_what_is_not_defined_is_no_mistake_yet() -> None:
    for look in (Binding.of(unfinished).prepare, lambda: Binding.of(unfinished).missing("path", [])):
        with pytest.raises(UnresolvedName) as caught:
            look()
        assert str(caught.value) == (
            f"{__name__}.unfinished: parameter 'it' is of the type Unfinished, which cannot be validated: "
            "name 'Undefined' is not defined"
        )


class Late(BaseModel):
    next: "Defined"  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore


async def late_model(it: Annotated[Late, Query()]) -> Any:
    return it.next  # pyright: ignore


async def test_a_model_may_be_finished_later(run_http: Any) -> None:
    handler = auto_params(late_model)
    with pytest.raises(UnresolvedName, match="the type Late, which cannot be validated: "):
        prepare(handler)
    globals()["Defined"] = int
    prepare(handler)
    assert await run_http.serve(handler, query="next=3") == 3
    del globals()["Defined"]


class Movie(Socket):
    async def on_receive(self, data: Plain) -> None: ...


PLAIN = "the messages are of the type Plain, which cannot be validated: " + reason(Plain).replace(
    f"{__name__}.", ""
)


def test_the_view_and_the_type_of_its_messages_are_named() -> None:
    view: Any = auto_params(Movie, "websocket")
    assert refusal(lambda: prepare(view)) == f"Movie: {PLAIN}"
    assert refusal(lambda: view.encoding.decode("{}")) == f"Movie: {PLAIN}"
    assert refusal(ModelEncoding(Plain).prepare) == PLAIN


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="pydantic takes typing.TypedDict from Python 3.12 on")
def test_a_typed_dict_of_typing_is_refused_where_pydantic_does_not_know_it() -> None:
    class Box(typing.TypedDict):
        width: int

    async def endpoint(box: Any) -> None: ...

    endpoint.__annotations__["box"] = Annotated[Box, Query()]
    assert refusal(Binding.of(endpoint).prepare).partition(": ")[2] == (
        f"parameter 'box' is of the type Box, which cannot be validated: {reason(Box)}"
    )


def test_a_wrong_discriminator_of_messages_is_refused() -> None:
    annotation: Any = Annotated[int | str, Field(discriminator="kind")]
    assert refusal(ModelEncoding(annotation).prepare) == (
        f"the messages are of the type int | str, which cannot be validated: {reason(annotation)}"
    )
