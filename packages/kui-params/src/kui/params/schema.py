"""The JSON Schema of parameters, by place."""

from collections.abc import Iterable
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, JsonSchemaWarningKind

from .reading import adapter_of
from .signature import Parameter

__all__ = ["schema_of"]


class _Generator(GenerateJsonSchema):
    """Describes classes that pydantic does not know: a file as OpenAPI does, any other as anything."""

    def emit_warning(self, kind: JsonSchemaWarningKind, detail: str) -> None:
        """Leave out in silence a default that JSON does not know."""

    def is_instance_schema(self, schema: Any) -> JsonSchemaValue:
        if getattr(schema["cls"], "__name__", "") == "UploadFile":
            return {"type": "string", "format": "binary"}
        return {}


def schema_of(parameters: Iterable[Parameter]) -> dict[str, Any]:
    """Return a JSON Schema with one property for each place, whose properties are the names that the client uses."""
    by_name = {parameter.name: parameter for parameter in parameters}
    flat = adapter_of(by_name).json_schema(schema_generator=_Generator)
    places: dict[str, Any] = {}
    for name, parameter in by_name.items():
        described = flat["properties"][name]
        if parameter.exclusive:
            places[parameter.place] = described
            continue
        place = places.setdefault(parameter.place, {"type": "object", "properties": {}})
        place["properties"][parameter.key] = described
        if parameter.required:
            place.setdefault("required", []).append(parameter.key)
    schema: dict[str, Any] = {"type": "object", "properties": places}
    required = [place for place, inner in places.items() if inner.get("required")]
    required += [
        one.place for one in by_name.values() if one.exclusive and one.required and one.place not in required
    ]
    if required:
        schema["required"] = required
    if "$defs" in flat:
        schema["$defs"] = flat["$defs"]
    return schema
