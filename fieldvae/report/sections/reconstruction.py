"""Fields encoded and decoded again."""

from __future__ import annotations

from fieldvae.report.figures.reconstruction import parity_plot
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section


def section(record: RunRecord) -> Section | None:
    """Show reconstruction, apart from prediction."""
    details = record.evaluated
    if details is None:
        return None
    found = record.metrics["model"].get("reconstruction")
    if not found:
        note = "The model has no encoder, so there is nothing to reconstruct."
        return Section("reconstruction", "Reconstruction", notes=(note,))
    return Section(
        "reconstruction",
        "Reconstruction",
        plots=tuple(parity_plot(each, details, found[each.name]) for each in record.outputs),
    )
