"""Messages that are validated straight from the frame."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from kui.core import default_codec, lazy

from .details import Detail, details_of
from .errors import SignatureError, misfit

__all__ = ["ModelEncoding", "is_validated"]

T = TypeVar("T")


class ModelEncoding(Generic[T]):
    """An encoding of JSON text frames whose messages are of one type: what pydantic knows, unions included.

    A class view whose `on_receive` is annotated with a type has one of these. Decoding validates straight from the
    frame; the validator is built at its first use, or by `prepare`. `NaN` and `Infinity` are no JSON, and refused as such
    unless the type asks for them with `allow_inf_nan=True`.

    Args:
        type_: the type of the messages.
        view: the name of the view that they are for, where there is one.

    Raises, when the validator is built:
        SignatureError: pydantic can make none of the type.

    ```python
    >>> from pydantic import BaseModel
    >>> class Move(BaseModel):
    ...     x: int
    ...     y: int
    >>> moves = ModelEncoding(Move)
    >>> moves.decode('{"x": 1, "y": "2"}')
    Move(x=1, y=2)
    >>> moves.encode(Move(x=3, y=4))
    '{"x":3,"y":4}'

    ```
    """

    def __init__(self, type_: type[T], view: str | None = None) -> None:
        # Imported by the encoding that is made, not by `import kui.params`, of which it would be the greater part.
        from pydantic import TypeAdapter, ValidationError

        self.type = type_
        self._view = view
        self._adapter = TypeAdapter
        self._failure = ValidationError

    def __repr__(self) -> str:
        return f"ModelEncoding({self.type!r})"

    def decode(self, payload: str | bytes) -> T:
        """Return the message in a frame.

        Raises:
            ValueError: the frame holds no JSON, or JSON that does not fit (`pydantic.ValidationError` is one).
        """
        return self._validate(payload)

    def prepare(self) -> None:
        """Build the validator now, unless that was done."""
        _ = self._validate

    @lazy
    def _validate(self) -> Callable[[str | bytes], T]:
        from .nan import lets_nan_in, without_nan  # with pydantic, as above

        try:
            adapter = self._adapter(self.type)
            adapter.rebuild()  # a name that is not defined is an error now
        except Exception as error:
            from .annotations import type_name

            where = "the messages are" if self._view is None else f"{self._view}: the messages are"
            raise misfit(where, type_name(self.type), error) from error
        validate: Callable[[str | bytes], T] = adapter.validator.validate_json
        if lets_nan_in(adapter.core_schema):
            validate = without_nan(validate)
        # who asks for `decode` from now on gets the validator itself, without the method around it
        vars(self)["decode"] = validate
        return validate

    def encode(self, value: Any) -> str:
        """Return a value as compact JSON: models, dataclasses and what the codec of `kui.core` knows.

        Raises:
            TypeError: a value that has no JSON form.
        """
        return default_codec().encode(value).decode()

    def refuse(self, error: ValueError) -> str:
        """Return the message that tells a client what was wrong with its own.

        ```python
        >>> try:
        ...     ModelEncoding(int).decode('"x"')
        ... except ValueError as error:
        ...     print(ModelEncoding(int).refuse(error))
        {"type":"invalid_message","errors":[{"type":"int_parsing","loc":[],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x","in":"message"}]}

        ```
        """
        details: list[Detail]
        if isinstance(error, self._failure):
            details = details_of(error, "message")
        else:
            details = [{"type": "value_error", "loc": [], "msg": str(error), "input": None, "in": "message"}]
        return default_codec().encode({"type": "invalid_message", "errors": details}).decode()


def is_validated(view: str, annotation: Any, encoding: Any) -> bool:
    """Tell whether the messages of a view are validated: all but those whose annotation takes any payload.

    Args:
        view: the view's name, for the message of the error.
        annotation: that of the message.
        encoding: the view's own encoding, a name or an object.

    Raises:
        SignatureError: the messages are to be validated, and the encoding gives text or bytes as they come.
    """
    from .annotations import is_payload, type_name, without_none

    if not isinstance(encoding, str) or annotation is Any or annotation is object:
        return False
    if encoding == "json":
        return True
    if is_payload(annotation):
        return False
    # text or bytes with a constraint: to read it as JSON is not what was meant
    is_constrained = all(map(is_payload, without_none(annotation)))
    if encoding == "anystr" and not is_constrained:
        return True
    raise SignatureError(
        f"{view} takes messages of the type {type_name(annotation)}, and its encoding is {encoding!r}, which gives "
        f'{_GIVES.get(encoding, "str")}; write encoding = "json", or annotate the message with what the encoding gives'
    )


_GIVES = {"bytes": "bytes", "anystr": "str or bytes"}
