"""Fields as they are declared: by a task, a plugin or a YAML document."""

from __future__ import annotations

from pydantic import ValidationError

from fieldvae.document import Document, parse_document
from fieldvae.errors import SpecError
from fieldvae.field import FieldSpec
from fieldvae.registry.loading import load
from fieldvae.spec import TaskSpec, problems


def field_spec(name: str, spec: TaskSpec) -> FieldSpec:
    """Return a field's declaration: the task's own, else the plugin's.

    Raises
    ------
    PluginError
        If no plugin declares it, or its declaration is wrong.
    """
    if name in spec.fields:
        return spec.fields[name]
    plugin = load("fields", name)
    if isinstance(plugin, FieldSpec):
        return plugin
    document = parse_document(plugin.read_text(encoding="utf-8"), name=str(plugin))
    return parse_field(document, name)


def parse_field(document: Document, name: str) -> FieldSpec:
    """Read a field's declaration from a YAML document of its own.

    Raises
    ------
    SpecError
        With one problem for each mistake.
    """
    try:
        return FieldSpec.model_validate({"name": name, **document.data})
    except ValidationError as error:
        raise SpecError(problems(document, error, FieldSpec)) from None
