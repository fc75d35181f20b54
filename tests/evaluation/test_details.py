"""What the report plots of a large grid: the corner that figures look at."""

from __future__ import annotations

import numpy as np
import xarray as xr

from fieldvae.evaluation import component_scales, evaluate
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid


def test_of_a_large_grid_the_nearest_corner_is_stored():
    grid = Grid((36, 34, 3))
    field = FieldSpec(name="heat", units="K")
    generator = np.random.default_rng(0)

    def dataset(*leading: int) -> xr.Dataset:
        dims = ("sample", "realization")[: len(leading)]
        values = generator.standard_normal((*leading, *grid.shape))
        return xr.Dataset({"heat": ((*dims, *grid.axes), values)})

    truth, ensemble = dataset(3), dataset(3, 4)
    found = evaluate(
        truth,
        {"model": ensemble},
        fields=(field,),
        grid=grid,
        scales=component_scales(dataset(4), (field,), grid),
        resamples=0,
    ).details
    volume = found["heat.volume"].isel(heat_component=0)
    median = int(found["shown"][1])
    assert volume.attrs["cells"] == [36, 34, 3]
    assert volume.dtype == np.float32
    corner = {"x": slice(4, None), "y": slice(0, 32)}
    drawn = ensemble.heat.isel(sample=median, **corner)
    for part, expected in (
        ("truth", truth.heat.isel(sample=median, **corner)),
        ("realization 1", drawn[0]),
        ("realization 2", drawn[1]),
        ("mean", drawn.mean("realization")),
    ):
        np.testing.assert_allclose(volume.sel(volume=part), expected, rtol=1e-6, atol=1e-7)
