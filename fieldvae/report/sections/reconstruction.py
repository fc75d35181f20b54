"""Fields encoded and decoded again."""

from __future__ import annotations

from fieldvae.report.figures.reconstruction import parity_plot
from fieldvae.report.figures.reconstruction_maps import reconstruction_errors, reconstruction_maps
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
    plots = [
        draw(each, details, found[each.name])
        for each in record.outputs
        for draw in (reconstruction_maps, parity_plot, reconstruction_errors)
    ]
    return Section(
        "reconstruction", "Reconstruction", plots=tuple(plot for plot in plots if plot is not None)
    )
