"""JSON Schemas of the files that a user writes, with the installed plugins' options.

A choice of plugin is written as ``enum`` plus ``if``/``then``, which editors complete and explain
better than the ``oneOf`` with discriminator that pydantic writes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel

from fieldvae import registry
from fieldvae.errors import PluginError
from fieldvae.field import FieldSpec
from fieldvae.spec import TaskSpec

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(kind: Literal["task", "field", "store"]) -> Schema:
    """Return one of the three schemas."""
    schemas: dict[str, Callable[[], Schema]] = {
        "task": task_schema,
        "field": field_schema,
        "store": store_schema,
    }
    return {"$schema": DIALECT, **schemas[kind]()}


def field_schema() -> Schema:
    """Schema of a field in a YAML file of its own; its name is the key in the task."""
    schema = FieldSpec.model_json_schema()
    schema["properties"].pop("name")
    schema["required"] = ["units"]
    schema["properties"]["components"] = _one_or_more({"type": "string"})
    schema["properties"]["scaling"] = _one_or_more({"enum": ["log", "standardize", "minmax"]})
    schema["description"] = "A physical field: units, tensor kind, components, bounds, closure."
    return schema


def task_schema() -> Schema:
    """Schema of a task file as a user writes it, where a preset or a task fills in the rest."""
    schema = TaskSpec.model_json_schema()
    schema["description"] = "A fieldvae task: what to learn from which data, and how."
    schema["required"] = ["data"]
    properties, definitions = schema["properties"], schema["$defs"]
    properties["task"] = {
        "description": properties["task"]["description"],
        "enum": registry.names("tasks"),
    }
    for key in ("inputs", "outputs"):
        properties[key] = {**_one_or_more({"type": "string"}), "description": f"Names of {key}."}
    properties["symmetry"] = {
        "description": properties["symmetry"]["description"],
        **_one_or_more({"anyOf": [{"enum": ["none", "cubic", "translations"]}, {"type": "array"}]}),
    }
    inline = field_schema()
    properties["fields"] = {
        "description": properties["fields"]["description"],
        "type": "object",
        "additionalProperties": {
            "anyOf": [{"type": "string", "description": "A YAML file."}, inline]
        },
    }
    definitions.pop("FieldSpec", None)
    store = {"type": "string", "description": "A Zarr store, relative to this file."}
    definitions["DataSpec"]["properties"]["store"] = _one_or_more(store)
    model = definitions["ModelSpec"]["properties"]
    for part in ("smoother", "encoder", "decoder", "prior"):
        model[part] = _choice(f"{part}s", model[part].get("description", ""))
    model["smoothers"] = {
        "description": model["smoothers"]["description"],
        "type": "object",
        "additionalProperties": _choice("smoothers", "Smoother of one input."),
    }
    weight = definitions["LossChoice"]["properties"]["weight"]
    properties["losses"] = {
        "type": "array",
        "minItems": 1,
        "items": _choice("losses", "A loss term.", beside={"weight": weight}),
    }
    _design_schema(definitions)
    for unused in ("ExportChoice", "LossChoice", "PluginChoice"):
        definitions.pop(unused, None)
    return schema


def _design_schema(definitions: Schema) -> None:
    """Name the plugins of inverse design, and allow what is short for more."""
    design, goal = (definitions[name]["properties"] for name in ("DesignSpec", "GoalSpec"))
    goal["of"] = _choice("quantities", goal["of"].get("description", ""))
    beside = definitions["ExportChoice"]["properties"]
    design["export"] = _choice(
        "exporters",
        design["export"].get("description", ""),
        beside={name: beside[name] for name in ("best", "starts")},
    )
    described = definitions["VarySpec"]["properties"]
    definitions["VarySpec"]["properties"] = {
        name: {key: value for key, value in inner.items() if key != "title"}
        for name, inner in described.items()
    }
    design["vary"] = {
        "description": design["vary"]["description"],
        "anyOf": [
            {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"anyOf": [{"$ref": "#/$defs/VarySpec"}, {"type": "null"}]},
            },
            *_one_or_more({"type": "string"})["anyOf"],
        ],
    }
    design["optimizer"] = {
        "description": design["optimizer"]["description"],
        "anyOf": [
            {"type": "string"},
            {"type": "object", "properties": {"use": {"type": "string"}}},
        ],
    }


def store_schema() -> Schema:
    """Schema of the group attributes of a store."""
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 3}
    return {
        "title": "Store",
        "description": "Attributes of a Zarr v3 group of fields; see docs/reference/store.md.",
        "type": "object",
        "properties": {
            "fieldvae_store": {"const": 1, "description": "Version of the format.", "default": 1},
            "spacing": {**numbers, "description": "Edges of a cell along x, y, z; default 1."},
            "spacing_units": {"type": "string", "description": "As pint reads.", "default": "1"},
            "periodic": {
                "type": "array",
                "items": {"anyOf": [{"type": "boolean"}, {"enum": [0, 1]}]},
                "minItems": 1,
                "maxItems": 3,
                "description": "Whether the grid repeats along x, y, z; default false.",
            },
            "frame": {
                **numbers,
                "minItems": 9,
                "maxItems": 9,
                "description": "Rows are the axes in crystal coordinates; default identity.",
            },
            "command": {"type": "string", "description": "What made the store."},
            "provenance": {"description": "Text or JSON: where the data come from."},
        },
    }


def _one_or_more(item: Schema) -> Schema:
    return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


def _choice(kind: str, description: str, *, beside: Schema | None = None) -> Schema:
    """A plugin's name, or a mapping with ``use`` and the options of that plugin."""
    extra = [registry.NO_ENCODER] if kind == "encoders" else []
    known = [*registry.names(kind), *extra]
    branches = []
    for name in known:
        try:
            options = registry.options_model(kind, name) if name not in extra else BaseModel
        except PluginError:  # a broken plugin is named by `fieldvae plugins`
            continue
        properties = _plain_options(options)
        branches.append(
            {
                "if": {"properties": {"use": {"const": name}}, "required": ["use"]},
                "then": {
                    "properties": {"use": {"const": name}, **(beside or {}), **properties},
                    "additionalProperties": False,
                },
            }
        )
    mapping: Schema = {
        "type": "object",
        "properties": {"use": {"enum": known}},
        "required": ["use"],
        "allOf": branches,
    }
    return {"description": description, "anyOf": [{"enum": known}, mapping]}


def _plain_options(model: type[BaseModel]) -> Schema:
    properties: Schema = model.model_json_schema()["properties"] if model.model_fields else {}
    return properties
