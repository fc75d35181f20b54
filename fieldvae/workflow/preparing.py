"""The data stage: from a plan to samples, split, scaling and symmetry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import xarray as xr

from fieldvae.contract import Batch
from fieldvae.data.declarer import TASK, Declarer
from fieldvae.data.envelope import Envelope
from fieldvae.data.invariance import check_invariant
from fieldvae.data.replicates import Replicates, open_replicates
from fieldvae.data.samples import Samples, concatenate
from fieldvae.data.scaling import Scaling
from fieldvae.data.split import Split, make_split
from fieldvae.data.store import read_samples
from fieldvae.data.symmetry import SymmetryGroup
from fieldvae.errors import OptionError, StoreError
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.spec import TaskSpec
from fieldvae.workflow.filling import Choices, Plan, resolve
from fieldvae.workflow.stratifying import check_strata


@dataclass(frozen=True)
class Prepared:
    """Everything that training and evaluation take from the data.

    Parameters
    ----------
    spec, choices
        The task, and what its names stand for.
    samples
        All samples, those of a test store last.
    split
        Positions of the parts.
    symmetry
        What is left of the declared symmetry on the grid, acting on scaled values.
    scaling, envelope
        Fitted to the training part; the scaling may be that of a trained model.
    replicates
        Several true outputs of some inputs, to score against; ``None`` where there are none.
    """

    spec: TaskSpec
    choices: Choices
    samples: Samples
    split: Split
    symmetry: SymmetryGroup
    scaling: Scaling
    envelope: Envelope
    replicates: Replicates | None = None

    @property
    def grid(self) -> Grid:
        """The grid of all samples."""
        return self.samples.grid

    @property
    def inputs(self) -> list[FieldSpec]:
        """The input fields, components known."""
        return [self.samples.fields[name] for name in self.spec.inputs]

    @property
    def outputs(self) -> list[FieldSpec]:
        """The output fields, components known."""
        return [self.samples.fields[name] for name in self.spec.outputs]

    def part(self, indices: np.ndarray) -> xr.Dataset:
        """Some samples, in physical units."""
        return self.samples.dataset.isel(sample=indices)

    def scaled(self, indices: np.ndarray) -> tuple[Batch, Batch]:
        """Inputs and outputs of some samples as the networks see them."""
        part = self.part(indices)
        return (
            self.scaling.to_model(part, self.spec.inputs, grid=self.grid),
            self.scaling.to_model(part, self.spec.outputs, grid=self.grid),
        )

    def augment(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Apply a random element of the symmetry group to every sample."""
        size = len(next(iter(batch.values())))
        operations, shifts = self.symmetry.random(size, generator)
        return self.symmetry.apply(batch, operations, shifts)

    def summary(self) -> dict[str, Any]:
        """Counts, grid and symmetry, for the run's record."""
        return {
            "samples": {
                "train": len(self.split.train),
                "validation": len(self.split.validation),
                "test": len(self.split.test),
            },
            "grid": {"shape": list(self.grid.shape), **self.grid.attributes()},
            "fields": {
                field.name: field.model_dump(mode="json") for field in (*self.inputs, *self.outputs)
            },
            "missing": _missing_shares(self.samples),
            "symmetry": str(self.symmetry),
            "stores": [str(path) for path in self.spec.data.store],
            "test_store": None
            if self.spec.data.test_store is None
            else str(self.spec.data.test_store),
            "replicates": None
            if self.replicates is None
            else {
                "store": str(self.spec.data.replicates),
                "conditions": len(self.replicates),
                "replicates": self.replicates.count,
            },
            "provenance": _provenance(self.samples.dataset.attrs),
        }


def prepare(
    plan: Plan, *, scaling: Scaling | None = None, declarer: Declarer | None = None
) -> Prepared:
    """Load plugins and data of a plan, refusing every mistake before anything is computed.

    Parameters
    ----------
    plan
        The task.
    scaling
        The scaling of a trained model, which is kept with the units and the order of components
        of its fields; fitted to the training part where ``None``.
    declarer
        Who declares the fields; the task where ``None``.

    Raises
    ------
    SpecError
        If plugins or their options are wrong.
    StoreError
        If the data are.
    """
    spec, choices = plan.spec, resolve(plan)
    if scaling is not None:
        known = {name: scaling.fields[name].field for name in choices.fields}
        choices = Choices(known, choices.options)
    _check_stores_differ(spec)
    declarer = declarer or _declared_by(plan)
    stores = [read_samples(path, choices.fields, declarer=declarer) for path in spec.data.store]
    learned = concatenate(stores)
    test_samples = None
    if spec.data.test_store is not None:
        test = read_samples(spec.data.test_store, choices.fields, declarer=declarer)
        test_samples = np.arange(len(learned), len(learned) + len(test))
        learned = concatenate([learned, test])
    split = make_split(
        learned.dataset,
        spec.data.split,
        stratify=_stratum(plan, learned),
        group=spec.data.group,
        test_samples=test_samples,
    )
    _check_patience(split, spec)
    _check_learnable(learned, split, spec)
    check_known(learned, spec.outputs)
    if len(split.test):
        check_known(learned.take(split.test), spec.outputs, part="the test part of ")
    check_strata(plan, learned.take(split.test))
    symmetry = SymmetryGroup.build(spec.symmetry, learned.grid, learned.fields)
    if scaling is None:
        scaling = Scaling.fit(
            learned.dataset, learned.fields, split.train, spec.data.scaling, symmetry=symmetry
        )
    else:
        check_invariant(scaling, symmetry)
    envelope = Envelope.fit(learned.dataset, spec.inputs, split.train)
    centered = symmetry.centered(scaling.zeros())
    replicates = _replicates(spec, learned, declarer)
    return Prepared(spec, choices, learned, split, centered, scaling, envelope, replicates)


