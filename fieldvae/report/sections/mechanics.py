"""Balance of forces of stresses, and compatibility of strains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fieldvae.evaluation.mechanics import EXACT
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
    balanced = [field for field in fields if _balanced(field, measured[field.name])]
    return Section(
        "mechanics",
        "Physics",
        notes=(
            *(words for law, words in LAWS.items() if law in laws),
            *(_balance_words(field, measured[field.name]) for field in balanced),
            _column_words(compared=len(balanced) < len(fields)),
        ),
        tables=tuple(mechanics_table(field, record.metrics) for field in fields),
    )


def _balanced(field: FieldSpec, scores: Mapping[str, Any]) -> bool:
    """Whether the data obey the law, so that no residual of theirs is there to compare with."""
    return _closed(field, scores) or scores[f"{_law(scores)}_residual"] is None


def _closed(field: FieldSpec, scores: Mapping[str, Any]) -> bool:
    """Whether the law is the one that the field's closure keeps."""
    return field.closure == "solenoidal" and _law(scores) == "equilibrium"


def _balance_words(field: FieldSpec, scores: Mapping[str, Any]) -> str:
    law = _law(scores)
    told = f"The data of {field.title} obey this law, so that there is no residual to compare with"
    if _closed(field, scores) and scores[f"{law}_imbalance"] < EXACT:
        told += (
            ", and so do the model's realizations by construction: the closure solenoidal "
            f"projects them, with the derivative {field.derivative}"
        )
    return f"{told}."


def _column_words(*, compared: bool) -> str:
    """Say what the columns are; a residual is there where it is compared."""
    share = (
        "The share of unbalanced terms is the residual over what it would be if the terms it sums "
        "knew nothing of each other: 0 where the law holds, 1 for noise."
    )
    if not compared:
        return share
    return (
        "Averages over blocks do not obey this in discrete form, so the residual of realizations "
        "is compared with that of the test samples: root mean squares, 1 is as in the data. "
        f"{share} A mean field, as the deterministic network gives, is smoother than the data and "
        "has a smaller residual for that alone."
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
    share = Column(f"{law}_imbalance", "Share of unbalanced terms", "→ the data's", target=own)
    columns: tuple[Column, ...] = (share,)
    if not _balanced(field, scores["model"]):
        residual = f"Residual of {law} / the data's"
        columns = (Column(f"{law}_residual", residual, "→ 1", target=1.0), share)
    data = {f"{law}_residual": 1.0, f"{law}_imbalance": own}
    ((name, cells),) = scored_rows(columns, {"the data": data})
    plain = (name, tuple(replace(cell, best=False) for cell in cells))
    return ScoreTable(field.title, columns, (*scored_rows(columns, scores), plain))


def _law(scores: Mapping[str, Any]) -> str:
    return next(law for law in LAWS if f"{law}_imbalance" in scores)
