"""The annotation of a view's messages decides its encoding, or contradicts it."""

import inspect
from datetime import datetime
from typing import Annotated, Any, Literal, LiteralString, NewType, TypeVar

import pytest
from params_samples import Move, Socket
from pydantic import AfterValidator, Field, StringConstraints
from typing_extensions import TypeAliasType

from kui.params import ModelEncoding, SignatureError, auto_params

Name = NewType("Name", str)


Frame = TypeAliasType("Frame", str | bytes)


T = TypeVar("T")


Bounded = TypeVar("Bounded", bound=Move)


def encoding_of(view: type[Any]) -> Any:
    bound: Any = auto_params(view, "websocket")
    return bound.encoding


@pytest.mark.parametrize("annotation", [int, dict, list[int], Move, str, bytes, str | None])
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
