"""Predicted fields beside the truth."""

from __future__ import annotations

from collections.abc import Iterator

from fieldvae.report.figures.blocks import block_views
from fieldvae.report.figures.slices import component_slices, sample_slices
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section
from fieldvae.report.style import Plot


def section(record: RunRecord) -> Section | None:
    """Show slices and block views of realizations of held-out samples."""
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
        blocks = block_views(each, details)
        if blocks is not None:
            pictures.append(blocks)
    return Section("fields", "Predicted fields", notes=tuple(_notes(record)), plots=tuple(pictures))


def _notes(record: RunRecord) -> Iterator[str]:
    """Say what a model that gives one field for each input leaves out."""
    sure = record.metrics.get("deterministic", {}).get("prediction", {})
    model = record.metrics["model"]["prediction"]
    for each in record.outputs:
        kept, drawn = (p.get(each.name, {}).get("variance_ratio") for p in (sure, model))
        if kept is None or drawn is None:
            continue
        yield (
            f"The deterministic network, made of the same parts and trained on the squared error "
            f"alone, gives one field of {each.title} for each input, near the mean of the possible "
            f"ones: its fields have {100 * kept:.0f} % of the true variance over the grid, "
            f"realizations of the model {100 * drawn:.0f} %."
        )
