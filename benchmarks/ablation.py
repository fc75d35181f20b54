"""What each ingredient of the quickstart's model is worth: it is taken out, or put in, and trained.

    python benchmarks/ablation.py FOLDER [--only ROW ...] [--table]

Every row is a run of its own in FOLDER, of `examples/quickstart/task.yaml` with other settings, or
of a task in `examples/alternatives`. Finished runs are kept, so that rows can be made one after the
other, by several processes, and again after a kill. Printed, as a table in Markdown: energy score
with the paired difference from the first row, CRPS, coverage, spread over error, excess over true
replicates, the self-check's AUC, and CPU seconds of the training. With --table nothing is trained.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import zarr

import fieldvae
from fieldvae.document import parse_document
from fieldvae.evaluation.alternatives import Comparison

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
QUICKSTART = EXAMPLES / "quickstart" / "task.yaml"
FIRST = "stress"


def losses(changed: Callable[[dict[str, Any]], dict[str, Any] | None]) -> str:
    """Return the losses of the preset `default`, each changed, or left out where it gives None."""
    preset = files("fieldvae") / "presets" / "default.yaml"
    terms = parse_document(preset.read_text(encoding="utf-8"), name="default").data["losses"]
    return f"losses={json.dumps([new for term in terms if (new := changed(dict(term)))])}"


def without(*names: str) -> str:
    """Return the losses of `default` but for some."""
    return losses(lambda term: None if term["use"] in names else term)


def lighter(term: dict[str, Any], name: str, weight: float) -> dict[str, Any]:
    """Return a loss, with another weight if it has this name."""
    return {**term, "weight": weight} if term["use"] == name else term


ROWS: dict[str, list[str]] = {
    FIRST: [],
    "seed 1": ["training.seed=1"],
    "seed 2": ["training.seed=2"],
    "no hidden layers": ["model.decoder={use: elastic, hidden: 0}"],
    "decoder convolution": ["model.decoder={use: convolution}"],
    "conditional prior": ["model.prior={use: convolution}"],
    "no symmetry": ["symmetry=none"],
    "no scores of waves": [without("spectral_score")],
    "bound alone": [],
    "no encoder": [],
    "flow": [],
    "no running mean": ["training.average=null"],
    "waves not whitened": [losses(lambda term: {k: v for k, v in term.items() if k != "whiten"})],
    "no scores of waves and cells": [without("spectral_score", "local_score")],
    "encoder without noise": ["model.encoder_noise=0"],
    "bound trains all": ["model.reconstruct=joint"],
    "shifts alone": ["symmetry=translations"],
    "6,000 steps": ["training.steps=6000"],
    "half the step size": ["training.learning_rate=1.5e-3"],
    "scores of waves weigh a third": [losses(lambda term: lighter(term, "spectral_score", 0.5))],
    "axes that do not repeat": ["symmetry=cubic"],
}
ALTERNATIVES = {"bound alone": "evidence", "no encoder": "generator", "flow": "flow"}


def main() -> None:
    """Train what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=lambda text: Path(text).resolve())
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", default=[*ROWS])
    parser.add_argument("--table", action="store_true")
    arguments = parser.parse_args()
    if not arguments.table:
        for row in arguments.only:
            train(row, arguments.folder)
    runs = {row: place(row, arguments.folder) for row in ROWS}
    finished = [run for run in runs.values() if (run / "metrics.json").is_file()]
    if len(finished) < 2:
        print("no table: it takes two finished rows, the first among them")
        return
    compared = fieldvae.compare(*finished)
    print(
        "| model | weights | energy score | from the first, % | CRPS | coverage 90 / 50 "
        "| spread / error | above replicates, % | self-check AUC | CPU |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for row, run in runs.items():
        if run in finished:
            print(told(row, run, compared))


def place(row: str, folder: Path) -> Path:
    """Return the directory of a row's run."""
    return folder / row.replace(" ", "-")


def train(row: str, folder: Path) -> None:
    """Train and score a row, unless that is done."""
    run = place(row, folder)
    if (run / "metrics.json").is_file():
        return
    settings = [*ROWS[row], "evaluation.stratify=null", "evaluation.baselines=[linear_gaussian]"]
    other = ALTERNATIVES.get(row)
    task = EXAMPLES / "alternatives" / f"{other}.yaml" if other else QUICKSTART
    if row == "axes that do not repeat":
        settings += walled(folder)
    shutil.rmtree(run, ignore_errors=True)
    fieldvae.run(task, out=run, until="evaluate", settings=settings)


def walled(folder: Path) -> list[str]:
    """Return settings with copies of the data that do not say that their axes repeat."""
    settings = []
    for key, name in (("store", "cocrni.zarr"), ("replicates", "cocrni_replicates.zarr")):
        copy = folder / "walled" / name
        if not copy.exists():
            shutil.copytree(EXAMPLES / "data" / name, copy)
            shutil.rmtree(copy / "manifest", ignore_errors=True)  # it would call the copy damaged
        zarr.open_group(copy, mode="r+").attrs["periodic"] = [False, False, False]
        settings.append(f"data.{key}={copy}")
    return settings


def told(row: str, path: Path, compared: Comparison) -> str:
    """Return a row of the table."""
    (run,) = (run for run in compared.runs if Path(run.path) == path)
    ((output, scores),) = run.scores.items()
    difference = "0"
    if run.name in compared.differences:
        found = compared.differences[run.name][output]["energy_score"]
        low, high = (100 * bound for bound in found["relative_interval"])
        difference = f"{100 * found['relative']:+.2f} ({low:+.2f} to {high:+.2f})"
    auc = scores.get("self_check_auc")
    excess = scores.get("replicates_excess")
    cells = [
        row,
        f"{run.weights:,}",
        f"{scores['energy_score']:.3f}",
        difference,
        f"{scores['crps']:.4f}",
        f"{scores['coverage_90']:.3f} / {scores['coverage_50']:.3f}",
        f"{scores['spread_skill']:.3f}",
        "" if excess is None else f"{100 * excess:.2f}",
        "" if auc is None else f"{auc:.3f}",
        f"{run.training['cpu_seconds']:.0f} s",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
