"""What was learned from."""

from __future__ import annotations

from collections.abc import Iterator

from fieldvae.evaluation.verdicts import percent
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section
from fieldvae.report.style import pretty_units


def section(record: RunRecord) -> Section:
    """List fields, samples, grid and stores."""
    return Section("data", "Data", facts=tuple(_facts(record)))


def _facts(record: RunRecord) -> Iterator[tuple[str, str]]:
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
    if missing := summary.get("missing"):
        titles = {each.name: each.title for each in (*record.inputs, *record.outputs)}
        shares = [f"{percent(share)} of {titles[name]}" for name, share in missing.items()]
        yield "Missing values", ", ".join(shares)
    if summary.get("symmetry"):
        yield "Symmetry", str(summary["symmetry"])
    if summary.get("stores"):
        yield "Stores", ", ".join(summary["stores"])
    if summary.get("test_store"):
        yield "Test store", str(summary["test_store"])
    if found := summary.get("replicates"):
        counts = f"{found['conditions']} inputs of {found['replicates']} replicates"
        yield "Replicates", f"{found['store']}: {counts}"


def _described(each: FieldSpec) -> str:
    units = "" if each.units == "1" else f", {pretty_units(each.units)}"
    labels = "" if each.tensor_kind == "scalar" else f" ({', '.join(each.labels)})"
    closure = "" if each.closure == "none" else f", {each.closure}"
    place = ", one value a sample" if each.on == "sample" else ""
    logarithm = ", modeled by its logarithm" if each.logarithmic else ""
    return f"{each.title}: {each.tensor_kind}{labels}{units}{closure}{place}{logarithm}"


def _grid_words(grid: Grid) -> str:
    cells = " \N{MULTIPLICATION SIGN} ".join(map(str, grid.shape))
    spacing = " \N{MULTIPLICATION SIGN} ".join(f"{h:.4g}" for h in grid.spacing)
    units = "" if grid.spacing_units == "1" else f" {pretty_units(grid.spacing_units)}"
    periodic = [axis for axis, repeats in zip(grid.axes, grid.periodic, strict=True) if repeats]
    return f"{cells} cells of {spacing}{units}; " + (
        f"periodic along {', '.join(periodic)}" if periodic else "periodic along no axis"
    )