def _declared_by(plan: Plan) -> Declarer:
    """The task, which knows in which line a field is declared."""
    places = plan.document.places
    return replace(
        TASK, places={str(loc[1]): at for loc, at in places.items() if loc[:-1] == ("fields",)}
    )


def _replicates(spec: TaskSpec, samples: Samples, declarer: Declarer) -> Replicates | None:
    """Read the task's replicates, on the grid and with the components of its samples."""
    if spec.data.replicates is None:
        return None
    return open_replicates(
        spec.data.replicates,
        samples.fields,
        inputs=spec.inputs,
        outputs=spec.outputs,
        grid=samples.grid,
        declarer=declarer,
    )


def _check_stores_differ(spec: TaskSpec) -> None:
    """Refuse one store twice: its samples would train and test at once."""
    paths = [*spec.data.store, *([spec.data.test_store] if spec.data.test_store else [])]
    seen = set()
    for path in paths:
        if path.resolve() in seen:
            raise StoreError(
                f"{path} is given twice under data; its samples would both train and test: "
                "name each store once"
            )
        seen.add(path.resolve())


def _stratum(plan: Plan, samples: Samples) -> str | None:
    """The coordinate to stratify by; one that only a plugin's task asks for may be absent."""
    name = plan.spec.data.stratify
    asked = ("data", "stratify") in plan.document.places
    present = name in samples.dataset.variables
    return name if asked or present else None


def _check_patience(split: Split, spec: TaskSpec) -> None:
    """Refuse to wait for a validation loss that nothing gives."""
    if spec.training.patience is not None and not len(split.validation):
        raise OptionError(
            "training.patience: no samples are held out to validate on; give data.split.validation "
            "a share, or remove patience"
        )


def _check_learnable(samples: Samples, split: Split, spec: TaskSpec) -> None:
    """Refuse outputs that never change: there is nothing to learn, and no unit to score in."""
    for name in spec.outputs:
        values = samples.dataset[name].isel(sample=split.train).to_numpy()
        if not np.isnan(values).all() and float(np.nanstd(values)) == 0:
            raise StoreError(
                f"{name!r} in {samples.name} has the same value everywhere in the training part; "
                "there is nothing to learn: remove it from outputs, or add samples where it differs"
            )


def _missing_shares(samples: Samples) -> dict[str, float]:
    """Share of the values that are missing, of those fields that miss some."""
    shares = {name: float(samples.dataset[name].isnull().mean()) for name in samples.fields}
    return {name: share for name, share in shares.items() if share > 0}


def check_known(samples: Samples, outputs: Sequence[str], *, part: str = "") -> None:
    """Refuse outputs of which too much is missing to be scored.

    Parameters
    ----------
    samples
        What is to be learned from or scored on.
    outputs
        Names of the output fields.
    part
        Opens the name of the samples in messages.

    Raises
    ------
    StoreError
        If a sample knows nothing of an output, or no sample knows one of its components.
    """
    for name in outputs:
        missing = np.isnan(samples.dataset[name].to_numpy())
        missing = missing.reshape(*missing.shape[:2], -1).all(axis=2)
        empty = missing.all(axis=1)
        if empty.any():
            raise StoreError(
                f"{name!r} in {part}{samples.name} is missing (NaN) in every cell of samples, "
                f"{int(empty.sum())} of them, first sample {int(empty.argmax())}; leave them out"
            )
        unknown = missing.all(axis=0)
        if unknown.any():
            label = samples.fields[name].labels[int(unknown.argmax())]
            raise StoreError(
                f"{name!r} in {part}{samples.name} misses component {label} in every sample; give "
                "samples that have it, or leave the component out of the field"
            )


def _provenance(attributes: Mapping[Any, Any]) -> str:
    return str(attributes.get("provenance", ""))
