"""What the self-check can tell apart."""

from __future__ import annotations

from collections.abc import Iterator

from fieldvae.evaluation.selfcheck import self_check_sentence
from fieldvae.report.figures.selfcheck import self_check_plot
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section


def section(record: RunRecord) -> Section | None:
    """Show errors of recovered conditions against the tolerance."""
    details = record.evaluated
    if details is None:
        return None
    found = record.metrics["model"].get("self_check")
    if found is None:
        note = "There is no self-check to report: the model has no encoder, or none was asked for."
        return Section("self-check", "Self-check", notes=(note,))
    plot = self_check_plot(details, found, titles=record.titles, measure=record.error_measure)
    notes = (self_check_sentence(found["all"]), *_acceptance(record))
    return Section("self-check", "Self-check", notes=notes, plots=(plot,))


def _acceptance(record: RunRecord) -> Iterator[str]:
    if record.predictions is None or "accepted" not in record.predictions:
        return
    accepted = record.predictions["accepted"]
    yield (
        f"In predictions.zarr, which holds realizations after rejection, {int(accepted.sum())} of "
        f"{accepted.size} passed it"
        + ("." if bool(accepted.all()) else "; the others are the nearest that were drawn.")
    )
