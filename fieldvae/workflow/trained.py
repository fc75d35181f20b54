"""A trained model: what a run leaves behind, and what prediction needs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr

from fieldvae.data.declarer import MODEL
from fieldvae.data.envelope import Envelope
from fieldvae.data.samples import Samples, checked_samples
from fieldvae.data.scaling import Scaling
from fieldvae.document import dump_yaml
from fieldvae.errors import GridError, OptionError, PredictionWarning, SamplingError
from fieldvae.evaluation.scored import sample_scores
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.notebook import facts_html
from fieldvae.prediction import Realizations, SelfCheck, realize, realize_checked
from fieldvae.spec import TaskSpec
from fieldvae.workflow.cautions import unlike_training
from fieldvae.workflow.progress import Progress, Silence, self_checking

if TYPE_CHECKING:
    from fieldvae.model.cvae import ConditionalVAE

_GRID_REMEDIES = {
    "dimensions": "a model serves grids of as many dimensions as it was trained on",
    "shape": "this model's networks serve one shape only (model.preset: default serves any)",
    "spacing in": "give the store the attribute 'spacing_units', a length",
    "spacing (": "average the data over blocks of training's size, or correct 'spacing'",
    "periodic": "correct the attribute 'periodic', or train a model on such grids",
    "frame": "correct the attribute 'frame', or turn the data to training's crystal axes",
}
"""What to do about each kind of difference that :meth:`Grid.difference` names."""

NEXT_TO_NOTHING = 0.01
"""Share of the drawn realizations below which a self-check cannot be what the user wants."""


@dataclass(frozen=True)
class TrainedModel:
    """A conditional model of fields in physical units: xarray in, xarray out.

    Made by :func:`fieldvae.load`.

    Parameters
    ----------
    spec
        The task it was trained for.
    fields
        Inputs and outputs by name, components known.
    grid
        The grid it was trained on.
    network
        The networks, in evaluation mode.
    scaling
        Between physical and scaled values.
    envelope
        The range of inputs it was trained on.
    check
        The self-check; ``None`` in a model without encoder.
    provenance
        Versions, machine, date and command of the training, and what it started from.
    """

    spec: TaskSpec
    fields: Mapping[str, FieldSpec]
    grid: Grid
    network: ConditionalVAE
    scaling: Scaling
    envelope: Envelope
    check: SelfCheck | None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        weights = sum(p.numel() for p in self.network.parameters())
        return (
            f"<TrainedModel {self.spec.name}: {', '.join(self.spec.inputs)} -> "
            f"{', '.join(self.spec.outputs)}; {weights:,} weights; "
            f"trained on {' x '.join(map(str, self.grid.shape))}>"
        )

    def _repr_html_(self) -> str:
        served = "any shape" if self.network.any_shape else "this shape only"
        facts = [
            ("inputs", _units_told(self, self.spec.inputs)),
            ("outputs", _units_told(self, self.spec.outputs)),
            ("grid", f"{' x '.join(map(str, self.grid.shape))} cells; serves {served}"),
        ]
        facts += [
            (name, f"{sum(p.numel() for p in part.parameters()):,} weights")
            for name, part in self.network.parts.items()
        ]
        facts.append(("self-check", "none" if self.check is None else self.check.measure))
        facts.append(("trained", str(self.provenance.get("date", "at an unknown time"))))
        text = dump_yaml(self.spec.model_dump(mode="json"))
        return facts_html(f"Trained model {self.spec.name}", facts, text=text)

    @property
    def device(self) -> torch.device:
        """Where the networks live."""
        return next(self.network.parameters()).device

    def to(self, device: str | torch.device) -> TrainedModel:
        """Move the networks to a device; returns the model."""
        self.network.to(device)
        return self

    def predict(
        self,
        dataset: xr.Dataset,
        *,
        realizations: int | None = None,
        self_check: bool | None = None,
        tolerance: float | None = None,
        max_draws: int | None = None,
        seed: int | None = None,
        strict: bool = False,
        progress: Progress | None = None,
    ) -> xr.Dataset:
        """Draw realizations of the outputs for the inputs in a dataset.

        Parameters
        ----------
        dataset
            The input fields, dims ``(sample, component, x, y, z)`` in any order, any units of
            the right dimension; other variables are ignored.
        realizations, self_check, max_draws, seed
            As in the task's ``prediction`` section, whose values they replace. A model without
            encoder has no self-check: it is left out, unless it is asked for here.
        tolerance
            Largest error of every condition that passes the self-check, in the measure of the
            task's ``prediction.error``, in the place of those that were fixed by the training.
        strict
            Raise where fewer than ``realizations`` pass the self-check.
        progress
            Who is told how far the self-check has come; nobody where ``None``.

        Returns
        -------
        xarray.Dataset
            Every output ``(sample, realization, component, x, y, z)`` in the units of its field,
            ``tried`` (sample) and, with self-check, ``accepted`` (sample, realization) and
            ``self_check_error`` (sample, realization, condition).

        Raises
        ------
        OptionError
            If there is no dataset, a number is not one, or a self-check is asked of a model
            without encoder, or a tolerance where there is no self-check.
        StoreError
            If an input is missing or wrong, or the grid is not one the model serves.
        SamplingError
            Under ``strict``; carries the dataset.

        Warns
        -----
        PredictionWarning
            Where inputs lie outside the range of training, the grid is of another shape, or fewer
            realizations passed than were asked for.
        """
        if not isinstance(dataset, xr.Dataset):
            raise OptionError(
                f"expected an xarray.Dataset with {', '.join(self.spec.inputs)}, "
                f"not {type(dataset).__name__}"
            )
        check = self._checked_by(self_check, tolerance)
        samples = self._inputs(dataset)
        self.check_grid(samples.grid)
        settings = self.spec.prediction
        realizations = settings.realizations if realizations is None else realizations
        max_draws = max(realizations, settings.max_draws if max_draws is None else max_draws)
        for name, value in (("realizations", realizations), ("max_draws", max_draws)):
            if not isinstance(value, int | np.integer) or value < 1:
                raise OptionError(f"{name} is {value!r}; expected a whole number, at least 1")
        outside = self.envelope.outside(samples.dataset)
        for told in unlike_training(outside, trained=self.grid, asked=samples.grid):
            warnings.warn(told, PredictionWarning, stacklevel=2)
        generator = torch.Generator(self.device).manual_seed(
            settings.seed if seed is None else seed
        )
        inputs = self.scaled(samples, self.spec.inputs)
        if check is not None:
            drawn = realize_checked(
                self.network,
                inputs,
                check=check,
                realizations=realizations,
                max_draws=max_draws,
                generator=generator,
                follow=self_checking(progress or Silence(), of=len(samples)),
            )
        else:
            drawn = realize(self.network, inputs, realizations=realizations, generator=generator)
        predictions = self.labeled(drawn, samples)
        if drawn.accepted is not None and not bool(drawn.accepted.all()):
            if strict:
                raise SamplingError(self._shortfall(predictions, tolerance), predictions)
            warnings.warn(self._shortfall(predictions, tolerance), PredictionWarning, stacklevel=2)
        return predictions

    def score(
        self, dataset: xr.Dataset, *, realizations: int | None = None, seed: int | None = None
    ) -> xr.Dataset:
        """Score realizations against the outputs in a dataset, sample by sample.

        Realizations are unrejected, as in ``metrics.json``, whose ``*_physical`` scores are the
        means of these. Lower is better. ``fieldvae evaluate`` compares with baselines too.

        Parameters
        ----------
        dataset
            Inputs and outputs, as of :meth:`predict`.
        realizations, seed
            As in the task's ``evaluation`` section, whose values they replace.

        Returns
        -------
        xarray.Dataset
            Every output ``(score, sample)``, in the units of its field; scores are
            ``energy_score`` and ``crps``, the fair ones.

        Raises
        ------
        StoreError
            If an input or output is missing or wrong, or the grid is not one the model serves.
        """
        samples = checked_samples(dataset, self.fields, grid=self.grid, declarer=MODEL)
        self.check_grid(samples.grid)
        settings = self.spec.evaluation
        drawn = realize(
            self.network,
            self.scaled(samples, self.spec.inputs),
            realizations=settings.realizations if realizations is None else realizations,
            generator=torch.Generator(self.device).manual_seed(
                settings.seed if seed is None else seed
            ),
        )
        return sample_scores(
            samples.dataset,
            self.labeled(drawn, samples),
            fields=[self.fields[name] for name in self.spec.outputs],
            grid=samples.grid,
        )

    def outside(self, dataset: xr.Dataset) -> np.ndarray:
        """Tell which samples have inputs outside the range of training, ``(sample,)``.

        Parameters
        ----------
        dataset
            As of :meth:`predict`.
        """
        return self.envelope.outside(self._inputs(dataset).dataset)

    def _checked_by(self, asked: bool | None, tolerance: float | None) -> SelfCheck | None:
        """Return the self-check that realizations have to pass, if they have to pass any."""
        if self.check is None and (asked or tolerance is not None):
            option = "--self-check (self_check=True)" if asked else "--tolerance (tolerance=)"
            raise OptionError(
                f"{option}: this model has no encoder and so no self-check; leave it out, and all "
                "realizations are kept"
            )
        if tolerance is None:
            wanted = self.spec.prediction.self_check if asked is None else asked
            return self.check if wanted else None
        if asked is False:
            raise OptionError("a tolerance without self-check says nothing; leave out one of them")
        number = isinstance(tolerance, Real) and not isinstance(tolerance, bool)
        if not (number and 0 < tolerance < math.inf):
            raise OptionError(f"tolerance is {tolerance!r}; expected a finite number above 0")
        return self.check and self.check.at(tolerance)

    def _shortfall(self, predictions: xr.Dataset, asked: float | None) -> str:
        """Say how many realizations passed, and what to do where next to none did, in one line."""
        accepted, tried = predictions["accepted"], int(predictions["tried"].sum())
        complete = int(accepted.all("realization").sum())
        told = (
            f"{int(accepted.sum())} of {accepted.size} realizations passed the self-check "
            f"({tried} drawn); {accepted.sizes['sample'] - complete} of "
            f"{accepted.sizes['sample']} samples fell short and are filled up with the nearest "
            "rejected ones (accepted = false)"
        )
        if self.check is None or int(accepted.sum()) >= NEXT_TO_NOTHING * tried:
            return told
        fixed = ", ".join(f"{name} {value:.2g}" for name, value in self.check.tolerance.items())
        if asked is not None:
            return (
                f"{told}; next to nothing passes at the tolerance {asked:g}: leave it out for the "
                f"training's own ({fixed}), or give a larger one"
            )
        return (
            f"{told}; next to nothing passes at the training's tolerance ({fixed}): give a larger "
            "one (--tolerance, tolerance=), train with a larger prediction.tolerance, such as "
            "{quantile: 0.95} of real fields, or keep all (--no-self-check, self_check=False)"
        )

    def _inputs(self, dataset: xr.Dataset) -> Samples:
        return checked_samples(
            dataset, self.fields, require=self.spec.inputs, grid=self.grid, declarer=MODEL
        )

    def scaled(self, samples: Samples, names: tuple[str, ...]) -> dict[str, torch.Tensor]:
        """Return fields as the networks see them, on their device.

        Parameters
        ----------
        samples
            Checked fields in physical units.
        names
            Which of them.

        Returns
        -------
        dict of Tensor
            Scaled fields by name, each ``(sample, component, x, y, z)``.
        """
        batch = self.scaling.to_model(samples.dataset, names, grid=samples.grid)
        return {name: tensor.to(self.device) for name, tensor in batch.items()}

    def check_grid(self, grid: Grid) -> None:
        """Refuse a grid that the model does not serve.

        Raises
        ------
        GridError
            For another spacing, frame or periodicity, or another shape where a network is made
            for one shape.
        """
        difference = self.grid.difference(grid, shape=not self.network.any_shape)
        if difference:
            remedies = [words for kind, words in _GRID_REMEDIES.items() if kind in difference]
            raise GridError(
                f"the grid is not the one of training: {difference}; {'; '.join(remedies)}"
            )

    def labeled(self, drawn: Realizations, samples: Samples) -> xr.Dataset:
        """Label realizations of some samples, in physical units.

        Parameters
        ----------
        drawn
            Scaled realizations, as the networks give them.
        samples
            The samples that they were drawn for.

        Returns
        -------
        xarray.Dataset
            As :meth:`predict` gives it.
        """
        outputs = {name: tensor.transpose(0, 1) for name, tensor in drawn.outputs.items()}
        dataset = self.scaling.to_dataset(
            outputs, samples.grid, leading=("realization",), coordinates=_coordinates(samples)
        )
        dataset["tried"] = ("sample", drawn.tried.numpy(), {"units": "1"})
        if drawn.accepted is not None and drawn.errors is not None and self.check is not None:
            dataset["accepted"] = (("sample", "realization"), drawn.accepted.numpy())
            dataset["self_check_error"] = (
                ("sample", "realization", "condition"),
                drawn.errors.numpy(),
                {"units": "1", "measure": self.check.measure},
            )
            dataset = dataset.assign_coords(condition=np.array(list(self.check.tolerance), object))
        return dataset


def _units_told(model: TrainedModel, names: tuple[str, ...]) -> str:
    return "\n".join(
        f"{name} ({model.fields[name].units}): {', '.join(model.fields[name].labels)}"
        for name in names
    )


def _coordinates(samples: Samples) -> dict[str, Any]:
    return {str(name): coordinate for name, coordinate in samples.dataset.coords.items()}
