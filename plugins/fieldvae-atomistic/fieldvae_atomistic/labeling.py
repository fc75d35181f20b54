"""Fields and coordinates of a sample, labeled alike by every importer and simulator."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldvae import VOIGT

Labeled = tuple[tuple[str, ...], NDArray[np.float32], dict[str, str]]
"""Dims, values and attributes, as :class:`xarray.Dataset` takes them."""

FIELDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "concentration": (
        "element",
        {"units": "1", "long_name": "concentration", "tensor_kind": "set"},
    ),
    "warren_cowley": (
        "pair",
        {
            "units": "1",
            "long_name": "Warren-Cowley parameter of the first shell",
            "tensor_kind": "set",
        },
    ),
    "residual_stress": (
        "voigt",
        {
            "units": "GPa",
            "long_name": "residual stress, tension positive",
            "tensor_kind": "symmetric",
        },
    ),
    "eigenstrain": (
        "voigt",
        {"units": "1", "long_name": "eigenstrain", "tensor_kind": "symmetric"},
    ),
}
"""Component dim and attributes of every field."""


def labeled(name: str, values: NDArray[Any], leading: Sequence[str] = ()) -> Labeled:
    """Return a field with its dims and attributes, in single precision.

    Parameters
    ----------
    name
        One of :data:`FIELDS`.
    values
        Shape ``(*leading, component, x, y, z)``; ``(*leading, x, y, z)`` for a scalar eigenstrain.
    leading
        Dims before the component's.
    """
    component, attributes = FIELDS[name]
    dims = (*leading, component, "x", "y", "z")
    if values.ndim == len(dims) - 1:
        dims, attributes = (*leading, "x", "y", "z"), {**attributes, "tensor_kind": "scalar"}
    return dims, values.astype(np.float32, copy=False), dict(attributes)


def component_labels(elements: Sequence[str]) -> dict[str, list[str]]:
    """Return the labels of every component dim: pairs are center-neighbor."""
    return {
        "element": list(elements),
        "pair": [f"{center}-{neighbor}" for center in elements for neighbor in elements],
        "voigt": list(VOIGT),
    }


def cell_coordinates(index: int, *, seed: int, temperature: float) -> dict[str, Any]:
    """Return what tells a simulator's cell from others: temperature, seed and number."""
    return {
        "temperature": (
            (),
            np.float32(temperature),
            {"units": "K", "long_name": "annealing temperature; missing: random"},
        ),
        "seed": ((), np.int32(seed), {"long_name": "seed of the source"}),
        "cell": ((), np.int32(index), {"long_name": "number of the cell in its source"}),
    }


def annealing_temperature(
    index: int, *, random_fraction: float, temperatures: Sequence[float]
) -> float:
    """Return the annealing temperature of a cell, K; NaN for a random one.

    Random cells are spread evenly among the others, whose temperatures take turns: the first
    ``n`` cells are the same whatever the number of samples.

    Examples
    --------
    >>> [annealing_temperature(i, random_fraction=0.5, temperatures=(600, 900)) for i in range(4)]
    [600, nan, 900, nan]
    """
    share = Fraction(random_fraction).limit_denominator(10_000)
    before = math.floor(index * share)
    if math.floor((index + 1) * share) > before:
        return math.nan
    return temperatures[(index - before) % len(temperatures)]
