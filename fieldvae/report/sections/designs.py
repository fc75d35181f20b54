"""What inverse design found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr

from fieldvae.field import FieldSpec
from fieldvae.report.figures.design_courses import design_courses
from fieldvae.report.figures.design_fields import design_fields
from fieldvae.report.figures.design_histograms import design_histograms
from fieldvae.report.figures.design_map import design_map
from fieldvae.report.figures.design_words import left_training, statistic_words
from fieldvae.report.figures.pictures import capital
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section
from fieldvae.report.style import pretty_units
from fieldvae.report.tables import Cell, Column, ScoreTable

TITLE = "Inverse design"

MOST_MEANS = 6
"""Components whose means are told."""

MOST_CORRELATED = 3
"""Components up to which the correlations of all pairs are told."""

MOST_NAMED = 12
"""Designs outside the range of training that are named one by one."""


def section(record: RunRecord) -> Section | None:
    """Show statistics, clusters, courses and fields of the designs."""
    designs, analysis, grid = record.designs, record.design_analysis, record.grid
    if designs is None:
        return None
    if analysis is None or grid is None:
        note = (
            "design.zarr holds designs that were not analyzed, or not to the end; "
            "make them again with fieldvae design --force."
        )
        return Section("designs", TITLE, notes=(note,))
    fields = {
        name: FieldSpec.model_validate(each)
        for name, each in record.summary.get("fields", {}).items()
    }
    plots = (
        design_histograms(designs, analysis, fields),
        design_map(designs, analysis),
        design_courses(designs, analysis, fields),
        *design_fields(designs, analysis, fields, grid),
    )
    design = json.loads(designs.attrs["design"])
    return Section(
        "designs",
        TITLE,
        notes=tuple(_notes(designs, analysis)),
        facts=tuple(_facts(designs, design)),
        tables=tuple(_tables(designs, analysis, fields, design)),
        plots=tuple(plot for plot in plots if plot is not None),
    )


def _notes(designs: xr.Dataset, analysis: xr.Dataset) -> Iterator[str]:
    if "group_statistic" in analysis:
        before, after = (
            _number(float(analysis["group_statistic"].sel(group=group)))
            for group in ("starts", "designs")
        )
        units = str(designs["statistic"].attrs["units"])
        quantity = designs["quantity"].attrs["long_name"]
        usable = designs.sizes["sample"] - int(analysis.attrs["failed"])
        yield (
            f"{capital(statistic_words(designs))} of the {quantity} by fresh "
            f"realizations: {before} at the starts, {after}"
            + ("" if units == "1" else f" {pretty_units(units)}")
            + f" of the designs, in the mean; better for {analysis.attrs['better']} of {usable}."
        )
    failed = int(analysis.attrs["failed"])
    if failed:
        yield (
            f"{failed} of {designs.sizes['sample']} starts ended in values that are not finite and "
            "count nowhere here."
        )
    if "accepted_share" in analysis:
        shares = {stage: float(analysis["accepted_share"].sel(stage=stage)) for stage in
                  ("start", "optimized")}  # fmt: skip
        words = (
            f"{100 * shares['start']:.0f} % of the fresh realizations of starts pass the "
            f"self-check, and {100 * shares['optimized']:.0f} % of those of designs"
        )
        if "passed_course" in analysis:
            last = float(analysis["passed_course"].isel(iteration=-1))
            words += (
                f"; of the realizations that were optimized with, {100 * last:.0f} % do at the "
                "last iteration"
            )
        yield words + "."
    if "map_note" in analysis.attrs:
        yield f"There is no map of the designs: {analysis.attrs['map_note']}."
    elif "symmetric_note" in analysis.attrs:
        yield (
            "There is no map but for shifts, turns and mirrors: "
            f"{analysis.attrs['symmetric_note']}."
        )
    outside = np.flatnonzero(left_training(designs))
    if 0 < len(outside) < designs.sizes["sample"]:
        named = ", ".join(map(str, outside[:MOST_NAMED]))
        more = f" and {len(outside) - MOST_NAMED} more" if len(outside) > MOST_NAMED else ""
        yield f"Outside the range of training, by what varies, are starts {named}{more}."


def _facts(designs: xr.Dataset, design: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    goal = design["goal"]
    way = "maximize" if goal["maximize"] else "minimize"
    quantity = str(designs["quantity"].attrs["long_name"])
    yield "Goal", f"{way} the {statistic_words(designs)} of the {quantity}"
    means = {name: each["mean"] for name, each in design["vary"].items()}
    kept = "kept exactly" if design["mean_weight"] is None else "kept by a penalty"
    yield (
        "Varied",
        ", ".join(
            name if mean is None else f"{name}, mean {_plain(mean)} {kept}"
            for name, mean in means.items()
        ),
    )
    if design["hold"]:
        yield "Held", ", ".join(f"{name}: {_plain(v)}" for name, v in design["hold"].items())
    latent = design["latent"]
    ways = ["optimized too" if latent["vary"] else "not chosen"]
    ways += ["drawn anew at every iteration"] if latent["renew"] else []
    ways += ["the same for all starts"] if latent["start"] == "fixed" else []
    yield "Latents", f"{latent['realizations']} a start, {', '.join(ways)}"
    optimizer = design["optimizer"]
    options = ", ".join(f"{k} {v}" for k, v in optimizer.items() if k != "use")
    yield (
        "Search",
        f"{design['starts']:,} starts, {design['iterations']:,} iterations of "
        f"{optimizer['use']}{f' ({options})' if options else ''}, preset {design['preset']}",
    )


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_plain(each) for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _tables(
    designs: xr.Dataset,
    analysis: xr.Dataset,
    fields: Mapping[str, FieldSpec],
    design: Mapping[str, Any],
) -> Iterator[ScoreTable]:
    for name in design["vary"]:
        if f"{name}.group_mean" in analysis:
            yield _groups(designs, analysis, fields[name])
    if "outside_share" in analysis:
        yield _outside(analysis, fields)


def _groups(designs: xr.Dataset, analysis: xr.Dataset, field: FieldSpec) -> ScoreTable:
    """Means, spread and correlations of components, by cluster (Table 2 of the paper)."""
    labels = field.labels[:MOST_MEANS]
    pairs = [
        (i, j)
        for i in range(len(field.labels))
        for j in range(i + 1, len(field.labels))
        if len(field.labels) <= MOST_CORRELATED
    ]
    units = str(designs["statistic"].attrs["units"])
    columns = (
        *(Column("", "mean" if len(labels) == 1 else label, "mean, ± spread") for label in labels),
        *(
            Column("", f"{field.labels[i]}, {field.labels[j]}", "correlation")
            for i, j in pairs
        ),
        Column("", capital(statistic_words(designs)), "" if units == "1" else pretty_units(units)),
    )  # fmt: skip
    rows = []
    for title, one, kind in _parts(analysis):
        mean, spread, correlation = (
            one[f"{field.name}.{kind}_{each}"].values
            for each in ("mean", "deviation", "correlation")
        )
        cells = [
            Cell(_number(mean[i]), f"± {_number(spread[i])}", best=False)
            for i in range(len(labels))
        ]
        cells += [Cell(_number(correlation[i, j], digits=2), "", best=False) for i, j in pairs]
        cells.append(Cell(_number(float(one[f"{kind}_statistic"])), "", best=False))
        rows.append((title, tuple(cells)))
    title = f"{field.title} of the designs, by cluster"
    return ScoreTable(title, columns, tuple(rows))


def _parts(analysis: xr.Dataset) -> Iterator[tuple[str, xr.Dataset, str]]:
    """All designs beside starts and training data, then every cluster of every map."""
    for name in map(str, analysis["group"].values):
        title = {"training": "training data"}.get(name, f"all {name}")
        yield title, analysis.sel(group=name), "group"
    maps = [str(name) for name in analysis["map"].values] if "map" in analysis.coords else []
    for name in maps:
        one = analysis.sel(map=name)
        sizes = one["cluster_size"].values
        known = np.flatnonzero(np.isfinite(sizes))
        for number in known if len(known) > 1 else ():
            side = " but for copies" if name == "symmetric" else ""
            title = f"cluster {number + 1}{side}: {int(sizes[number])}"
            yield title, one.isel(cluster=number), "cluster"


def _outside(analysis: xr.Dataset, fields: Mapping[str, FieldSpec]) -> ScoreTable:
    columns = (Column("", "Starts", ""), Column("", "Designs", ""))
    rows = []
    for name in map(str, analysis["field"].values):
        shares = analysis["outside_share"].sel(field=name)
        cells = tuple(
            Cell(f"{100 * float(shares.sel(stage=stage)):.0f} %", "", best=False)
            for stage in ("start", "optimized")
        )
        rows.append((fields[name].title if name in fields else "any of them", cells))
    return ScoreTable("Outside the range of training", columns, tuple(rows))


def _number(value: float, *, digits: int | None = None) -> str:
    if not np.isfinite(value):
        return "\N{EN DASH}"
    shown = f"{value:#.4g}" if digits is None else f"{value:.{digits}f}"
    return shown.replace("-", "\N{MINUS SIGN}")
