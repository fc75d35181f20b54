"""Inverse design with a finished run: from a file to a store, and to files of other programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import xarray as xr

from fieldvae.data.declarer import TRAINED
from fieldvae.data.store import check_absent, read_dataset, write_store
from fieldvae.errors import RunError
from fieldvae.spec import DesignSpec
from fieldvae.workflow import keeping
from fieldvae.workflow.designs.analysis import store_designs
from fieldvae.workflow.designs.exporting import check_exporter, export_designs
from fieldvae.workflow.designs.labeling import sentences
from fieldvae.workflow.designs.optimizing import optimize
from fieldvae.workflow.designs.section import read_design
from fieldvae.workflow.destinations import check_no_source
from fieldvae.workflow.directory import RunDirectory, read_json
from fieldvae.workflow.exporting import check_folder
from fieldvae.workflow.filling import kept_plan
from fieldvae.workflow.places import check_whole
from fieldvae.workflow.preparing import prepare
from fieldvae.workflow.progress import Progress, Silence
from fieldvae.workflow.stages import choose_device
from fieldvae.workflow.trained import TrainedModel


def optimize_inputs(
    run: Path | str,
    design: Path | str | Mapping[str, Any] | None = None,
    *,
    settings: Sequence[str] = (),
    device: Literal["cpu", "cuda"] = "cpu",
    progress: Progress | None = None,
) -> xr.Dataset:
    """Find inputs whose outputs have a large or small statistic (inverse design).

    Parameters
    ----------
    run
        A run directory; its stores must still be where they were, as starts are fitted to its
        training part.
    design
        A file with the keys of a task's section ``design``, or the same as mappings; the run's
        own section where ``None``.
    settings
        Overrides ``key.path=value``.
    device
        Where to compute.
    progress
        Shows how far the work has come; silent where ``None``.

    Returns
    -------
    xarray.Dataset
        One sample a start: the optimized inputs under their names, so that it is a store that
        :meth:`TrainedModel.predict` takes, and how they came about; see
        ``docs/inverse-design.md``.

    Raises
    ------
    InputError
        Before anything is computed, if run or design are wrong.
    """
    model = keeping.load(run, device=device)
    spec = design_of(Path(run), model, design, settings)
    return optimize(model, spec, training_part(model), progress=progress)


def design_run(
    run: Path,
    design: Path | None = None,
    *,
    out: Path | None = None,
    export: Path | None = None,
    settings: Sequence[str] = (),
    force: bool = False,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    progress: Progress | None = None,
) -> Path:
    """Carry out a design and write it as a store; export files of the best where asked for.

    Where the store is there already and holds this very design, it is kept and only exported.
    Designs in their run are analyzed, and the run's report is written again with them.

    Parameters
    ----------
    run, design, settings
        As of :func:`optimize_inputs`.
    out
        The store; ``design.zarr`` in the run where ``None``.
    export
        Directory for files.
    force
        Whether a store at ``out`` is replaced.
    device
        Where to compute; ``auto`` takes a GPU where there is one.
    progress
        Shows how far the work has come.

    Returns
    -------
    Path
        The store.

    Raises
    ------
    InputError
        Before anything is computed, if run, design or paths are wrong.
    """
    told = progress or Silence()
    check_whole(run, to="design")
    model = keeping.load(run, device=choose_device(device))
    spec = design_of(run, model, design, settings)
    directory = RunDirectory(run)
    path = out or directory.designs
    own = path.resolve() == directory.designs.resolve() and directory.summary.exists()
    if export is not None:
        check_exporter(spec)
        check_folder(export, option="--export")
    kept = _kept(path, spec) if export is not None and not force else None
    made = kept is None
    if kept is None:
        check_absent(path, overwrite=force)
        check_no_source(path, model.spec)
        training = training_part(model)
        kept = optimize(model, spec, training, progress=told)
        if own:
            store_designs(kept, directory, model, training, force=force)
        else:
            write_store(kept, path, overwrite=force)
    for line in sentences(kept):
        told.say(line)
    if own and made:
        from fieldvae.report import write_report  # matplotlib, which no design needs

        told.say(f"report: {write_report(directory.path)}")
    if export is not None:
        files = export_designs(kept, spec, model.grid, export)
        told.say(f"{len(files)} files in {export}")
    return path


def _kept(path: Path, spec: DesignSpec) -> xr.Dataset | None:
    """The store at a path where it holds this design, whatever it exports."""
    if not path.exists():
        return None
    found = read_dataset(path).load()
    told = json.loads(str(found.attrs.get("design", "{}")))
    asked = spec.model_dump(mode="json")
    return found if {**told, "export": None} == {**asked, "export": None} else None


def design_of(
    run: Path,
    model: TrainedModel,
    design: Path | str | Mapping[str, Any] | None,
    settings: Sequence[str],
) -> DesignSpec:
    """Return the design that is given, or that the run's task has.

    Raises
    ------
    RunError
        If there is neither.
    """
    names = {"inputs": model.spec.inputs, "outputs": model.spec.outputs}
    if isinstance(design, Mapping):
        return read_design(design, settings, **names)
    if design is not None:
        return read_design(Path(design), settings, **names)
    folder = run if (run / "model.json").exists() else RunDirectory(run).model
    own = read_json(folder / "model.json")["task"].get("design")
    if not own:
        raise RunError(
            f"the task of {run} has no section 'design'; give a file with its keys: "
            "fieldvae design RUN DESIGN.yaml"
        )
    return read_design(own, settings, **names)


def training_part(model: TrainedModel) -> xr.Dataset:
    """Read the samples that a model was trained on, in physical units."""
    plan = kept_plan(model.spec.model_dump(mode="json"))
    prepared = prepare(plan, scaling=model.scaling, declarer=TRAINED)
    return prepared.part(prepared.split.train)
