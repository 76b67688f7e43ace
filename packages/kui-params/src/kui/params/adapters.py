"""The validator of parameters, and what those take that take a whole place."""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, NotRequired, cast

from pydantic import ConfigDict, Field, TypeAdapter
from typing_extensions import TypedDict

from .annotations import type_name
from .callables import name_of
from .errors import SignatureError, misfit
from .fields import Fields, fields_of
from .graph import Node
from .markers import MISSING, Marker
from .signature import Parameter

__all__ = ["Adapter", "adapter_of"]


class Adapter(NamedTuple):
    """The validator of parameters by slot: a mapping in, a mapping of the same slots out; the fields of exclusive ones."""

    validator: TypeAdapter[dict[str, Any]]
    fields: Mapping[str, Fields]


def adapter_of(node: Node, parameters: Mapping[str, Parameter]) -> Adapter:
    """Return the validator of parameters by slot, which are those of a function or of its dependencies.

    Raises:
        SignatureError: there can be none of an annotation.
    """
    try:
        return _adapter(parameters)
    except Exception as error:
        raise _misfit(node, error) from error


def _adapter(parameters: Mapping[str, Parameter]) -> Adapter:
    fields: dict[str, Any] = {}
    for slot, parameter in parameters.items():
        field = Field(**_options(parameter))
        annotation = cast(Any, Annotated)[parameter.annotation, field]
        fields[slot] = annotation if parameter.required else NotRequired[annotation]
    shape = cast(Any, TypedDict)("Parameters", fields)
    shape.__pydantic_config__ = ConfigDict(arbitrary_types_allowed=True)
    validator: TypeAdapter[dict[str, Any]] = TypeAdapter(shape)
    validator.rebuild()  # a name that is not defined is an error now
    exclusive = [slot for slot, parameter in parameters.items() if parameter.exclusive]
    fields_by_slot = {slot: fields_of(validator.core_schema, slot) for slot in exclusive}
    for slot, each in fields_by_slot.items():
        unsendable = [name for name in each.names if not name.isascii()]
        if unsendable and parameters[slot].place == "header":
            raise ValueError(
                f"the field {unsendable[0]!r} is taken from a header, and the name of a header is ASCII; give it an alias"
            )
    return Adapter(validator, fields_by_slot)


def _options(parameter: Parameter) -> dict[str, Any]:
    """Return the arguments of `pydantic.Field`: the default of the signature counts before the marker's own."""
    options: dict[str, Any] = {"title": parameter.name.replace("_", " ").title()}
    if isinstance(parameter.source, Marker):
        options |= parameter.source.options()
    if parameter.default is not MISSING:
        options["default"] = parameter.default
        options.pop("default_factory", None)
    return options


def _misfit(node: Node, error: Exception) -> SignatureError:
    """Return the error that names the parameter, which is the first that there is no validator of by itself."""
    for each in node.walk():
        for parameter in each.parameters:
            try:
                _adapter({parameter.name: parameter})
            except Exception as own:
                where = f"{name_of(each.function)}: parameter {parameter.name!r} is"
                return misfit(where, type_name(parameter.annotation), own)
    return misfit(f"{name_of(node.function)}: together its parameters are", "Parameters", error)
