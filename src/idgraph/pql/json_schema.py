"""JSON Schemas of definitions and scorecards as they are written in YAML, for editors."""

from __future__ import annotations

import json
from typing import Any, get_args

from idgraph.pql.quantity import Node, Sign

__all__ = ["json_schema"]


def json_schema(kind: type[Node]) -> str:
    """Give the JSON Schema of `Definition` or `Scorecard`, for editors.

    They are shipped as `idgraph/pql/definition.schema.json` and `idgraph/pql/scorecard.schema.json`.
    """
    schema = kind.model_json_schema()
    parts = schema["$defs"]
    measure = parts["Condition"]["properties"]["measure"]["oneOf"]
    parts["Than"] = parts["Condition"]["properties"]["than"]
    parts["Condition"] = {"anyOf": [_compared(parts[one["$ref"].rpartition("/")[2]]) for one in measure]}
    named = {"type": "string", "description": "the name of one of `moments`"}
    for part in (schema, *parts.values()):
        for field in part.get("properties", {}).values():
            _allow_names(field, named)
    moments = parts.get("Definition", schema)["properties"]["when"]["oneOf"]
    schema["properties"]["moments"] = {"type": "object", "additionalProperties": {"oneOf": moments}}
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def _compared(measure: dict[str, Any]) -> dict[str, Any]:
    """In YAML a condition is its measure and one sign more."""
    signs = {sign: {"$ref": "#/$defs/Than"} for sign in get_args(Sign)}
    exactly_one = [{"required": [sign]} for sign in signs]
    return {**measure, "properties": {**measure["properties"], **signs}, "oneOf": exactly_one}


def _allow_names(field: dict[str, Any], named: dict[str, Any]) -> None:
    """Where a moment may stand, its name may."""
    choices = field.get("oneOf", [])
    if any(one.get("$ref", "").endswith("/Condition") for one in choices):
        choices.append(named)
    for inner in (field.get("items"), *field.get("anyOf", [])):
        if inner:
            _allow_names(inner, named)
