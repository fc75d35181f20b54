"""Training samples without holes, for designs: what networks take for a missing value is put in."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr

from fieldvae.workflow.trained import TrainedModel


def whole(model: TrainedModel, training: xr.Dataset) -> xr.Dataset:
    """Put the mean of training, as networks take it, in the place of missing values of inputs.

    Parameters
    ----------
    model
        Knows that mean.
    training
        Samples in physical units, dims ``(sample, component, x, y, z)``, missing values NaN.
    """
    found = {}
    for name in model.spec.inputs:
        scaling, array = model.scaling.fields[name], training[name]
        values = array.to_numpy()
        if scaling.field.mask and np.isnan(values).any():
            mean = scaling.physical(torch.zeros_like(scaling.offset)).numpy()
            five = values.reshape(*values.shape, *(1,) * (5 - values.ndim))
            found[name] = array.copy(
                data=np.where(np.isnan(five), mean, five).reshape(values.shape)
            )
    return training.assign(found)
