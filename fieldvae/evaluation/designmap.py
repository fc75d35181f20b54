"""Optimized inputs on a map, the clusters that they form there, and what clusters are like.

=============================  ==============================  ====================================
variable                       dims                            content
=============================  ==============================  ====================================
``map_position``               (map, sample, map_axis)         Isomap; NaN where not mapped
``map_cluster``                (map, sample)                   number of the cluster; -1
``map_silhouette``             (map)                           of the best division into clusters
``map_pieces``                 (map)                           of the graph of neighbors
``map_designs``                (map)                           how many designs are mapped
``map_difference``             (map)                           root mean square difference of two
                                                               designs, median, in training
                                                               standard deviations
``cluster_size``               (map, cluster)                  designs
``cluster_statistic``          (map, cluster)                  mean of the statistic by fresh
                                                               realizations
``<input>.cluster_mean``       (map, cluster, component)       mean over designs and cells
``<input>.cluster_deviation``  (map, cluster, component)       standard deviation over the grid
``<input>.cluster_correlation``(map, cluster, component, with) of components from cell to cell
``<input>.group_*``,           (group, ...)                    the same of all training samples,
``group_statistic``                                            starts and designs
=============================  ==============================  ====================================

The map ``plain`` takes designs as they are; ``symmetric`` takes distances to the nearest of all
copies that are as good (:mod:`fieldvae.evaluation.equivalence`). Distances are Euclidean, in
training standard deviations: of every component of scalars and sets; of all components together
where they belong together, as those of a tensor or a simplex do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr

from fieldvae.data.symmetry import SymmetryGroup
from fieldvae.evaluation.embedding import Embedding, embed, least_points
from fieldvae.evaluation.equivalence import (
    distances_over_copies,
    fitting_designs,
    plain_distances,
)
from fieldvae.evaluation.labeled import field_array
from fieldvae.evaluation.scale import component_scales
from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid

MOST_DESIGNS = 2000
"""Designs on the plain map, the first ones; as many as the paper has."""

CELLS = (-3, -2, -1)


@dataclass(frozen=True)
class DesignFields:
    """One input that varies, in physical units, each array ``(sample, component, x, y, z)``.

    Parameters
    ----------
    field
        What it is.
    training, start, optimized
        Its values.
    scale
        Training standard deviation by component, one number where components belong together.
    """

    field: FieldSpec
    training: Array
    start: Array
    optimized: Array
    scale: Array

    @classmethod
    def of(
        cls,
        field: FieldSpec,
        designs: xr.Dataset,
        training: xr.Dataset,
        grid: Grid,
        usable: np.ndarray,
    ) -> DesignFields:
        """Read an input off designs and training samples; NaN where a start failed."""
        name = field.name

        def values(dataset: xr.Dataset) -> Array:
            return field_array(field, dataset, grid).astype(float)

        optimized = values(designs[[name]])
        optimized[~usable] = np.nan
        spread = component_scales(training[[name]], [field], grid)[name].spread
        if field.tensor_kind not in ("scalar", "set") or field.closure == "simplex":
            spread = np.full_like(spread, np.sqrt(np.mean(spread**2)))
        return cls(
            field,
            values(training[[name]]),
            values(xr.Dataset({name: designs[f"{name}_start"]})),
            optimized,
            spread,
        )

    def scaled(self, rows: np.ndarray) -> torch.Tensor:
        """Optimized values of some designs as distances are taken of them."""
        return torch.from_numpy(self.optimized[rows] / self.scale.reshape(-1, 1, 1, 1))


def mapped(
    varied: Sequence[DesignFields],
    statistic: xr.DataArray,
    usable: np.ndarray,
    group: SymmetryGroup | None,
) -> xr.Dataset:
    """Map designs, divide them into clusters and describe these.

    Parameters
    ----------
    varied
        Inputs that vary.
    statistic
        By fresh realizations, ``(sample, stage)``, stages as in designs.
    usable
        Starts that did not fail, ``(sample,)``.
    group
        Copies under it are as good; ``None`` for no symmetric map.
    """
    rows = np.flatnonzero(usable)
    plain = rows[:MOST_DESIGNS]
    found: dict[str, tuple[np.ndarray, Array, Embedding]] = {}
    attributes: dict[str, Any] = {}
    distances = plain_distances({v.field.name: v.scaled(plain) for v in varied})
    embedding = embed(distances)
    if embedding is None:
        attributes["map_note"] = (
            f"{len(plain)} designs, or fewer that differ: a map needs {least_points()}"
        )
    else:
        found["plain"] = plain, distances, embedding
        if group is not None:
            some = rows[: min(MOST_DESIGNS, fitting_designs(group))]
            scaled = {v.field.name: v.scaled(some) for v in varied}
            distances = distances_over_copies(scaled, group)
            embedding = embed(distances)
            attributes |= {"operations": group.order, "shifts": group.shifts}
            if embedding is None:
                attributes["symmetric_note"] = (
                    f"{len(some)} designs that can be compared, or fewer that differ but for "
                    f"shifts and turns: a map needs {least_points()}"
                )
            else:
                found["symmetric"] = some, distances, embedding
    both = statistic.transpose("sample", "stage").to_numpy()
    known = xr.Dataset(_groups(varied, both, usable), attrs=attributes)
    if not found:
        return known
    return known.assign(_clusters(varied, both[:, 1], found)).assign_coords(
        map=np.array(list(found), object)
    )


def moments(values: Array, *, within: bool) -> tuple[Array, Array, Array]:
    """Mean, standard deviation and correlation of components.

    Parameters
    ----------
    values
        Shape ``(sample, component, x, y, z)``.
    within
        Whether deviations are from each sample's own mean over the grid; else from the mean of
        all.

    Returns
    -------
    tuple[Array, Array, Array]
        Shapes ``(component,)`` twice and ``(component, component)``; a correlation with what never
        changes is NaN.
    """
    flat = values.reshape(*values.shape[:2], -1)
    mean = flat.mean(axis=(0, 2))
    away = flat - (flat.mean(axis=2, keepdims=True) if within else mean[:, None])
    covariance = np.einsum("sic,sjc->ij", away, away) / (flat.shape[0] * flat.shape[2])
    deviation = np.sqrt(np.diag(covariance))
    product = np.outer(deviation, deviation)
    correlation = np.divide(
        covariance, product, out=np.full_like(covariance, np.nan), where=product > 0
    )
    return mean, deviation, correlation


def _described(each: DesignFields, parts: Sequence[Array], kind: str) -> dict[str, Any]:
    """Moments of parts of the designs, one row a part; ``kind`` is ``group`` or ``cluster``."""
    name, units = each.field.name, {"units": each.field.units}
    rows = [moments(part, within=each.field.on == "grid") for part in parts]
    component, other = f"{name}_component", f"{name}_with"
    mean, deviation, correlation = (np.stack(values) for values in zip(*rows, strict=True))
    return {
        f"{name}.{kind}_mean": ((kind, component), mean, units),
        f"{name}.{kind}_deviation": ((kind, component), deviation, units),
        f"{name}.{kind}_correlation": ((kind, component, other), correlation, {"units": "1"}),
    }


def _groups(varied: Sequence[DesignFields], statistic: Array, usable: np.ndarray) -> dict[str, Any]:
    if not usable.any():
        return {}
    means = np.array([np.nan, *statistic[usable].mean(axis=0)])
    found: dict[str, Any] = {"group_statistic": ("group", means)}
    for each in varied:
        parts = (each.training, each.start[usable], each.optimized[usable])
        labels = np.array(each.field.labels, object)
        found |= _described(each, parts, "group")
        found |= {f"{each.field.name}_component": labels, f"{each.field.name}_with": labels}
    return {**found, "group": np.array(["training", "starts", "designs"], object)}


def _clusters(
    varied: Sequence[DesignFields],
    statistic: Array,
    found: dict[str, tuple[np.ndarray, Array, Embedding]],
) -> xr.Dataset:
    """Positions, clusters and their moments, by map."""
    most = max(int(each.clusters.max()) for _, _, each in found.values()) + 1
    values = sum(each.optimized[0].size for each in varied)
    maps = []
    for rows, distances, embedding in found.values():
        position = np.full((len(statistic), 2), np.nan)
        cluster = np.full(len(statistic), -1)
        position[rows], cluster[rows] = embedding.positions, embedding.clusters
        members = [np.flatnonzero(cluster == n) for n in range(embedding.clusters.max() + 1)]
        one = xr.Dataset(
            {
                "cluster_size": ("cluster", [float(len(m)) for m in members]),
                "cluster_statistic": ("cluster", [statistic[m].mean() for m in members]),
            }
        )
        for each in varied:
            parts = [each.optimized[m] for m in members]
            one = one.assign(_described(each, parts, "cluster"))
        one = one.pad(cluster=(0, most - len(members)), constant_values=np.nan)
        maps.append(
            one.assign(
                map_position=(("sample", "map_axis"), position),
                map_cluster=("sample", cluster),
                map_silhouette=embedding.silhouette,
                map_pieces=embedding.pieces,
                map_designs=len(rows),
                map_difference=np.median(distances[np.triu_indices(len(rows), 1)]) / values**0.5,
            )
        )
    return xr.concat(maps, dim="map")
