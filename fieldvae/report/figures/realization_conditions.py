"""Realizations of one sample, with the conditions that the encoder recovers from each."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.report.figures.conditions import (
    READINGS,
    UNITS,
    channel_titles,
    condition_scale,
    draw_profile,
    measure_of,
    recovered_inputs,
    shown_error,
    slices,
)
from fieldvae.report.figures.pictures import (
    NUMBERING,
    color_scale,
    draw_slice,
    height_of,
    name_axes,
    name_row,
    place,
    round_ticks,
    wrapped,
)
from fieldvae.report.style import (
    BLUE,
    INK,
    RED,
    Plot,
    component_title,
    new_figure,
    png,
    with_units,
)

PICTURE = 1.0
"""Width of a picture, inches."""

PROFILE = 1.25
"""Height of a line plot, inches."""

LETTER = 0.075
"""Width of a letter beside a color bar, inches."""


@dataclass(frozen=True)
class _Row:
    """One row: what is given, and one panel a realization.

    Parameters
    ----------
    title
        Before the row.
    given
        Truth or smoothed condition, ``(x, y)``, ``(x,)`` or ``(channel,)``.
    drawn
        Of every realization, ``(realization, ...)``.
    units
        Words for the color bar of its block.
    measure
        What the self-check divides errors by; empty for an output.
    heads
        Words and color over every panel; empty but for the first row of a block.
    vector
        Whether it is a condition without axes.
    """

    title: str
    given: Array
    drawn: Array
    units: str
    measure: str = ""
    heads: tuple[tuple[str, str], ...] = ()
    vector: bool = False


def realization_plot(
    outputs: Sequence[FieldSpec], details: xr.Dataset, titles: Mapping[str, str]
) -> Plot:
    """Draw truth and realizations, smoothed and recovered conditions of the median sample.

    Parameters
    ----------
    outputs
        The output fields.
    details
        The stored evaluation, conditions among it.
    titles
        What fields are called.
    """
    middle = details.sizes["shown"] // 2
    names = recovered_inputs(details)
    rows = [_output_row(field, details, middle) for field in outputs if field.on == "grid"]
    for name in names:
        rows += _condition_rows(name, details, middle, titles)
    sample, measure = int(details["shown"].values[middle]), measure_of(details, names[0])
    where = place(details) if any(not row.vector for row in rows) else ""
    vectors = any(row.vector for row in rows)
    lines = ", lines smoothed, dots recovered" if vectors else ""
    drawn = _pictures if all(row.given.ndim == 2 for row in rows) else _mixed
    return Plot(
        "realizations-with-conditions",
        "Realizations with the conditions recovered from them",
        f"Test sample {sample}, the one of median energy score{where}: its truth beside "
        "realizations drawn without rejection, and the smoothed conditions of its inputs beside "
        f"those that the encoder recovers from each realization{lines}. {READINGS[measure]} "
        "Errors stand "
        "over the pictures with the largest that pass; a realization is accepted if all "
        "conditions pass. Good: recovered conditions look like smoothed ones although the "
        f"realizations differ. {NUMBERING}",
        drawn(rows, condition_scale(details, names)),
    )


def _output_row(field: FieldSpec, details: xr.Dataset, shown: int) -> _Row:
    """The first component of an output, with the verdict on every realization."""
    component = f"{field.name}_component"

    def picked(name: str) -> Array:
        chosen = details[f"{field.name}.{name}"].isel({"shown": shown, component: 0})
        axes = [axis for axis in ("x", "y") if axis in chosen.dims]
        leading = [d for d in ("shown_realization",) if d in chosen.dims]
        return np.asarray(chosen.transpose(*leading, *axes).values)

    accepted = details["shown.accepted"].isel(shown=shown).values
    heads = [("truth", INK)]
    heads += [
        (f"realization {i + 1}\n{'accepted' if good else 'rejected'}", BLUE if good else RED)
        for i, good in enumerate(accepted)
    ]
    title = component_title(field, field.labels[0])
    return _Row(
        title,
        picked("truth"),
        picked("realization"),
        with_units(title, field.units),
        heads=tuple(heads),
    )


def _condition_rows(
    name: str, details: xr.Dataset, shown: int, titles: Mapping[str, str]
) -> Iterator[_Row]:
    """A vector in one row, a field in one row a channel; errors over the first."""
    given = slices(details, name, "smoothed")[shown]
    drawn = slices(details, name, "from_realization")[shown]
    measure = measure_of(details, name)
    chosen = details.sel(condition=name)
    tolerance = float(chosen["self_check.tolerance"])
    heads = [("smoothed", INK)]
    heads += [
        (
            f"error {shown_error(error, measure)} {'≤' if error <= tolerance else '>'} "
            + shown_error(tolerance, measure),
            BLUE if error <= tolerance else RED,
        )
        for error in chosen["shown.error"].isel(shown=shown).values
    ]
    units = f"condition ({UNITS[measure]})"
    if given.ndim == 1:
        title = wrapped(titles.get(name, name))
        yield _Row(title, given, drawn, units, measure, tuple(heads), vector=True)
        return
    for i, title in enumerate(channel_titles(details, name, titles)):
        words = tuple(heads) if i == 0 else ()
        yield _Row(title, given[i], drawn[:, i], units, measure, words)


def _pictures(rows: list[_Row], scale: tuple[Normalize, str]) -> bytes:
    """Pictures throughout, a color bar beside every output and one beside all conditions."""
    members = len(rows[0].drawn)
    tall = height_of(rows[0].given)
    wide = PICTURE / max(1.0, tall)
    if tall > 1:
        rows = [replace(row, heads=tuple(map(_narrowed, row.heads))) for row in rows]
    heads = sum(0.2 + 0.15 * ("\n" in row.heads[1][0]) for row in rows if row.heads)
    height = 0.25 + heads + len(rows) * (wide * tall + 0.05)
    figure = new_figure(height, width=2.0 + wide * (members + 1), pads=(0.015, 0.02))
    grid = figure.subplots(len(rows), members + 1, squeeze=False)
    image: AxesImage | None = None
    for line, row in zip(grid, rows, strict=True):
        image = _draw_pictures(line, row, scale)
        if not row.measure:
            _bar(figure, image, list(line), row.units.replace(" (", "\n("))
        name_row(line[0], row.title, size=8)
        _write_heads(line, row)
    below = [panel for line, row in zip(grid, rows, strict=True) if row.measure for panel in line]
    if image is not None and below:
        shrink = min(1.0, 5 * (members + 1) / len(below))
        letters = int(len(below) / (members + 1) * wide * tall * shrink / LETTER)
        words = textwrap.fill(rows[-1].units, letters, break_long_words=False)
        _bar(figure, image, below, words, aspect=40, shrink=shrink)
    name_axes(grid[-1, 0])
    return png(figure)


def _narrowed(head: tuple[str, str]) -> tuple[str, str]:
    """The words over a narrow picture in two lines."""
    words, shade = head
    return words.replace(" ≤", "\n≤").replace(" >", "\n>"), shade


def _mixed(rows: list[_Row], scale: tuple[Normalize, str]) -> bytes:
    """Lines for vectors and on grids of one dimension, pictures for the rest."""
    members = len(rows[0].drawn)
    figure = new_figure(0.6 + (PROFILE + 0.4) * len(rows), pads=(0.03, 0.04))
    grid = figure.subplots(len(rows), members + 1, squeeze=False)
    for line, row in zip(grid, rows, strict=True):
        if row.given.ndim == 2:
            _bar(figure, _draw_pictures(line, row, scale), list(line), row.units)
            name_row(line[0], row.title)
            name_axes(line[0])
        else:
            _draw_profiles(line, row)
            line[0].set_ylabel(row.title)
        _write_heads(line, row)
    return png(figure)


def _draw_pictures(line: Array, row: _Row, scale: tuple[Normalize, str]) -> AxesImage:
    """Draw what is given and every realization's own, conditions on the scale of them all."""
    own = color_scale(np.concatenate([row.given[None], row.drawn]))
    norm, colors = scale if row.measure else own
    for panel, picture in zip(line[1:], row.drawn, strict=True):
        draw_slice(panel, picture, norm, colors)
    return draw_slice(line[0], row.given, norm, colors, strong=True)


def _bar(
    figure: Figure,
    image: AxesImage,
    panels: list[Axes],
    words: str,
    *,
    aspect: float = 10,
    shrink: float = 1.0,
) -> None:
    ticks = round_ticks(3 if aspect < 20 else 6)
    figure.colorbar(
        image, ax=panels, label=words, ticks=ticks, aspect=aspect, shrink=shrink, pad=0.02
    )


def _draw_profiles(line: Array, row: _Row) -> None:
    """Draw what is given alone, then below every realization's own; one scale a row."""
    draw_profile(line[0], row.given, None, vector=row.vector)
    for panel, values in zip(line[1:], row.drawn, strict=True):
        draw_profile(panel, row.given, values, vector=row.vector)
        panel.sharey(line[0])
        panel.tick_params(labelleft=False)
    for panel in line:
        panel.set_xlabel("channel" if row.vector else "cell along x")


def _write_heads(line: Array, row: _Row) -> None:
    for panel, (words, shade) in zip(line, row.heads, strict=False):
        panel.set_title(words, fontsize=7.5, color=shade)
