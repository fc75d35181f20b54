"""Balance of forces of stresses, and compatibility of strains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fieldvae.field import FieldSpec
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.section import Section
from fieldvae.report.style import model_name
from fieldvae.report.tables import Column, ScoreTable, scored_rows

LAWS = {
    "equilibrium": "Forces on a cell balance where the divergence of the stress is zero.",
    "compatibility": "A strain belongs to a displacement where the curl of its curl is zero.",
}


def section(record: RunRecord) -> Section | None:
    """Show the residuals of every model beside the data's own."""
    measured = record.metrics["model"].get("mechanics") if record.metrics else None
    if not measured:
        return None
    fields = [field for field in record.outputs if field.name in measured]
    laws = {_law(measured[field.name]) for field in fields}
    return Section(
        "mechanics",
        "Physics",
        notes=(
            *(words for law, words in LAWS.items() if law in laws),
            "Averages over blocks do not obey this in discrete form, so the residual "
            "of realizations is compared with that of the test samples: root mean squares, 1 is "
            "as in the data. The share of unbalanced terms is the residual over what it would be "
            "if the terms it sums knew nothing of each other: 0 where the law holds, 1 for noise. "
            "A mean field, as the deterministic network gives, is smoother than the data and has "
            "a smaller residual for that alone.",
        ),
        tables=tuple(mechanics_table(field, record.metrics) for field in fields),
    )


def mechanics_table(field: FieldSpec, metrics: Mapping[str, Any]) -> ScoreTable:
    """Lay out the residuals of every model on one field.

    Parameters
    ----------
    field
        A stress or a strain.
    metrics
        The content of ``metrics.json``.
    """
    scores = {
        model_name(name): found["mechanics"][field.name]
        for name, found in metrics.items()
        if field.name in found.get("mechanics", {})
    }
    law = _law(scores["model"])
    own = scores["model"][f"{law}_imbalance_data"]
    columns = (
        Column(f"{law}_residual", f"Residual of {law} / the data's", "→ 1", target=1.0),
        Column(f"{law}_imbalance", "Share of unbalanced terms", "→ the data's", target=own),
    )
    known = scores["model"][f"{law}_residual"] is not None
    data = {f"{law}_residual": 1.0 if known else None, f"{law}_imbalance": own}
    ((name, cells),) = scored_rows(columns, {"the data": data})
    plain = (name, tuple(replace(cell, best=False) for cell in cells))
    return ScoreTable(field.title, columns, (*scored_rows(columns, scores), plain))


def _law(scores: Mapping[str, Any]) -> str:
    return next(law for law in LAWS if f"{law}_imbalance" in scores)
