r"""What the self-check of Algorithm 1 (arXiv:2604.02281) can tell apart.

A check is worth something if it passes real fields with their own conditions and refuses them with
another sample's. The area under the ROC curve says how well, whatever the tolerance:

.. math:: \mathrm{AUC} = P(e_{matched} < e_{shuffled}) + \tfrac12 P(e_{matched} = e_{shuffled})

One is a check without mistakes, one half is a check that sees nothing. T. Fawcett, Pattern
Recognit. Lett. 27, 861 (2006).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import rankdata

from fieldvae.errors import ShapeError
from fieldvae.evaluation.metrics import plain
from fieldvae.evaluation.scores import Array

LITTLE = 0.05
"""A check that passes a smaller share of real fields refuses nearly everything."""

FEW = 0.7
"""A smaller ratio of realizations that pass to real fields that pass is worth a warning."""


@dataclass(frozen=True)
class ConditionErrors:
    """Errors of recovered conditions, as the self-check measures them.

    Parameters
    ----------
    tolerance
        Largest error that is accepted, by condition.
    real
        Of held-out fields with their own conditions, shape ``(sample, condition)``, conditions
        in the order of ``tolerance``.
    shuffled
        Of held-out fields with another sample's conditions, shape ``(sample, condition)``.
    realizations
        Of drawn fields with the conditions that they were drawn for, before any rejection, shape
        ``(sample, realization, condition)``; may be left out.

    Raises
    ------
    ShapeError
        If the last axes are not one a condition.
    """

    tolerance: Mapping[str, float]
    real: Array
    shuffled: Array
    realizations: Array | None = None

    def __post_init__(self) -> None:
        for name in ("real", "shuffled", "realizations"):
            errors = getattr(self, name)
            shape = (len(self.tolerance),) if errors is None else errors.shape
            if not shape or shape[-1] != len(self.tolerance):
                raise ShapeError(
                    f"{name} errors have shape {shape}; expected (..., condition="
                    f"{len(self.tolerance)}), one for each of {', '.join(self.tolerance)}"
                )

    def excess(self, errors: Array) -> Array:
        """Return the largest ratio of an error to its tolerance; 1 just passes."""
        return np.asarray((errors / np.array(list(self.tolerance.values()))).max(axis=-1))

    def dataset(self) -> xr.Dataset:
        """Return all errors for figures, in float32.

        Returns
        -------
        xr.Dataset
            ``self_check.real``, ``self_check.shuffled`` (sample, condition),
            ``self_check.realizations`` (draw, condition) where known, and
            ``self_check.tolerance`` (condition);
            the last condition, ``all``, is the largest ratio of an error to its tolerance.
        """

        def column(errors: Array) -> Array:
            flat = errors.reshape(-1, errors.shape[-1])
            return np.column_stack([flat, self.excess(flat)]).astype(np.float32)

        variables: dict[str, Any] = {
            "self_check.real": (("matched", "condition"), column(self.real)),
            "self_check.shuffled": (("mismatched", "condition"), column(self.shuffled)),
            "self_check.tolerance": ("condition", [*self.tolerance.values(), 1.0]),
        }
        if self.realizations is not None:
            variables["self_check.realizations"] = (
                ("draw", "condition"),
                column(self.realizations),
            )
        return xr.Dataset(variables, coords={"condition": [*self.tolerance, "all"]})


def auc(matched: Array, shuffled: Array) -> float:
    """Area under the ROC curve, by the rank-sum statistic; from 0 to 1, NaN without values.

    Examples
    --------
    >>> auc(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
    0.875
    """
    matched, shuffled = matched.ravel(), shuffled.ravel()
    if not (len(matched) and len(shuffled)):
        return float("nan")
    ranks = rankdata(np.concatenate([matched, shuffled]))[len(matched) :]
    wins = ranks.sum() - len(shuffled) * (len(shuffled) + 1) / 2
    return float(wins / (len(matched) * len(shuffled)))


def self_check_metrics(errors: ConditionErrors) -> dict[str, Any]:
    """Tell what the self-check accepts, and whether it sees a wrong condition.

    Returns
    -------
    dict
        By condition, and under ``all`` for the check as a whole: ``tolerance``, ``auc``, and
        ``accepted_real``, ``accepted_shuffled``, ``accepted_realizations``, shares of the fields
        (``None`` where there are none);
        ``sentence`` says it in words.
    """
    found: dict[str, Any] = {}
    drawn = errors.realizations
    columns = (errors.real, errors.shuffled, errors.real[:0] if drawn is None else drawn)
    for index, (name, tolerance) in enumerate(errors.tolerance.items()):
        shares = _shares(*[column[..., index] for column in columns], tolerance=tolerance)
        found[name] = {"tolerance": plain(tolerance), **shares}
    found["all"] = _shares(*[errors.excess(column) for column in columns], tolerance=1.0)
    return {**found, "sentence": self_check_sentence(found["all"])}


def _shares(real: Array, shuffled: Array, drawn: Array, *, tolerance: float) -> dict[str, Any]:
    def accepted(values: Array) -> float | None:
        return plain(np.mean(values <= tolerance)) if values.size else None

    return {
        "auc": plain(auc(real, shuffled)),
        "accepted_real": accepted(real),
        "accepted_shuffled": accepted(shuffled),
        "accepted_realizations": accepted(drawn),
    }


def self_check_sentence(share: Mapping[str, Any]) -> str:
    """Say what the self-check accepts, in words.

    Parameters
    ----------
    share
        What :func:`self_check_metrics` finds under ``all``.
    """
    real, shuffled, area = share["accepted_real"], share["accepted_shuffled"], share["auc"]
    if real is None or shuffled is None or area is None:
        return "There are too few fields to judge the self-check."
    told = (
        f"The self-check accepts {100 * real:.0f} % of real held-out fields with their own "
        f"conditions and {100 * shuffled:.0f} % with another sample's (AUC {area:.2f})"
    )
    if real < LITTLE:
        told += ": it refuses nearly everything, real fields too"
    elif shuffled > 0.9 * real:
        told += ": at this tolerance it tells next to nothing apart"
    drawn = share.get("accepted_realizations")
    if drawn is None:
        return f"{told}."
    told += f". Of the realizations drawn for test samples {100 * drawn:.0f} % pass"
    told += ", before any rejection"
    if real >= LITTLE and drawn < FEW * real:
        told += (
            ": far fewer than of real fields. To the encoder they are not like real fields, "
            "whatever their scores; look at the spectrum and the calibration"
        )
    return f"{told}."
