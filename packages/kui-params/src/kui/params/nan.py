"""`NaN` and `Infinity`, which are no JSON, and which pydantic lets into messages."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from kui.core import default_codec

from .fields import Schema, schemas_in

__all__ = ["lets_nan_in", "without_nan"]

T = TypeVar("T")

_WITHOUT = {
    *("none", "bool", "int", "str", "bytes", "literal", "enum", "uuid", "url", "multi-host-url"),
    *("date", "time", "datetime", "timedelta", "definition-ref"),
}
"""What takes no float; what is referred to is looked at where it is defined."""

_MADE_OF = {
    **dict.fromkeys(("definitions", "default", "nullable", "function-after", "model", "dataclass"), "schema"),
    **dict.fromkeys(("model-field", "dataclass-field", "typed-dict-field"), "schema"),
    **dict.fromkeys(("model-fields", "dataclass-args", "typed-dict"), "fields"),
    **dict.fromkeys(("list", "set", "frozenset", "deque", "tuple"), "items_schema"),
    **dict.fromkeys(("union", "tagged-union"), "choices"),
    **{
        "dict": "values_schema",
        "json-or-python": "json_schema",
        "lax-or-strict": "lax_schema",
        "chain": "steps",
    },
}
"""What takes a float where one of its parts does, and where the parts are."""


def lets_nan_in(schema: Schema) -> bool:
    """Tell whether a value of this schema may hold `NaN` that nobody has asked for: what is not known is taken to.

    Who says `allow_inf_nan=True`, of a field or in the configuration of a model, has asked for it.
    """
    kind: str = schema["type"]
    config: Schema = schema.get("config", {})
    if config.get("allow_inf_nan") or (kind == "float" and "allow_inf_nan" in schema):
        return False
    if schema.get("extra_behavior", config.get("extra_fields_behavior")) == "allow":
        return True
    if schema.get("coerce_numbers_to_str") or config.get("coerce_numbers_to_str"):
        return True
    if kind in _WITHOUT:
        return False
    inner = schema.get(_MADE_OF.get(kind, ""))
    return inner is None or any(map(lets_nan_in, [*_parts(inner), *schema.get("definitions", ())]))


def _parts(inner: Any) -> Iterable[Schema]:
    if isinstance(inner, Mapping):
        named = cast("Mapping[str, Any]", inner)
        if isinstance(named.get("type"), str):  # one schema, and no field of this name
            return [named]
    return schemas_in(inner)


def without_nan(validate: Callable[[str | bytes], T]) -> Callable[[str | bytes], T]:
    """Return a function that validates, and raises pydantic's error for what is no JSON."""
    decode = default_codec().decode

    def validate_strictly(payload: str | bytes) -> T:
        message = validate(payload)
        if isinstance(payload, str):
            may_hold_nan = "NaN" in payload or "Infinity" in payload
        else:
            may_hold_nan = b"NaN" in payload or b"Infinity" in payload
        if may_hold_nan:  # or a text does
            try:
                decode(payload)
            except ValueError as error:
                raise _malformed(payload, str(error).removeprefix("malformed JSON: ")) from None
        return message

    return validate_strictly


def _malformed(payload: str | bytes, reason: str) -> ValidationError:
    details: Any = {"type": "json_invalid", "input": payload, "ctx": {"error": reason}}
    return ValidationError.from_exception_data("message", [details], "json")
