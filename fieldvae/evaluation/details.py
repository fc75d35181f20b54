"""What the report plots, gathered from the measures: everything is stored, nothing computed later.

The dataset that :func:`figure_data` makes has these variables; ``<field>`` stands for the name of
an output field, ``truth`` is one of the ``source`` labels beside the models' names.

===============================  ============================================  ===================
variable                         dims                                          units
===============================  ============================================  ===================
``crps``, ``energy_score``, ...  (model, field, sample)                        1; ``*_physical``: -
``rank_density``                 (model, field, rank_bin)                      1 is flat
``realizations``                 (model)                                       a count
``power``                        (source, field, shell)                        spread squared
``wavenumber``                   (shell)                                       rad / spacing units
``<field>.histogram``            (source, <field>_component, <field>_bin)      1 / field units
``<field>.edges``                (<field>_component, <field>_edge)             field units
``<field>.truth``                (shown, <field>_component, x, y)              field units
``<field>.realization``          (shown, shown_realization, ..., x, y)         field units
``<field>.mean``, ``.spread``    (shown, <field>_component, x, y)              field units
``<field>.point``                (shown, <field>_component, x, y)              field units
``<field>.volume``               (volume, <field>_component, volume_x, _y, _z) field units
``<field>.parity_truth``,        (<field>_component, point)                    field units
``<field>.parity``
``<field>.reconstruction``       (shown, <field>_component, x, y)              field units
``<field>.reconstruction_mre``   (sample)                                      1
``<field>.pooled*``              see :func:`.reconstruction_data`              training spread
``self_check.*``                 see :meth:`ConditionErrors.dataset`           as the check's
``<input>.input``                (shown, <input>_component, x, y)              field units
``condition.<input>.*``          see :func:`.condition_data`                   as the check's
``shown.*``                      see :func:`.shown_errors`                     as the check's
``pca.*``                        see :func:`.projection_data`                  as networks see
===============================  ============================================  ===================

The last four are added where the model is at hand, by :mod:`fieldvae.evaluation.conditions` and
:mod:`fieldvae.evaluation.projections`; ``<input>`` stands for the name of an input field.

Fields of three dimensions are shown on the slice ``z_slice`` (attribute) in the middle of z. The
``shown`` samples are those at the quartiles of the model's energy score: none is picked by hand.
The one in their middle is stored whole too, on grids of three dimensions: as ``volume``, which is
the truth, two realizations and the mean of the ensemble, in single precision; of a larger grid
only the corner of 32 cells along each axis that is farthest from the origin along x, nearest to it
along y and farthest along z, which is where figures look at it from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from fieldvae.evaluation.fourier import FourierBasis, power_spectrum, shells
from fieldvae.evaluation.labeled import field_array, middle_slice
from fieldvae.evaluation.measures import RANK_BINS, EnsembleMeasures, value_counts
from fieldvae.evaluation.missing import completed
from fieldvae.evaluation.reconstruction import reconstruction_data
from fieldvae.evaluation.scale import ComponentScale
from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid

HISTOGRAM_BINS = 48
SHOWN_REALIZATIONS = 3

VOLUME_CELLS = 32
"""Most cells of a volume along an axis, which keeps it to 131 kB a component and field."""


def histogram_edges(truth: Array) -> Array:
    """Edges of bins that hold nearly all of the truth's values, with room on both sides.

    Parameters
    ----------
    truth
        Shape ``(sample, component, x, y, z)``.

    Returns
    -------
    Array
        Shape ``(component, bin + 1)``, in the unit of the field.
    """
    low, high = np.nanquantile(truth, [0.001, 0.999], axis=(0, 2, 3, 4))
    room = np.where(high > low, 0.25 * (high - low), 0.5)
    return np.linspace(low - room, high + room, HISTOGRAM_BINS + 1, axis=1)


def figure_data(
    fields: Sequence[FieldSpec],
    truth: xr.Dataset,
    measures: Mapping[str, Mapping[str, EnsembleMeasures]],
    *,
    model: xr.Dataset,
    point: xr.Dataset | None = None,
    reconstruction: xr.Dataset | None,
    grid: Grid,
    scales: Mapping[str, ComponentScale],
    edges: Mapping[str, Array],
    generator: np.random.Generator,
) -> xr.Dataset:
    """Gather what the report plots.

    Parameters
    ----------
    fields
        The output fields.
    truth
        Physical values, dims ``(sample, component, x, y, z)``.
    measures
        By model and field.
    model
        The model's realizations, of which a few are shown.
    point
        The one field that a deterministic network gives a sample, where there is such a network.
    reconstruction
        The model's reconstruction, where there is one.
    grid
        The grid of all fields.
    scales, edges
        Training spread and histogram bins by field.
    generator
        Source of chance for the points of the parity plots.
    """
    basis = FourierBasis(grid)
    first = next(iter(measures))
    shown = quartiles(measures[first][fields[0].name].samples["energy_score"])
    found = _scores(fields, measures).assign(_spectra(fields, truth, measures, basis, scales))
    for field in fields:
        values = field_array(field, truth, grid)
        by_model = {name: each[field.name] for name, each in measures.items()}
        found = found.assign(_histograms(field, values, by_model, edges[field.name]))
        found = found.assign(_slices(field, truth, model, point, shown, grid))
        if grid.dimensions == 3:
            found = found.assign(_volume(field, truth, model, shown[len(shown) // 2], grid))
        if reconstruction is not None:
            found = found.assign(
                reconstruction_data(
                    field,
                    values,
                    field_array(field, reconstruction, grid),
                    shown=shown,
                    grid=grid,
                    scale=scales[field.name],
                    generator=generator,
                )
            )
    attributes = {"z_slice": grid.shape[2] // 2} if grid.dimensions == 3 else {}
    return found.assign_coords(shown=shown).assign_attrs({**attributes, **grid.attributes()})


def quartiles(score: Array) -> list[int]:
    """Give the samples at the quartiles of a score, ascending, each once."""
    order = np.argsort(score)
    places = np.rint(np.array([0.25, 0.5, 0.75]) * (len(order) - 1)).astype(int)
    return [int(order[place]) for place in np.unique(places)]


def _scores(
    fields: Sequence[FieldSpec], measures: Mapping[str, Mapping[str, EnsembleMeasures]]
) -> xr.Dataset:
    names = [field.name for field in fields]
    first = next(iter(measures.values()))[names[0]]
    dims = ("model", "field", "sample")
    variables: dict[str, tuple[tuple[str, ...], Array]] = {
        score: (
            dims,
            np.array([[m[name].samples[score] for name in names] for m in measures.values()]),
        )
        for score in first.samples
    }
    ranks = np.array([[m[name].ranks for name in names] for m in measures.values()], dtype=float)
    ranks *= RANK_BINS / np.maximum(ranks.sum(axis=-1, keepdims=True), 1)
    variables["rank_density"] = (("model", "field", "rank_bin"), ranks)
    members = np.array([m[names[0]].realizations for m in measures.values()])
    variables["realizations"] = (("model",), members)
    return xr.Dataset(variables, coords={"model": list(measures), "field": names})


def _spectra(
    fields: Sequence[FieldSpec],
    truth: xr.Dataset,
    measures: Mapping[str, Mapping[str, EnsembleMeasures]],
    basis: FourierBasis,
    scales: Mapping[str, ComponentScale],
) -> xr.Dataset:
    wavenumber, member = shells(basis)

    def binned(power: Array) -> Array:
        inside = member >= 0
        sums = np.bincount(member[inside], power.ravel()[inside], minlength=len(wavenumber))
        return np.asarray(sums / np.bincount(member[inside], minlength=len(wavenumber)))

    rows = []
    for field in fields:
        values = completed(field_array(field, truth, basis.grid))
        spectra = [power_spectrum(scales[field.name].scaled(values), basis)]
        spectra += [each[field.name].power for each in measures.values()]
        rows.append([binned(power) for power in spectra])
    return xr.Dataset(
        {
            "power": (("field", "source", "shell"), np.array(rows)),
            "wavenumber": (
                "shell",
                wavenumber,
                {"units": f"rad/{basis.grid.spacing_units}"},
            ),
        },
        coords={"source": ["truth", *measures]},
    )


def _histograms(
    field: FieldSpec, truth: Array, measures: Mapping[str, EnsembleMeasures], edges: Array
) -> xr.Dataset:
    counts = [value_counts(truth, edges), *(m.histogram for m in measures.values())]
    component = f"{field.name}_component"
    width = np.diff(edges, axis=1)
    density = [c / np.maximum(c.sum(axis=1, keepdims=True), 1) / width for c in counts]
    units = {"units": field.units}
    return xr.Dataset(
        {
            f"{field.name}.histogram": (
                ("source", component, f"{field.name}_bin"),
                np.array(density),
            ),
            f"{field.name}.edges": ((component, f"{field.name}_edge"), edges, units),
        },
        coords={component: list(field.labels), "source": ["truth", *measures]},
    )


def _slices(
    field: FieldSpec,
    truth: xr.Dataset,
    model: xr.Dataset,
    point: xr.Dataset | None,
    shown: list[int],
    grid: Grid,
) -> xr.Dataset:
    attributes = {"units": field.units, "long_name": field.title, "symbol": field.symbol}
    component = f"{field.name}_component"
    axes = grid.axes[:2]

    actual = field_array(field, truth.isel(sample=shown), grid)
    drawn = field_array(field, model.isel(sample=shown), grid)
    spread = drawn.std(axis=1, ddof=1) if drawn.shape[1] > 1 else np.zeros_like(drawn[:, 0])
    one, several = ("shown", component, *axes), ("shown", "shown_realization", component, *axes)
    found = xr.Dataset(
        {
            f"{field.name}.truth": (one, middle_slice(actual, grid), attributes),
            f"{field.name}.realization": (
                several,
                middle_slice(drawn[:, :SHOWN_REALIZATIONS], grid),
                attributes,
            ),
            f"{field.name}.mean": (one, middle_slice(drawn.mean(axis=1), grid), attributes),
            f"{field.name}.spread": (one, middle_slice(spread, grid), attributes),
        },
        coords={component: list(field.labels)},
    )
    if point is not None:
        sure = field_array(field, point.isel(sample=shown), grid)[:, 0]
        found[f"{field.name}.point"] = (one, middle_slice(sure, grid), attributes)
    return found


def _volume(
    field: FieldSpec, truth: xr.Dataset, model: xr.Dataset, sample: int, grid: Grid
) -> xr.Dataset:
    """One sample on the whole grid, or on the corner of it that figures show."""
    actual = field_array(field, truth.isel(sample=[sample]), grid)[0]
    drawn = field_array(field, model.isel(sample=[sample]), grid)[0]
    parts = {"truth": actual}
    parts |= {f"realization {i + 1}": one for i, one in enumerate(drawn[:2])}
    parts["mean"] = drawn.mean(axis=0)
    far = slice(-VOLUME_CELLS, None)
    corner = np.stack(list(parts.values()))[..., far, :VOLUME_CELLS, far]
    component = f"{field.name}_component"
    dims = ("volume", component, *(f"volume_{axis}" for axis in grid.axes))
    attributes = {"units": field.units, "long_name": field.title, "cells": list(grid.shape)}
    return xr.Dataset(
        {f"{field.name}.volume": (dims, corner.astype(np.float32), attributes)},
        coords={component: list(field.labels), "volume": list(parts)},
    )
