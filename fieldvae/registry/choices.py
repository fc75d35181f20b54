"""The plugins that a task chooses, checked down to their options."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from fieldvae.document import Document, Loc
from fieldvae.errors import PluginError, Problem, SpecError
from fieldvae.registry.loading import options_model
from fieldvae.registry.metadata import NO_ENCODER, extensions
from fieldvae.spec import DesignSpec, PluginChoice, TaskSpec, problems


def check_choices(spec: TaskSpec | DesignSpec, document: Document) -> dict[Loc, dict[str, Any]]:
    """Check every choice of a plugin in a task down to its options, all mistakes at once.

    Returns
    -------
    dict
        The checked options, defaults filled in, by the place of the choice.

    Raises
    ------
    SpecError
        With one problem for each mistake.
    """
    found: list[Problem] = []
    checked: dict[Loc, dict[str, Any]] = {}
    for loc, (kind, choice) in spec.choices().items():
        if kind == "encoders" and choice.use == NO_ENCODER:
            continue
        try:
            checked[loc] = _checked(kind, choice)
        except PluginError as error:
            path = ".".join(map(str, (*loc, "use")))
            found.append(document.problem((*loc, "use"), f"{path}: {error}"))
        except ValidationError as error:
            model = options_model(kind, choice.use)
            found += problems(document, error, model, at=loc)
    if found:
        raise SpecError(found)
    return checked


def filled_in(spec: TaskSpec) -> dict[str, Any]:
    """Return a task as plain values, every option of every plugin that it chooses filled in.

    What is kept of a run stays what it was when a later version of a plugin has other defaults.
    """
    told = spec.model_dump(mode="json")
    for loc, (kind, choice) in spec.choices().items():
        if kind == "encoders" and choice.use == NO_ENCODER:
            continue
        options = options_model(kind, choice.use)(**choice.options).model_dump(mode="json")
        target: Any = told
        for part in loc:
            target = target[part]
        target |= options
    return told


def _checked(kind: str, choice: PluginChoice) -> dict[str, Any]:
    return options_model(kind, choice.use)(**choice.options).model_dump()


def distributions(spec: TaskSpec) -> dict[str, str]:
    """Return name and version of the distributions that a trained model of a task needs.

    Those of its networks and losses; its fields are kept with the model, and fieldvae itself is
    not listed.
    """
    found = {}
    for loc, (kind, choice) in spec.choices().items():
        for extension in extensions(kind):
            if loc[0] != "design" and extension.name == choice.use:
                found[extension.distribution] = extension.version
    found.pop("fieldvae", None)
    return found
