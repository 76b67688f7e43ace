"""Validation errors as JSON values."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from pydantic import ValidationError

__all__ = ["Detail", "details_of", "json_safe"]

Detail: TypeAlias = dict[str, Any]
"""One error: type, loc, msg, input, in."""

# A refusal repeats what was sent, for each of the errors: these keep it from growing far beyond that.
MAX_ERRORS = 100
MAX_COUNTED = 5000  # pydantic lists all or none of them, in a kilobyte for each
MAX_CHARACTERS = 500
MAX_ITEMS = 50
MAX_DEPTH = 6


def details_of(error: "ValidationError", place: str) -> list[Detail]:
    """Return the errors, at most 100 of them, each with the place; all of it JSON values.

    Of more than 5,000 errors, only their number is told.
    """
    if error.error_count() > MAX_COUNTED:
        message = f"{error.error_count()} errors, too many to list"
        return [{"type": "too_many_errors", "loc": [], "msg": message, "input": None, "in": place}]
    return [
        {
            "type": detail["type"],
            "loc": [json_safe(part) for part in detail["loc"]],
            "msg": json_safe(detail["msg"]),
            "input": json_safe(detail["input"]),
            "in": place,
        }
        for detail in error.errors(include_url=False, include_context=False)[:MAX_ERRORS]
    ]


def json_safe(value: Any, depth: int = MAX_DEPTH) -> Any:
    """Return the value as JSON can hold it; what is long is cut, what JSON does not know becomes text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        text = value if value.isascii() else value.encode("utf-8", "replace").decode()
        return text if len(text) <= MAX_CHARACTERS else text[:MAX_CHARACTERS] + "..."
    if isinstance(value, int):  # many readers of JSON hold 64 bits
        return int(value) if -(2**63) <= value < 2**64 else json_safe(hex(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else repr(value)
    if isinstance(value, (bytes, bytearray)):
        return json_safe(value[: MAX_CHARACTERS + 1].decode("utf-8", "replace"))
    if depth and isinstance(value, Mapping):
        pairs = cast("Mapping[Any, Any]", value)
        keys = list(pairs)[:MAX_ITEMS]
        return {str(json_safe(key)): json_safe(pairs[key], depth - 1) for key in keys}
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return [json_safe(item, depth - 1) for item in list(cast("list[Any]", value))[:MAX_ITEMS]]
    return f"<{type(value).__name__}>"
