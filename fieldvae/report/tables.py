"""Scores as rows of text."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fieldvae.evaluation.alternatives import Comparison
from fieldvae.field import FieldSpec
from fieldvae.report.style import model_name, with_units

MOST_KEYS = 4
"""How many keys are told beneath the name of a run."""


@dataclass(frozen=True)
class Column:
    """One score in a table.

    Parameters
    ----------
    key
        Its key in ``metrics.json``.
    title
        Its name, with units.
    aim
        ``↓``, ``↑`` or ``→ 0.9``: what is good.
    target
        Best value; ``None`` for the least, infinity for the greatest.
    factor, digits
        How it is printed.
    """

    key: str
    title: str
    aim: str
    target: float | None = None
    factor: float = 1.0
    digits: int = 3


@dataclass(frozen=True)
class Cell:
    """A value, its interval, and whether it is the best of its column."""

    value: str
    interval: str
    best: bool


@dataclass(frozen=True)
class ScoreTable:
    """Scores of all models on one field; ``notes`` are words beneath the names of some."""

    field: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    notes: Mapping[str, str] = dataclasses.field(default_factory=dict)


def prediction_table(field: FieldSpec, metrics: Mapping[str, Any]) -> ScoreTable:
    """Lay out the prediction scores of every model on one field.

    Parameters
    ----------
    field
        The field.
    metrics
        The content of ``metrics.json``.
    """
    physical = with_units("CRPS", field.units)
    physical = physical if "(" in physical else "CRPS, unscaled"
    columns = (
        Column("energy_score", "Energy score", "↓", digits=2),
        Column("crps", "CRPS", "↓", digits=4),
        Column("crps_physical", physical, "↓"),
        Column("crps_skill", "CRPS skill", "↑", target=float("inf")),
        coverage_column(50),
        coverage_column(90),
        Column("spread_skill", "Spread / error", "→ 1", target=1.0),
        Column("r2_mean", "R² of mean", "↑", target=float("inf")),
    )
    scores = {
        model_name(name): found["prediction"][field.name]
        for name, found in metrics.items()
        if "prediction" in found
    }
    rows = scored_rows(columns, scores)
    checked = metrics["model"].get("prediction_self_checked", {}).get(field.name)
    if checked is not None:
        cells = tuple(_cell(checked, column, -float("inf")) for column in columns)
        rows.insert(1, ("model, self-checked", cells))
    return ScoreTable(field.title, columns, tuple(rows))


def replicate_table(field: FieldSpec, metrics: Mapping[str, Any]) -> ScoreTable:
    """Lay out the scores of every model against replicates of one field.

    Parameters
    ----------
    field
        The field.
    metrics
        The content of ``metrics.json``.
    """
    columns = (
        Column("energy_score", "Energy score", "↓", digits=2),
        Column(
            "energy_score_excess", "Above the limit, %", "→ 0", target=0.0, factor=100, digits=2
        ),
        Column("energy_distance", "Energy distance", "→ 0", target=0.0),
        Column("sliced_wasserstein", "Sliced Wasserstein", "↓"),
        coverage_column(50),
        coverage_column(90),
        Column("spread_ratio", "Spread / replicates'", "→ 1", target=1.0),
    )
    scores = {
        model_name(name): found["replicates"][field.name]
        for name, found in metrics.items()
        if "replicates" in found
    }
    first = next(iter(scores.values()))
    own = {
        "energy_score": first["energy_score_limit"],
        "energy_score_interval": first["energy_score_limit_interval"],
        "energy_score_excess": 0.0,
        "energy_distance": 0.0,
        "sliced_wasserstein": first["sliced_wasserstein_own"],
        "sliced_wasserstein_interval": first["sliced_wasserstein_own_interval"],
        "spread_ratio": 1.0,
    }
    cells = tuple(_cell(own, column, -float("inf")) for column in columns)
    rows = [*scored_rows(columns, scores), ("the replicates' own", cells)]
    return ScoreTable(field.title, columns, tuple(rows))


def alternatives_table(field: FieldSpec, found: Comparison) -> ScoreTable:
    """Lay out the scores of several runs on one field; columns that no run fills are left out.

    Parameters
    ----------
    field
        The field.
    found
        The runs.
    """
    most = float("inf")
    columns = (
        Column("energy_score", "Energy score", "↓", digits=2),
        Column("energy_score_difference", "Difference, %", "↓", factor=100, digits=2),
        Column("crps", "CRPS", "↓", digits=4),
        Column("crps_difference", "Difference, %", "↓", factor=100, digits=2),
        coverage_column(50),
        coverage_column(90),
        Column("spread_skill", "Spread / error", "→ 1", target=1.0),
        Column("r2_mean", "R² of mean", "↑", target=most),
        Column("reconstruction_r2", "R² of recon\u00adstruction", "↑", target=most),
        Column("self_check_auc", "Self-check AUC", "↑", target=most),
        Column("replicates_excess", "Above replicates, %", "→ 0", target=0.0, factor=100, digits=2),
    )
    scores = {run.name: dict(run.scores[field.name]) for run in found.runs}
    if found.differences:
        zero = {"energy_score_difference": 0.0, "crps_difference": 0.0}
        scores[found.reference.name] |= zero
    for name, by_field in found.differences.items():
        for score in ("energy_score", "crps"):
            pair = by_field[field.name][score]
            scores[name][f"{score}_difference"] = pair["relative"]
            scores[name][f"{score}_difference_interval"] = pair["relative_interval"]
    kept = tuple(c for c in columns if any(s.get(c.key) is not None for s in scores.values()))
    cost = (Column("weights", "Weights", "", digits=0), Column("training", "Training", ""))
    costs = {
        run.name: (
            Cell("\N{EN DASH}" if run.weights is None else f"{run.weights:,}", "", best=False),
            Cell(spent_words(run.training) or "\N{EN DASH}", "", best=False),
        )
        for run in found.runs
    }
    rows = [(name, (*costs[name], *cells)) for name, cells in scored_rows(kept, scores)]
    notes = {run.name: differing_words(run.differs) for run in found.runs if run.differs}
    return ScoreTable(field.title, (*cost, *kept), tuple(rows), notes)


def differing_words(differs: Mapping[str, str], most: int = MOST_KEYS) -> str:
    """Say in which keys a task differs from the others, the first few of them.

    Examples
    --------
    >>> differing_words({"encoder": "none", "training.seed": "1"})
    'encoder none, training.seed 1'
    >>> differing_words({"encoder": "none", "training.seed": "1"}, most=1)
    'encoder none and 1 more'
    """
    told = ", ".join(f"{key} {value}" for key, value in list(differs.items())[:most])
    left = len(differs) - most
    return f"{told} and {left} more" if left > 0 else told


def spent_words(training: Mapping[str, Any]) -> str:
    """Say how long a training took: of CPU where recorded, else on the clock.

    Examples
    --------
    >>> spent_words({"device": "cpu", "seconds": 61.2, "cpu_seconds": 59.8})
    '60 s CPU'
    >>> spent_words({"device": "cuda", "seconds": 61.2, "cpu_seconds": 59.8})
    '61 s on a GPU'
    >>> spent_words({"device": "cpu", "seconds": 61.2})
    '61 s clock'
    """
    clock, spent = training.get("seconds"), training.get("cpu_seconds")
    if clock is not None and training.get("device") == "cuda":
        return f"{clock:,.0f} s on a GPU"
    if spent is not None:
        return f"{spent:,.0f} s CPU"
    return "" if clock is None else f"{clock:,.0f} s clock"


def scored_rows(
    columns: Sequence[Column], scores: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, tuple[Cell, ...]]]:
    """Lay out one row a model, the best of every column marked."""
    best = {
        column.key: min(
            (_distance(found.get(column.key), column.target) for found in scores.values()),
            default=float("inf"),
        )
        for column in columns
    }
    return [
        (name, tuple(_cell(found, column, best[column.key]) for column in columns))
        for name, found in scores.items()
    ]


def coverage_column(percent: int) -> Column:
    """Return the column of a coverage."""
    title = f"Coverage {percent}\N{NO-BREAK SPACE}%"
    aim = f"→ {percent} %"
    return Column(f"coverage_{percent}", title, aim, target=percent / 100, factor=100, digits=1)


def _distance(value: float | None, target: float | None) -> float:
    """How far a score is from its best: less is better."""
    if value is None:
        return float("inf")
    if target is None:
        return value
    return -value if target == float("inf") else abs(value - target)


def _cell(found: Mapping[str, Any], column: Column, best: float) -> Cell:
    value = found.get(column.key)
    if value is None:
        return Cell("\N{EN DASH}", "", best=False)
    low, high = found.get(f"{column.key}_interval") or (None, None)
    interval = (
        "" if low is None or high is None else f"{_number(low, column)} … {_number(high, column)}"
    )
    near = abs(_distance(value, column.target) - best) <= 0.5 * 10**-column.digits / column.factor
    return Cell(_number(value, column), interval, best=near)


def _number(value: float, column: Column) -> str:
    shown = f"{column.factor * value:.{column.digits}f}"
    return shown.replace("-", "\N{MINUS SIGN}")
