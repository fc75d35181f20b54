"""The report's page: sections in order, and what is said where a part is absent."""

from __future__ import annotations

import json
import os
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from fieldvae.evaluation.comparison import verdicts
from fieldvae.evaluation.selfcheck import self_check_sentence
from fieldvae.evaluation.verdicts import COVERAGE_BOUND, RATIO_BOUNDS, calibration_verdicts
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.report.figures.calibration import coverage_plot, rank_plot
from fieldvae.report.figures.comparison import comparison_plot
from fieldvae.report.figures.distributions import histogram_plot
from fieldvae.report.figures.reconstruction import parity_plot
from fieldvae.report.figures.selfcheck import self_check_plot
from fieldvae.report.figures.slices import component_slices, sample_slices
from fieldvae.report.figures.spectra import spectrum_plot
from fieldvae.report.figures.training import training_plot
from fieldvae.report.record import RunRecord, read_run
from fieldvae.report.style import Plot, house_style, pretty_units
from fieldvae.report.tables import ScoreTable, prediction_table

LONGEST_LINE = 160
"""Characters of a line of the data's provenance."""

LONGEST_WORD = 40
"""Characters kept of a value without spaces, such as a checksum."""


@dataclass(frozen=True)
class Section:
    """One part of the page.

    Parameters
    ----------
    anchor, title
        Its place in the table of contents.
    notes
        Sentences before the figures.
    facts
        Pairs of a name and a value.
    tables, plots
        What it shows.
    text
        A file shown as it is.
    """

    anchor: str
    title: str
    notes: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    tables: tuple[ScoreTable, ...] = ()
    plots: tuple[Plot, ...] = field(default_factory=tuple)
    text: str = ""


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
        sections = list(_sections(record))
    environment = Environment(
        loader=PackageLoader("fieldvae.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.j2").render(
        title=record.summary.get("name", record.path.name),
        mapping=_mapping(record),
        headlines=verdicts(record.metrics, record.titles),
        tiles=_tiles(record),
        tiles_of=_tiles_of(record),
        sections=sections,
        made=_made(record),
    )
    staged = record.path / f"report.partial-{os.getpid()}"
    shutil.rmtree(staged, ignore_errors=True)
    (staged / "figures").mkdir(parents=True)
    for section in sections:
        for plot in section.plots:
            (staged / "figures" / f"{plot.name}.png").write_bytes(plot.png)
    (staged / "index.html").write_text(page, encoding="utf-8")
    target = record.path / "report"
    shutil.rmtree(target, ignore_errors=True)
    os.replace(staged, target)
    return target / "index.html"


def _sections(record: RunRecord) -> Iterator[Section]:
    yield _scores(record)
    yield Section("data", "Data", facts=tuple(_data_facts(record)))
    yield _training(record)
    if record.metrics and record.details is not None:
        yield from _evaluated(record)
    yield Section(
        "provenance",
        "Task, versions, seeds",
        notes=("The task as it ran, with every default filled in.",) if record.task else (),
        facts=tuple(_environment_facts(record)),
        text=record.task,
    )


def _scores(record: RunRecord) -> Section:
    if not record.metrics:
        note = "This run has not been evaluated: it has no test samples, or stopped before."
        return Section("scores", "Scores", notes=(note,))
    fields = record.outputs
    comparison = record.metrics["model"].get("comparison", {})
    first = record.metrics["model"]["prediction"][fields[0].name]
    return Section(
        "scores",
        "Scores",
        notes=(
            f"On {record.summary.get('samples', {}).get('test', 'the')} test samples with "
            f"{first['realizations']} realizations each. Energy score and CRPS are of fields whose "
            "components are each divided by their standard deviation over the training part, so "
            "that components weigh alike; the second CRPS is of the fields as they are, in their "
            "own unit. Small figures are 95 % bootstrap intervals over samples; bold is the best "
            "of a column.",
            "The energy score measures whole fields: the mean distance of realizations from the "
            "truth, over all values at once, less half their mean distance from each other. CRPS, "
            "the continuous ranked probability score, is the same of each value alone, averaged; "
            "for one sure prediction it is the absolute error.",
        ),
        tables=tuple(prediction_table(field, record.metrics) for field in fields),
        plots=(comparison_plot(fields, comparison),) if comparison else (),
    )


def _training(record: RunRecord) -> Section:
    if not record.history:
        return Section("training", "Training", notes=("No training history is stored.",))
    return Section("training", "Training", plots=(training_plot(record.history),))


def _evaluated(record: RunRecord) -> Iterator[Section]:
    details, fields = record.details, record.outputs
    if details is None:
        return
    model = record.metrics["model"]
    pictures: list[Plot] = []
    for each in fields:
        samples = sample_slices(each, details)
        if len(each.labels) > 1 or samples is None:
            pictures.append(component_slices(each, details))
        if samples is not None:
            pictures.append(samples)
    yield Section("fields", "Predicted fields", plots=tuple(pictures))
    yield Section(
        "calibration",
        "Calibration",
        notes=(*_calibration(record),),
        plots=(coverage_plot(fields, record.metrics), rank_plot(fields, details)),
    )
    histograms = [histogram_plot(each, details) for each in fields]
    spectra = [spectrum_plot(fields, details)] if details.sizes.get("shell") else []
    yield Section("statistics", "Values and textures", plots=(*histograms, *spectra))
    yield _reconstruction(record, fields)
    if "self_check" in model:
        notes = (self_check_sentence(model["self_check"]["all"]), *_acceptance(record))
        yield Section(
            "self-check",
            "Self-check",
            notes=notes,
            plots=(
                self_check_plot(
                    details,
                    model["self_check"],
                    titles=record.titles,
                    measure=record.error_measure,
                ),
            ),
        )
    else:
        note = "There is no self-check to report: the model has no encoder, or none was asked for."
        yield Section("self-check", "Self-check", notes=(note,))


def _reconstruction(record: RunRecord, fields: list[FieldSpec]) -> Section:
    found = record.metrics["model"].get("reconstruction")
    details = record.details
    if not found or details is None:
        note = "The model has no encoder, so there is nothing to reconstruct."
        return Section("reconstruction", "Reconstruction", notes=(note,))
    return Section(
        "reconstruction",
        "Reconstruction",
        plots=tuple(parity_plot(each, details, found[each.name]) for each in fields),
    )


def _calibration(record: RunRecord) -> Iterator[str]:
    for found in calibration_verdicts(record.metrics, record.titles).values():
        yield found["sentence"]
    low, high = RATIO_BOUNDS
    yield (
        f"Calibrated means here: coverage of 90 % intervals within {100 * COVERAGE_BOUND:.0f} "
        f"percentage points, and spread over error from {low} to {high}."
    )


def _acceptance(record: RunRecord) -> Iterator[str]:
    if record.predictions is None or "accepted" not in record.predictions:
        return
    accepted = record.predictions["accepted"]
    yield (
        f"In predictions.zarr, which holds realizations after rejection, {int(accepted.sum())} of "
        f"{accepted.size} passed it"
        + ("." if bool(accepted.all()) else "; the others are the nearest that were drawn.")
    )


def _mapping(record: RunRecord) -> str:
    inputs = ", ".join(each.title for each in record.inputs)
    outputs = ", ".join(each.title for each in record.outputs)
    return f"{inputs} → {outputs}" if outputs else ""


def _tiles(record: RunRecord) -> list[tuple[str, str, str]]:
    """Number, name and aim of the scores that a reader looks for first, of the first output."""
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
        (shown("energy_score"), "energy score, in training standard deviations", physical),
        (shown("crps_skill", 100, 1, " %"), "CRPS below climatology", "higher is better"),
        (shown("coverage_90", 100, 1, " %"), "coverage of 90 % intervals", "90 % is right"),
        (shown("spread_skill"), "spread over error", "1 is right"),
        (shown("r2_mean"), "R² of the mean", "higher is better"),
    ]


