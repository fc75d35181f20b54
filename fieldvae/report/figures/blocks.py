"""A field of three dimensions as colored blocks, a corner cut away so that the inside is seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import Normalize, to_rgb
from matplotlib.ticker import MaxNLocator

from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.report.figures.pictures import (
    MISSING,
    NUMBERING,
    capital,
    color_scale,
    first_component,
    gray_cells,
)
from fieldvae.report.style import INK, WIDTH, Plot, new_figure, png, with_units

AZIMUTH, ELEVATION = math.radians(58), math.radians(27)
"""Where the eye is: x runs to the right, y into the picture, z up. Not the isometric view, in
which the corner that is cut away could as well be one that sticks out."""

LIGHT = (0.86, 0.95, 1.0)
"""Brightness of faces that look along x (to the right), against y (to the front) and along z."""

MOST_LINED = 16
"""Most cells along an axis between which lines are drawn."""

MARGIN = 0.07
"""Room on all sides of a picture, a share of its width; the names of the axes stand in it."""


@dataclass(frozen=True)
class Surface:
    """What is seen of a box of cells from the end of x, the start of y and the end of z.

    Places are in cells, y from its end to its start.

    Parameters
    ----------
    faces
        Corners of every face, shape ``(face, 4, xyz)``.
    values
        Value of the cell behind every face, shape ``(face,)``.
    axis
        Axis that every face is normal to, shape ``(face,)``.
    edges
        Lines where the surface bends or ends, shape ``(edge, 2, xyz)``.
    """

    faces: Array
    values: Array
    axis: Array
    edges: Array


def cut_surface(values: Array) -> Surface:
    """Return the surface of a box whose nearest corner, half of every axis, is cut away.

    No face hides another from there, so that they can be drawn in any order.

    Parameters
    ----------
    values
        Shape ``(x, y, z)``; a grid with a single cell along an axis is left whole.
    """
    seen = values[:, ::-1]
    shape = np.array(seen.shape)
    inner = shape - (shape // 2 if shape.min() > 1 else 0)
    faces, found, axes = [], [], []
    for axis in range(3):
        others = [other for other in range(3) if other != axis]
        cells = np.indices(tuple(shape[others])).reshape(2, -1).T
        cut = np.all(cells >= inner[others], axis=1)
        depth = np.where(cut, inner[axis], shape[axis])
        behind = np.insert(cells, axis, depth - 1, axis=1)
        around = np.insert([[0, 0], [1, 0], [1, 1], [0, 1]], axis, 1, axis=1)
        faces.append(behind[:, None] + around)
        found.append(seen[tuple(behind.T)])
        axes.append(np.full(len(cells), axis))
    return Surface(
        np.concatenate(faces), np.concatenate(found), np.concatenate(axes), _edges(shape, inner)
    )


def _edges(shape: Array, inner: Array) -> Array:
    """Lines along every axis, at the outside of the box and around what is cut away."""
    lines = []
    for axis in range(3):
        first, second = (other for other in range(3) if other != axis)
        whole, kept, cut = (0, shape[axis]), (0, inner[axis]), (inner[axis], shape[axis])
        for one, two, ends in (
            (shape[first], 0, whole),
            (0, shape[second], whole),
            (shape[first], shape[second], kept),
            (inner[first], inner[second], cut),
            (inner[first], shape[second], cut),
            (shape[first], inner[second], cut),
        ):
            lines.append(np.insert([[one, two], [one, two]], axis, ends, axis=1))
    return np.array(lines)


def projected(places: Array) -> Array:
    """Project places ``(..., xyz)`` of a surface, in units of length, along parallel rays."""
    a, e = AZIMUTH, ELEVATION
    right = (math.sin(a), -math.cos(a), 0.0)
    up = (-math.sin(e) * math.cos(a), -math.sin(e) * math.sin(a), math.cos(e))
    return np.asarray(places @ np.array([right, up]).T)


def draw_blocks(
    panel: Axes, values: Array, *, spacing: Array, norm: Normalize, colors: Any
) -> None:
    """Draw one field, cells with the proportions of their spacing.

    Parameters
    ----------
    panel
        Where to draw.
    values
        Shape ``(x, y, z)``.
    spacing
        Edges of a cell, any unit, shape ``(xyz,)``.
    norm, colors
        From values to colors.
    """
    surface = cut_surface(values)
    colormap = colormaps[colors].with_extremes(bad=MISSING)
    shades = colormap(norm(np.ma.masked_invalid(surface.values)))
    shades[:, :3] *= np.array(LIGHT)[surface.axis, None]
    lined = max(values.shape) <= MOST_LINED
    cells = PolyCollection(
        list(projected(surface.faces * spacing)),
        facecolors=shades,
        edgecolors=(*to_rgb(INK), 0.4) if lined else "none",
        linewidths=0.4 if lined else 0.0,
        antialiaseds=lined,  # without lines smooth borders would leave gaps
    )
    outline = LineCollection(
        list(projected(surface.edges * spacing)), colors=INK, linewidths=0.9, capstyle="round"
    )
    panel.add_collection(cells)
    panel.add_collection(outline)
    (left, low), (right, high) = (f(_ends(values.shape, spacing), axis=0) for f in (np.min, np.max))
    room = MARGIN * (right - left)
    panel.set(xlim=(left - room, right + room), ylim=(low - room, high + room), aspect="equal")
    panel.set_axis_off()


def _ends(shape: tuple[int, ...], spacing: Array) -> Array:
    """Where the corners of a box are drawn, shape ``(8, 2)``."""
    return projected(np.array(list(product(*[(0, cells) for cells in shape]))) * spacing)


def name_axes(panel: Axes, lengths: Array) -> None:
    """Write which way x, y and z grow, small, along three edges of a box of these lengths."""
    x, y, z = lengths
    for name, start, end in (
        ("x", [0, y, 0], [x, y, 0]),
        ("y", [x, y, 0], [x, 0, 0]),
        ("z", [0, y, 0], [0, y, z]),
    ):
        first, last = projected(np.array([start, end], dtype=float))
        along = (last - first) / np.hypot(*(last - first))
        outward = np.array([along[1], -along[0]]) * (-1 if name == "z" else 1)
        place = (first + last) / 2 + 0.55 * MARGIN * np.ptp(panel.get_xlim()) * outward
        panel.text(
            place[0],
            place[1],
            f"{name} \N{RIGHTWARDS ARROW}",
            rotation=math.degrees(math.atan2(along[1], along[0])),
            ha="center",
            va="center",
            fontsize=7.5,
            color="#5F6368",
            in_layout=False,
        )


def block_views(field: FieldSpec, details: xr.Dataset) -> Plot | None:
    """Draw one component of the sample of median score; ``None`` where the grid has no depth."""
    name = f"{field.name}.volume"
    if name not in details:
        return None
    volume = details[name].isel({f"{field.name}_component": 0})
    values = np.asarray(volume.transpose("volume", ...).values)
    norm, colors = color_scale(values)
    heads = [str(label) for label in volume["volume"].values]
    spacing = np.array(details.attrs["spacing"])
    width, height = np.ptp(_ends(values.shape[1:], spacing), axis=0)
    tall = (height / width + 2 * MARGIN) / (1 + 2 * MARGIN)
    figure = new_figure(0.85 + WIDTH / len(heads) * min(tall, 2.2), pads=(0.01, 0.02))
    panels = figure.subplots(1, len(heads), squeeze=False)[0]
    for panel, head, each in zip(panels, heads, values, strict=True):
        draw_blocks(panel, each, spacing=spacing, norm=norm, colors=colors)
        panel.set_title(head, fontsize=8, fontweight="bold" if head == "truth" else "normal", pad=0)
    name_axes(panels[0], spacing * values.shape[1:])
    figure.colorbar(
        ScalarMappable(norm, colors),
        ax=list(panels),
        label=with_units(first_component(field), field.units),
        ticks=MaxNLocator(6),
        orientation="horizontal",
        aspect=40,
        shrink=0.75,
        pad=0.02,
    )
    return Plot(
        f"blocks-{field.name}",
        f"{capital(field.title)}: the grid in three dimensions",
        _caption(field, details, volume),
        png(figure),
    )


def _caption(field: FieldSpec, details: xr.Dataset, volume: xr.DataArray) -> str:
    sample = int(details["shown"].values[details.sizes["shown"] // 2])
    shown = [volume.sizes[f"volume_{axis}"] for axis in "xyz"]
    whole = [int(cells) for cells in volume.attrs["cells"]]
    part = ""
    if shown != whole:
        part = (
            f" Of the grid's {' x '.join(map(str, whole))} cells, {' x '.join(map(str, shown))} "
            "at the corner nearest to the eye are shown."
        )
    return (
        f"{capital(first_component(field))} of sample {sample}, the one of median energy score. Of "
        "the blocks nearest to the eye, half along each axis are taken away, so that the inside is "
        "seen; faces that look up have the colors of the scale, those to the front and to the "
        f"right are a little darker.{part} Mean: over the whole ensemble. {NUMBERING} Good: the "
        "truth looks like one more realization, inside as outside; the mean is smoother and paler "
        f"than any of them.{gray_cells(volume.values)}"
    )
