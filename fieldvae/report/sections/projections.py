"""Principal components of raw inputs, conditions and outputs."""

from __future__ import annotations

import math
from collections.abc import Iterator

import xarray as xr

from fieldvae.evaluation.projections import TOGETHER
from fieldvae.report.figures.projections import input_projections, output_projections
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section


def section(record: RunRecord) -> Section | None:
    """Show fields and conditions as points of a plane."""
    details = record.evaluated
    if details is None or "pca.share" not in details:
        return None
    drawn = (draw(details, record.titles) for draw in (input_projections, output_projections))
    return Section(
        "components",
        "Principal components",
        notes=tuple(_sentences(details, record.titles)),
        plots=tuple(plot for plot in drawn if plot is not None),
    )


def _sentences(details: xr.Dataset, titles: dict[str, str]) -> Iterator[str]:
    """Say how far apart groups of samples lie, raw and smoothed."""
    if "pca.group_share" not in details:
        return
    fields = [str(name) for name in details["projection_field"].values]
    kinds = [str(kind) for kind in details["projection_kind"].values]
    shares = details["pca.group_share"].transpose("projection", "principal").values[:, 0]
    first = dict(zip(zip(fields, kinds, strict=True), map(float, shares), strict=True))
    name = TOGETHER if TOGETHER in fields else fields[0]
    raw, smoothed = first[name, "raw"], first[name, "smoothed"]
    if not (math.isfinite(raw) and math.isfinite(smoothed)):
        return
    group = str(details["pca.reference_color"].attrs["long_name"]).replace("_", " ")
    what = "all inputs together" if name == TOGETHER else titles.get(name, name)
    yield (
        f"Along the first principal component of {what}, {100 * raw:.1f} % of the variance of raw "
        f"inputs lies between groups of equal {group}, and {100 * smoothed:.1f} % of that of "
        "their conditions: 100 % are stripes without width, 0 % groups that lie upon each other."
    )
