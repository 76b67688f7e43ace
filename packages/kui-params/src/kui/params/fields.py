"""The fields of a model that takes a whole place, as pydantic reads them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast

__all__ = ["Fields", "Schema", "fields_of", "schemas_in", "sent_name"]

Schema: TypeAlias = Mapping[str, Any]
"""A core schema of pydantic, or what one is made of."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What a parameter takes from its place.

    `names` are those that its fields may have there, `multiple` those of them that take several values, `required` the
    names of each field that has to be there, `everything` whether the rest of the place is wanted too: by a mapping, or
    a model that keeps or forbids what it does not know. `rest_is_multiple` is a mapping of lists.
    """

    names: tuple[str, ...]
    multiple: frozenset[str]
    required: tuple[tuple[str, ...], ...]
    everything: bool
    rest_is_multiple: bool

    def sent_in(self, place: str) -> "Fields":
        """Return the fields with the names that the client uses in this place."""

        def sent(names: Iterable[str]) -> tuple[str, ...]:
            return tuple(dict.fromkeys(sent_name(place, name) for name in names))

        return replace(
            self,
            names=sent(self.names),
            multiple=frozenset(sent(self.multiple)),
            required=tuple(map(sent, self.required)),
        )


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a model: the names that pydantic takes it by, those of several values, and whether it has to be there."""

    names: tuple[str, ...]
    multiple: frozenset[str]
    is_required: bool


def fields_of(schema: Schema, slot: str) -> Fields:
    """Return what one of the parameters takes that a validator has the schema of.

    Raises:
        ValueError: two fields, as of a union's members, read one name in two ways.
    """
    schemas = _Schemas(schema)
    [parameters] = schemas.behind(schema)
    members = [
        schemas.model(each)
        for each in schemas.behind(parameters["fields"][slot]["schema"])
        if each["type"] != "none"
    ]
    fields = [field for model, *_ in members for field in model]
    multiple = {name for field in fields for name in field.multiple}
    single = {name for field in fields for name in field.names if name not in field.multiple}
    if unclear := sorted(multiple & single):
        raise ValueError(
            f"one field takes several values of {unclear[0]!r}, and another one takes one; give them one type, or two names"
        )
    first, *others = [[field.names for field in model if field.is_required] for model, *_ in members] or [[]]
    return Fields(
        names=tuple(dict.fromkeys(name for field in fields for name in field.names)),
        multiple=frozenset(multiple),
        required=tuple(names for names in first if all(names in other for other in others)),
        everything=any(everything for _, everything, _ in members),
        rest_is_multiple=any(is_multiple for *_, is_multiple in members),
    )


def sent_name(place: str, name: str) -> str:
    """Return the name of a field as the client writes it."""
    return name.replace("_", "-").lower() if place == "header" else name


class _Schemas:
    """The schemas of one validator, some of which are named and referred to."""

    def __init__(self, schema: Schema) -> None:
        self._named: dict[str, Schema] = {each["ref"]: each for each in schema.get("definitions", ())}

    def behind(self, schema: Schema) -> Iterator[Schema]:
        """Yield what is left of a schema without what stands around it, such as a default; of a union every member."""
        kind: str = schema["type"]
        if kind == "definition-ref":
            yield from self.behind(self._named[schema["schema_ref"]])
        elif kind in _INNER:
            yield from self.behind(schema[_INNER[kind]])
        elif kind == "model" and schema.get("root_model"):
            yield from self.behind(schema["schema"])
        elif kind in _MEMBERS:
            for member in schemas_in(schema[_MEMBERS[kind]]):
                yield from self.behind(member)
        else:
            yield schema

    def model(self, schema: Schema) -> tuple[list[_Field], bool, bool]:
        """Return the fields of a model, whether it wants everything, and several values of what it has no field for.

        What is no model has no fields, and wants everything.
        """
        config: Schema = schema.get("config", {})
        if schema["type"] in ("model", "dataclass"):
            schema = next(self.behind(schema["schema"]))
        if schema["type"] not in ("model-fields", "dataclass-args", "typed-dict"):
            return [], True, "values_schema" in schema and self._is_multiple(schema["values_schema"])
        fields: Any = schema["fields"]
        if not isinstance(fields, Mapping):  # those of a dataclass
            fields = {each["name"]: each for each in fields if each.get("init", True)}
        return (
            [self._field(name, field, config) for name, field in cast("dict[str, Any]", fields).items()],
            config.get("extra_fields_behavior") in ("allow", "forbid"),
            False,
        )

    def _field(self, name: str, field: Schema, config: Schema) -> _Field:
        schema: Schema = field["schema"]
        is_multiple = self._is_multiple(schema)
        names = [*_names(name, field.get("validation_alias"), config)]
        return _Field(
            tuple(name for name, _ in names),
            frozenset(name for name, is_one_of_several in names if is_multiple or is_one_of_several),
            # pydantic keeps a default outermost, for the model to see that there is one
            field.get("required", schema["type"] != "default"),
        )

    def _is_multiple(self, schema: Schema) -> bool:
        return any("items_schema" in each for each in self.behind(schema))


_INNER = {
    "definitions": "schema",
    "default": "schema",
    "nullable": "schema",
    "function-after": "schema",
    "function-before": "schema",
    "function-wrap": "schema",
    "lax-or-strict": "lax_schema",
    "json-or-python": "python_schema",
}
_MEMBERS = {"union": "choices", "tagged-union": "choices", "chain": "steps"}


def schemas_in(members: Any) -> Iterator[Schema]:
    """Yield the schemas of members that stand in a list, some of them beside a label, or by their names."""
    listed: Iterable[Any] = (
        cast("dict[Any, Any]", members).values() if isinstance(members, Mapping) else members
    )
    for member in listed:
        yield cast("tuple[Schema, str]", member)[0] if isinstance(member, tuple) else member


def _names(name: str, alias: str | list[Any] | None, config: Schema) -> Iterator[tuple[str, bool]]:
    """Yield the names that pydantic finds a field by, and whether it is one of several values there.

    The name that counts first is at the beginning.
    """
    if alias is None or not config.get("validate_by_alias", True):
        yield name, False
        return
    if isinstance(alias, str):
        yield alias, False
    else:  # a path, or several of them
        paths = alias if isinstance(alias[0], list) else [alias]
        yield from (
            (str(path[0]), len(path) > 1 and isinstance(path[1], int))
            for path in cast("list[list[Any]]", paths)
        )
    # the second is what it was called before pydantic 2.11
    if config.get("validate_by_name") or config.get("populate_by_name"):
        yield name, False
