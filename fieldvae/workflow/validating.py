"""A plan told: what a run of it would do."""

from __future__ import annotations

from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.workflow.filling import Plan
from fieldvae.workflow.placing import placed
from fieldvae.workflow.preparing import prepare
from fieldvae.workflow.rehearsing import rehearsed


def describe_plan(plan: Plan) -> str:
    """Say what a run of this plan would do: fields, networks, samples."""
    with placed(plan.document):
        prepared = prepare(plan)
        network = rehearsed(prepared)
    spec = prepared.spec
    lines = [
        f"{spec.name}: {', '.join(spec.inputs)} -> {', '.join(spec.outputs)}",
        *(f"  {_described(field)}" for field in (*prepared.inputs, *prepared.outputs)),
    ]
    counts = prepared.summary()["samples"]
    lines.append(
        f"{counts['train']} train, {counts['validation']} validation, {counts['test']} test "
        f"samples on {' x '.join(map(str, prepared.grid.shape))}; {prepared.symmetry}"
    )
    lines.append(f"  {_described_cells(prepared.grid)}")
    if prepared.replicates is not None:
        several = prepared.replicates
        lines.append(f"  to score against: {len(several)} inputs of {several.count} replicates")
    for name, part in network.parts.items():
        lines.append(f"  {name}: {sum(p.numel() for p in part.parameters()):,} weights")
    return "\n".join(lines)


def _described(field: FieldSpec) -> str:
    told = f"{field.name}: {field.tensor_kind}, {field.units}"
    return told if field.tensor_kind == "scalar" else f"{told}, {', '.join(field.labels)}"


def _described_cells(grid: Grid) -> str:
    """Say how large a cell is and where the grid repeats."""
    units = "" if grid.spacing_units == "1" else f" {grid.spacing_units}"
    periodic = [axis for axis, repeats in zip(grid.axes, grid.periodic, strict=True) if repeats]
    return (
        f"cells of {' x '.join(f'{h:g}' for h in grid.spacing)}{units}, "
        f"periodic along {', '.join(periodic) or 'no axis'}"
    )
