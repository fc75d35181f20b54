"""Whether intervals hold what they promise."""

from __future__ import annotations

from collections.abc import Iterator

from fieldvae.evaluation.verdicts import COVERAGE_BOUND, RATIO_BOUNDS, calibration_verdicts
from fieldvae.report.figures.calibration import coverage_plot, rank_plot
from fieldvae.report.figures.waves import wave_plot
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section


def section(record: RunRecord) -> Section | None:
    """Show coverage and ranks."""
    details = record.evaluated
    if details is None:
        return None
    units = details["wavenumber"].attrs.get("units", "").removeprefix("rad/")
    waves = [wave_plot(record.outputs, record.metrics, units)] if _waves(record) else []
    return Section(
        "calibration",
        "Calibration",
        notes=(*_sentences(record),),
        plots=(
            coverage_plot(record.outputs, record.metrics),
            rank_plot(record.outputs, details),
            *waves,
        ),
    )


def _waves(record: RunRecord) -> bool:
    """Whether the run was scored by waves; earlier versions did not."""
    return "waves" in record.metrics["model"]


def _sentences(record: RunRecord) -> Iterator[str]:
    for found in calibration_verdicts(record.metrics, record.titles).values():
        yield found["sentence"]
        if "ranks" in found:
            yield found["ranks"]["sentence"]
        if "waves" in found:
            yield found["waves"]["sentence"]
    low, high = RATIO_BOUNDS
    yield (
        f"Calibrated means here: coverage of 90 % intervals within {100 * COVERAGE_BOUND:.0f} "
        f"percentage points, and spread over error from {low} to {high}."
    )
