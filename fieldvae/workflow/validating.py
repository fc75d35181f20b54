"""A plan told: what a run of it would do, and what it would cost."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.spec import TaskSpec
from fieldvae.workflow.cautions import cautions
from fieldvae.workflow.estimating import GRADIENTS, Estimate, estimate
from fieldvae.workflow.filling import Plan
from fieldvae.workflow.placing import placed
from fieldvae.workflow.preparing import Prepared, prepare
from fieldvae.workflow.rehearsing import rehearsed
from fieldvae.workflow.stages import choose_device

WIDTH = 80
"""Characters of a line at most."""


def describe_plan(plan: Plan, *, estimated: bool = True) -> str:
    """Say what a run of this plan would do: fields, samples, networks, losses, cost.

    Networks are built and every loss is asked once; nothing is written.

    Parameters
    ----------
    plan
        The task.
    estimated
        Whether a few steps of training are timed.

    Raises
    ------
    InputError
        As for a run, before anything is computed.
    """
    with placed(plan.document):
        prepared = prepare(plan)
        network = rehearsed(prepared)
    spec = prepared.spec
    lines = [
        *_wrapped(f"{spec.name}: {', '.join(spec.inputs)} -> {', '.join(spec.outputs)}", ""),
        "",
        *_wrapped(_described_grid(prepared.grid), ""),
        *_fields(prepared),
        "",
        *_samples(prepared),
        "",
        *_networks(network, spec),
        "",
        *_losses(spec),
    ]
    if estimated:
        device = choose_device("auto")
        lines += ["", *_cost(estimate(prepared, network, device=device), spec, device)]
    return "\n".join(lines)


def _fields(prepared: Prepared) -> Iterator[str]:
    roles = [*(("input", f) for f in prepared.inputs), *(("output", f) for f in prepared.outputs)]
    rows = []
    for role, field in roles:
        shape = [str(len(field.labels))] + (
            list(map(str, prepared.grid.shape)) if field.on == "grid" else []
        )
        rows.append((role, field.name, " x ".join(shape), field.units, field.tensor_kind))
    for row, (_, field) in zip(_columns(rows), roles, strict=True):
        yield row
        if field.tensor_kind != "scalar":
            yield from _wrapped(", ".join(field.labels), "           ")
        yield from _wrapped(_treated(field, prepared.spec), "           ")


def _treated(field: FieldSpec, spec: TaskSpec) -> str:
    """What is done to a field between the store and the networks."""
    transforms = field.scaling or (spec.data.scaling.method,)
    words = [" then ".join(transforms)]
    if field.closure != "none":
        words.append(f"closure {field.closure}")
    if field.closure == "solenoidal":
        words[-1] += f", derivative {field.derivative}"
    if field.bounds != (None, None):
        low, high = ("none" if bound is None else f"{bound:g}" for bound in field.bounds)
        words.append(f"bounds {low} to {high}")
    if field.mask:
        words.append("values may be missing")
    return "; ".join(words)


def _samples(prepared: Prepared) -> Iterator[str]:
    counts = prepared.summary()["samples"]
    yield (
        f"samples    {counts['train']:,} train, {counts['validation']:,} validation, "
        f"{counts['test']:,} test"
    )
    for line in cautions(prepared):
        yield from _wrapped(line, "caution    ")
    yield from _wrapped(str(prepared.symmetry), "symmetry   ")
    if prepared.replicates is not None:
        several = prepared.replicates
        told = f"{len(several):,} inputs of {several.count:,} true outputs, to score against"
        yield f"replicates {told}"


def _networks(network: ConditionalVAE, spec: TaskSpec) -> Iterator[str]:
    width = spec.model.condition
    yield from _wrapped(
        f"latent {spec.model.latent}, conditions "
        + (
            str(width)
            if isinstance(width, int)
            else ", ".join(f"{n} {w}" for n, w in width.items())
        )
        + f", as a {spec.model.layout}",
        "networks   ",
    )
    counts = {
        name: sum(p.numel() for p in part.parameters()) for name, part in network.parts.items()
    }
    rows = [(name, f"{count:,} weights") for name, count in counts.items()]
    rows.append(("together", f"{sum(p.numel() for p in network.parameters()):,} weights"))
    yield from _columns([("", *row) for row in rows], right=2)


def _losses(spec: TaskSpec) -> Iterator[str]:
    told = []
    for loss in spec.losses:
        options = ", ".join(f"{key} {value}" for key, value in loss.options.items())
        weight = f"{loss.weight:g}" if isinstance(loss.weight, int | float) else str(loss.weight)
        told.append((weight, "x", loss.use, options))
    yield "losses"
    yield from _columns([("", *row) for row in told], right=1)


def _cost(cost: Estimate, spec: TaskSpec, device: str) -> Iterator[str]:
    threads = f"{cost.threads} thread{'s' * (cost.threads != 1)}"
    place = "the GPU" if device == "cuda" else f"the CPU, {threads}"
    steps = f"{cost.steps:,} steps of {spec.training.batch} samples, {cost.epochs:,} epochs"
    yield from _wrapped(f"{steps}, on {place}", "training   ")
    yield from _wrapped(
        f"about {_duration(cost.seconds)} ({cost.step_seconds:.3g} s a step, measured on a few; "
        "scores, baselines and report come on top)",
        "estimate   ",
    )
    yield from _wrapped(
        f"about {_size(cost.bytes)} of memory beside the program: weights and optimizer "
        f"{_size(cost.weight_bytes)}, activations with their gradients "
        f"{_size(int(GRADIENTS * cost.activation_bytes))}, samples {_size(cost.data_bytes)}"
        + (f", libraries {_size(cost.loaded_bytes)}" if cost.loaded_bytes else ""),
        "           ",
    )


def _described_grid(grid: Grid) -> str:
    """Say how many cells there are, how large they are and where the grid repeats."""
    units = "" if grid.spacing_units == "1" else f" {grid.spacing_units}"
    periodic = [axis for axis, repeats in zip(grid.axes, grid.periodic, strict=True) if repeats]
    return (
        f"grid       {' x '.join(map(str, grid.shape))} cells of "
        f"{' x '.join(f'{h:g}' for h in grid.spacing)}{units}, "
        f"periodic along {', '.join(periodic) or 'no axis'}"
    )


def _duration(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * size:
            return (
                f"{seconds / size:.2g} {unit}"
                if seconds < 9.5 * size
                else f"{seconds / size:.0f} {unit}"
            )
    return f"{seconds:.2g} s"


def _size(number: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if number >= 0.95 * size:
            return (
                f"{number / size:.2g} {unit}"
                if number < 9.5 * size
                else f"{number / size:.0f} {unit}"
            )
    return f"{number / 1e3:.0f} kB"


def _columns(rows: Sequence[tuple[str, ...]], *, right: int | None = None) -> list[str]:
    """Lay rows out in columns, the first eleven characters wide; one column may stand right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if index == right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row[1:], widths[1:], strict=True), start=1)
        ]
        lines.append((row[0].ljust(11) + "  ".join(cells)).rstrip())
    return lines


def _wrapped(text: str, head: str) -> list[str]:
    """Break a line at a screen's width, what follows under the text after the head."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=head, subsequent_indent=" " * max(len(head), 11),
        break_long_words=False,
    )  # fmt: skip
