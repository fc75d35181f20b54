"""The page of a comparison: several runs beside each other."""

from __future__ import annotations

import os
from pathlib import Path

from fieldvae.evaluation.alternatives import SPREAD, Alternative, Comparison
from fieldvae.evaluation.comparison import Verdict
from fieldvae.evaluation.verdicts import CALIBRATED, UNKNOWN, calibration_verdict
from fieldvae.field import FieldSpec
from fieldvae.report.figures.alternatives import alternatives_plot
from fieldvae.report.rendering import made_by, rendered
from fieldvae.report.sections.section import Section
from fieldvae.report.style import house_style
from fieldvae.report.tables import alternatives_table, spent_words

TONES = {"beats": "good", "falls behind": "caution"}


def write_comparison(found: Comparison, path: Path) -> None:
    """Write one page that needs no other file and no network; whole or not at all.

    Parameters
    ----------
    found
        The runs.
    path
        The file.
    """
    with house_style():
        plot = alternatives_plot(found)
    scores = Section(
        "scores",
        "Scores",
        notes=(_how(found), *found.notes),
        tables=tuple(alternatives_table(field, found) for field in found.fields),
        plots=(plot,),
    )
    runs = Section("runs", "Runs", facts=tuple((run.name, _about(run)) for run in found.runs))
    *first, last = [run.name for run in found.runs]
    page = rendered(
        title=f"{', '.join(first)} and {last}",
        mapping=f"{len(found.runs)} runs that predict {', '.join(f.title for f in found.fields)}",
        headlines=_headlines(found),
        sections=(scores, runs),
        made=f"{made_by()} from the stored numbers of these runs",
        wide=True,
    )
    staged = path.with_name(f"{path.name}.partial-{os.getpid()}")
    staged.write_text(page, encoding="utf-8")
    os.replace(staged, path)


def _headlines(found: Comparison) -> list[Verdict]:
    told = [
        Verdict(found.differences[run.name][field.name]["sentence"], _tone(found, run, field))
        for run in found.runs
        for field in found.fields
        if run.name in found.differences
    ]
    return told or [Verdict(note, "open") for note in found.notes]


def _tone(found: Comparison, run: Alternative, field: FieldSpec) -> str:
    """Good is only what beats the reference and may be read as probabilities."""
    tone = TONES.get(found.differences[run.name][field.name]["energy_score"]["verdict"], "open")
    if tone != "good":
        return tone
    known = calibration_verdict(field.title, run.scores[field.name])["verdict"]
    return {CALIBRATED: "good", UNKNOWN: "open"}.get(known, "caution")


def _how(found: Comparison) -> str:
    units = {pair["units"] for by in found.differences.values() for pair in by.values()}
    told = (
        "Read from what the runs stored, without rejection. Small figures are 95 % bootstrap "
        "intervals over held-out samples; bold is the best of a column. "
    )
    if units:
        told += (
            f"Differences are from {found.reference.name}, paired by sample. Their intervals hold "
            "for these trained networks: what another seed of training would change is not in "
            "them, and runs of the same task with other seeds show it. On amber are runs that fall "
            "behind, or that beat the reference with an ensemble that is too narrow or too wide."
        )
    if units == {SPREAD}:
        told += " Energy score and CRPS are in units of the training standard deviation."
    return told


def _about(run: Alternative) -> str:
    count = "unknown number of weights" if run.weights is None else f"{run.weights:,} weights"
    spent = spent_words(run.training)
    lines = [f"{count}; training {spent}" if spent else count]
    if run.start:
        lines.append(f"trained further from the weights of {run.start}")
    lines += [f"{key}: {value}" for key, value in run.differs.items()]
    return "\n".join(lines)
