"""What the type variables of a generic class stand for."""

import functools
import inspect
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin

__all__ = ["type_arguments", "variables_of", "with_types"]


def type_arguments(kind: Any, *methods: str) -> dict[Any, Any]:
    """Return what type variables stand for in a method of a class: {T: int} in one of `Repo[int]`, or below it.

    One that nothing is known of stands for its default, or else for itself.

    Args:
        kind: a class, with type arguments or without, or a partial of one; there are none of anything else.
        methods: the names of the method; the first class that has one of them is the one whose variables count.
    """
    while isinstance(kind, functools.partial):
        kind = cast("functools.partial[Any]", kind).func
    origin: Any = get_origin(kind) or kind
    if not inspect.isclass(origin):
        return {}
    classes = inspect.getmro(origin)
    free = {variable: _default(variable) for each in classes for variable in _parameters(each)}
    known: dict[Any, dict[Any, Any]] = {}

    def learn(alias: Any, types: Mapping[Any, Any]) -> None:
        above: Any = get_origin(alias)
        arguments = [with_types(argument, types) for argument in get_args(alias)]
        known.setdefault(above, dict(zip(_parameters(above), arguments, strict=False)))

    learn(kind, {})
    for each in classes:
        for base in vars(each).get("__orig_bases__", ()):
            learn(base, {**free, **known.get(each, {})})
    owner = next((each for each in classes if not vars(each).keys().isdisjoint(methods)), origin)
    return {**free, **known.get(owner, {})}


def with_types(annotation: Any, types: Mapping[Any, Any]) -> Any:
    """Return the annotation with types in the place of its type variables."""
    if isinstance(annotation, TypeVar):
        return types.get(annotation, annotation)
    origin, inner = _taken_apart(annotation)
    arguments = tuple(with_types(each, types) for each in inner)
    return annotation if arguments == inner else origin[arguments]


def variables_of(annotation: Any) -> Iterator[Any]:
    """Yield the type variables in an annotation."""
    if isinstance(annotation, TypeVar):
        yield annotation
    for each in _taken_apart(annotation)[1]:
        yield from variables_of(each)


def _taken_apart(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return what an annotation is made of: something, and what stands in brackets behind it."""
    model: Any = getattr(annotation, "__pydantic_generic_metadata__", None)
    if model is not None:  # `Box[T]` is a class here, and it is `Box` when T is the variable of Box
        return annotation, tuple(model["parameters"])
    origin: Any = get_origin(annotation)
    return (Union if origin is UnionType else origin), get_args(annotation)


def _parameters(kind: Any) -> tuple[Any, ...]:
    # a class that is not generic itself would give those of its base
    own: tuple[Any, ...] = getattr(kind, "__dict__", {}).get("__parameters__", ())
    return own


def _default(variable: Any) -> Any:
    has_default = getattr(variable, "has_default", None)  # of Python 3.13 and typing_extensions
    return variable.__default__ if has_default is not None and has_default() else variable
