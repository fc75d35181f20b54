"""The report's page: sections in order, under a headline."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from fieldvae.evaluation.comparison import verdicts
from fieldvae.report.record import RunRecord, read_run
from fieldvae.report.rendering import made_by, rendered
from fieldvae.report.sections import (
    calibration,
    conditions,
    data,
    designs,
    fields,
    mechanics,
    projections,
    provenance,
    reconstruction,
    replicates,
    scores,
    selfcheck,
    statistics,
    strata,
    training,
)
from fieldvae.report.style import house_style, model_name, pretty_units

SECTIONS = (
    scores,
    data,
    training,
    fields,
    replicates,
    strata,
    calibration,
    statistics,
    mechanics,
    reconstruction,
    conditions,
    selfcheck,
    projections,
    designs,
    provenance,
)
"""In the order of the page."""


def write_report(run: Path) -> Path:
    """Write ``report/index.html`` of a run, one file that needs no other and no network.

    The figures are kept as PNG too, under ``report/figures/``. Page and figures are replaced
    whole; everything shown is read from the run's files (:func:`~fieldvae.report.record.read_run`).

    Parameters
    ----------
    run
        The run directory.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    RunError
        If ``run`` is no run directory.
    """
    record = read_run(Path(run))
    with house_style():
        sections = [s for s in (each.section(record) for each in SECTIONS) if s is not None]
    page = rendered(
        title=record.summary.get("name", record.path.name),
        mapping=_mapping(record),
        headlines=verdicts(record.metrics, record.titles),
        tiles=_tiles(record),
        tiles_of=_tiles_of(record),
        sections=sections,
        made=f"{made_by()} from the files in {record.path.resolve().name}/",
    )
    staged = record.path / f"report.partial-{os.getpid()}"
    shutil.rmtree(staged, ignore_errors=True)
    (staged / "figures").mkdir(parents=True)
    for section in sections:
        for plot in section.plots:
            (staged / "figures" / f"{plot.name}.png").write_bytes(plot.png)
    (staged / "index.html").write_text(page, encoding="utf-8", errors="replace")
    target = record.path / "report"
    shutil.rmtree(target, ignore_errors=True)
    os.replace(staged, target)
    return target / "index.html"


def _mapping(record: RunRecord) -> str:
    inputs = ", ".join(each.title for each in record.inputs)
    outputs = ", ".join(each.title for each in record.outputs)
    return f"{inputs} → {outputs}" if outputs else ""


BESIDE = ("linear_gaussian", "climatology")
"""Baselines whose energy score stands beside the model's on the first screen."""


def _tiles(record: RunRecord) -> list[tuple[str, str, tuple[str, ...]]]:
    """Number, name and remarks of the scores that a reader looks for first, of the first output."""
    if not record.metrics:
        return []
    found = record.metrics["model"]["prediction"][record.outputs[0].name]

    def shown(key: str, factor: float = 1, digits: int = 2, unit: str = "") -> str:
        value = found.get(key)
        return "\N{EN DASH}" if value is None else f"{factor * value:.{digits}f}{unit}"

    units = pretty_units(record.outputs[0].units)
    value = found.get("energy_score_physical")
    physical = "lower is better"
    if value is not None:
        digits = f"{value:.3g}" if 1e-3 <= value < 1e3 else f"{value:.2e}"
        physical = f"{digits} {'unscaled' if units == '1' else units}; {physical}"
    return [
        (
            shown("energy_score"),
            "energy score, in training standard deviations",
            (*_beside(record), physical),
        ),
        (shown("crps_skill", 100, 1, " %"), "CRPS below climatology", ("higher is better",)),
        (shown("coverage_90", 100, 1, " %"), "coverage of 90 % intervals", ("90 % is right",)),
        (shown("spread_skill"), "spread over error", ("1 is right",)),
        (shown("r2_mean"), "R² of the mean", ("higher is better",)),
    ]


def _beside(record: RunRecord) -> tuple[str, ...]:
    """Energy scores of baselines, which give the model's its meaning."""
    output = record.outputs[0].name
    scores = {
        name: record.metrics[name]["prediction"][output].get("energy_score")
        for name in BESIDE
        if name in record.metrics
    }
    return tuple(f"{model_name(n)}: {v:.2f}" for n, v in scores.items() if v is not None)


def _tiles_of(record: RunRecord) -> str:
    """Name the output of the tiles where there are several."""
    outputs = record.outputs
    return f"The model on {outputs[0].title}:" if len(outputs) > 1 else ""
