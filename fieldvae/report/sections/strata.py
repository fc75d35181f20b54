"""Scores by a sample coordinate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fieldvae.report.figures.strata import (
    replicate_strata_plot,
    spoken,
    strata_plot,
    stratum_title,
)
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section
from fieldvae.report.stratum_tables import replicate_strata_table, strata_table

_SHOWN = {
    "prediction_strata": (strata_plot, strata_table),
    "replicates_strata": (replicate_strata_plot, replicate_strata_table),
}


def section(record: RunRecord) -> Section | None:
    """Show scores by stratum, of test samples and against replicates."""
    model = record.metrics.get("model", {})
    shown = {key: how for key, how in _SHOWN.items() if key in model}
    if not shown:
        return None
    coordinate = spoken(model[next(iter(shown))]["coordinate"])
    return Section(
        "strata",
        f"Scores by {coordinate}",
        notes=(
            f"The same scores as above, of samples with one {coordinate} at a time: a model may be "
            "right on the whole and wrong for some of them.",
            *_notes(record, model),
        ),
        plots=tuple(
            plot(field, record.metrics) for plot, _ in shown.values() for field in record.outputs
        ),
        tables=tuple(
            table(field, record.metrics) for _, table in shown.values() for field in record.outputs
        ),
    )


def _notes(record: RunRecord, model: Mapping[str, Any]) -> Iterator[str]:
    """Say where the model is nearest to the limit that replicates set, and where farthest."""
    kind = model.get("replicates_strata")
    if kind is None:
        return
    for field in record.outputs:
        excess = {
            stratum: found[field.name]["energy_score_excess"]
            for stratum, found in kind["strata"].items()
            if found[field.name]["energy_score_excess"] is not None
        }
        if len(excess) > 1:
            low, high = min(excess, key=excess.__getitem__), max(excess, key=excess.__getitem__)
            told = " to ".join(
                f"{100 * excess[each]:.2f} % ({stratum_title(each, kind)})" for each in (low, high)
            )
            yield (
                f"On {field.title} the model's energy score lies above the limit set by replicates "
                f"by {told}."
            ).replace("-", "\N{MINUS SIGN}")
