"""From the names of baselines to laws fitted to a run's training part."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
import xarray as xr

from fieldvae.evaluation.baselines import Baseline, Climatology, LinearGaussian
from fieldvae.workflow.deterministic import deterministic
from fieldvae.workflow.preparing import Prepared
from fieldvae.workflow.progress import Progress


def fitted_baselines(
    prepared: Prepared, folder: Path, *, device: str | torch.device, progress: Progress
) -> dict[str, Baseline]:
    """Fit the baselines that the task names, but for one that missing outputs forbid.

    Parameters
    ----------
    prepared
        The task and its data.
    folder
        Where those that are networks are kept, so that they are trained once.
    device, progress
        Where these are trained; who is told.
    """
    found: dict[str, Baseline] = {}
    for name in prepared.spec.evaluation.baselines:
        if name == "climatology":
            found[name] = _climatology(prepared)
        elif name == "linear_gaussian":
            if missing := _missing(prepared):
                progress.say(
                    f"the baseline linear_gaussian is left out: {missing} has missing values, and "
                    "the spectrum of a field with holes is not that of the field"
                )
                continue
            found[name] = _linear_gaussian(prepared)
        else:
            found[name] = deterministic(prepared, folder, device=device, progress=progress)
    return found


def drawn_from(
    baselines: Mapping[str, Baseline], dataset: xr.Dataset, *, count: int, seed: int
) -> dict[str, xr.Dataset]:
    """Draw realizations from each baseline, whose chance does not depend on what others there are.

    Parameters
    ----------
    baselines
        By name.
    dataset
        The inputs.
    count
        Realizations a sample.
    seed
        Of every baseline's chance.
    """
    return {
        name: baseline.realize(dataset, count=count, generator=np.random.default_rng(seed))
        for name, baseline in baselines.items()
    }


def _missing(prepared: Prepared) -> str:
    """Name the first output that misses values in the training part; empty where none does."""
    training = prepared.part(prepared.split.train)
    return next((f.title for f in prepared.outputs if training[f.name].isnull().any()), "")


def _climatology(prepared: Prepared) -> Climatology:
    training = prepared.part(prepared.split.train)
    return Climatology.fit(training, outputs=prepared.outputs, grid=prepared.grid)


def _linear_gaussian(prepared: Prepared) -> LinearGaussian:
    symmetry = prepared.symmetry
    return LinearGaussian.fit(
        prepared.part(prepared.split.train),
        inputs=prepared.inputs,
        outputs=prepared.outputs,
        grid=prepared.grid,
        operations=list(symmetry.operations),
        translations=symmetry.translations,
    )
