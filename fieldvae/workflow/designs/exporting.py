"""Files of other programs, written of designs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from fieldvae import registry
from fieldvae.errors import OptionError
from fieldvae.grid import Grid
from fieldvae.spec import DesignSpec
from fieldvae.workflow.designs.labeling import STAGES
from fieldvae.workflow.exporting import check_folder, checked_exporter, written


def export_designs(designs: xr.Dataset, spec: DesignSpec, grid: Grid, folder: Path) -> list[Path]:
    """Write files of the best designs, and of their starts where asked for.

    Parameters
    ----------
    designs
        As :func:`fieldvae.optimize_inputs` returns it.
    spec
        The design; its ``export`` names the exporter.
    grid
        Where the inputs live.
    folder
        Where the files go; made where it is missing, refused where it holds something.

    Raises
    ------
    OptionError
        If no exporter is named, or the folder is not empty.
    """
    check_exporter(spec)
    assert spec.export is not None
    use, options = checked_exporter({"use": spec.export.use, **spec.export.options})
    check_folder(folder, option="--export")
    chosen = chosen_designs(designs, spec, best=spec.export.best, starts=spec.export.starts)
    return written(use, chosen, grid, folder, options)


def check_exporter(spec: DesignSpec) -> None:
    """Refuse a design that names no exporter.

    Raises
    ------
    OptionError
        With those that are installed.
    """
    if spec.export is None:
        raise OptionError(
            "--export needs an exporter in the design, as in export: {use: lammps_data}; "
            f"installed: {', '.join(registry.names('exporters')) or 'none'}"
        )


def chosen_designs(designs: xr.Dataset, spec: DesignSpec, *, best: int, starts: bool) -> xr.Dataset:
    """Return inputs and quantity of the best designs, one sample each, after each its start.

    Samples have the coordinates ``start`` (number of the start), ``stage`` and ``label``, a name
    for files such as ``0012-optimized``; ``predicted`` is the statistic by fresh realizations.

    Parameters
    ----------
    designs, spec
        The designs and what was asked for.
    best
        How many; those with the largest (or smallest) statistic.
    starts
        Whether their starts are returned too.
    """
    statistic = designs["statistic"].sel(stage="optimized").to_numpy()
    usable = np.flatnonzero(np.isfinite(statistic))
    order = usable[np.argsort(statistic[usable], kind="stable")]
    if spec.goal.maximize is not None:
        order = order[::-1]
    parts = []
    for row in order[:best]:
        for stage in reversed(STAGES) if starts else STAGES[-1:]:
            one = designs.isel(sample=[row])
            shown = {
                name: one[f"{name}_start" if stage == "start" and f"{name}_start" in one else name]
                for name in (*spec.vary, *spec.hold)
            }
            shown["quantity"] = one["quantity"].sel(stage=stage, drop=True)
            parts.append(
                xr.Dataset(shown).assign_coords(
                    start=("sample", [int(row)]),
                    stage=("sample", np.array([stage], object)),
                    label=("sample", np.array([f"{row:04d}-{stage}"], object)),
                    predicted=("sample", one["statistic"].sel(stage=stage).to_numpy()),
                )
            )
    chosen = xr.concat(parts, dim="sample", coords="minimal", compat="override", join="override")
    return chosen.assign_attrs(designs.attrs)
