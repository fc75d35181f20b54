"""Which groups of samples are scored by themselves."""

from __future__ import annotations

import xarray as xr

from fieldvae.data.coordinates import has_coordinate
from fieldvae.data.samples import Samples
from fieldvae.errors import StoreError
from fieldvae.evaluation import Strata, make_strata
from fieldvae.spec import TaskSpec
from fieldvae.workflow.filling import Plan

OPTION = "evaluation.stratify"


def strata_of(dataset: xr.Dataset, spec: TaskSpec, *, asked: str | None = None) -> Strata | None:
    """Divide samples to be scored, as is asked or as their task says.

    The coordinate of the split, ``data.stratify``, is used where the task names no other. Only
    one that is asked for must be there, since a store to score on may know less of its samples
    than the one that was learned from.

    Parameters
    ----------
    dataset
        Samples with their coordinates.
    spec
        Their task.
    asked
        The coordinate, where the user names it at the command.

    Raises
    ------
    StoreError
        If there is no coordinate of the name asked for, or it cannot be divided.
    """
    if asked is not None:
        return make_strata(dataset, asked, option="--stratify")
    named, option = _named(spec)
    if named is None or not has_coordinate(dataset, named):
        return None
    if option == OPTION:
        return make_strata(dataset, named, option=option)
    try:
        strata = make_strata(dataset, named)
    except StoreError:  # more texts than a table has rows for, and nobody asked for it
        return None
    return strata if len(strata) > 1 else None


def without_strata(dataset: xr.Dataset, spec: TaskSpec) -> str | None:
    """Say that samples lack the coordinate that their task names for strata.

    Parameters
    ----------
    dataset, spec
        As of :func:`strata_of`.

    Returns
    -------
    str or None
        ``None`` where they have it, or the task names none.
    """
    named, option = _named(spec)
    if named is None or has_coordinate(dataset, named):
        return None
    return (
        f"the samples have no coordinate {named!r}, which the task names ({option}): there are no "
        "scores by its values; --stratify takes another"
    )


def _named(spec: TaskSpec) -> tuple[str | None, str]:
    """The coordinate that a task names, and the option by which it does."""
    if spec.evaluation.stratify is not None:
        return spec.evaluation.stratify, OPTION
    return spec.data.stratify, "data.stratify"


def check_strata(plan: Plan, samples: Samples) -> None:
    """Refuse a coordinate that the user's file names and the samples to be tested on lack.

    Raises
    ------
    StoreError
        With the names that there are.
    """
    named = plan.spec.evaluation.stratify
    if named is not None and ("evaluation", "stratify") in plan.document.places:
        make_strata(samples.dataset, named, option=OPTION)
