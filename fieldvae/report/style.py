"""How the report looks: colors, sizes, names; and a figure as PNG.

Colors are of the palette of M. Okabe and K. Ito (2008), told apart by color-blind readers too.
"""

from __future__ import annotations

import base64
import io
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from fieldvae.field import FieldSpec

WIDTH = 7.2
"""Width of a figure in inches; at this size its text matches the page's."""

RESOLUTION = 200
"""Dots per inch."""

BLUE, ORANGE, GREEN, RED, GRAY, INK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#8A8F98",
    "#22262B",
)

SHADE = "#D9DDE2"
"""Filled areas of real data, opaque so that grid lines do not shine through."""

COLORS = {
    "truth": INK,
    "model": BLUE,
    "linear_gaussian": ORANGE,
    "climatology": GRAY,
    "deterministic": GREEN,
}

MARKERS = {"model": "o", "linear_gaussian": "s", "climatology": "D", "deterministic": "^"}

NAMES = {
    "truth": "truth",
    "model": "model",
    "linear_gaussian": "linear-Gaussian",
    "climatology": "climatology",
    "deterministic": "deterministic",
}

_SETTINGS: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans"],
    "mathtext.fontset": "dejavusans",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#9AA0A6",
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.color": "#4A4F55",
    "ytick.color": "#4A4F55",
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@dataclass(frozen=True)
class Plot:
    """A figure with the words that go with it.

    Parameters
    ----------
    name
        Name of its file, without ending.
    title
        What it shows.
    caption
        How to read it, and what good looks like.
    png
        The picture.
    """

    name: str
    title: str
    caption: str
    png: bytes

    @property
    def inline(self) -> str:
        """The picture as a data URI."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")

    @property
    def share(self) -> float:
        """Percent of the page's width that shows its text at the size of other figures'."""
        width, *_ = struct.unpack(">I", self.png[16:20])  # of the IHDR chunk, in pixels
        return float(min(100.0, round(100 * width / (WIDTH * RESOLUTION), 1)))


@contextmanager
def house_style() -> Iterator[None]:
    """Set fonts, sizes and colors of all figures made inside."""
    with matplotlib.rc_context(_SETTINGS):
        yield


def new_figure(
    height: float, width: float = WIDTH, pads: tuple[float, float] = (0.04, 0.04)
) -> Figure:
    """Return an empty figure of a size in inches, laid out without overlaps.

    Parameters
    ----------
    height, width
        In inches.
    pads
        Room between panels across and down, in inches.
    """
    layout = ConstrainedLayoutEngine(w_pad=pads[0], h_pad=pads[1])
    return Figure(figsize=(width, height), layout=layout)


def png(figure: Figure) -> bytes:
    """Draw a figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=RESOLUTION, metadata={"Software": None})
    return buffer.getvalue()


def color(model: str) -> str:
    """Color of a model; red for one that has none of its own."""
    return COLORS.get(model, RED)


def model_name(model: str) -> str:
    """Name of a model in a legend."""
    return NAMES.get(model, model.replace("_", " "))


def component_title(field: FieldSpec, label: str) -> str:
    r"""Name of one component in matplotlib's mathtext.

    Examples
    --------
    >>> stress = FieldSpec(name="stress", units="GPa", symbol=r"\sigma", tensor_kind="symmetric")
    >>> component_title(stress, "xy")
    '$\\sigma_{xy}$'
    >>> component_title(FieldSpec(name="heat", units="K"), "value")
    'heat'
    """
    alone = field.tensor_kind == "scalar"
    if not field.symbol:
        return field.title if alone else f"{field.title} {label}"
    if alone:
        return f"${field.symbol}$"
    index = label if field.tensor_kind != "set" else rf"\mathrm{{{label}}}".replace("-", r"\!-\!")
    return f"${field.symbol}_{{{index}}}$"


def with_units(words: str, units: str) -> str:
    """Append units in parentheses, none for a number.

    Examples
    --------
    >>> with_units("stress", "GPa"), with_units("share", "1")
    ('stress (GPa)', 'share')
    """
    return words if units in ("1", "", "dimensionless") else f"{words} ({pretty_units(units)})"


def pretty_units(units: str) -> str:
    """Return units as one prints them.

    Examples
    --------
    >>> pretty_units("rad/angstrom"), pretty_units("(GPa)^2")
    ('rad/Å', 'GPa²')
    """
    printed = units.replace("**", "^").replace("/1", " per cell").replace("angstrom", "Å")
    printed = re.sub(r"\((\w+)\)\^", r"\1^", printed)
    return printed.replace("^2", "²").replace("^3", "³")


def light_grid(axes: Axes, axis: str = "both") -> None:
    """Draw a faint grid behind the data."""
    axes.grid(visible=True, axis=axis, color="#E8EAED", linewidth=0.6)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
