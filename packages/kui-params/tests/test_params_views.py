"""Class endpoints: what is bound in them, and what stays as it is."""

import inspect
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, LiteralString, NewType, TypeVar

import pytest
from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from typing_extensions import TypeAliasType

from kui.core import HTTPException
from kui.params import (
    Body,
    Depends,
    Header,
    ModelEncoding,
    Path,
    Query,
    RequestValidationError,
    SignatureError,
    auto_params,
)


class Notes:
    """A view of HTTP, as kui.http has them."""

    bound_methods: ClassVar[tuple[str, ...]] = ("get", "post", "put")
    message_method: ClassVar[str | None] = None
    method = "get"

    def __await__(self) -> Any:
        return getattr(self, self.method)().__await__()


class Socket:
    """A view of WebSocket, as kui.websocket has them: `messages` are what the client sends."""

    encoding: ClassVar[Any] = "anystr"
    bound_methods: ClassVar[tuple[str, ...]] = ("on_connect",)
    message_method: ClassVar[str | None] = "on_receive"
    messages: ClassVar[list[Any]] = []
    log: ClassVar[list[Any]] = []

    def __await__(self) -> Any:
        return self.serve().__await__()

    async def serve(self) -> Any:
        await self.on_connect()
        for message in self.messages:
            await self.on_receive(message)
        return self

    async def on_connect(self, *args: Any, **kwargs: Any) -> None: ...

    async def on_receive(self, data: Any, *args: Any, **kwargs: Any) -> None: ...


async def test_methods_of_every_kind_are_bound(run: Any) -> None:
    class View(Notes):
        async def get(self, q: Annotated[int, Query()]) -> Any:
            return type(self).__mro__[1] is View, q

        @classmethod
        async def post(cls, q: Annotated[int, Query()]) -> Any:
            return cls.__mro__[1] is View, q

        @staticmethod
        async def put(q: Annotated[int, Query()]) -> Any:
            return True, q

    for method in View.bound_methods:
        View.method = method
        assert await run(View, query="q=3") == (True, 3)


async def test_a_view_may_take_the_body_over_http(run_http: Any) -> None:
    class View(Notes):
        async def get(self, name: Annotated[str, Body()]) -> Any:
            return name

    assert await run_http(View, body={"name": "ada"}) == "ada"
    with pytest.raises(SignatureError, match="'name' is taken from the body, and a WebSocket has none"):
        auto_params(View, "websocket")


def test_the_users_class_stays_as_it_is() -> None:
    class View(Socket):
        """A view."""

        encoding = "json"

        def __init__(self) -> None: ...

        async def on_connect(self, q: Annotated[int, Query()]) -> None:
            """Connect."""

        async def on_receive(self, data: int, q: Annotated[int, Query()]) -> None: ...

    before = dict(vars(View))
    derived: Any = auto_params(View, "websocket")
    assert dict(vars(View)) == before
    assert derived is not View
    assert issubclass(derived, View)
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        assert getattr(derived, name) == getattr(View, name)
    assert str(inspect.signature(derived.on_connect)) == "(self)"
    assert derived.on_connect.__doc__ == "Connect."
    assert list(inspect.signature(derived.on_receive).parameters) == ["self", "data"]


def test_a_class_with_nothing_to_bind_is_returned_unchanged() -> None:
    class View(Socket):
        def __init__(self, limit: int = 3) -> None: ...

        async def on_receive(self, data: str) -> None: ...

    assert auto_params(View, "websocket") is View
    assert auto_params(Notes) is Notes


async def test_init_takes_parameters_and_dependencies(run: Any) -> None:
    async def user(name: Annotated[str, Query()]) -> AsyncIterator[str]:
        yield f"user {name}"

    class View(Socket):
        def __init__(
            self, room: Annotated[int, Path()], user: Annotated[str, Depends(user)], limit: int = 3
        ) -> None:
            self.got = room, user, limit

    handler = auto_params(View, run.protocol)
    assert str(inspect.signature(handler)) == "(limit: int = 3)"
    view = await run.serve(handler, path={"room": "7"}, query="name=ada")
    assert view.got == (7, "user ada", 3)
    assert isinstance(view, View)


