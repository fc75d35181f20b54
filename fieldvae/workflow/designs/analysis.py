"""What the report shows of the designs of a run, stored beside them."""

from __future__ import annotations

import json
import shutil

import xarray as xr

from fieldvae.data.store import read_dataset, write_store
from fieldvae.data.symmetry import SymmetryGroup
from fieldvae.evaluation.designs import analyze
from fieldvae.spec import DesignSpec
from fieldvae.workflow.designs.completing import whole
from fieldvae.workflow.designs.composing import chosen_samples
from fieldvae.workflow.directory import RunDirectory
from fieldvae.workflow.trained import TrainedModel


def store_designs(
    designs: xr.Dataset,
    directory: RunDirectory,
    model: TrainedModel,
    training: xr.Dataset,
    *,
    force: bool = False,
) -> None:
    """Write the designs of a run, then what the report shows of them.

    An analysis of earlier designs is removed first, so that none ever lies beside others than its
    own, wherever this is interrupted.

    Parameters
    ----------
    designs
        As :func:`fieldvae.optimize_inputs` returns it.
    directory
        The run.
    model, training
        The run's model, and its training part in physical units.
    force
        Whether earlier designs are replaced.
    """
    shutil.rmtree(directory.design_analysis, ignore_errors=True)
    write_store(designs, directory.designs, overwrite=force)
    store_analysis(directory, model, training)


def store_analysis(directory: RunDirectory, model: TrainedModel, training: xr.Dataset) -> None:
    """Write what the report shows of the designs that a run has."""
    designs = read_dataset(directory.designs).load()
    spec = DesignSpec.model_validate(json.loads(designs.attrs["design"]))
    found = analyze(
        designs,
        chosen_samples(whole(model, training), spec),
        fields=model.fields,
        symmetry=SymmetryGroup.build(model.spec.symmetry, model.grid, model.fields),
        tolerance=None if model.check is None else model.check.tolerance,
    )
    write_store(found, directory.design_analysis, overwrite=True)
