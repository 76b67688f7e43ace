"""The validator of parameters."""

from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, cast

from pydantic import ConfigDict, Field, TypeAdapter
from typing_extensions import TypedDict

from .markers import MISSING, Marker
from .signature import Parameter

__all__ = ["adapter_of"]


def adapter_of(parameters: Mapping[str, Parameter]) -> TypeAdapter[dict[str, Any]]:
    """Return the validator of parameters by slot: a mapping in, a mapping of the same slots out."""
    fields: dict[str, Any] = {}
    for slot, parameter in parameters.items():
        field = Field(**_options(parameter))
        annotation = cast(Any, Annotated)[parameter.annotation, field]
        fields[slot] = annotation if parameter.required else NotRequired[annotation]
    shape = cast(Any, TypedDict)("Parameters", fields)
    shape.__pydantic_config__ = ConfigDict(arbitrary_types_allowed=True)
    adapter: TypeAdapter[dict[str, Any]] = TypeAdapter(shape)
    return adapter


def _options(parameter: Parameter) -> dict[str, Any]:
    """Return the arguments of `pydantic.Field`: the default of the signature counts before the marker's own."""
    options: dict[str, Any] = {"title": parameter.name.replace("_", " ").title()}
    if isinstance(parameter.source, Marker):
        options |= parameter.source.options()
    if parameter.default is not MISSING:
        options["default"] = parameter.default
        options.pop("default_factory", None)
    return options
