"""The course of training."""

from __future__ import annotations

from fieldvae.report.figures.training import training_plot
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section


def section(record: RunRecord) -> Section:
    """Show losses by epoch."""
    if not record.history:
        return Section("training", "Training", notes=("No training history is stored.",))
    return Section("training", "Training", plots=(training_plot(record.history),))
