"""Scores by stratum as rows of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fieldvae.field import FieldSpec
from fieldvae.report.figures.strata import baseline, stratum_title
from fieldvae.report.style import model_name
from fieldvae.report.tables import Cell, Column, ScoreTable, coverage_column, scored_rows

_MOST = float("inf")


def strata_table(field: FieldSpec, metrics: Mapping[str, Any]) -> ScoreTable:
    """Lay out the prediction scores of each stratum, of the model and one baseline.

    Parameters
    ----------
    field
        The field.
    metrics
        The content of ``metrics.json``.
    """
    columns = (
        Column("energy_score", "Energy score", "↓", digits=2),
        Column("crps", "CRPS", "↓", digits=4),
        Column("crps_skill", "CRPS skill", "↑", target=_MOST),
        coverage_column(50),
        coverage_column(90),
        Column("spread_skill", "Spread / error", "→ 1", target=1.0),
        Column("r2_mean", "R² of mean", "↑", target=_MOST),
    )
    return _table(field, metrics, columns, "prediction_strata", "test samples")


def replicate_strata_table(field: FieldSpec, metrics: Mapping[str, Any]) -> ScoreTable:
    """Lay out the scores against replicates of each stratum; see :func:`strata_table`."""
    columns = (
        Column("energy_score", "Energy score", "↓", digits=2),
        Column(
            "energy_score_excess", "Above the limit, %", "→ 0", target=0.0, factor=100, digits=2
        ),
        coverage_column(50),
        coverage_column(90),
        Column("spread_ratio", "Spread / replicates'", "→ 1", target=1.0),
    )
    return _table(field, metrics, columns, "replicates_strata", "inputs with replicates")


def _table(
    field: FieldSpec, metrics: Mapping[str, Any], columns: tuple[Column, ...], key: str, of: str
) -> ScoreTable:
    """Rows of the model and a baseline under each stratum, the better of the two marked."""
    kind = metrics["model"][key]
    other = baseline(metrics, key)
    models = ["model", *([other] if other else [])]
    rows: list[tuple[str, tuple[Cell, ...]]] = []
    for stratum, count in kind["samples"].items():
        scores = {
            model_name(name): metrics[name][key]["strata"][stratum][field.name] for name in models
        }
        title = stratum_title(stratum, kind)
        for number, (name, cells) in enumerate(scored_rows(columns, scores)):
            counted = Cell(str(count) if number == 0 else "", "", best=False)
            rows.append((f"{title}: {name}", (counted, *cells)))
    return ScoreTable(f"{field.title}, {of}", (Column("n", "n", ""), *columns), tuple(rows))
