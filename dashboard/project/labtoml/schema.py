"""The JSON Schema of a lab.toml, for editors: they complete keys, explain and check them."""

from __future__ import annotations

import json

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from .tables import File

SCHEMA_FILE = "lab.schema.json"  # beside a draft, whose first line names it


class _TomlSchema(GenerateJsonSchema):
    """Leaves out null, which TOML lacks, empty defaults, and titles, which repeat the keys."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if isinstance(schema.get("default"), str | int | float):
            return super().default_schema(schema)
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: CoreSchema) -> bool:
        return False


def lab_schema() -> str:
    """Return the schema as JSON; docs/lab.schema.json holds the same."""
    return json.dumps(File.model_json_schema(schema_generator=_TomlSchema), indent=2) + "\n"
