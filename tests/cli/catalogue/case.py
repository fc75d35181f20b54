"""A mistake that a user may make, and the command that finds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

RUN = ("run", "task.yaml", "--force")

TASK = """\
name: foreign
fields:
  permeability: {units: m^2}
  gradient: {units: Pa/m, tensor_kind: vector}
  flux: {units: m/s, tensor_kind: vector}
inputs: [permeability, gradient]
outputs: [flux]
data:
  store: store.zarr
model:
  latent: 4
  smoother: {use: convolution, channels: 8}
training:
  steps: 2
  batch: 4
"""
"""Right as it stands."""


@dataclass(frozen=True)
class Case:
    """A mistake.

    Parameters
    ----------
    name
        What it is, in a few words; heads its message in ``messages.txt``.
    prepare
        Makes it: is given the folder where ``task.yaml`` and ``store.zarr`` lie.
    command
        What the user calls there.
    """

    name: str
    prepare: Callable[[Path], None]
    command: tuple[str, ...] = RUN


def spec(name: str, *changes: tuple[str, str], command: tuple[str, ...] = RUN) -> Case:
    """A task in which some text is replaced by other text."""

    def prepare(folder: Path) -> None:
        text = TASK
        for before, after in changes:
            assert text.count(before) == 1, f"{name}: {before!r} in the task"
            text = text.replace(before, after)
        (folder / "task.yaml").write_text(text)

    return Case(name, prepare, command)


def appended(name: str, lines: str) -> Case:
    """A task with more lines at its end."""
    return Case(name, lambda folder: (folder / "task.yaml").write_text(TASK + lines) and None)
