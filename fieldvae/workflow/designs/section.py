"""The section ``design`` of a task, and a file of its own with the same keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fieldvae import registry
from fieldvae.document import Document, Loc, merge, override, parse_document, read_document
from fieldvae.errors import OptionError, Problem, SpecError, nearest
from fieldvae.spec import DesignSpec, problems

DEFAULT = "default"


def preset_names() -> list[str]:
    """Names of the presets of inverse design."""
    folder = files("fieldvae") / "presets" / "design"
    found = (entry.name for entry in folder.iterdir())
    return sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml"))


def over_preset(
    section: Mapping[str, Any], document: Document, *, at: Loc
) -> tuple[dict[str, Any], list[Problem]]:
    """Lay a section over the preset that it names.

    Parameters
    ----------
    section
        As the user wrote it.
    document, at
        Where it stands, for the places of mistakes.
    """
    found: list[Problem] = []
    preset = str(section.get("preset", DEFAULT))
    if preset not in preset_names():
        hint = nearest(preset, preset_names()) or f"; known: {', '.join(preset_names())}"
        path = ".".join(map(str, (*at, "preset")))
        words = f"{path}: there is no design preset {preset!r}{hint}"
        found.append(document.problem((*at, "preset"), words))
        preset = DEFAULT
    text = (files("fieldvae") / "presets" / "design" / f"{preset}.yaml").read_text(encoding="utf-8")
    beneath = parse_document(text, name=f"design preset {preset}").data
    return merge(beneath, section), found


def check_names(
    section: Mapping[str, Any],
    inputs: Sequence[str],
    document: Document,
    *,
    at: Loc,
    outputs: Sequence[str] = (),
) -> list[Problem]:
    """Find fields and plugins that are not there, without loading any.

    Parameters
    ----------
    section
        Over its preset, not yet checked.
    inputs, outputs
        The task's.
    document, at
        Where it stands.
    """
    found = []

    def tell(loc: Loc, words: str) -> None:
        whole = (*at, *loc)
        found.append(document.problem(whole, f"{'.'.join(map(str, whole))}: {words}"))

    named = {key: _names(section.get(key)) for key in ("vary", "hold")}
    for key, names in named.items():
        for name in names:
            if name not in inputs:
                hint = nearest(name, list(inputs)) or f"; inputs: {', '.join(inputs)}"
                tell((key, name), f"{name!r} is no input{hint}")
    for name in inputs:
        if section.get("vary") and name not in named["vary"] + named["hold"]:
            tell(
                ("hold",),
                f"the input {name!r} is neither varied nor held; name it under vary, or hold it, "
                f"as in hold: {{{name}: 0.0}} or {{{name}: training}}",
            )
    goal = section.get("goal")
    of = goal.get("of") if isinstance(goal, Mapping) else None
    for loc, kind, choice in (
        (("goal", "of"), "quantities", of),
        (("export",), "exporters", section.get("export")),
    ):
        use = choice.get("use") if isinstance(choice, Mapping) else choice
        if isinstance(use, str) and (trouble := registry.unknown(kind, use)) is not None:
            if kind == "quantities" and use in outputs:
                trouble += f"; the output itself is of: {{use: component, of: {use}}}"
            whole = (*at, *loc, "use")
            tell((*loc, "use") if whole in document.places else loc, trouble)
    return found


def read_design(
    source: Path | Mapping[str, Any],
    settings: Sequence[str],
    *,
    inputs: Sequence[str],
    outputs: Sequence[str] = (),
) -> DesignSpec:
    """Read a design file, fill in its preset and check it, options of plugins included.

    Parameters
    ----------
    source
        A YAML file with the keys of a task's section ``design``, or the same as mappings.
    settings
        Overrides ``key.path=value``.
    inputs, outputs
        The model's.

    Raises
    ------
    SpecError
        With one problem for each mistake.
    """
    if isinstance(source, Mapping):
        document = Document("design", merge({}, source))
    else:
        document = read_document(source)
    document = override(document, settings)
    data = document.data
    if set(data) == {"design"}:
        raise SpecError(
            [document.problem(("design",), "a design file holds the keys of the section itself")]
        )
    filled, found = over_preset(data, document, at=())
    found += check_names(filled, inputs, document, at=(), outputs=outputs)
    try:
        spec = DesignSpec.model_validate(filled)
    except ValidationError as error:
        raise SpecError([*problems(document, error, DesignSpec), *found]) from None
    if found:
        raise SpecError(found)
    registry.check_choices(spec, document)
    return spec


def check_optimizer(spec: DesignSpec) -> None:
    """Refuse an optimizer that torch does not have, or options that it does not take.

    Raises
    ------
    OptionError
        With the word of torch.
    """
    import torch

    name = spec.optimizer.use
    known = [
        key
        for key, value in vars(torch.optim).items()
        if isinstance(value, type) and issubclass(value, torch.optim.Optimizer)
    ]
    known.remove("Optimizer")
    if name not in known:
        hint = nearest(name, known) or f"; known: {', '.join(sorted(known))}"
        raise OptionError(f"optimizer: torch.optim has no {name!r}{hint}")
    try:
        getattr(torch.optim, name)([torch.zeros(1, requires_grad=True)], **spec.optimizer.options)
    except (TypeError, ValueError) as error:
        raise OptionError(f"optimizer {name}: {error}") from None


def _names(value: Any) -> list[str]:
    values = [value] if isinstance(value, str) else value
    return [v for v in values if isinstance(v, str)] if isinstance(values, Mapping | list) else []