def _data_facts(record: RunRecord) -> Iterator[tuple[str, str]]:
    summary = record.summary
    for role, fields in (("Input", record.inputs), ("Output", record.outputs)):
        for each in fields:
            yield role, _described(each)
    counts = summary.get("samples")
    if counts:
        parts = ", ".join(f"{counts[part]} {part}" for part in ("train", "validation", "test"))
        yield "Samples", f"{sum(counts.values())}: {parts}"
    if record.grid is not None:
        yield "Grid", _grid_words(record.grid)
    if summary.get("symmetry"):
        yield "Symmetry", str(summary["symmetry"])
    if summary.get("stores"):
        yield "Stores", ", ".join(summary["stores"])
    if summary.get("test_store"):
        yield "Test store", str(summary["test_store"])


def _described(each: FieldSpec) -> str:
    units = "" if each.units == "1" else f", {pretty_units(each.units)}"
    labels = "" if each.tensor_kind == "scalar" else f" ({', '.join(each.labels)})"
    closure = "" if each.closure == "none" else f", {each.closure}"
    place = ", one value a sample" if each.on == "sample" else ""
    return f"{each.title}: {each.tensor_kind}{labels}{units}{closure}{place}"


def _grid_words(grid: Grid) -> str:
    cells = " \N{MULTIPLICATION SIGN} ".join(map(str, grid.shape))
    spacing = " \N{MULTIPLICATION SIGN} ".join(f"{h:.4g}" for h in grid.spacing)
    units = "" if grid.spacing_units == "1" else f" {pretty_units(grid.spacing_units)}"
    periodic = [axis for axis, repeats in zip(grid.axes, grid.periodic, strict=True) if repeats]
    return f"{cells} cells of {spacing}{units}; " + (
        f"periodic along {', '.join(periodic)}" if periodic else "periodic along no axis"
    )


