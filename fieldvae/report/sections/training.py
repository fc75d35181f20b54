"""The course of training."""

from __future__ import annotations

from fieldvae.report.figures.training import training_plot
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section


def section(record: RunRecord) -> Section:
    """Show losses by epoch."""
    if not record.history:
        return Section("training", "Training", notes=("No training history is stored.",))
    return Section(
        "training", "Training", notes=_start(record), plots=(training_plot(record.history),)
    )


def _start(record: RunRecord) -> tuple[str, ...]:
    """Say that the weights were not drawn anew, where so."""
    start = record.environment.get("start")
    if not start:
        return ()
    return (
        f"Training went on from the weights and the scaling of {start['name']}: what is shown "
        "here came on top of its training.",
    )
