"""Names to objects: what the installed plugins offer, and the options that they take.

Listing names imports nothing. The one place that knows stevedore.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import (
    EntryPoint,
    PackageNotFoundError,
    entry_points,
    requires,
    version,
)
from typing import Any

from pydantic import BaseModel, ValidationError

from fieldvae.document import Document, Loc, parse_document
from fieldvae.errors import FieldvaeError, PluginError, Problem, SpecError, nearest
from fieldvae.field import FieldSpec
from fieldvae.signature import NETWORKS, POSITIONAL, breach, options_of
from fieldvae.spec import DesignSpec, PluginChoice, TaskSpec, problems

KINDS = ("fields", "tasks", *POSITIONAL)

SINGULAR: Mapping[str, str] = {
    **{kind: kind.removesuffix("s") for kind in KINDS},
    "losses": "loss",
    "quantities": "quantity",
}

NO_ENCODER = "none"
"""The choice of encoder that stands for a model without one."""


@dataclass(frozen=True)
class Extension:
    """One registered name, known from metadata alone.

    Parameters
    ----------
    kind
        Plugin kind, ``smoothers`` for the group ``fieldvae.smoothers``.
    name
        Name in a task file.
    distribution, version
        The distribution that registers it.
    target
        ``module:attribute``.
    """

    kind: str
    name: str
    distribution: str
    version: str
    target: str


@cache
def extensions(kind: str) -> tuple[Extension, ...]:
    """List what is registered under a kind, by name, without importing it."""
    found = {
        Extension(kind, point.name, *_distribution(point), point.value)
        for point in entry_points(group=f"fieldvae.{kind}")
    }
    return tuple(sorted(found, key=lambda e: (e.name, e.distribution)))


def _distribution(point: EntryPoint) -> tuple[str, str]:
    if point.dist is None:
        return "unknown", "0"
    return str(point.dist.name), str(point.dist.version)


def names(kind: str) -> list[str]:
    """Return the names registered under a kind, sorted."""
    return sorted({extension.name for extension in extensions(kind)})


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


def unknown(kind: str, name: str) -> str | None:
    """Say what is wrong with a name, or ``None`` where exactly one plugin bears it."""
    bearers = [extension for extension in extensions(kind) if extension.name == name]
    if not bearers:
        installed = ", ".join(names(kind)) or "none"
        hint = nearest(name, names(kind)) or "."
        return f"no {SINGULAR[kind]} is named {name!r}{hint} Installed: {installed}"
    if len(bearers) > 1:
        listed = " and ".join(f"{e.distribution} {e.version}" for e in bearers)
        return (
            f"{SINGULAR[kind]} {name!r} is registered by {listed}; uninstall one of them, "
            "or ask its author for another name"
        )
    return None


def load(kind: str, name: str) -> Any:
    """Import the plugin that bears a name, and check it against its kind's contract.

    Raises
    ------
    PluginError
        If none or several bear the name, or it cannot be imported, or breaks the contract.
    """
    trouble = unknown(kind, name)
    if trouble is not None:
        raise PluginError(trouble)
    (extension,) = (e for e in extensions(kind) if e.name == name)
    plugin = _imported(extension)
    complaint = _breach(kind, plugin)
    if complaint is not None:
        raise _broken(extension, complaint)
    return plugin


def _imported(extension: Extension) -> Any:
    from stevedore.driver import DriverManager
    from stevedore.exception import NoMatches

    def fail(_manager: object, _point: object, error: BaseException) -> None:
        raise error

    try:
        manager: Any = DriverManager(
            f"fieldvae.{extension.kind}",
            extension.name,
            invoke_on_load=False,
            on_load_failure_callback=fail,
        )
    except NoMatches as error:
        raise _broken(extension, str(error)) from error
    except (Exception, SystemExit) as error:  # a plugin may do anything while it is imported
        lacking = isinstance(error, ImportError)
        raise _broken(extension, _last_words(error), lacking=lacking) from error
    return manager.driver


def _last_words(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"


def _broken(extension: Extension, complaint: str, *, lacking: bool = False) -> PluginError:
    remedy = "Update or mend it"
    missing = _missing_requirements(extension.distribution) if lacking else []
    if missing:
        remedy = f"Install what it needs: pip install {' '.join(missing)}"
    return PluginError(
        f"{SINGULAR[extension.kind]} {extension.name!r} of "
        f"{extension.distribution} {extension.version} is broken: {complaint}. "
        f"{remedy}, or remove it with: pip uninstall {extension.distribution}"
    )


def _missing_requirements(name: str) -> list[str]:
    """Requirements of a distribution, but for those of its extras, that nothing installed meets."""
    found = []
    for requirement in (requires(name) or ()) if name != "unknown" else ():
        wanted, _, marker = requirement.partition(";")
        needed = re.match(r"[\w.-]+", wanted)
        if needed and "extra" not in marker and not _is_installed(needed[0]):
            found.append(f"'{wanted.strip()}'")
    return found


def _is_installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def _breach(kind: str, plugin: Any) -> str | None:
    """Say how a plugin breaks its kind's contract, or ``None``."""
    if kind == "fields":
        fits = isinstance(plugin, FieldSpec) or hasattr(plugin, "read_text")
        return None if fits else f"{plugin!r} is neither a FieldSpec nor a YAML file"
    if kind == "tasks":
        from fieldvae.contract import Task

        return None if isinstance(plugin, Task) else f"{plugin!r} is no fieldvae.Task"
    return breach(kind, plugin)


def options_model(kind: str, name: str) -> type[BaseModel]:
    """Derive the options of a plugin from its keyword-only parameters.

    Raises
    ------
    PluginError
        If the plugin is missing or broken.
    """
    return options_of(load(kind, name), kind, name)


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


