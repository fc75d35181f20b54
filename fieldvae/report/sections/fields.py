"""Predicted fields beside the truth."""

from __future__ import annotations

from fieldvae.report.figures.slices import component_slices, sample_slices
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section
from fieldvae.report.style import Plot


def section(record: RunRecord) -> Section | None:
    """Show slices of realizations of held-out samples."""
    details = record.evaluated
    if details is None:
        return None
    pictures: list[Plot] = []
    for each in record.outputs:
        samples = sample_slices(each, details)
        if len(each.labels) > 1 or samples is None:
            pictures.append(component_slices(each, details))
        if samples is not None:
            pictures.append(samples)
    return Section("fields", "Predicted fields", plots=tuple(pictures))