def _environment_facts(record: RunRecord) -> Iterator[tuple[str, str]]:
    found = record.environment
    if found.get("command"):
        yield "Command", " ".join(found["command"])
    if found.get("packages"):
        packages: dict[str, Any] = found["packages"]
        yield "Versions", ", ".join(f"{name} {number}" for name, number in packages.items())
    machine = [str(found[key]) for key in ("device", "platform") if found.get(key)]
    if found.get("python"):
        machine.append(f"Python {found['python']}")
    if machine:
        yield "Machine", ", ".join(machine)
    if found.get("date"):
        yield "Date", str(found["date"])
    provenance = record.summary.get("provenance")
    if provenance:
        yield "Provenance of the data", _provenance_words(provenance)


def _provenance_words(provenance: Any) -> str:
    """One line a key, long values shortened, where the provenance is an object."""
    try:
        entries = json.loads(provenance) if isinstance(provenance, str) else provenance
    except json.JSONDecodeError:
        entries = provenance
    if not isinstance(entries, dict):
        return str(provenance)
    lines = [f"{name.replace('_', ' ')}: {_compact(value)}" for name, value in entries.items()]
    short = [
        textwrap.shorten(line, LONGEST_LINE, placeholder=" \N{HORIZONTAL ELLIPSIS}")
        for line in lines
    ]
    if any("\N{HORIZONTAL ELLIPSIS}" in line for line in short):
        short.append("(long values are shortened; run.json has them whole)")
    return "\n".join(short)


def _compact(value: Any) -> str:
    """Write a value of JSON without its brackets and quotes."""
    if isinstance(value, (dict, list)) and not value:
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_compact(each)}" for name, each in value.items())
    if isinstance(value, list):
        words = ", ".join(_compact(each) for each in value)
        return f"({words})" if any(isinstance(each, list) for each in value) else words
    if isinstance(value, float):
        return f"{value:.6g}"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    words = str(value)
    unbroken = " " not in words and len(words) > LONGEST_WORD
    return f"{words[:LONGEST_WORD]}\N{HORIZONTAL ELLIPSIS}" if unbroken else words


def _made(record: RunRecord) -> str:
    try:
        number = version("fieldvae")
    except PackageNotFoundError:
        number = "of unknown version"
    return f"Made by fieldvae {number} from the files in {record.path.resolve().name}/"


def _tiles_of(record: RunRecord) -> str:
    """Name the output of the tiles where there are several."""
    outputs = record.outputs
    return f"The model on {outputs[0].title}:" if len(outputs) > 1 else ""
