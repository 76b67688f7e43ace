"""The JSON Schema of parameters, by place."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, JsonSchemaWarningKind

from .adapters import adapter_of
from .fields import sent_name
from .graph import Node

__all__ = ["schema_of"]


class _Generator(GenerateJsonSchema):
    """Describes classes that pydantic does not know: a file as OpenAPI does, any other as anything."""

    def emit_warning(self, kind: JsonSchemaWarningKind, detail: str) -> None:
        """Leave out in silence a default that JSON does not know."""

    def is_instance_schema(self, schema: Any) -> JsonSchemaValue:
        if getattr(schema["cls"], "__name__", "") == "UploadFile":
            return {"type": "string", "format": "binary"}
        return {}


def schema_of(node: Node) -> dict[str, Any]:
    """Return a JSON Schema with one property for each place, whose properties are the names that the client uses."""
    by_name = {parameter.name: parameter for parameter in node.parameters}
    flat = adapter_of(node, by_name).validator.json_schema(schema_generator=_Generator)
    places: dict[str, Any] = {}
    for name, parameter in by_name.items():
        described = flat["properties"][name]
        if parameter.exclusive:
            places[parameter.place] = _sent(described, parameter.place, flat.get("$defs", {}))
            continue
        place = places.setdefault(parameter.place, {"type": "object", "properties": {}})
        before = place["properties"].get(parameter.key)  # several parameters may take one name
        place["properties"][parameter.key] = described if before is None else {"allOf": [before, described]}
        if parameter.required and parameter.key not in place.setdefault("required", []):
            place["required"].append(parameter.key)
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


def _sent(schema: dict[str, Any], place: str, named: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a whole place with the names that the client uses, which differ for headers alone."""
    if place != "header":
        return schema
    if "$ref" in schema:
        schema = {**named[schema["$ref"].removeprefix("#/$defs/")], **schema}
        del schema["$ref"]
    schema = {key: value for key, value in schema.items() if key != "discriminator"}
    for key in ("anyOf", "oneOf"):
        if key in schema:
            schema[key] = [_sent(member, place, named) for member in schema[key]]
    if "properties" in schema:
        schema["properties"] = {sent_name(place, name): each for name, each in schema["properties"].items()}
    if "required" in schema:
        schema["required"] = [sent_name(place, name) for name in schema["required"]]
    return schema
