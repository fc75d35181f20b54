"""Points in many dimensions on a map of two, and the clusters that they form there."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fieldvae.evaluation.scores import Array

NEIGHBORS = 10
"""Neighbors that distances are measured along. With scikit-learn's 5 the map of points without any
structure has holes that pass for gaps between clusters."""

MOST_CLUSTERS = 10
"""Numbers of clusters that are tried: 2 to this one."""

LEAST_SHARE = 0.05
"""Share of the points that a cluster holds at least; fewer are stragglers. Two at least."""

SILHOUETTE = 0.5
"""Least mean silhouette of clusters. Below it a structure is weak and could be artificial (Kaufman
& Rousseeuw 1990, Finding Groups in Data, doi:10.1002/9780470316801, ch. 2)."""

REFERENCES = 19
"""Clouds of each kind whose silhouette must be exceeded: to be the best of 20 has a chance of
5 %."""

REFERENCE_POINTS = 500
"""Points of such a cloud, at most; the silhouette hardly depends on their number."""

SAME = 1e-6
"""Two points nearer than this share of the largest distance are one."""


@dataclass(frozen=True)
class Embedding:
    """A map and its clusters.

    Parameters
    ----------
    positions
        Shape ``(point, 2)``; in the unit of the distances.
    clusters
        Number of every point's cluster, from 0, the largest first; ``(point,)``.
    silhouette
        Mean silhouette of the best clustering, whether it is believed or not; NaN where none was
        tried.
    pieces
        Pieces that the graph of neighbors falls into; more than one are joined by the shortest
        links.
    """

    positions: Array
    clusters: np.ndarray
    silhouette: float
    pieces: int


def least_points() -> int:
    """Return the number of points that a map needs."""
    return NEIGHBORS + 1


def embed(distances: Array, *, seed: int = 0) -> Embedding | None:
    """Map points by Isomap, so that distances along the points' own manifold are kept.

    Isomap (Tenenbaum, de Silva & Langford 2000, doi:10.1126/science.290.5500.2319) joins each
    point to its :data:`NEIGHBORS` nearest, measures distances along these links, and keeps them as
    well as two dimensions can. Axes have no meaning of their own.

    Parameters
    ----------
    distances
        Between all points, symmetric, shape ``(point, point)``.
    seed
        Fixes where the search for clusters starts.

    Returns
    -------
    Embedding | None
        ``None`` where fewer than :func:`least_points` differ.
    """
    if not distances.size:
        return None
    near = distances <= SAME * max(float(distances.max()), np.finfo(float).tiny)
    first, back = np.unique(near.argmax(axis=1), return_inverse=True)
    if len(first) < least_points():
        return None
    some = distances[np.ix_(first, first)]
    positions, pieces = _isomap(some)
    clusters, silhouette = find_clusters(positions, seed=seed)
    order = np.argsort(-np.bincount(clusters[back]), kind="stable")
    return Embedding(positions[back], np.argsort(order)[clusters][back], silhouette, pieces)


def _isomap(distances: Array) -> tuple[Array, int]:
    from scipy.sparse import SparseEfficiencyWarning
    from scipy.sparse.csgraph import connected_components
    from sklearn.manifold import Isomap
    from sklearn.neighbors import kneighbors_graph

    links = kneighbors_graph(distances, NEIGHBORS, metric="precomputed", include_self=False)
    pieces = int(connected_components(links, directed=False, return_labels=False))
    isomap = Isomap(
        n_neighbors=NEIGHBORS, n_components=2, metric="precomputed", eigen_solver="dense"
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The number of connected components")
        warnings.filterwarnings("ignore", category=SparseEfficiencyWarning)
        return np.asarray(isomap.fit_transform(distances), dtype=float), pieces


def find_clusters(positions: Array, *, seed: int = 0) -> tuple[np.ndarray, float]:
    """Divide points into as many clusters as the silhouette finds, or one where it finds none.

    k-means for every number of clusters; of those whose clusters all hold :data:`LEAST_SHARE`
    of the points, the one with the largest mean silhouette (Rousseeuw 1987,
    doi:10.1016/0377-0427(87)90125-7) is believed if that is at least :data:`SILHOUETTE` and
    above that of all :func:`clouds_like` them, treated alike: k-means divides any cloud, a long
    one and one with a dense middle rather well.

    Parameters
    ----------
    positions
        Shape ``(point, dimension)``; no two the same.
    seed
        Fixes starts and clouds.

    Returns
    -------
    tuple[np.ndarray, float]
        Numbers of clusters, ``(point,)``, and the largest mean silhouette.
    """
    none = np.zeros(len(positions), dtype=int)
    clusters, silhouette = _best_division(positions, seed)
    if not silhouette >= SILHOUETTE:
        return none, silhouette
    generator = np.random.default_rng(seed)
    for cloud in clouds_like(positions, generator):
        if _best_division(cloud, seed)[1] >= silhouette:
            return none, silhouette
    return clusters, silhouette


def clouds_like(positions: Array, generator: np.random.Generator) -> Iterator[Array]:
    """Draw clouds of the extent of some points, without clusters.

    :data:`REFERENCES` are uniform in the points' box along their principal axes, as for the gap
    statistic (Tibshirani, Walther & Hastie 2001, doi:10.1111/1467-9868.00293). As many have the
    points' own distances from their middle, in standard deviations along these axes, each in a
    random direction.

    Parameters
    ----------
    positions
        Shape ``(point, dimension)``.
    generator
        The only source of chance.
    """
    centered = positions - positions.mean(axis=0)
    along = centered @ np.linalg.svd(centered, full_matrices=False)[2].T
    size = (min(len(positions), REFERENCE_POINTS), along.shape[1])
    spread = along.std(axis=0)
    distance = np.linalg.norm(along / np.where(spread > 0, spread, 1), axis=1)
    for _ in range(REFERENCES):
        yield generator.uniform(along.min(axis=0), along.max(axis=0), size)
        direction = generator.standard_normal(size)
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        far = generator.choice(distance, size[0], replace=False)
        yield spread * direction * far[:, None]


def _best_division(positions: Array, seed: int) -> tuple[np.ndarray, float]:
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    best, largest = np.zeros(len(positions), dtype=int), np.nan
    for number in range(2, min(MOST_CLUSTERS, len(positions) - 1) + 1):
        found = KMeans(number, n_init=10, random_state=seed).fit_predict(positions)
        if np.bincount(found).min() < max(2, LEAST_SHARE * len(positions)):
            continue
        silhouette = float(silhouette_score(positions, found))
        if not silhouette <= largest:
            best, largest = found.astype(int), silhouette
    return best, largest
