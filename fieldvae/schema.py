"""JSON Schemas of the files that a user writes, with the installed plugins' options.

A choice of plugin is written as ``enum`` plus ``if``/``then``, which editors complete and explain
better than the ``oneOf`` with discriminator that pydantic writes. Every key has a ``description``,
which editors show over it; ``enumDescriptions`` is their word for those of single values.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel

from fieldvae import registry
from fieldvae.errors import PluginError
from fieldvae.field import FieldSpec
from fieldvae.signature import described
from fieldvae.spec import TaskSpec

Schema = dict[str, Any]
Kind = Literal["task", "field", "store", "design"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(kind: Kind) -> Schema:
    """Return one of the schemas."""
    schemas: dict[Kind, Callable[[], Schema]] = {
        "task": task_schema,
        "field": field_schema,
        "store": store_schema,
        "design": design_schema,
    }
    return {"$schema": DIALECT, "title": f"fieldvae {kind}", **_untitled(schemas[kind]())}


def _untitled(schema: Any) -> Any:
    """Leave out pydantic's titles, which are names of classes and say nothing to a user."""
    if isinstance(schema, list):
        return [_untitled(item) for item in schema]
    if isinstance(schema, dict):
        kept = {k: v for k, v in schema.items() if k != "title" or not isinstance(v, str)}
        return {key: _untitled(value) for key, value in kept.items()}
    return schema


def field_schema() -> Schema:
    """Schema of a field in a YAML file of its own; its name is the key in the task."""
    schema = FieldSpec.model_json_schema()
    schema["properties"].pop("name")
    schema["required"] = ["units"]
    schema["properties"]["components"] = _one_or_more({"type": "string"})
    schema["properties"]["scaling"] = _one_or_more({"enum": ["log", "standardize", "minmax"]})
    schema["description"] = "A physical field: units, tensor kind, components, bounds, closure."
    for key, text in described(inspect.getdoc(FieldSpec) or "").items():
        if key in schema["properties"]:
            schema["properties"][key]["description"] = _plain_text(text)
    return schema


def task_schema() -> Schema:
    """Schema of a task file as a user writes it, where a preset or a task fills in the rest."""
    schema = TaskSpec.model_json_schema()
    schema["description"] = "A fieldvae task: what to learn from which data, and how."
    schema["required"] = ["data"]
    properties, definitions = schema["properties"], schema["$defs"]
    properties["task"] = {
        "description": properties["task"]["description"],
        **_explained("tasks", registry.names("tasks")),
    }
    for key in ("inputs", "outputs"):
        properties[key] = {
            **_one_or_more({"type": "string"}),
            "description": properties[key]["description"],
        }
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
    store = definitions["DataSpec"]["properties"]["store"]
    definitions["DataSpec"]["properties"]["store"] = {
        "description": store["description"],
        **_one_or_more({"type": "string", "description": "A Zarr store, relative to this file."}),
    }
    model = definitions["ModelSpec"]["properties"]
    for part in ("smoother", "encoder", "decoder", "prior"):
        model[part] = _choice(f"{part}s", model[part].get("description", ""))
        model[part]["anyOf"][1].pop("required")  # options alone change the preset's choice
    model["smoothers"] = {
        "description": model["smoothers"]["description"],
        "type": "object",
        "additionalProperties": _choice("smoothers", "Smoother of one input."),
    }
    weight = definitions["LossChoice"]["properties"]["weight"]
    properties["losses"] = {
        "type": "array",
        "minItems": 1,
        "description": properties["losses"]["description"],
        "items": _choice("losses", "A loss term.", beside={"weight": weight}),
    }
    _design_schema(definitions)
    for unused in ("ExportChoice", "LossChoice", "PluginChoice"):
        definitions.pop(unused, None)
    return schema


def design_schema() -> Schema:
    """Schema of a design in a YAML file of its own: the keys of a task's section ``design``."""
    definitions = task_schema()["$defs"]
    design: Schema = definitions.pop("DesignSpec")
    used = ("VarySpec", "GoalSpec", "DesignLatentSpec", "DesignCheckSpec")
    return {**design, "$defs": {name: definitions[name] for name in used}}


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
            {
                "type": "object",
                "properties": {"use": {"type": "string", "description": "Adam, LBFGS, ..."}},
            },
        ],
    }


def store_schema() -> Schema:
    """Schema of the group attributes of a store."""
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 3}
    return {
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
        use = {"const": name, "description": _summary(kind, name)}
        branches.append(
            {
                "if": {"properties": {"use": {"const": name}}, "required": ["use"]},
                "then": {
                    "properties": {"use": use, **(beside or {}), **properties},
                    "additionalProperties": False,
                },
            }
        )
    explained = _explained(kind, known)
    words = f"Name of an installed {registry.SINGULAR[kind]}; its options stand beside it."
    mapping: Schema = {
        "type": "object",
        "properties": {"use": {"description": words, **explained}},
        "required": ["use"],
        "allOf": branches,
    }
    return {"description": description, "anyOf": [explained, mapping]}


def _explained(kind: str, names: list[str]) -> Schema:
    """Names that may be chosen, with a line on each."""
    return {"enum": names, "enumDescriptions": [_summary(kind, name) for name in names]}


def _summary(kind: str, name: str) -> str:
    """Say in a line what a plugin is."""
    if (kind, name) == ("encoders", registry.NO_ENCODER):
        return "No encoder: then there is no reconstruction and no self-check."
    try:
        plugin = registry.load(kind, name)
    except PluginError:
        return "Broken; see fieldvae plugins."
    words = plugin.description if kind == "tasks" else inspect.getdoc(plugin) or ""
    return _plain_text(words.split("\n\n")[0])


def _plain_text(text: str) -> str:
    """Docstring to plain words: one line, without the marks of reStructuredText."""
    return re.sub(r":\w+:`~?([^`]+)`", r"\1", " ".join(text.split())).replace("`", "")


def _plain_options(model: type[BaseModel]) -> Schema:
    properties: Schema = model.model_json_schema()["properties"] if model.model_fields else {}
    return properties
