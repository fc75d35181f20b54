"""Scores as rows of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fieldvae.field import FieldSpec
from fieldvae.report.style import model_name, with_units


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
    """Scores of all models on one field."""

    field: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


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
