"""Scores of the model beside its baselines."""

from __future__ import annotations

from fieldvae.report.figures.comparison import comparison_plot
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section
from fieldvae.report.tables import prediction_table


def section(record: RunRecord) -> Section:
    """Show the table of scores, and the paired differences."""
    if not record.metrics:
        note = "This run has not been evaluated: it has no test samples, or stopped before."
        return Section("scores", "Scores", notes=(note,))
    fields = record.outputs
    comparison = record.metrics["model"].get("comparison", {})
    first = record.metrics["model"]["prediction"][fields[0].name]
    return Section(
        "scores",
        "Scores",
        notes=(
            f"On {record.summary.get('samples', {}).get('test', 'the')} test samples with "
            f"{first['realizations']} realizations each. Energy score and CRPS are of fields whose "
            "components are each divided by their standard deviation over the training part, so "
            "that components weigh alike; the second CRPS is of the fields as they are, in their "
            "own unit. Small figures are 95 % bootstrap intervals over samples; bold is the best "
            "of a column.",
            "The energy score measures whole fields: the mean distance of realizations from the "
            "truth, over all values at once, less half their mean distance from each other. CRPS, "
            "the continuous ranked probability score, is the same of each value alone, averaged; "
            "for one sure prediction it is the absolute error.",
        ),
        tables=tuple(prediction_table(field, record.metrics) for field in fields),
        plots=(comparison_plot(fields, comparison),) if comparison else (),
    )
