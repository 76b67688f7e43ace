"""Annotations, read: names resolved, markers taken out, shapes recognised."""

import collections
import collections.abc
import inspect
import types
import typing
from collections.abc import Callable, Iterable
from typing import Annotated, Any, ForwardRef, LiteralString, NewType, TypeVar, Union, get_args, get_origin

from .loaded import loaded

__all__ = [
    "is_json",
    "is_model",
    "is_multiple",
    "is_payload",
    "needs_names",
    "resolve",
    "take_markers",
    "type_name",
    "without_none",
]

_UNIONS = (Union, types.UnionType)
_PAYLOADS = (Any, object, str, LiteralString, bytes, bytearray, memoryview, None, type(None))
_MULTIPLE = {
    list,
    tuple,
    set,
    frozenset,
    collections.deque,
    collections.abc.Collection,
    collections.abc.Iterable,
    collections.abc.MutableSequence,
    collections.abc.MutableSet,
    collections.abc.Sequence,
    collections.abc.Set,
}


def needs_names(annotation: Any) -> bool:
    """Tell whether a part of the annotation is still a text that names a type."""
    if isinstance(annotation, (str, ForwardRef)):
        return True
    if get_origin(annotation) is typing.Literal:
        return False
    inner = annotation.__args__ if hasattr(annotation, "__metadata__") else get_args(annotation)
    return any(needs_names(part) for part in inner if not isinstance(part, list))


def resolve(annotation: Any, global_names: dict[str, Any], local_names: dict[str, Any]) -> Any:
    """Return the annotation with its names looked up; raises what the lookup raises."""
    holder = type("Annotations", (), {"__annotations__": {"it": annotation}})
    return typing.get_type_hints(holder, global_names, local_names or None, include_extras=True)["it"]


def take_markers(annotation: Any, is_marker: Callable[[Any], bool]) -> tuple[Any, list[Any]]:
    """Return the annotation without its markers, and the markers.

    They are found in `Annotated`, nested at will, in type aliases, and in the members of a union.
    """
    found: list[Any] = []

    def strip(annotation: Any) -> Any:
        if _is_alias(annotation):
            before = len(found)
            inner = strip(annotation.__value__)
            return annotation if len(found) == before else inner
        origin = get_origin(annotation)
        if origin is Annotated:
            inner = strip(annotation.__origin__)
            found.extend(item for item in annotation.__metadata__ if is_marker(item))
            rest = [item for item in annotation.__metadata__ if not is_marker(item)]
            return Annotated[(inner, *rest)] if rest else inner
        if origin in _UNIONS:
            members = get_args(annotation)
            stripped = tuple(strip(member) for member in members)
            return annotation if stripped == members else Union[stripped]  # noqa: UP007 - made of a tuple
        return annotation

    return strip(annotation), found


def _is_alias(annotation: Any) -> bool:
    """Tell whether the annotation is a name for another one, as a `type` statement makes it."""
    return isinstance(
        annotation, (*loaded("typing", "TypeAliasType"), *loaded("typing_extensions", "TypeAliasType"))
    )


def plain(annotation: Any) -> Any:
    """Return the annotation below its aliases and metadata."""
    while True:
        if _is_alias(annotation):
            annotation = annotation.__value__
        elif get_origin(annotation) is Annotated:
            annotation = annotation.__origin__
        else:
            return annotation


def type_name(annotation: Any) -> str:
    """Return the annotation below its aliases and metadata as a message shows it."""
    annotation = plain(annotation)
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


def members_of(annotation: Any) -> list[Any]:
    """Return the members of a union, at any depth; of anything else, itself below its names and metadata.

    What is written as JSON (`pydantic.Json`) keeps its metadata: it is one value.
    """
    if isinstance(annotation, NewType):
        return members_of(annotation.__supertype__)
    if _is_alias(annotation):
        return members_of(annotation.__value__)
    if get_origin(annotation) is Annotated and not is_json(annotation.__metadata__):
        return members_of(annotation.__origin__)
    if get_origin(annotation) in _UNIONS:
        return [inner for member in get_args(annotation) for inner in members_of(member)]
    return [annotation]


def without_none(annotation: Any) -> list[Any]:
    """Return the members of a union but for None."""
    return [member for member in members_of(annotation) if member not in (None, type(None))]


def is_multiple(annotation: Any) -> bool:
    """Tell whether the annotation takes several values: a list, a set, a tuple or a union with one.

    A list that is written as JSON (`pydantic.Json`) is one value.
    """
    return any(
        is_multiple(_root_of(member))
        if _is_root_model(member)
        else (get_origin(member) or member) in _MULTIPLE
        for member in without_none(annotation)
    )


def is_json(metadata: Iterable[Any]) -> bool:
    """Tell whether there is `pydantic.Json` among the metadata of an annotation."""
    kinds = loaded("pydantic.types", "Json")
    return any(item is kind or isinstance(item, kind) for kind in kinds for item in metadata)


def is_model(annotation: Any) -> bool:
    """Tell whether the annotation is a class with fields: a pydantic model, a dataclass or a TypedDict.

    A RootModel is what its root is, and one with the root of a mapping has all fields that there can be.
    """
    kind: Any = get_origin(annotation) or annotation
    if _is_root_model(kind):
        return all(is_model(member) or _is_mapping(member) for member in without_none(_root_of(kind)))
    return inspect.isclass(kind) and (
        hasattr(kind, "__dataclass_fields__")
        or hasattr(kind, "__required_keys__")  # a TypedDict, of typing or of typing_extensions
        or issubclass(kind, loaded("pydantic.main", "BaseModel"))
    )


def _is_root_model(annotation: Any) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, loaded("pydantic.root_model", "RootModel"))


def _root_of(model: Any) -> Any:
    return model.model_fields["root"].annotation


def _is_mapping(annotation: Any) -> bool:
    kind: Any = get_origin(annotation) or annotation
    return inspect.isclass(kind) and issubclass(kind, collections.abc.Mapping)


def is_payload(annotation: Any) -> bool:
    """Tell whether what a frame holds, text or bytes, fits the annotation as it is: nothing is left to validate."""
    if _is_alias(annotation):
        return is_payload(annotation.__value__)
    if isinstance(annotation, NewType):
        return is_payload(annotation.__supertype__)
    origin = get_origin(annotation)
    if origin is Annotated:
        return not any(map(_constrains, annotation.__metadata__)) and is_payload(annotation.__origin__)
    if origin in _UNIONS:
        return all(map(is_payload, get_args(annotation)))
    if isinstance(annotation, TypeVar):
        return all(map(is_payload, (annotation.__bound__, *annotation.__constraints__)))
    return annotation in _PAYLOADS


def _constrains(item: Any) -> bool:
    if isinstance(item, loaded("pydantic.fields", "FieldInfo")):  # one that describes has no metadata
        return bool(item.metadata)
    return type(item).__module__.partition(".")[0] in ("annotated_types", "pydantic")