async def test_a_derived_method_may_call_super(run: Any) -> None:
    class Base(Socket):
        async def on_connect(self, token: Annotated[str, Query()]) -> None:
            self.token = token

    class View(Base):
        async def on_connect(  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
            self, token: Annotated[str, Query()], room: Annotated[str, Query()]
        ) -> None:
            await super().on_connect(token)
            self.room = room

    view = await run(View, query="token=t&room=r")
    assert (view.token, view.room) == ("t", "r")


async def test_messages_have_dependencies_of_their_own(run: Any) -> None:
    events: list[Any] = []

    def engine() -> Iterator[str]:
        events.append("engine")
        yield "engine"
        events.append("engine ends")

    async def session(
        engine: Annotated[str, Depends(engine)], size: Annotated[int, Query()]
    ) -> AsyncIterator[str]:
        events.append("session")
        yield f"session of {engine}, {size}"
        events.append("session ends")

    def clock() -> int:
        events.append("clock")
        return 1

    class View(Socket):
        messages: ClassVar[list[Any]] = ["a", "b"]

        async def on_connect(self, size: Annotated[int, Query()]) -> None:
            events.append(("connect", size))

        async def on_receive(
            self,
            data: str,
            session: Annotated[str, Depends(session, scope="message")],
            clock: Annotated[int, Depends(clock, cache=False)],
            again: Annotated[str, Depends(session, scope="message")],
            size: Annotated[int, Query()],
        ) -> None:
            assert session is again
            events.append((data, session, size))

    await run(View, query="size=3")
    assert events == [
        "engine",
        "clock",
        ("connect", 3),
        "session",
        ("a", "session of engine, 3", 3),
        "session ends",
        "session",
        ("b", "session of engine, 3", 3),
        "session ends",
        "engine ends",
    ]


async def test_messages_share_what_the_connection_made_for_them(run: Any) -> None:
    made: list[str] = []

    def part() -> str:
        made.append("part")
        return "part"

    def whole(part: Annotated[str, Depends(part, cache=False)]) -> str:
        made.append("whole")
        return f"whole of {part}"

    def each(whole: Annotated[str, Depends(whole)], own: Annotated[str, Depends(part, cache=False)]) -> str:
        return f"{whole}, {own}"

    class View(Socket):
        messages: ClassVar[list[Any]] = [1, 2]

        async def on_receive(
            self,
            data: Any,
            each: Annotated[str, Depends(each, scope="message")],
            own: Annotated[str, Depends(part, cache=False)],
        ) -> None:
            self.got = each, own

    view = await run(View)
    assert view.got == ("whole of part, part", "part")
    assert sorted(made) == ["part", "part", "part", "whole"]


async def test_a_dependency_of_a_message_sees_what_its_handler_raises(run: Any) -> None:
    seen: list[str] = []

    def session() -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            seen.append(str(error))
            raise

    class View(Socket):
        messages: ClassVar[list[Any]] = ["a"]

        async def on_receive(self, data: str, it: Annotated[None, Depends(session, scope="message")]) -> None:
            raise ValueError(f"of {data}")

    with pytest.raises(ValueError, match="of a"):
        await run(View)
    assert seen == ["of a"]


async def test_what_messages_need_is_refused_before_the_connection_is_accepted(run: Any) -> None:
    class View(Socket):
        messages: ClassVar[list[Any]] = ["a"]

        def __init__(self, room: Annotated[int, Path()]) -> None: ...

        async def on_connect(self, token: Annotated[str, Query(min_length=8)]) -> None:
            raise AssertionError("accepted")

        async def on_receive(self, data: str, size: Annotated[int, Query()]) -> None: ...

    with pytest.raises(RequestValidationError) as caught:
        await run(View, query="token=t", path={"room": "x"})
    assert sorted((error["in"], error["loc"][0]) for error in caught.value.errors()) == [
        ("path", "room"),
        ("query", "size"),
        ("query", "token"),
    ]
    with pytest.raises(RequestValidationError) as caught:
        await run(View, query="token=12345678", path={"room": "1"})
    assert [error["loc"] for error in caught.value.errors()] == [["size"]]


