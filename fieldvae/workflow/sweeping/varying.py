"""From keys and their values to runs of one task, before anything large is imported."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from fieldvae.document import dump_yaml, parse_document
from fieldvae.errors import OptionError, SpecError
from fieldvae.workflow.filling import Plan, make_plan

SEED, FRACTION = "training.seed", "data.split.fraction"


@dataclass(frozen=True)
class Member:
    """One run of a sweep.

    Parameters
    ----------
    name
        Its directory inside the sweep's, such as ``seed-1``.
    values
        What it has where the others differ, by key.
    settings
        All overrides ``key.path=value``, those of every run first.
    plan
        Its task.
    """

    name: str
    values: Mapping[str, Any]
    settings: tuple[str, ...]
    plan: Plan


def members_of(
    task: Path | Mapping[str, Any],
    vary: Mapping[str, Sequence[Any]],
    settings: Sequence[str] = (),
) -> list[Member]:
    """Make a run for every combination of values, and check the task of each.

    Parameters
    ----------
    task
        A task file, or the same as nested mappings.
    vary
        Values by key, ``{"training.seed": [0, 1, 2]}``.
    settings
        Overrides of every run.

    Raises
    ------
    OptionError
        If there are fewer than two combinations, or a value is given twice.
    SpecError
        If one of the tasks is wrong.
    """
    for key, values in vary.items():
        twice = [value for value in values if list(values).count(value) > 1]
        if twice:
            raise OptionError(f"{key} has the value {twice[0]} twice; give each value once")
    combinations = [dict(zip(vary, each, strict=True)) for each in product(*vary.values())]
    if len(combinations) < 2:
        raise OptionError(
            "a sweep is of two runs or more: give a key several values, as in "
            "--vary training.seed=0,1,2"
        )
    names = _short_keys(list(vary))
    found = []
    for chosen_values in combinations:
        own = [f"{key}={json.dumps(value)}" for key, value in chosen_values.items()]
        name = "_".join(f"{names[key]}-{_told(value)}" for key, value in chosen_values.items())
        whole = (*settings, *own)
        found.append(Member(name, chosen_values, whole, make_plan(task, whole)))
    return found


def read_variations(texts: Sequence[str]) -> dict[str, list[Any]]:
    """Read ``key=a,b,c``, or ``key=[a, b, c]`` as YAML has it, for every key that varies.

    Raises
    ------
    OptionError
        If one has no key or no values, or a key comes twice.

    Examples
    --------
    >>> read_variations(["training.seed=0,1", "losses=[[energy_score], [reconstruction, kl]]"])
    {'training.seed': [0, 1], 'losses': [['energy_score'], ['reconstruction', 'kl']]}
    """
    found: dict[str, list[Any]] = {}
    for text in texts:
        key, equals, values = text.partition("=")
        if not equals or not key or not values.strip():
            raise OptionError(f"--vary {text}: expected a key and values, as training.seed=0,1,2")
        if key in found:
            raise OptionError(f"--vary {key} is given twice; name all its values at once")
        found[key] = read_values(values, option=f"--vary {key}")
    return found


def read_values(text: str, *, option: str) -> list[Any]:
    """Read values with commas between, or a list as YAML has it.

    Raises
    ------
    OptionError
        If the text is no YAML.
    """
    listed = text if text.lstrip().startswith("[") else f"[{text}]"
    try:
        values = parse_document(f"values: {listed}", name=option).data["values"]
    except SpecError as error:
        raise OptionError(f"{option}: {text!r} is no list of values: {error}") from None
    return list(values)


def check_fractions(fractions: Sequence[Any]) -> None:
    """Refuse fractions of which no learning curve can be made.

    Raises
    ------
    OptionError
        If there are fewer than two, or one is no share.

    Examples
    --------
    >>> check_fractions([0.5, 1])
    """
    for each in fractions:
        if isinstance(each, bool) or not isinstance(each, int | float) or not 0 < each <= 1:
            raise OptionError(
                f"--fractions: {each!r} is no share of the training samples; expected numbers "
                "above 0, up to 1 for all of them, as in --fractions 0.25,0.5,1"
            )
    if len(set(fractions)) < 2:
        raise OptionError(
            "a learning curve needs two fractions of the training samples or more, as in "
            "--fractions 0.25,0.5,1"
        )


def task_file(task: Path | Mapping[str, Any], members: Sequence[Member], out: Path) -> Path:
    """Return a file with the task, written where the task was given as mappings."""
    if not isinstance(task, Mapping):
        return task
    out.mkdir(parents=True, exist_ok=True)
    written = out / "task.yaml"
    written.write_text(dump_yaml(members[0].plan.spec.model_dump(mode="json")), encoding="utf-8")
    return written


def chosen(members: Sequence[Member], only: int | None) -> list[Member]:
    """Return one of the runs by its number, all where ``None``.

    Raises
    ------
    OptionError
        If there is no such run; lists them.
    """
    if only is None:
        return list(members)
    if not 0 <= only < len(members):
        listed = ", ".join(f"{number} {member.name}" for number, member in enumerate(members))
        raise OptionError(f"--only {only}: there is no such run; there are {listed}")
    return [members[only]]


def _short_keys(keys: Sequence[str]) -> dict[str, str]:
    """Every key by its last word, where no two share one."""
    last = {key: key.rpartition(".")[2] for key in keys}
    shared = {word for word in last.values() if list(last.values()).count(word) > 1}
    return {key: key if word in shared else word for key, word in last.items()}


def _told(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return re.sub(r"[^\w.+-]+", "-", text).strip("-") or "empty"
