"""How probably a quantity exceeds a level, and its quantiles, over an ensemble of realizations."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence

import numpy as np
import xarray as xr

from fieldvae.data.conform import REALIZATION, SAMPLE
from fieldvae.errors import OptionError, PredictionWarning
from fieldvae.grid import AXES, Grid
from fieldvae.quantities.labeled import Choice, derived, field_names
from fieldvae.quantities.levels import QUANTILES, check_probabilities, level_in
from fieldvae.quantities.montecarlo import needed, proportion, sample_quantiles
from fieldvae.quantities.naming import Quantity, quantity_of

CONFIDENCE = 0.95
BOUNDS = ("lower", "upper")

Statistics = dict[str, np.ndarray]
"""Numbers of one sample by the suffix of the variable they go into."""


def exceedance(
    predictions: xr.Dataset,
    choice: Choice,
    *,
    level: float | str,
    inputs: xr.Dataset | None = None,
    name: str | None = None,
    accepted: bool = True,
    confidence: float = CONFIDENCE,
    grid: Grid | None = None,
) -> xr.Dataset:
    r"""Estimate the probability that a quantity exceeds a level, by the share of realizations.

    .. math:: P(q > l) \approx k / n

    Parameters
    ----------
    predictions
        Realizations, as :meth:`TrainedModel.predict` gives them or a store keeps them.
    choice
        The quantity's name, or ``{"use": name, option: value, ...}``. The name of a field stands
        for the quantity ``component`` of it.
    level
        A number in the quantity's units, or a text with units of its own: ``"500 MPa"``.
    inputs
        The input fields of the same samples, for quantities that need them.
    name
        What the variables are called; the quantity's name where left out.
    accepted
        Whether only realizations that passed the self-check count, where there was one.
    confidence
        Coverage of the intervals.
    grid
        The grid; read off the dataset's attributes where left out.

    Returns
    -------
    xarray.Dataset
        ``<name>_exceedance`` with dims ``(sample, <component dim>, x, y, z)`` for every cell and
        ``<name>_exceedance_any`` without x, y, z: that the greatest value over the grid exceeds the
        level. Beside either ``_error``, its standard error, and ``_interval``, with the dim
        ``bound`` (lower, upper); :func:`fieldvae.quantities.montecarlo.proportion` defines them.
        ``<name>_counted`` (sample): realizations that count. Missing (NaN) where none does.

    Raises
    ------
    OptionError
        If the level measures something else than the quantity, or the quantity is the same in
        every realization.

    Warns
    -----
    PredictionWarning
        Where no realization of a sample counts.
    """
    return reliability(
        predictions,
        choice,
        level=level,
        inputs=inputs,
        name=name,
        accepted=accepted,
        confidence=confidence,
        grid=grid,
    )


def quantiles(
    predictions: xr.Dataset,
    choice: Choice,
    *,
    probabilities: Sequence[float] = QUANTILES,
    inputs: xr.Dataset | None = None,
    name: str | None = None,
    accepted: bool = True,
    grid: Grid | None = None,
) -> xr.Dataset:
    """Estimate quantiles of a quantity over realizations.

    Parameters
    ----------
    predictions, choice, inputs, name, accepted, grid
        As of :func:`exceedance`.
    probabilities
        Which quantiles, between 0 and 1.

    Returns
    -------
    xarray.Dataset
        ``<name>_quantile`` with dims ``(sample, quantile, <component dim>, x, y, z)`` and
        ``<name>_quantile_error``, its standard error, both in the quantity's units;
        :func:`fieldvae.quantities.montecarlo.sample_quantiles` defines them. ``<name>_counted``
        (sample): realizations that count. Missing (NaN) where they are too few for a quantile.

    Raises
    ------
    OptionError
        If a probability is not between 0 and 1.

    Warns
    -----
    PredictionWarning
        Where realizations are too few.
    """
    return reliability(
        predictions,
        choice,
        probabilities=probabilities,
        inputs=inputs,
        name=name,
        accepted=accepted,
        grid=grid,
    )


def reliability(
    predictions: xr.Dataset,
    choice: Choice,
    *,
    level: float | str | None = None,
    probabilities: Sequence[float] = (),
    inputs: xr.Dataset | None = None,
    name: str | None = None,
    accepted: bool = True,
    confidence: float = CONFIDENCE,
    grid: Grid | None = None,
) -> xr.Dataset:
    """Do what :func:`exceedance` and :func:`quantiles` do in one pass over the realizations."""
    chosen = quantity_of(choice, field_names(predictions))
    called = name or chosen.called
    check_probabilities([confidence], what="confidence")
    check_probabilities(probabilities, what="quantile")
    rejecting = accepted and "accepted" in predictions
    parts, start = [], 0
    for values in derived(chosen, predictions, inputs=inputs, grid=grid):
        limit = None if level is None else level_in(level, str(values.units), of=chosen.called)
        values = _with_realizations(values, chosen)
        rows = slice(start, start := start + values.sizes[SAMPLE])
        kept = np.ones((values.sizes[SAMPLE], values.sizes[REALIZATION]), dtype=bool)
        if rejecting:
            kept = predictions["accepted"].transpose(SAMPLE, REALIZATION).values[rows]
        counted = "accepted" if rejecting else "unrejected"
        values = values.rename(called).assign_attrs(realizations=counted)
        parts.append(_of_samples(values, kept, limit, probabilities, confidence))
    found = parts[0] if len(parts) == 1 else xr.concat(parts, dim=SAMPLE, coords="minimal")
    _warn_of_few(found[f"{called}_counted"].values, probabilities, chosen)
    return found


def _with_realizations(values: xr.DataArray, chosen: Quantity) -> xr.DataArray:
    if REALIZATION not in values.dims:
        raise OptionError(
            f"quantity {chosen.called!r} has no realizations "
            f"(dims {', '.join(map(str, values.dims))}): it is made of fields that are not "
            "drawn; choose one of the outputs"
        )
    if SAMPLE not in values.dims:
        values = values.expand_dims(SAMPLE)
    return values.transpose(SAMPLE, REALIZATION, ...)


def _of_samples(
    values: xr.DataArray,
    kept: np.ndarray,
    limit: float | None,
    probabilities: Sequence[float],
    confidence: float,
) -> xr.Dataset:
    """Statistics of every sample of a part, labeled."""
    axes = tuple(n for n, dim in enumerate(values.dims[2:]) if dim in AXES)
    rows: list[Statistics] = []
    for sample, counts in zip(values.values, kept, strict=True):
        statistics: Statistics = {"counted": np.array(counts.sum())}
        if limit is not None:
            statistics |= _exceeding(sample[counts], limit, axes, confidence)
        if probabilities:
            found, errors = sample_quantiles(sample[counts], probabilities)
            statistics |= {"quantile": found, "quantile_error": errors}
        rows.append(statistics)
    stacked = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    return _labeled(stacked, values, limit, probabilities, confidence)


def _exceeding(
    values: np.ndarray, limit: float, axes: tuple[int, ...], confidence: float
) -> Statistics:
    """Exceedance in every cell and anywhere, of one sample ``(realization, ..., x, y, z)``."""
    over = values > limit
    missing = np.isnan(values).any(axis=0)
    anywhere = over.any(axis=tuple(axis + 1 for axis in axes))
    found: Statistics = {}
    for name, hits in (("exceedance", over), ("exceedance_any", anywhere)):
        share = proportion(hits.sum(axis=0), len(values), confidence=confidence)
        bounds = np.stack([share.lower, share.upper], axis=-1)
        found |= {name: share.value, f"{name}_error": share.error, f"{name}_interval": bounds}
    if missing.any():  # masked cells; a value anywhere else in the grid still counts
        for name in ("exceedance", "exceedance_error", "exceedance_interval"):
            found[name][missing] = np.nan
    return found


def _labeled(
    stacked: Statistics,
    values: xr.DataArray,
    limit: float | None,
    probabilities: Sequence[float],
    confidence: float,
) -> xr.Dataset:
    inner = values.dims[2:]
    labels = tuple(dim for dim in inner if dim not in AXES)
    title, units = values.attrs["long_name"], values.attrs["units"]
    about = {key: values.attrs[key] for key in ("quantity", "realizations")}
    level = {"level": limit, "level_units": units}
    dims: dict[str, tuple[object, ...]] = {
        "counted": (SAMPLE,),
        "exceedance": (SAMPLE, *inner),
        "exceedance_any": (SAMPLE, *labels),
        "quantile": (SAMPLE, "quantile", *inner),
    }
    words = {
        "counted": "realizations counted",
        "exceedance": f"probability that {title} exceeds {limit} {units}",
        "exceedance_any": f"probability that {title} exceeds {limit} {units} in any cell",
        "quantile": f"quantile of {title}",
    }
    found = xr.Dataset()
    for name, array in stacked.items():
        base = re.sub("_(error|interval)$", "", name)
        attributes = {"units": units if base == "quantile" else "1", **about}
        attributes |= level if base.startswith("exceedance") else {}
        attributes["long_name"] = words[base]
        along = dims[base]
        if name.endswith("_error"):
            attributes["long_name"] = f"Monte Carlo standard error of the {words[base]}"
        elif name.endswith("_interval"):
            attributes["long_name"] = f"{confidence:.0%} interval of the {words[base]}"
            attributes["confidence"] = confidence
            along = (*along, "bound")
        found[f"{values.name}_{name}"] = (along, array, attributes)
    kept = {
        key: coordinate.variable
        for key, coordinate in values.coords.items()
        if REALIZATION not in coordinate.dims and coordinate.dims
    }
    if limit is not None:
        kept["bound"] = ("bound", np.array(BOUNDS, dtype=object))
    if probabilities:
        kept["quantile"] = ("quantile", np.array(probabilities, dtype=np.float64), {"units": "1"})
    return found.assign_coords(kept)


def _warn_of_few(counted: np.ndarray, probabilities: Sequence[float], chosen: Quantity) -> None:
    none = int((counted == 0).sum())
    least = max(map(needed, probabilities), default=0)
    few = int((counted < least).sum())
    if none:
        told = f"{none} of {len(counted)} samples have no realization that counts"
    elif few:
        told = (
            f"{few} of {len(counted)} samples have fewer than the {least} realizations that the "
            "outermost quantile needs"
        )
    else:
        return
    warnings.warn(
        f"{chosen.called}: {told}; values are missing (NaN) there. Draw more realizations, or "
        "count rejected ones too",
        PredictionWarning,
        stacklevel=4,
    )
