"""Scores of a model on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fieldvae.cli.printing import printer

if TYPE_CHECKING:
    from rich.table import Table

COLUMNS = {
    "energy_score": ("energy\nscore", 1, 2),
    "energy_score_excess": ("above\nlimit, %", 100, 2),
    "crps": ("\nCRPS", 1, 4),
    "coverage_90": ("in\n90 %", 100, 1),
    "spread_skill": ("spread\n/ error", 1, 3),
    "spread_ratio": ("spread\n/ replicates'", 1, 3),
}
"""Scores by stratum that are shown where there are any: head, factor, digits."""


def show_scores(metrics: Mapping[str, Any]) -> None:
    """Print what the scores say, the scores where no baseline is beside them, and those by stratum.

    Parameters
    ----------
    metrics
        The content of ``metrics.json``.
    """
    from rich.markup import escape

    from fieldvae.evaluation import sentences

    console = printer()
    model = metrics["model"]
    alone = model.get("prediction", {}) if not model.get("comparison") else {}
    told = [_scored(name, scores) for name, scores in alone.items()]
    for line in (*told, *sentences(metrics)):
        console.print(escape(line), soft_wrap=True)
    for key, of in (("prediction", "samples"), ("replicates", "inputs with replicates")):
        if f"{key}_strata" in model:
            for name in model[key]:
                console.print()
                console.print(_strata(model, key, name, of))


def _scored(name: str, scores: Mapping[str, Any]) -> str:
    """Say how large the scores of one field are, for no other model tells what is large."""
    return (
        f"On {_title(name)} the model's energy score is {scores['energy_score']:.4g} and its CRPS "
        f"{scores['crps']:.4g}, in spreads of the training samples; no baseline is beside it."
    )


def _strata(model: Mapping[str, Any], key: str, name: str, of: str) -> Table:
    """Lay out the model's scores on one field, a row a stratum."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from fieldvae.evaluation.calibration import reachable_level

    kind, whole = model[f"{key}_strata"], model[key][name]
    coordinate = kind["coordinate"]
    shown = [each for each in COLUMNS if each in whole]
    table = Table(
        title=escape(f"{_title(name)}: the model by {coordinate}"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    units = "" if kind["units"] in ("", "1") else f"\n{kind['units']}"
    table.add_column(escape(f"{coordinate}{units}"), vertical="bottom", overflow="fold")
    table.add_column(of.replace(" with ", "\nwith "), justify="right", vertical="bottom")
    for each in shown:
        head = COLUMNS[each][0]
        if each == "coverage_90" and "realizations" in whole:
            head = head.replace("90", f"{100 * reachable_level(0.9, whole['realizations']):.3g}")
        table.add_column(head, justify="right", vertical="bottom", no_wrap=True)
    table.add_row("all", str(sum(kind["samples"].values())), *(_number(whole, e) for e in shown))
    for stratum, count in kind["samples"].items():
        scores = kind["strata"][stratum][name]
        table.add_row(escape(stratum), str(count), *(_number(scores, each) for each in shown))
    return table


def _number(scores: Mapping[str, Any], name: str) -> str:
    _, factor, digits = COLUMNS[name]
    value = scores.get(name)
    if value is None:
        return "\N{EN DASH}"
    return f"{factor * value:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def _title(name: str) -> str:
    return name.replace("_", " ")
