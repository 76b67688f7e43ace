"""The messages that a client receives, turned into what a test wants."""

import json
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class ValidatesJSON(Protocol[T_co]):
    """Something that makes a value of JSON, as pydantic's `TypeAdapter` does."""

    def validate_json(self, data: str | bytes, /) -> T_co:
        """Decode and validate."""
        ...


Into = ValidatesJSON[T] | Callable[..., T]
"""What a JSON message can be turned into: a class with `model_validate_json` (a pydantic model), an object
with `validate_json` (a pydantic `TypeAdapter`), or a callable that takes the decoded value."""


def decode_json(payload: str | bytes, into: Into[T] | None) -> Any:
    """Decode a message as JSON and turn it `into` a value.

    >>> decode_json("[3, 1, 2]", sorted)
    [1, 2, 3]
    """
    model_validate_json = getattr(into, "model_validate_json", None)
    if model_validate_json is not None:
        return model_validate_json(payload)
    validate_json = getattr(into, "validate_json", None)
    if validate_json is not None:
        return validate_json(payload)
    value = json.loads(payload)
    return value if into is None else cast(Callable[[Any], Any], into)(value)


def encode_json(value: Any) -> str:
    """Encode a value as compact JSON; a value with `model_dump_json` (a pydantic model) encodes itself.

    >>> encode_json({"x": 1})
    '{"x":1}'
    """
    model_dump_json = getattr(value, "model_dump_json", None)
    if model_dump_json is not None:
        return cast(str, model_dump_json())
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
