"""Words that figures and tables of designs share."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr


def statistic_words(designs: xr.Dataset) -> str:
    """Name the goal's statistic, with what belongs to it.

    Parameters
    ----------
    designs
        As stored.
    """
    goal = json.loads(designs.attrs["design"])["goal"]
    name = str(designs.attrs["statistic"])
    if name == "quantile":
        return f"{100 * goal['probability']:g} % quantile"
    if name == "cvar":
        share = 100 * (1 - goal["probability"])
        return f"mean of the {'largest' if goal['tail'] == 'upper' else 'smallest'} {share:.3g} %"
    if name == "exceedance":
        return f"share above {goal['level']}"
    return name.replace("_", " ")


def left_training(designs: xr.Dataset) -> np.ndarray:
    """Tell which designs have an input that varies outside the range of training, ``(sample,)``.

    Held inputs do not count: where they are outside, every design is.

    Parameters
    ----------
    designs
        As stored.
    """
    varied = json.loads(designs.attrs["design"])["vary"]
    flags = [designs[f"{name}_outside"].sel(stage="optimized").values for name in varied]
    return np.asarray(np.any(flags, axis=0))
