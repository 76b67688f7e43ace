"""Random signatures: parameters of every place, with models, aliases and constraints."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from hypothesis import strategies as st
from pydantic import ConfigDict, Field, create_model

from kui.params import Body, Cookie, Header, Path, Query

MARKERS: dict[str, Any] = {"path": Path, "query": Query, "header": Header, "cookie": Cookie, "body": Body}

NAMES = ["a", "b", "room", "x_token", "since_then"]
ALIASES = ["first", "Second", "the-third"]

SCALARS: list[tuple[Any, dict[str, Any]]] = [
    (int, {}),
    (str, {}),
    (float, {}),
    (bool, {}),
    (date, {}),
    (Decimal, {}),
    (UUID, {}),
    (bytes, {}),
    (Literal["a", "b"], {}),
    (int | None, {}),
    (int | str, {}),
    (Annotated[int, Field(ge=0, lt=100)], {}),
    (int, {"ge": 0, "multiple_of": 2}),
    (str, {"min_length": 1, "max_length": 3}),
    (str, {"pattern": "^[a-z]*$"}),
    (str, {"strict": True}),
    (str, {"coerce_numbers_to_str": True}),
    (float, {"allow_inf_nan": False}),
    (Decimal, {"max_digits": 2}),
    (int | str, {"union_mode": "left_to_right"}),
]
LISTS: list[tuple[Any, dict[str, Any]]] = [
    (list[int], {}),
    (set[str], {}),
    (tuple[int, ...], {}),
    (list[Annotated[int, Field(gt=1)]], {}),
    (list[str] | None, {}),
    (list[int], {"min_length": 1, "max_length": 2}),
]
DEFAULTS: list[Any] = [..., None, 0, "d", [1]]


@dataclass(frozen=True)
class Value:
    """What a parameter, or a field of a model, is: `names` are those that it is found by."""

    annotation: Any
    constraints: Mapping[str, Any]
    default: Any
    alias: str | None
    is_list: bool


@dataclass(frozen=True)
class Case:
    """A parameter: one value of its place, or a model of several, by their names."""

    place: str
    value: Value
    model: Mapping[str, Value] | None = None
    has_names: bool = False
    """Whether the fields of the model go by their names too, where they have aliases."""

    def names_of(self, field: str) -> list[str]:
        """Return the names that a field of the model is found by."""
        alias = (self.model or {})[field].alias
        return [field] if alias is None else [alias, field] if self.has_names else [alias]


@st.composite
def values(draw: st.DrawFn, place: str, alias: str | None) -> Value:
    kinds = SCALARS if place == "path" else SCALARS + LISTS
    annotation, constraints = draw(st.sampled_from(kinds))
    default = draw(st.sampled_from(DEFAULTS))
    return Value(annotation, constraints, default, alias, (annotation, constraints) in LISTS)


@st.composite
def models(draw: st.DrawFn, place: str) -> Case:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=3))
    aliases = draw(st.permutations([*ALIASES, *[None] * len(names)]))
    fields = {name: draw(values(place, alias)) for name, alias in zip(names, aliases, strict=False)}
    has_names = draw(st.booleans())
    shapes: dict[str, Any] = {
        name: (value.annotation, Field(value.default, alias=value.alias, **value.constraints))
        for name, value in fields.items()
    }
    model: Any = create_model("Model", __config__=ConfigDict(populate_by_name=has_names), **shapes)
    return Case(place, Value(model, {}, draw(st.sampled_from([..., None])), None, False), fields, has_names)


@st.composite
def single(draw: st.DrawFn, place: str) -> Case:
    return Case(place, draw(values(place, draw(st.none() | st.sampled_from(ALIASES)))))


@st.composite
def signatures(draw: st.DrawFn, protocol: str) -> dict[str, Case]:
    """Draw parameters by name: of a place several values, or one model."""
    names = draw(st.permutations(NAMES))
    cases: dict[str, Case] = {}
    for place in sorted(MARKERS):
        if place == "body" and protocol == "websocket":
            continue
        if draw(st.booleans()):
            cases[names.pop()] = draw(models(place) | single(place))
    for _ in range(draw(st.integers(0, len(names)))):
        place = draw(st.sampled_from(sorted(MARKERS)))
        taken = any(case.place == place and case.model is not None for case in cases.values())
        if not taken and not (place == "body" and protocol == "websocket"):
            cases[names.pop()] = draw(single(place))
    return cases


def function_of(cases: Mapping[str, Case]) -> Any:
    """Return a function with these parameters, its defaults in the markers or in the signature by turns."""

    async def endpoint() -> None: ...

    signature: list[inspect.Parameter] = []
    for number, (name, case) in enumerate(cases.items()):
        value = case.value
        in_marker = number % 2
        exclusive = {"exclusive": True} if case.model is not None else {}
        marker = MARKERS[case.place](
            value.default if in_marker else ..., alias=value.alias, **exclusive, **value.constraints
        )
        signature.append(
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=Annotated[value.annotation, marker],
                default=inspect.Parameter.empty if in_marker or value.default is ... else value.default,
            )
        )
    vars(endpoint)["__signature__"] = inspect.Signature(signature)
    return endpoint
