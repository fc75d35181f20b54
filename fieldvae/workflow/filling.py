"""From what a user wrote to a whole task: preset below, plugin's task over it, the file on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from os.path import normpath
from pathlib import Path
from typing import Any

from fieldvae import registry
from fieldvae.document import Document, Loc, merge, override, parse_document, read_document
from fieldvae.errors import FieldvaeError, PluginError, Problem, SpecError, nearest
from fieldvae.field import FieldSpec
from fieldvae.spec import TaskSpec, parse_task
from fieldvae.workflow.designs import section as design_section

DEFAULT_PRESET = "default"


@dataclass(frozen=True)
class Plan:
    """A task whose structure and names are sound; of plugins' code only a task has been loaded.

    Parameters
    ----------
    document
        What the user wrote.
    spec
        The same, every default filled in.
    """

    document: Document
    spec: TaskSpec


@dataclass(frozen=True)
class Choices:
    """What a plan's names stand for.

    Parameters
    ----------
    fields
        Declarations of all inputs and outputs.
    options
        Checked options of every plugin, by its place in the task.
    """

    fields: Mapping[str, FieldSpec]
    options: Mapping[Loc, Mapping[str, Any]]


def make_plan(task: Path | Mapping[str, Any], settings: Sequence[str] = ()) -> Plan:
    """Read a task and check its structure and names, without importing torch.

    Parameters
    ----------
    task
        A YAML file, or the same as nested mappings.
    settings
        Overrides ``key.path=value``, as of ``--set``.

    Raises
    ------
    SpecError
        With one problem for each mistake.
    """
    if isinstance(task, Mapping):
        document, base = Document("task", merge({}, task)), Path.cwd()
    else:
        document, base = read_document(Path(task)), Path(task).resolve().parent
    document = override(document, settings)
    filled, found = _fill(document, base)
    return _checked(filled, document, found)


def kept_plan(task: Mapping[str, Any]) -> Plan:
    """Return the plan of a task that is filled in already, as that of a trained model.

    Nothing is laid beneath it: preset and plugin's task may have other defaults today, and more of
    them.

    Raises
    ------
    SpecError
        With one problem for each mistake.
    """
    filled = merge({}, task)
    return _checked(filled, Document("task", filled), [])


def _checked(filled: Mapping[str, Any], document: Document, found: list[Problem]) -> Plan:
    found += registry.check_names(filled, document)
    found += _check_design(filled, document)
    try:
        spec = parse_task(document, filled)
    except SpecError as error:
        raise SpecError(_in_order([*error.problems, *found])) from None
    if found:
        raise SpecError(_in_order(found))
    return Plan(document, spec)


def resolve(plan: Plan) -> Choices:
    """Load the plugins that a plan names and check their options, all mistakes at once.

    Raises
    ------
    SpecError
        With one problem for each mistake.
    """
    fields, found = _fields(plan)
    options: Mapping[Loc, Mapping[str, Any]] = {}
    try:
        options = registry.check_choices(plan.spec, plan.document)
    except SpecError as error:
        found += error.problems
    if found:
        raise SpecError(_in_order(found))
    return Choices(fields, options)


def _fields(plan: Plan) -> tuple[dict[str, FieldSpec], list[Problem]]:
    """Find the fields of a plan, and what is wrong with them."""
    found: list[Problem] = []
    fields: dict[str, FieldSpec] = {}
    for key in ("inputs", "outputs"):
        for index, name in enumerate(getattr(plan.spec, key)):
            try:
                fields[name] = _scaled(registry.field_spec(name, plan.spec), plan.spec)
            except SpecError as error:
                found += error.problems
            except PluginError as error:
                found.append(plan.document.problem((key, index), str(error)))
    for index, name in enumerate(plan.spec.outputs):
        if name in fields and fields[name].on == "sample":
            words = (
                f"outputs: {name!r} is one value a sample (on: sample); outputs are fields on the "
                "grid, and values of samples may be inputs"
            )
            found.append(plan.document.problem(("outputs", index), words))
    return fields, found


def _scaled(field: FieldSpec, spec: TaskSpec) -> FieldSpec:
    """Tell a field that says nothing of its scaling that the task's is a logarithm."""
    if field.scaling is None and spec.data.scaling.method == "log":
        return field.model_copy(update={"scaling": ("log",)})
    return field


def preset_names() -> list[str]:
    """Names of the presets that fieldvae ships."""
    return sorted(
        entry.name.removesuffix(".yaml")
        for entry in (files("fieldvae") / "presets").iterdir()
        if entry.name.endswith(".yaml")
    )


