"""One input, many outputs: the model beside several true outputs of one input."""

from __future__ import annotations

from collections.abc import Iterator

from fieldvae.report.figures.replicate_cells import cell_plot
from fieldvae.report.figures.replicates import replicate_slices
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section
from fieldvae.report.tables import replicate_table


def section(record: RunRecord) -> Section | None:
    """Show scores against replicates, their fields, and values in single cells."""
    details = record.evaluated
    if details is None or "replicates" not in record.metrics["model"]:
        return None
    fields = record.outputs
    return Section(
        "replicates",
        "One input, many outputs",
        notes=tuple(_notes(record)),
        tables=tuple(replicate_table(field, record.metrics) for field in fields),
        plots=tuple(
            plot(field, details) for field in fields for plot in (replicate_slices, cell_plot)
        ),
    )


def _notes(record: RunRecord) -> Iterator[str]:
    found = record.metrics["model"]["replicates"]
    first = next(iter(found.values()))
    yield (
        f"The inputs leave open which output belongs to them. Of {first['conditions']} inputs that "
        f"were not learned from there are {first['replicates']} true outputs each, the replicates, "
        f"beside {first['realizations']} realizations."
    )
    for scores in found.values():
        yield scores["sentence"]
    yield (
        "The limit is half the mean distance of replicates from each other: the energy score that "
        "the true law itself has, which no model can beat but by chance. The energy distance is "
        "twice what a score lies above it. The sliced Wasserstein distance is between halves of "
        "the replicates and as many realizations, and in the last row between the halves "
        "themselves; a law that is too narrow can fall below it. All are of fields divided by "
        "their standard deviation over the training part. Coverage is the share of the "
        "replicates' values inside the intervals, spread the standard deviation over realizations "
        "over that of the replicates. Small figures are 95 % bootstrap intervals over inputs."
    )