async def test_on_connect_denies_before_dependencies_of_messages_are_made(run: Any) -> None:
    def user(x_token: Annotated[str, Header()] = "") -> str:
        raise HTTPException(401)

    def session() -> None:
        raise AssertionError("made")

    class View(Socket):
        async def on_connect(self, user: Annotated[str, Depends(user)]) -> None: ...

        async def on_receive(self, data: str, session: Annotated[None, Depends(session)]) -> None: ...

    denied: type[HTTPException[Any]] = HTTPException
    with pytest.raises(denied) as caught:
        await run(View)
    assert caught.value.status_code == 401


async def test_overrides_hold_in_views_too(run: Any) -> None:
    def session() -> str:
        return "real"

    class View(Socket):
        messages: ClassVar[list[Any]] = [1]

        async def on_connect(self, session: Annotated[str, Depends(session)]) -> None:
            self.connected = session

        async def on_receive(
            self, data: Any, session: Annotated[str, Depends(session, scope="message")]
        ) -> None:
            self.received = session

    class App:
        dependency_overrides: ClassVar[dict[Any, Any]] = {session: lambda: "fake"}

    handler = auto_params(View, run.protocol)
    view = await run.serve(handler, app=App())
    assert (view.connected, view.received) == ("fake", "fake")
    view = await run.serve(handler)
    assert (view.connected, view.received) == ("real", "real")


class Move(BaseModel):
    x: int


Name = NewType("Name", str)
Frame = TypeAliasType("Frame", str | bytes)
T = TypeVar("T")
Bounded = TypeVar("Bounded", bound=Move)


def encoding_of(view: type[Any]) -> Any:
    bound: Any = auto_params(view, "websocket")
    return bound.encoding


@pytest.mark.parametrize("annotation", [int, dict, list[int], Move, str | None])
def test_json_messages_are_validated_by_their_annotation(annotation: Any) -> None:
    class View(Socket):
        encoding = "json"

        async def on_receive(self, data: Any) -> None: ...

    View.on_receive.__annotations__["data"] = annotation
    encoding = encoding_of(View)
    assert isinstance(encoding, ModelEncoding)
    assert vars(encoding)["type"] == annotation


@pytest.mark.parametrize(
    "annotation",
    [
        int,
        dict,
        list,
        dict[str, int],
        list[int],
        Move,
        Move | None,
        Move | str,
        Bounded,
        Literal["ping"],
        datetime,
    ],
)
def test_messages_of_a_type_make_the_default_encoding_json(annotation: Any) -> None:
    class View(Socket):
        async def on_receive(self, data: Any) -> None: ...

    View.on_receive.__annotations__["data"] = annotation
    encoding = encoding_of(View)
    assert isinstance(encoding, ModelEncoding)
    assert vars(encoding)["type"] == annotation


@pytest.mark.parametrize(
    "annotation",
    [
        str,
        bytes,
        bytearray,
        str | bytes,
        str | None,
        LiteralString,
        Name,
        T,
        Frame,
        Annotated[str, Field(description="a line")],
        Annotated[str, "a line"],
        Any,
        object,
        inspect.Parameter.empty,
    ],
)
@pytest.mark.parametrize("encoding", ["text", "bytes", "anystr"])
def test_payloads_leave_other_encodings_alone(annotation: Any, encoding: str) -> None:
    class View(Socket):
        async def on_receive(self, data: Any) -> None: ...

    View.on_receive.__annotations__["data"] = annotation
    View.encoding = encoding
    assert auto_params(View, "websocket") is View


@pytest.mark.parametrize("annotation", [Any, object, inspect.Parameter.empty])
def test_without_a_type_json_messages_are_not_validated(annotation: Any) -> None:
    class View(Socket):
        encoding = "json"

        async def on_receive(self, data: Any) -> None: ...

    View.on_receive.__annotations__["data"] = annotation
    assert auto_params(View, "websocket") is View


def test_an_encoding_of_ones_own_is_left_alone() -> None:
    class MessagePack:
        def decode(self, payload: str | bytes) -> Any:
            return payload

        def encode(self, value: Any) -> bytes:
            return bytes(value)

    class View(Socket):
        encoding = MessagePack()

        async def on_receive(self, data: Move) -> None: ...

    assert auto_params(View, "websocket") is View


