"""Scores of every model on each stratum of the samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fieldvae.evaluation.heldout import MODEL, REFERENCE, HeldOut, Measures
from fieldvae.evaluation.metrics import Resampling
from fieldvae.evaluation.strata import Strata


def stratified(
    held_out: HeldOut,
    measures: Mapping[str, Measures],
    strata: Strata,
    resampling: Resampling,
) -> dict[str, Any]:
    """Score every model on each stratum of the samples by itself; nothing is drawn again.

    Parameters
    ----------
    held_out
        The samples.
    measures
        What was measured of each model.
    strata
        Groups of the samples.
    resampling
        For intervals, over the samples of a stratum.

    Returns
    -------
    dict
        By model ``prediction_strata``, of the content of
        :meth:`~fieldvae.evaluation.strata.Strata.described`: ``strata.<stratum>.<field>`` has the
        keys of ``prediction``. Under ``model`` also ``comparison_strata``:
        ``strata.<stratum>.<baseline>.<field>``, the keys of ``comparison`` but for the sentence.
    """
    reference = measures.get(REFERENCE)
    metrics = {
        name: {
            "prediction_strata": strata.described(
                {
                    stratum: held_out.scored(ours, reference, resampling=resampling, rows=rows)
                    for stratum, rows in strata
                }
            )
        }
        for name, ours in measures.items()
    }
    metrics[MODEL]["comparison_strata"] = strata.described(
        {
            stratum: {
                name: held_out.compared(
                    measures[MODEL], theirs, name=name, resampling=resampling, rows=rows
                )
                for name, theirs in measures.items()
                if name != MODEL
            }
            for stratum, rows in strata
        }
    )
    return metrics