def _fill(document: Document, base: Path) -> tuple[dict[str, Any], list[Problem]]:
    found: list[Problem] = []
    user = dict(document.data)
    preset = _preset_name(user)
    if preset not in preset_names():
        hint = nearest(preset, preset_names()) or f"; known: {', '.join(preset_names())}"
        words = f"model.preset: there is no preset {preset!r}{hint}"
        found.append(document.problem(("model", "preset"), words))
        preset = DEFAULT_PRESET
    text = (files("fieldvae") / "presets" / f"{preset}.yaml").read_text(encoding="utf-8")
    filled = parse_document(text, name=f"preset {preset}").data
    name = user.get("task")
    if isinstance(name, str):
        try:
            filled = _over_task(filled, name, preset)
        except FieldvaeError as error:
            found.append(document.problem(("task",), f"task: {error}"))
    user["fields"], problems = _declared(document, base)
    found += problems
    training = user.get("training")
    if isinstance(training, Mapping) and training.get("epochs") and "steps" not in training:
        filled = merge(filled, {"training": {"steps": None}})
    width = filled["model"]["condition"]
    filled = merge(filled, user)
    _fill_conditions(filled, width)
    if isinstance(design := filled.get("design"), Mapping) and design:
        filled["design"], problems = design_section.over_preset(design, document, at=("design",))
        found += problems
    filled.setdefault("name", name if isinstance(name, str) else Path(document.name).stem)
    _anchor(filled, base)
    return filled, found


def _check_design(filled: Mapping[str, Any], document: Document) -> list[Problem]:
    design = filled.get("design")
    if not isinstance(design, Mapping) or not design:
        return []
    inputs, outputs = (
        [names] if isinstance(names, str) else [*(names or ())]
        for names in (filled.get("inputs"), filled.get("outputs"))
    )
    return design_section.check_names(design, inputs, document, at=("design",), outputs=outputs)


def _preset_name(user: Mapping[str, Any]) -> str:
    model = user.get("model")
    preset = model.get("preset", DEFAULT_PRESET) if isinstance(model, Mapping) else DEFAULT_PRESET
    return str(preset)


def _over_task(filled: dict[str, Any], name: str, preset: str) -> dict[str, Any]:
    task = registry.load("tasks", name)
    filled = merge(filled, {"inputs": task.inputs, "outputs": task.outputs})
    filled = merge(filled, task.defaults)
    filled = merge(filled, task.presets.get(preset, {}))
    # fields of a task are told apart by their keys, as those of a document are
    fields = {name: {"name": name, **field} for name, field in filled.get("fields", {}).items()}
    return {**filled, "fields": fields} if fields else filled


def _declared(document: Document, base: Path) -> tuple[Any, list[Problem]]:
    """The inline fields with their names, those given as a file read from it."""
    fields = document.data.get("fields")
    if not isinstance(fields, Mapping):
        return {} if fields is None else fields, []
    declared: dict[str, Any] = {}
    found: list[Problem] = []
    for name, value in fields.items():
        if isinstance(value, str):
            try:
                spec = registry.parse_field(read_document(base / value), name)
                declared[name] = spec.model_dump(exclude_defaults=True)
            except SpecError as error:
                found += error.problems
                declared[name] = {"name": name, "units": "1"}  # told already; nothing is computed
        elif isinstance(value, Mapping):
            declared[name] = {"name": name, **value}
        else:
            declared[name] = value
    return declared, found


def _fill_conditions(filled: dict[str, Any], width: Any) -> None:
    """Give inputs whose condition's width the user leaves open the width beneath."""
    model, inputs = filled.get("model"), filled.get("inputs")
    if not isinstance(model, dict) or not isinstance(model.get("condition"), dict):
        return
    names = [name for name in inputs or () if isinstance(name, str)]
    if isinstance(width, int):
        model["condition"] = {**dict.fromkeys(names, width), **model["condition"]}


def _anchor(filled: dict[str, Any], base: Path) -> None:
    """Make the paths of the data relative to the task's own file."""
    data = filled.get("data")
    if not isinstance(data, dict):
        return
    for key in ("store", "test_store", "replicates"):
        value = data.get(key)
        if isinstance(value, str):
            data[key] = normpath(base / value)
        elif isinstance(value, list):
            data[key] = [normpath(base / v) if isinstance(v, str) else v for v in value]


def _in_order(found: Sequence[Problem]) -> list[Problem]:
    """Problems by line and column, each told once."""

    def position(problem: Problem) -> tuple[str, int, int]:
        name, *numbers = problem.place.rsplit(":", 2)
        if len(numbers) == 2 and all(number.isdigit() for number in numbers):
            return (name, int(numbers[0]), int(numbers[1]))
        return (problem.place, 0, 0)

    return sorted(dict.fromkeys(found), key=position)
