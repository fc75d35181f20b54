"""A first task file."""

from __future__ import annotations

from pathlib import Path

from fieldvae import registry
from fieldvae.errors import OptionError

TEMPLATE = """\
# {description}
# Every key that is left out takes its default; `fieldvae run` stores the filled task in the run.
# For completion in an editor: fieldvae schema task > task.schema.json
# yaml-language-server: $schema=task.schema.json
name: {name}
task: {task}            # {inputs} -> {outputs}
data:
  store: {store}
"""


def write_task(task: str, *, store: Path, out: Path) -> Path:
    """Write a task file that starts from an installed task.

    Raises
    ------
    PluginError
        If no such task is installed.
    OptionError
        If the file exists.
    """
    declared = registry.load("tasks", task)
    if out.exists():
        raise OptionError(f"{out} exists; choose another --out")
    text = TEMPLATE.format(
        description=declared.description or f"The task {task}.",
        name=out.stem,
        task=task,
        inputs=", ".join(declared.inputs),
        outputs=", ".join(declared.outputs),
        store=store,
    )
    out.write_text(text, encoding="utf-8")
    return out
