"""Colors of points by a coordinate of their samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from fieldvae.evaluation.projections import MOST_GROUPS
from fieldvae.report.style import BLUE, with_units

COLORMAP = "viridis"

LIGHTEST = 0.93
"""Share of the colormap that is used; its end is too light for small points."""

MISSING = "#B9BEC5"


@dataclass(frozen=True)
class PointColors:
    """Colors of points, and what explains them.

    Parameters
    ----------
    points
        Red, green, blue, opacity, shape ``(point, 4)``.
    entries
        Words and color of every group, for a legend; none for a scale or a single color.
    title
        Name of the coordinate, with units.
    scale
        For a color bar, where the coordinate has many values.
    """

    points: NDArray[np.float64]
    entries: tuple[tuple[str, Any], ...] = ()
    title: str = ""
    scale: ScalarMappable | None = None

    def handles(self) -> list[Line2D]:
        """One dot an entry, for a legend."""
        return [
            Line2D([], [], marker="o", linestyle="", markersize=4, color=shade, label=words)
            for words, shade in self.entries
        ]

    def explain(self, figure: Figure, panels: list[Any]) -> None:
        """Draw a color bar beside the panels, where the coordinate has many values."""
        if self.scale is not None:
            figure.colorbar(self.scale, ax=panels, label=self.title, aspect=40, pad=0.01)


def point_colors(coordinate: xr.DataArray | None, count: int) -> PointColors:
    """Color points: groups of equal value apart, many numbers by a scale, missing ones gray.

    Parameters
    ----------
    coordinate
        Numbers or text, shape ``(point,)``; ``None`` for one color.
    count
        Number of points.
    """
    plain = PointColors(np.tile(to_rgba(BLUE), (count, 1)))
    if coordinate is None:
        return plain
    values = coordinate.values
    numbers = values.dtype.kind == "f"
    if not numbers:
        values = np.array([str(value) for value in values])
    missing = np.isnan(values) if numbers else values == ""
    known = np.unique(values[~missing])
    if not len(known) or (len(known) > MOST_GROUPS and not numbers):
        return plain
    name = str(coordinate.attrs.get("long_name", "")).replace("_", " ")
    title = with_units(name, str(coordinate.attrs.get("units", "")))
    if len(known) > MOST_GROUPS:
        scale = ScalarMappable(Normalize(float(known[0]), float(known[-1])), COLORMAP)
        points = np.array(scale.to_rgba(np.where(missing, known[0], values)))
        points[missing] = to_rgba(MISSING)
        return PointColors(points, (), title, scale)
    shades = colormaps[COLORMAP](np.linspace(0, LIGHTEST, len(known)))
    points = shades[np.searchsorted(known, np.where(missing, known[0], values))]
    points[missing] = to_rgba(MISSING)
    words = [f"{value:g}" if numbers else str(value) for value in known]
    entries = list(zip(words, map(tuple, shades), strict=True))
    if missing.any():
        entries.append(("none given", to_rgba(MISSING)))
    return PointColors(points, tuple(entries), title)