def _checked(kind: str, choice: PluginChoice) -> dict[str, Any]:
    return options_model(kind, choice.use)(**choice.options).model_dump()


def check_names(filled: Mapping[str, Any], document: Document) -> list[Problem]:
    """Find plugins and fields that nothing installed bears, without importing any.

    Works on a task that may have other mistakes, so that all can be told at once.

    Parameters
    ----------
    filled
        The task with its defaults, not yet checked.
    document
        What the user wrote, for the places of mistakes.
    """
    found = []

    def tell(loc: Loc, trouble: str) -> None:
        found.append(document.problem(loc, f"{'.'.join(map(str, loc))}: {trouble}"))

    for loc, kind, name in _named(filled):
        if (trouble := unknown(kind, name)) is not None:
            at = (*loc, "use") if (*loc, "use") in document.places else loc
            tell(at, trouble)
    declared = [str(name) for name in _mapping(filled.get("fields"))]
    for key in ("inputs", "outputs"):
        for index, name in enumerate(_strings(filled.get(key))):
            if name not in declared and (trouble := unknown("fields", name)) is not None:
                hint = nearest(name, declared) or "; or declare it under fields:"
                tell((key, index), trouble + hint)
    inputs = _strings(filled.get("inputs"))
    for section in ("smoothers", "condition"):
        for name in _mapping(_mapping(filled.get("model")).get(section)):
            if name not in inputs:
                hint = nearest(name, inputs) or f"; inputs: {', '.join(inputs)}"
                tell(("model", section, name), f"{name!r} is no input{hint}")
    return found


def _named(filled: Mapping[str, Any]) -> Iterator[tuple[Loc, str, str]]:
    """Every place where a task names a plugin, with its kind and the name."""
    model = _mapping(filled.get("model"))
    places: list[tuple[Loc, str, Any]] = [
        (("model", part), f"{part}s", model.get(part))
        for part in ("smoother", "encoder", "decoder", "prior")
    ]
    for name, choice in _mapping(model.get("smoothers")).items():
        places.append((("model", "smoothers", name), "smoothers", choice))
    losses = filled.get("losses")
    for index, choice in enumerate(losses if isinstance(losses, list) else []):
        places.append((("losses", index), "losses", choice))
    for loc, kind, choice in places:
        name = choice.get("use") if isinstance(choice, Mapping) else choice
        if isinstance(name, str) and (kind, name) != ("encoders", NO_ENCODER):
            yield loc, kind, name


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _strings(value: Any) -> list[str]:
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [item for item in values if isinstance(item, str)]


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


def call(kind: str, name: str, *handed: Any, options: Mapping[str, Any]) -> Any:
    """Call a plugin with what the house hands over and its checked options.

    Raises
    ------
    PluginError
        If it is missing or broken, or fails in a way that its author did not foresee.
    """
    plugin: Callable[..., Any] = load(kind, name)
    with blaming(kind, name):
        made = plugin(*handed, **options)
        if kind in NETWORKS and not hasattr(made, "parameters"):
            raise TypeError(f"it makes a {type(made).__name__}; expected a torch.nn.Module")
        return made


@contextmanager
def blaming(kind: str, name: str) -> Iterator[None]:
    """Name the plugin and its distribution where its code fails unforeseen.

    Errors that fieldvae raises on purpose, and a lack of memory, pass unchanged.
    """
    try:
        yield
    except (FieldvaeError, OSError, MemoryError):
        raise
    except Exception as error:
        if "memory" in str(error):  # torch's word for it is a RuntimeError
            raise
        (extension,) = (e for e in extensions(kind) if e.name == name)
        lacking = isinstance(error, ImportError)
        raise _broken(extension, _last_words(error), lacking=lacking) from error


@contextmanager
def blaming_authors() -> Iterator[None]:
    """Name the distribution in whose code something fails unforeseen, where it is not fieldvae's.

    As :func:`blaming`, where it is not known beforehand which plugin is at work.
    """
    try:
        yield
    except (FieldvaeError, OSError, MemoryError):
        raise
    except Exception as error:
        author = None if "memory" in str(error) else _author(error)
        if author is None:
            raise
        raise PluginError(
            f"{author.distribution} {author.version} is broken: {_last_words(error)}. Update or "
            f"mend it, or remove it with: pip uninstall {author.distribution}"
        ) from error


def _author(error: BaseException) -> Extension | None:
    """Return a plugin of the package that an error comes from, none of fieldvae's own."""
    packages = {
        extension.target.partition(":")[0].partition(".")[0]: extension
        for kind in KINDS
        for extension in extensions(kind)
        if extension.distribution != "fieldvae"
    }
    found = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        name = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        found = packages.get(name, found)
    return found


@dataclass(frozen=True)
class Health:
    """Whether a registered plugin loads.

    Parameters
    ----------
    extension
        The registration.
    trouble
        What is wrong, empty where nothing is.
    options
        Names of the options with their defaults, as a task would write them.
    """

    extension: Extension
    trouble: str
    options: Mapping[str, Any]


def examine() -> Iterator[Health]:
    """Load every registered plugin and say how it fares; a broken one stops nothing."""
    for kind in KINDS:
        for extension in extensions(kind):
            try:
                plugin = load(kind, extension.name)
                options: dict[str, Any] = {}
                if kind in POSITIONAL:
                    fields = options_of(plugin, kind, extension.name).model_fields
                    options = {
                        n: "required" if f.is_required() else f.default for n, f in fields.items()
                    }
                yield Health(extension, "", options)
            except PluginError as error:
                yield Health(extension, str(error), {})
