"""What turns a JSON message into a value of a type: pydantic's models and adapters, by their shape."""

from collections.abc import Callable
from typing import Protocol, TypeVar, cast

__all__ = ["ModelClass", "ModelValidator", "validator_of"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class ModelClass(Protocol[T_co]):
    """What a pydantic model class has."""

    def model_validate_json(self, json_data: str | bytes, /) -> T_co: ...


class ModelValidator(Protocol[T_co]):
    """What a pydantic TypeAdapter has."""

    def validate_json(self, data: str | bytes, /) -> T_co: ...


def validator_of(model: ModelClass[T] | ModelValidator[T]) -> Callable[[str | bytes], T]:
    """Return the function that validates a message, and raises pydantic's ValidationError, a ValueError.

    Raises:
        TypeError: the model is neither a model class nor an adapter.
    """
    validate = getattr(model, "model_validate_json", None) or getattr(model, "validate_json", None)
    if validate is None:
        raise TypeError(
            f"wanted a pydantic model class or a TypeAdapter; got {model!r}: write TypeAdapter({model!r})"
        )
    return cast("Callable[[str | bytes], T]", validate)
