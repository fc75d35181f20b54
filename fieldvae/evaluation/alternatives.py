"""Several trained models of the same outputs beside each other, from their stored scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldvae.evaluation.comparison import pair_sentence, paired
from fieldvae.evaluation.metrics import Resampling
from fieldvae.evaluation.pairing import HeldOutRecord, same_spread, why_unpaired
from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.notebook import table_html

PREDICTION = (
    "energy_score",
    "crps",
    "energy_score_physical",
    "crps_physical",
    "coverage_50",
    "coverage_90",
    "spread_skill",
    "r2_mean",
)
"""Scores of a prediction that are shown of every run."""

SPREAD = "training standard deviations"
"""What scores are divided by, where runs share it."""


@dataclass(frozen=True)
class Alternative:
    """One run among those that are compared.

    Parameters
    ----------
    name
        What it is called here; no two runs share a name.
    path
        Its directory.
    differs
        The keys of its task in which not all runs agree, with its values as text.
    weights
        Number of weights.
    training
        ``seconds`` on the clock and ``cpu_seconds`` where recorded, and ``device``.
    scores
        By output field: see :func:`run_scores`.
    record
        What it was scored on.
    start
        The trained model that its training started from; empty where it started from nothing.
    """

    name: str
    path: str
    differs: Mapping[str, str]
    weights: int | None
    training: Mapping[str, Any]
    scores: Mapping[str, Mapping[str, Any]]
    record: HeldOutRecord
    start: str = ""


@dataclass(frozen=True)
class Comparison:
    """Runs beside each other, and how far each lies from one of them.

    Parameters
    ----------
    fields
        The output fields.
    runs
        The runs; the first is the one that all others are compared with.
    differences
        By run and field: ``energy_score`` and ``crps``, as :func:`.comparison.paired` gives them,
        ``units``, and ``sentence``. Runs that were scored on other samples are absent.
    notes
        Which run was trained further from which, why differences are absent, or in other units.
    """

    fields: tuple[FieldSpec, ...]
    runs: tuple[Alternative, ...]
    differences: Mapping[str, Mapping[str, Mapping[str, Any]]]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """Name the runs and say who beats whom."""
        names = ", ".join(run.name for run in self.runs)
        return "\n  ".join([f"<Comparison of {names}>", *self.sentences, *self.notes])

    def _repr_html_(self) -> str:
        head = ("run", "field", "energy score", "CRPS", "90 % coverage", "differs in")
        rows = [
            (
                run.name,
                field.title,
                *(
                    _shown(run.scores[field.name].get(score))
                    for score in ("energy_score", "crps", "coverage_90")
                ),
                ", ".join(f"{key} {value}" for key, value in run.differs.items()),
            )
            for run in self.runs
            for field in self.fields
        ]
        return table_html("Comparison", head, rows, notes=(*self.sentences, *self.notes))

    @property
    def reference(self) -> Alternative:
        """The run that all others are compared with."""
        return self.runs[0]

    @property
    def sentences(self) -> list[str]:
        """One sentence for each other run and field."""
        return [pair["sentence"] for by in self.differences.values() for pair in by.values()]

    def metrics(self) -> dict[str, Any]:
        """Return everything as JSON has it: what ``comparison.json`` holds."""
        return {
            "reference": self.reference.name,
            "runs": {
                run.name: {
                    "path": run.path,
                    "differs": dict(run.differs),
                    "start": run.start or None,
                    "weights": run.weights,
                    "training": dict(run.training),
                    "scores": {name: dict(scores) for name, scores in run.scores.items()},
                }
                for run in self.runs
            },
            "differences": {
                name: {field: dict(pair) for field, pair in by.items()}
                for name, by in self.differences.items()
            },
            "notes": list(self.notes),
        }


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def run_scores(metrics: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Pick what is shown of one run from its metrics.

    Parameters
    ----------
    metrics
        The content of ``metrics.json``.
    field
        Name of the output field.

    Returns
    -------
    dict
        ``energy_score``, ``crps``, both also ``*_physical``, ``coverage_50``, ``coverage_90``,
        ``spread_skill``, ``r2_mean``, ``reconstruction_r2``, ``replicates_excess`` (of the energy
        score, over the limit that replicates set), each beside its ``<name>_interval``;
        ``self_check_auc``; ``realizations``. What the run has not is absent.
    """
    model = metrics["model"]
    found = _picked(model["prediction"][field], {name: name for name in PREDICTION})
    found["realizations"] = model["prediction"][field].get("realizations")
    reconstruction = model.get("reconstruction", {}).get(field, {})
    found |= _picked(reconstruction, {"r2": "reconstruction_r2"})
    replicates = model.get("replicates", {}).get(field, {})
    found |= _picked(replicates, {"energy_score_excess": "replicates_excess"})
    check = model.get("self_check", {}).get("all", {})
    return found | _picked(check, {"auc": "self_check_auc"})


def _picked(scores: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for name, shown in names.items():
        for ending in ("", "_interval"):
            if scores.get(name + ending) is not None:
                found[shown + ending] = scores[name + ending]
    return found


def compare_alternatives(
    runs: Sequence[Alternative],
    fields: Sequence[FieldSpec],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Compare every run with the first one, by sample where both scored the same samples.

    Parameters
    ----------
    runs
        Two or more.
    fields
        The output fields, which all runs share.
    resamples, seed
        Bootstrap resamples for the 95 % intervals, and their seed.
    """
    reference, differences = runs[0], {}
    notes = [_started(run) for run in runs if run.start]
    for run in runs[1:]:
        why = why_unpaired(run.record, reference.record, [field.name for field in fields])
        if why:
            notes.append(f"No paired difference of {run.name} and {reference.name}: {why}.")
            continue
        resampling = Resampling(resamples, np.random.default_rng(seed))
        differences[run.name] = {
            field.name: _difference(field, run, reference, resampling) for field in fields
        }
        if any(pair["units"] != SPREAD for pair in differences[run.name].values()):
            notes.append(
                f"{run.name} and {reference.name} were trained on other samples, so that their "
                "scores in training standard deviations are on different scales: their difference "
                "is that of the scores of physical values."
            )
    return Comparison(tuple(fields), tuple(runs), differences, tuple(notes))


def _started(run: Alternative) -> str:
    return (
        f"{run.name} was trained further from the weights of {run.start}: its scores are of both "
        "trainings, its time is that of the second alone."
    )


def _difference(
    field: FieldSpec, ours: Alternative, theirs: Alternative, resampling: Resampling
) -> dict[str, Any]:
    shared = same_spread(ours.record.details, theirs.record.details, field.name)
    found: dict[str, Any] = paired(
        _by_sample(ours, field.name),
        _by_sample(theirs, field.name),
        resampling=resampling,
        suffix="" if shared else "_physical",
    )
    score = found["energy_score"]
    sentence = pair_sentence(field.title, score, ours=ours.name, theirs=theirs.name)
    return {**found, "units": SPREAD if shared else field.units, "sentence": sentence}


def _by_sample(run: Alternative, field: str) -> dict[str, Array]:
    stored = run.record.details.sel(model="model", field=field)
    names = ("energy_score", "crps", "energy_score_physical", "crps_physical")
    return {name: stored[name].to_numpy() for name in names}
