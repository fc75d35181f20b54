"""Tables of every key that a task may hold, from the JSON Schema of the installed plugins.

A page asks for them with the comment ``<!-- keys of a task -->``, which a repository's web view
does not show.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sphinx.application import Sphinx

from fieldvae.schema import schema_of

Schema = Mapping[str, Any]

PLACE = "<!-- keys of a task -->"
PLUGIN_KINDS = {
    "smoother": "Smoothers",
    "encoder": "Encoders",
    "decoder": "Decoders",
    "prior": "Priors",
    "losses": "Losses",
    "of": "Quantities",
    "export": "Exporters",
}
"""Keys whose value names a plugin, and the heading of the plugins' options."""


def tables_of_keys() -> str:
    """Write the tables.

    Returns
    -------
    str
        Markdown: the keys section by section, then the options of every plugin.
    """
    schema = schema_of("task")
    sections = dict(_sections(schema))
    written = [_table_of_section(name, keys, among=sections) for name, keys in sections.items()]
    choices = {key: keys[key] for keys in sections.values() for key in keys if key in PLUGIN_KINDS}
    options = [_tables_of_plugins(key, choices[key]) for key in PLUGIN_KINDS if key in choices]
    return "\n".join([*written, "## Options of the installed plugins\n", *options])


def _sections(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Dotted name and keys of every mapping of a task, the task's own first."""

    def walk(name: str, properties: Schema) -> Iterator[tuple[str, Schema]]:
        yield name, properties
        for key, value in properties.items():
            inner = _referred(value, schema)
            if inner is not None:
                yield from walk(f"{name}.{key}".strip("."), inner["properties"])

    yield from walk("", schema["properties"])
    fields = schema["properties"]["fields"]["additionalProperties"]["anyOf"]
    yield "fields.NAME", next(form["properties"] for form in fields if "properties" in form)


def _referred(value: Schema, schema: Schema) -> Schema | None:
    """The definition that a key refers to, also as one of several forms or by name of an input."""
    forms = [value, *value.get("anyOf", ())]
    forms += [
        inner for form in forms if isinstance(inner := form.get("additionalProperties"), dict)
    ]
    forms += [inner for form in list(forms) for inner in form.get("anyOf", ())]
    for form in forms:
        name = form.get("$ref", "").rpartition("/")[2]
        if name and "properties" in schema["$defs"][name]:
            return dict(schema["$defs"][name])
    return None


def _table_of_section(name: str, properties: Schema, *, among: Mapping[str, Schema]) -> str:
    heading = f"## {name}" if name else "## The whole task"
    rows = []
    for key, value in properties.items():
        inner = f"{name}.{key}".strip(".")
        section = next((each for each in (inner, f"{inner}.NAME") if each in among), None)
        kind = _type_of(value)
        if section is not None:  # a heading's anchor has no dots
            kind = kind.replace("mapping", f"[mapping](#{section.replace('.', '').lower()})")
        rows.append(f"| `{key}` | {kind} | {_sentence(value)} |")
    return "\n".join([heading, "", "| key | value | meaning |", "|---|---|---|", *rows, ""])


def _tables_of_plugins(key: str, choice: Schema) -> str:
    form = choice.get("items", choice)
    mapping = next(each for each in form["anyOf"] if "allOf" in each)
    lines = [f"### {PLUGIN_KINDS[key]}", ""]
    bare = []
    rows = []
    for branch in mapping["allOf"]:
        options = dict(branch["then"]["properties"])
        name = options.pop("use")["const"]
        if not options:
            bare.append(f"`{name}`")
        rows += [_row_of_option(name, option, value) for option, value in options.items()]
    if rows:
        lines += [
            "| plugin | option | value | default | meaning |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    if bare:
        lines += [f"Without options: {', '.join(bare)}.", ""]
    return "\n".join(lines)


def _row_of_option(plugin: str, option: str, value: Schema) -> str:
    default = f"`{json.dumps(value['default'])}`" if "default" in value else "required"
    return f"| `{plugin}` | `{option}` | {_type_of(value)} | {default} | {_sentence(value)} |"


def _type_of(value: Schema) -> str:
    """Say in a few words what a value may be."""
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    if "anyOf" in value:
        forms = (_type_of(form) for form in _flat(value))
        return " or ".join(dict.fromkeys(form for form in forms if form != "null"))
    if "$ref" in value or "properties" in value or "allOf" in value:
        return "mapping"
    kind = str(value.get("type", "anything"))
    if kind == "array":
        items = value.get("items")
        return f"list of {_plural(_type_of(items))}" if items and _is_plain(items) else "list"
    if kind == "object":
        inner = value.get("additionalProperties")
        return f"mapping to {_plural(_type_of(inner))}" if _is_plain(inner) else "mapping"
    names = {"string": "text", "boolean": "`true` or `false`", "integer": "whole number"}
    return names.get(kind, kind) + _bounds(value)


def _flat(value: Schema) -> Iterator[Schema]:
    """The forms that a value may have, those inside of forms too."""
    for form in value["anyOf"]:
        yield from _flat(form) if "anyOf" in form else [form]


def _is_plain(value: object) -> bool:
    return isinstance(value, dict) and value.get("type") in {"string", "number", "integer"}


def _plural(words: str) -> str:
    return {"text": "texts"}.get(words, words.replace("number", "numbers"))


def _bounds(value: Schema) -> str:
    signs = {
        "minimum": "≥",
        "exclusiveMinimum": ">",
        "maximum": "≤",
        "exclusiveMaximum": "<",
    }
    found = [f"{sign} {value[key]:g}" for key, sign in signs.items() if key in value]
    return f", {', '.join(found)}" if found else ""


def _sentence(value: Schema) -> str:
    """The description, safe in a cell of a table."""
    words = " ".join(str(value.get("description", "")).split())
    return words.replace("|", "\\|").replace("``", "`").replace("{", "\\{").replace("<", "\\<")


def _fill_in(app: Sphinx, docname: str, content: list[str]) -> None:
    del app, docname
    if PLACE in content[0]:
        content[0] = content[0].replace(PLACE, tables_of_keys())


def setup(app: Sphinx) -> dict[str, bool]:
    """Fill in the tables when a page is read."""
    app.connect("source-read", _fill_in)
    return {"parallel_read_safe": True}
