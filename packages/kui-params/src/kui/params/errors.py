"""The errors of binding: a mistake in a signature, and values that a client sent.

Exception
+-- TypeError
|   +-- SignatureError             a signature cannot be bound; raised at registration
|       +-- UnresolvedName         an annotation names what is not defined (yet)
+-- kui.core.HTTPException
    +-- RequestValidationError     what the client sent does not fit; 422, or 404 for the path
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kui.core import HTTPException

from .details import Detail, details_of

if TYPE_CHECKING:
    from pydantic import ValidationError

__all__ = ["RequestValidationError", "SignatureError", "UnresolvedName", "misfit", "no_body"]


class SignatureError(TypeError):
    """A function or a class cannot be bound; the message names the parameter and what to write instead."""


class UnresolvedName(SignatureError):
    """An annotation names something that is not defined where it was looked for, and may be later."""


def misfit(where: str, type_: str, error: Exception) -> SignatureError:
    """Return what is raised for a type that pydantic makes no validator of.

    Args:
        where: what has the type, as the beginning of a sentence.
        type_: the name of the type.
        error: what pydantic raised.
    """
    is_unfinished = getattr(error, "code", None) in ("undefined-annotation", "class-not-fully-defined")
    kind = UnresolvedName if is_unfinished else SignatureError
    reason = " ".join(
        str(error).partition("\n\n")[0].split()
    )  # what follows is a link, or about pydantic itself
    return kind(f"{where} of the type {type_}, which cannot be validated: {reason}")


def no_body(parameter: str) -> str:
    """Return the words for a parameter that a WebSocket cannot have."""
    return (
        f"parameter {parameter!r} is taken from the body, and a WebSocket has none; take it from the path, the query, a "
        "header or a cookie, or receive it as a message"
    )


class RequestValidationError(HTTPException[list[Detail]]):
    """What the client sent does not fit the parameters: all errors of all places.

    It is an `HTTPException`, so it answers by itself: status 422, or 404 when a part of the path is among the
    errors, with the errors as JSON content.

    Args:
        errors: a `pydantic.ValidationError`, or details as `errors()` returns them.
        in_: the place that all of the errors are in, for a `pydantic.ValidationError`.

    Attributes:
        in_: the place of the first error, or "path" if one is there. In 1.x all errors were in one place.

    ```python
    >>> from pydantic import TypeAdapter, ValidationError
    >>> try:
    ...     TypeAdapter(int).validate_python("x")
    ... except ValidationError as error:
    ...     refusal = RequestValidationError(error, "query")
    >>> refusal.status_code, [(error["in"], error["type"]) for error in refusal.errors()]
    (422, [('query', 'int_parsing')])

    ```
    """

    def __init__(self, errors: "ValidationError | Iterable[Detail]", in_: str = "body") -> None:
        details = list(errors) if isinstance(errors, Iterable) else details_of(errors, in_)
        places: list[str] = [detail["in"] for detail in details] or [in_]
        self.in_ = "path" if "path" in places else places[0]
        super().__init__(404 if self.in_ == "path" else 422, {}, details)
        self._details = details

    def errors(self) -> list[Detail]:
        """Return one dictionary per error: `type`, `loc`, `msg`, `input` and `in`, the place; all JSON values."""
        return self._details

    def json(self, *, indent: int | None = 2) -> str:
        """Return the errors as a JSON text."""
        return json.dumps(self._details, indent=indent, allow_nan=False)

    @staticmethod
    def schema() -> dict[str, Any]:
        """Return the JSON Schema of the errors."""
        return {
            "title": "RequestValidationError",
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "type": {
                        "title": "Type",
                        "type": "string",
                        "description": "pydantic's name of the error",
                    },
                    "loc": {
                        "title": "Location",
                        "type": "array",
                        "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                    },
                    "msg": {"title": "Message", "type": "string"},
                    "input": {"title": "Input", "description": "what was sent"},
                    "in": {
                        "title": "In",
                        "type": "string",
                        "description": "path, query, header, cookie, body",
                    },
                },
                "required": ["type", "loc", "msg", "input", "in"],
            },
        }
