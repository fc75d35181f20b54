"""What all figures of slices share: colors, frames, axes, and words for where the slice lies."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import Locator, LogLocator, MaxNLocator

from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.report.style import INK

FRAME = "#C8CCD1"

MISSING = "#8C8F94"
"""Color of cells whose value is missing; on no scale of a field."""

APART = 3.0
"""Components that together span so many times the widest of them have scales of their own."""

LABEL = 15
"""Characters in a line before a row."""

NUMBERING = "Samples are numbered by their position in the test part, counted from 0."

QUARTILES = (
    "test samples at the lower quartile, the median and the upper quartile of the model's energy "
    "score"
)


def color_scale(values: Array, *, logarithmic: bool = False) -> tuple[Normalize, str]:
    """Colors of a field: about zero where it has both signs, from dark to light where not."""
    if np.isnan(values).all():
        return Normalize(0, 1), "viridis"
    low, high = np.nanquantile(values, [0.005, 0.995])
    if logarithmic and np.nanmin(values) > 0 and low < high:
        return LogNorm(float(low), float(high)), "viridis"
    if low < 0 < high and min(-low, high) > 0.2 * max(-low, high):
        bound = float(max(-low, high))
        return Normalize(-bound, bound), "RdBu_r"
    return Normalize(float(low), float(high) if high > low else float(low) + 1), "viridis"


def far_apart(components: Sequence[Array]) -> bool:
    """Whether components lie so far apart that on one scale each would have one color."""
    if len(components) < 2:
        return False
    ends = np.array([np.nanquantile(each, [0.005, 0.995]) for each in components])
    widths, together = ends[:, 1] - ends[:, 0], ends[:, 1].max() - ends[:, 0].min()
    return bool(together > APART * widths.max() > 0)


def draw_slice(
    panel: Axes, picture: Array, norm: Normalize, colors: Any, *, strong: bool = False
) -> AxesImage:
    """Draw ``(x, y)``, x to the right, in a thin frame, or a strong one for what is given."""
    image = panel.imshow(picture.T, origin="lower", norm=norm, cmap=colors)
    panel.set_facecolor(MISSING)
    panel.set_xticks([])
    panel.set_yticks([])
    for spine in panel.spines.values():
        spine.set_visible(True)
        spine.set_color(INK if strong else FRAME)
        spine.set_linewidth(1.4 if strong else 0.7)
    return image


def name_row(panel: Axes, title: str, *, size: float = 9) -> None:
    """Write what a row of pictures shows before its first panel."""
    panel.set_ylabel(title, rotation=0, ha="right", va="center", labelpad=13, fontsize=size)


def wrapped(title: str) -> str:
    """Break a field's title into lines that fit before a row."""
    return textwrap.fill(title, LABEL, break_long_words=False)


def name_axes(panel: Axes) -> None:
    """Write which way x and y grow, small, at the corner of one picture."""
    look: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
    look |= {"fontsize": 7.5, "color": "#5F6368"}
    panel.annotate("x \N{RIGHTWARDS ARROW}", (0, 0), (0, -3), ha="left", va="top", **look)
    panel.annotate(
        "y \N{RIGHTWARDS ARROW}", (0, 0), (-3, 0), ha="right", va="bottom", rotation=90, **look
    )


def round_ticks(most: int, norm: object = None) -> MaxNLocator | LogLocator:
    """Round numbers for a color bar; powers of ten on a logarithmic one."""
    if isinstance(norm, LogNorm):
        return LogLocator(numticks=most)
    return MaxNLocator(most, steps=[1, 2, 5, 10])


def bar_below(
    figure: Figure,
    image: AxesImage,
    panels: Iterable[Axes],
    words: str,
    *,
    aspect: float,
    shrink: float = 1.0,
    ticks: Locator | None = None,
) -> None:
    """Explain the colors of pictures by one bar below them, clear of the names of the axes."""
    figure.colorbar(
        image,
        ax=list(panels),
        label=words,
        ticks=ticks or round_ticks(6),
        orientation="horizontal",
        aspect=aspect,
        shrink=shrink,
        pad=0.02 + 0.09 / figure.get_figheight(),
    )


def height_of(picture: Array) -> float:
    """Height of a picture over its width, within what a figure has room for."""
    nx, ny = picture.shape[-2:]
    return float(min(max(ny / nx, 0.4), 1.6))


def place(details: xr.Dataset) -> str:
    """Words for the layer that slices of a grid of three dimensions lie in."""
    index = details.attrs.get("z_slice")
    return "" if index is None else f", in the layer z = {index} (counted from 0) of the grid"


def gray_cells(*values: Array) -> str:
    """Words for cells drawn gray, where there are any."""
    missing = any(np.isnan(each).any() for each in values)
    return " Gray cells are missing values." if missing else ""


def first_component(field: FieldSpec) -> str:
    """Words for the component that is shown of several samples."""
    return field.title if field.tensor_kind == "scalar" else f"{field.title} {field.labels[0]}"


def capital(words: str) -> str:
    """The same words at the start of a sentence."""
    return words[:1].upper() + words[1:]
