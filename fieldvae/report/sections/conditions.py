"""Inputs, their conditions, and what the encoder recovers of them."""

from __future__ import annotations

from fieldvae.report.figures.conditions import (
    condition_examples,
    condition_parity,
    recovered_inputs,
)
from fieldvae.report.figures.inputs import input_plot
from fieldvae.report.figures.realization_conditions import realization_plot
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section


def section(record: RunRecord) -> Section | None:
    """Show inputs, smoothed and recovered conditions, and realizations with theirs."""
    details = record.evaluated
    if details is None or not any(f"{each.name}.input" in details for each in record.inputs):
        return None
    inputs = input_plot(record.inputs, details)
    plots = [] if inputs is None else [inputs]
    if not recovered_inputs(details):
        note = "The model has no encoder, so no conditions are recovered from its outputs."
        return Section("conditions", "Inputs and conditions", notes=(note,), plots=tuple(plots))
    scores = record.metrics["model"].get("conditions", {})
    plots += [
        condition_parity(details, scores, record.titles),
        condition_examples(details, record.titles),
        realization_plot(record.outputs, details, record.titles),
    ]
    return Section("conditions", "Inputs and conditions", plots=tuple(plots))
