r"""Balance of forces of stresses and compatibility of strains, beside the data's own.

Averages of a stress over blocks do not obey the discrete equations, nor does an eigenstrain: what
tells is the residual of realizations over that of the truth. One is right; above it realizations
break the balance that the data keep, below it they are smoother or more orderly than the data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
import xarray as xr

from fieldvae import mechanics
from fieldvae.errors import GridError, OptionError
from fieldvae.evaluation.measures import sample_blocks
from fieldvae.evaluation.metrics import Resampling, plain
from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid

Law: TypeAlias = Callable[[torch.Tensor, FieldSpec, Grid], mechanics.Residual]

LAWS: Mapping[mechanics.Kind, tuple[str, Law]] = {
    "stress": ("equilibrium", mechanics.equilibrium),
    "strain": ("compatibility", mechanics.compatibility),
}
"""Name and residual of the law that a tensor of a kind is held against."""

EXACT = 1e-4
"""A truth whose imbalance is below this obeys its law but for rounding: nothing to compare with."""


def mechanics_metrics(
    fields: Sequence[FieldSpec],
    truth: xr.Dataset,
    predictions: Mapping[str, xr.Dataset],
    *,
    grid: Grid,
    resampling: Resampling,
) -> dict[str, dict[str, dict[str, Any]]]:
    r"""Measure the residuals of every model's realizations.

    .. math:: \rho = \sqrt{\frac{\langle R^2(x) \rangle}{\langle R^2(y) \rangle}}, \qquad
              \beta = \sqrt{\frac{\langle R^2 \rangle}{\langle G^2 \rangle}}

    with :math:`R` and :math:`G` of :mod:`fieldvae.mechanics.residual`, means over samples and
    realizations.

    Parameters
    ----------
    fields
        The outputs; symmetric tensors in units of stress and of strain are measured.
    truth
        Physical values, dims ``(sample, component, x, y, z)``.
    predictions
        By model, dims ``(sample, realization, component, x, y, z)``.
    grid
        Their grid.
    resampling
        For the intervals.

    Returns
    -------
    dict
        By model and field ``equilibrium_residual`` (``compatibility_residual``), which is
        :math:`\rho`, with its interval, ``equilibrium_imbalance``, which is :math:`\beta`, and
        ``equilibrium_imbalance_data``, the truth's. Empty where no field is such a tensor, its
        derivative does not exist on the grid, or values of the truth are missing.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for field in fields:
        kind = mechanics.kind_of(field)
        if kind is None or bool(truth[field.name].isnull().any()):
            continue
        law, residual = LAWS[kind]
        for name, ensemble in predictions.items():
            try:
                means = [
                    (*_means(residual, y, field, grid), *_means(residual, x, field, grid))
                    for y, x in sample_blocks(field, truth, ensemble, grid)
                ]
            except (GridError, OptionError):
                break
            parts = [np.concatenate(part) for part in zip(*means, strict=True)]
            found.setdefault(name, {})[field.name] = _scores(law, parts, resampling)
    return found


def _means(residual: Law, values: Array, field: FieldSpec, grid: Grid) -> tuple[Array, Array]:
    """Squares of residual and terms, shape ``(sample,)``, means over realizations."""
    five = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float64))
    measured = residual(five, field, grid)
    square, terms = (
        part.numpy().reshape(len(values), -1).mean(axis=1)
        for part in (measured.square, measured.terms)
    )
    return square, terms


def _scores(law: str, parts: Sequence[Array], resampling: Resampling) -> dict[str, Any]:
    data, data_terms, ours, our_terms = parts
    own = float(_root_ratio(data.mean(), data_terms.mean()))
    exact = not own > EXACT
    return {
        f"{law}_residual": None if exact else plain(_root_ratio(ours.mean(), data.mean())),
        f"{law}_residual_interval": [None, None]
        if exact
        else resampling.interval(_root_ratio, ours, data),
        f"{law}_imbalance": plain(_root_ratio(ours.mean(), our_terms.mean())),
        f"{law}_imbalance_data": plain(own),
    }


def _root_ratio(numerator: Array, denominator: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt(numerator / denominator))
