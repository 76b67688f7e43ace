"""The fields of a model that takes a whole place: which names they have there, which of them take several values."""

import dataclasses
from dataclasses import dataclass
from typing import Any, NotRequired, Required, cast, get_args, get_origin

from pydantic import AliasChoices, AliasPath, BaseModel
from pydantic.fields import FieldInfo
from typing_extensions import ReadOnly, get_type_hints, is_typeddict

from .annotations import is_json, is_model, is_multiple, without_none

__all__ = ["Fields", "fields_of"]


@dataclass(frozen=True, slots=True)
class Fields:
    """What a model takes from its place.

    `keys` are all names that a field may have, `multiple` those that take several values, `required` the names of each
    field that has to be there, its own first, `everything` whether the rest of the place is wanted too: by a mapping, or
    a model that keeps or forbids what it does not know.
    """

    keys: frozenset[str]
    multiple: frozenset[str]
    required: tuple[tuple[str, ...], ...]
    everything: bool


def fields_of(annotation: Any) -> Fields:
    """Return what the annotation of an exclusive parameter takes."""
    kinds = [kind for kind in without_none(annotation) if is_model(kind)]
    if len(kinds) != 1:
        return Fields(frozenset(), frozenset(), (), everything=True)
    kind = get_origin(kinds[0]) or kinds[0]
    if issubclass(kind, BaseModel):
        described = dict(kind.model_fields)
        extra = kind.model_config.get("extra")
    else:
        described = {
            name: _described(kind, name, hint)
            for name, hint in get_type_hints(kind, include_extras=True).items()
        }
        extra = cast("dict[str, Any]", getattr(kind, "__pydantic_config__", {})).get("extra")
    keys: set[str] = set()
    multiple: set[str] = set()
    required: list[tuple[str, ...]] = []
    for name, field in described.items():
        names = {name, *_aliases(field.alias), *_aliases(field.validation_alias)}
        keys |= names
        if _is_required(kind, name, field):
            required.append((name, *sorted(names - {name})))
        if is_multiple(field.annotation) and not is_json(field.metadata):
            multiple |= names
    everything = extra in ("allow", "forbid")
    return Fields(frozenset(keys), frozenset(multiple), tuple(required), everything)


_QUALIFIERS = (Required, NotRequired, ReadOnly)


def _described(kind: Any, name: str, hint: Any) -> FieldInfo:
    while get_origin(hint) in _QUALIFIERS:
        [hint] = get_args(hint)
    if dataclasses.is_dataclass(kind):
        default = kind.__dataclass_fields__[name].default
        if isinstance(default, FieldInfo):
            return FieldInfo.from_annotated_attribute(hint, default)
    return FieldInfo.from_annotation(hint)


def _is_required(kind: Any, name: str, field: FieldInfo) -> bool:
    if dataclasses.is_dataclass(kind):
        own = kind.__dataclass_fields__[name]
        if own.default_factory is not dataclasses.MISSING:
            return False
        if own.default is not dataclasses.MISSING and not isinstance(own.default, FieldInfo):
            return False
    elif is_typeddict(kind):
        return _is_required_key(kind, name)
    return field.is_required()


def _is_required_key(kind: Any, name: str) -> bool:
    # where annotations are postponed, only the resolved ones tell what `__required_keys__` does not know
    hint: Any = get_type_hints(kind, include_extras=True)[name]
    origin: Any
    while (origin := get_origin(hint)) in _QUALIFIERS:
        if origin is not ReadOnly:
            return origin is Required
        [hint] = get_args(hint)
    return name in kind.__required_keys__


def _aliases(alias: str | AliasPath | AliasChoices | None) -> set[str]:
    if alias is None:
        return set()
    if isinstance(alias, str):
        return {alias}
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return {str(choice.path[0]) if isinstance(choice, AliasPath) else choice for choice in choices}
