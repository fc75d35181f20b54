"""Task, versions, seeds, and where the data came from."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section

LONGEST_LINE = 160
"""Characters of a line of the data's provenance."""

LONGEST_WORD = 40
"""Characters kept of a value without spaces, such as a checksum."""


def section(record: RunRecord) -> Section:
    """List what it takes to repeat the run."""
    return Section(
        "provenance",
        "Task, versions, seeds",
        notes=("The task as it ran, with every default filled in.",) if record.task else (),
        facts=tuple(_facts(record)),
        text=record.task,
    )


def _facts(record: RunRecord) -> Iterator[tuple[str, str]]:
    found = record.environment
    if found.get("command"):
        yield "Command", " ".join(found["command"])
    if found.get("start"):
        yield "Started from", _start(found["start"])
    if found.get("packages"):
        packages: dict[str, Any] = found["packages"]
        yield "Versions", ", ".join(f"{name} {number}" for name, number in packages.items())
    machine = [str(found[key]) for key in ("device", "platform") if found.get(key)]
    if found.get("python"):
        machine.append(f"Python {found['python']}")
    if machine:
        yield "Machine", ", ".join(machine)
    if found.get("date"):
        yield "Date", str(found["date"])
    provenance = record.summary.get("provenance")
    if provenance:
        yield "Provenance of the data", _provenance_words(provenance)


def _start(start: dict[str, Any]) -> str:
    """The trained model that the training went on from, and the command that trained it."""
    told = f"weights and scaling of {start['name']} ({start['run']})"
    made = start.get("provenance", {})
    if made.get("command"):
        told += f"\nmade by: {' '.join(made['command'])}"
    if made.get("date"):
        told += f"\non {made['date']}"
    return told


def _provenance_words(provenance: Any) -> str:
    """One line a key, long values shortened, where the provenance is an object."""
    try:
        entries = json.loads(provenance) if isinstance(provenance, str) else provenance
    except json.JSONDecodeError:
        entries = provenance
    if not isinstance(entries, dict):
        return str(provenance)
    lines = [f"{name.replace('_', ' ')}: {_compact(value)}" for name, value in entries.items()]
    short = [
        textwrap.shorten(line, LONGEST_LINE, placeholder=" \N{HORIZONTAL ELLIPSIS}")
        for line in lines
    ]
    if any("\N{HORIZONTAL ELLIPSIS}" in line for line in short):
        short.append("(long values are shortened; run.json has them whole)")
    return "\n".join(short)


def _compact(value: Any) -> str:
    """Write a value of JSON without its brackets and quotes."""
    if isinstance(value, (dict, list)) and not value:
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_compact(each)}" for name, each in value.items())
    if isinstance(value, list):
        words = ", ".join(_compact(each) for each in value)
        return f"({words})" if any(isinstance(each, list) for each in value) else words
    if isinstance(value, float):
        return f"{value:.6g}"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    words = str(value)
    unbroken = " " not in words and len(words) > LONGEST_WORD
    return f"{words[:LONGEST_WORD]}\N{HORIZONTAL ELLIPSIS}" if unbroken else words
