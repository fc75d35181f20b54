"""Distributions of values, and spectra."""

from __future__ import annotations

from fieldvae.report.figures.distributions import histogram_plot
from fieldvae.report.figures.spectra import spectrum_plot
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section


def section(record: RunRecord) -> Section | None:
    """Show histograms and power spectra."""
    details, fields = record.evaluated, record.outputs
    if details is None:
        return None
    histograms = [histogram_plot(each, details) for each in fields]
    spectra = [spectrum_plot(fields, details)] if details.sizes.get("shell") else []
    return Section("statistics", "Values and textures", plots=(*histograms, *spectra))