@pytest.mark.parametrize(
    ("annotation", "shown"),
    [(Move, "Move"), (int, "int"), (dict[str, int], "dict[str, int]"), (list, "list")],
)
@pytest.mark.parametrize(("encoding", "gives"), [("bytes", "bytes"), ("text", "str")])
def test_types_contradict_an_encoding_that_gives_none(
    encoding: str, gives: str, annotation: Any, shown: str
) -> None:
    class View(Socket):
        async def on_receive(self, data: Any) -> None: ...

    View.on_receive.__annotations__["data"] = annotation
    View.encoding = encoding
    with pytest.raises(SignatureError) as caught:
        auto_params(View, "websocket")
    assert str(caught.value) == (
        f"{View.__module__}.{View.__qualname__} takes messages of the type {shown}, and its encoding is {encoding!r}, "
        f'which gives {gives}; write encoding = "json", or annotate the message with what the encoding gives'
    )


@pytest.mark.parametrize("encoding", ["anystr", "text", "bytes"])
@pytest.mark.parametrize(
    "constraint", [Field(max_length=3), StringConstraints(pattern="^a"), AfterValidator(str.strip)]
)
def test_text_with_a_constraint_that_nobody_would_check_is_refused(encoding: str, constraint: Any) -> None:
    class View(Socket):
        async def on_receive(self, data: Annotated[str, constraint]) -> None: ...

    View.encoding = encoding
    with pytest.raises(
        SignatureError, match='write encoding = "json", or annotate the message with what the'
    ):
        auto_params(View, "websocket")


def test_a_message_that_is_taken_from_the_connection_is_refused() -> None:
    class View(Socket):
        async def on_receive(self, data: Annotated[int, Query()]) -> None: ...

    with pytest.raises(
        SignatureError, match="parameter 'data' is the message and is marked with Query\\(\\)"
    ):
        auto_params(View, "websocket")


def test_an_on_receive_without_a_message_is_refused() -> None:
    class View(Socket):
        async def on_receive(self) -> None: ...  # type: ignore[override]  # pyright: ignore

    with pytest.raises(
        SignatureError, match="takes no message; its first parameter after self is the message"
    ):
        auto_params(View, "websocket")


def test_a_plain_method_is_refused() -> None:
    class View(Socket):
        def on_connect(self) -> None: ...  # type: ignore[override]  # pyright: ignore

    with pytest.raises(
        SignatureError, match=r"View.on_connect is no async function; declare it with async def$"
    ):
        auto_params(View, "websocket")


@pytest.mark.parametrize("name", ["on_disconnect", "on_invalid"])
@pytest.mark.parametrize("marker", [Query(), Depends(object), Query])
def test_parameters_of_methods_that_the_view_calls_are_refused(name: str, marker: Any) -> None:
    class View(Socket): ...

    async def method(self: Any, given: Any, q: Annotated[int, marker] = 3) -> None: ...

    setattr(View, name, method)
    with pytest.raises(
        SignatureError, match=r"parameter 'q' (has a source, and only the view calls|is marked with)"
    ):
        auto_params(View, "websocket")


async def test_methods_that_the_view_calls_may_have_types_that_nobody_defines(run: Any) -> None:
    class View(Socket):
        async def on_disconnect(self, code: "Unknown", reason: str = "") -> None: ...  # type: ignore  # noqa: F821  # pyright: ignore

    assert auto_params(View, run.protocol) is View


def test_what_is_made_once_cannot_be_made_of_what_is_made_for_each_message() -> None:
    def session() -> None: ...

    def repository(session: Annotated[None, Depends(session, scope="message")]) -> None: ...

    class View(Socket):
        async def on_receive(self, data: Any, repository: Annotated[None, Depends(repository)]) -> None: ...

    with pytest.raises(SignatureError) as caught:
        auto_params(View, "websocket")
    assert (
        str(caught.value)
        .replace(f"{__name__}.", "")
        .endswith('is made once for the connection; give it scope="message" too')
    )


def test_a_bound_view_is_bound_once() -> None:
    class View(Socket):
        encoding = "json"

        async def on_connect(self, q: Annotated[int, Query()]) -> None: ...

        async def on_receive(self, data: Move, q: Annotated[int, Query()]) -> None: ...

    derived: Any = auto_params(View, "websocket")
    assert auto_params(derived, "websocket") is derived
