"""Whether two evaluations scored the same held-out samples, from what they stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from fieldvae.evaluation.scores import Array

RELATIVE = 1e-6
"""Up to which stored numbers are those of the same truth: machines differ in the last bits."""


@dataclass(frozen=True)
class HeldOutRecord:
    """What a run stored of the samples that it was scored on.

    Parameters
    ----------
    test
        Positions of the held-out samples in the run's stores, in the order of the scores.
    stores
        Names of these stores, without their folders.
    details
        ``evaluation.zarr``; see :mod:`fieldvae.evaluation.details`.
    """

    test: Sequence[int]
    stores: Sequence[str]
    details: xr.Dataset


def why_unpaired(ours: HeldOutRecord, theirs: HeldOutRecord, fields: Sequence[str]) -> str:
    """Say why scores of two runs cannot be paired sample by sample; nothing where they can.

    The same samples have the same positions in the split, and the same truth: its values'
    histogram, its slices where both runs show a sample, and, in the order of the samples, its
    variance. Runs without that variance, or with another unit of it, must name the same stores.

    Parameters
    ----------
    ours, theirs
        Of the two runs.
    fields
        Names of the output fields.
    """
    if list(ours.test) != list(theirs.test):
        return "the held-out samples are not the same ones (the splits differ)"
    if any(_other_truth(ours.details, theirs.details, field) for field in fields):
        return "the true fields of the held-out samples differ: they are of other data"
    order = _same_order(ours.details, theirs.details, fields)
    if order is False or (order is None and sorted(ours.stores) != sorted(theirs.stores)):
        names = " and ".join(", ".join(each.stores) for each in (ours, theirs))
        return f"the held-out samples may be others: they come from {names}"
    return ""


def same_spread(ours: xr.Dataset, theirs: xr.Dataset, field: str) -> bool:
    """Tell whether two runs divided the same truth of a field by the same training spread.

    Only then are scores in units of that spread on one scale.

    Parameters
    ----------
    ours, theirs
        ``evaluation.zarr`` of the two runs.
    field
        Name of the field.
    """
    return _close(*(_true_power(each, field) for each in (ours, theirs)))


def _other_truth(ours: xr.Dataset, theirs: xr.Dataset, field: str) -> bool:
    for name in (f"{field}.edges", f"{field}.histogram"):
        pair = [each[name] for each in (ours, theirs)]
        if "source" in pair[0].dims:
            pair = [each.sel(source="truth") for each in pair]
        if not _close(*(each.to_numpy() for each in pair)):
            return True
    name = f"{field}.truth"
    common = np.intersect1d(ours["shown"].to_numpy(), theirs["shown"].to_numpy())
    pictures = (each[name].sel(shown=common).to_numpy() for each in (ours, theirs))
    return not _close(*pictures)


def _same_order(ours: xr.Dataset, theirs: xr.Dataset, fields: Sequence[str]) -> bool | None:
    """Whether the truth's variance agrees sample by sample; ``None`` where nobody can tell."""
    name = "grid_variance_true"
    known = name in ours and name in theirs
    if not known or not all(same_spread(ours, theirs, field) for field in fields):
        return None
    return all(
        _close(*(e[name].sel(field=field).isel(model=0).to_numpy() for e in (ours, theirs)))
        for field in fields
    )


def _true_power(details: xr.Dataset, field: str) -> Array:
    power: Array = details["power"].sel(source="truth", field=field).to_numpy()
    return power


def _close(ours: Array, theirs: Array) -> bool:
    if ours.shape != theirs.shape:
        return False
    bound = RELATIVE * float(np.nanmax(np.abs(theirs), initial=0.0))
    return bool(np.allclose(ours, theirs, rtol=RELATIVE, atol=bound, equal_nan=True))
