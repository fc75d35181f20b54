"""Checks of smoothers, encoders, decoders and priors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, get_args

from fieldvae.contract import ConditionSpec, LatentSpec, Layout
from fieldvae.errors import InputError, PluginError
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.testing.certification.laws import hold_to_laws
from fieldvae.testing.certification.network_trial import NetworkTrial, Shapes
from fieldvae.testing.certification.options import sound_options, titled
from fieldvae.testing.certification.passes import believed, decoded, encoded, smoothed
from fieldvae.testing.certification.specimens import GRIDS, INPUTS, OUTPUTS, cells
from fieldvae.testing.certification.trials import Fault, certify, faults_of

Made = Callable[..., Any]

WIDTH = 5
"""Of every condition."""

LATENT = sum(field.channels for field in OUTPUTS)
"""Width of the latent: that of all outputs together, as decoders that carry it to them need."""


def check_smoother(smoother: Made, /, **options: Any) -> None:
    """Check that a smoother keeps its contract, on grids of one to three dimensions.

    Signature, shapes of conditions in both layouts, values left as they are given, weights from
    the seed, evaluation without chance and without neighbors in the batch, gradients for every
    weight and for the field, saving and restoring, moving to another device and precision, other
    grids where ``any_shape`` is true.

    Parameters
    ----------
    smoother
        The class.
    **options
        Options to try it with; defaults where left out.

    Raises
    ------
    PluginError
        With what was found, what was expected and how to mend it.

    Examples
    --------
    >>> from fieldvae.model.pointwise import PointwiseSmoother
    >>> check_smoother(PointwiseSmoother, channels=8)
    """
    checked = sound_options("smoothers", smoother, options)
    _certify(_smoother_trials(smoother, checked))


def _smoother_trials(smoother: Made, options: Mapping[str, Any]) -> Iterator[NetworkTrial]:
    for grid, field, layout in _cases():
        condition = ConditionSpec(WIDTH, layout)
        for masked in _masks(smoother):
            seen = field.model_copy(update={"mask": masked})
            yield NetworkTrial(
                _faults("smoothers", smoother, grid, layout, f" for {field.name!r}"),
                grid,
                partial(smoother, seen, grid, condition, **options),
                partial(_on, {"the field": ConditionSpec(field.channels, "field")}),
                partial(_on, {"the condition": condition}),
                partial(smoothed, masked),
                to_inputs=True,
            )


def check_encoder(encoder: Made, /, **options: Any) -> None:
    """Check that an encoder keeps its contract; as :func:`check_smoother`.

    Posterior and recovered conditions have the shapes of latent and conditions, one recovered
    condition for every input.

    Parameters
    ----------
    encoder
        The class.
    **options
        Options to try it with; defaults where left out.

    Raises
    ------
    PluginError
        With what was found, what was expected and how to mend it.
    """
    checked = sound_options("encoders", encoder, options)
    _certify(_encoder_trials(encoder, checked))


def _encoder_trials(encoder: Made, options: Mapping[str, Any]) -> Iterator[NetworkTrial]:
    for grid, _, layout in _cases():
        latent, conditions = _specs(layout)
        recovered = {f"recovered[{name!r}]": c for name, c in conditions.items()}
        for masked in _masks(encoder):
            outputs = [field.model_copy(update={"mask": masked}) for field in OUTPUTS]
            yield NetworkTrial(
                _faults("encoders", encoder, grid, layout),
                grid,
                partial(encoder, outputs, grid, latent, conditions, **options),
                partial(_on, {f.name: ConditionSpec(f.channels, "field") for f in OUTPUTS}),
                partial(_on, _parts("the posterior", latent) | recovered),
                partial(encoded, masked),
            )


def check_decoder(decoder: Made, /, **options: Any) -> None:
    """Check that a decoder keeps its contract; as :func:`check_smoother`.

    A law for every output, by name; a method ``given`` agrees with ``forward``.

    Parameters
    ----------
    decoder
        The class.
    **options
        Options to try it with; defaults where left out.

    Raises
    ------
    PluginError
        With what was found, what was expected and how to mend it.
    """
    checked = sound_options("decoders", decoder, options)
    _certify(_decoder_trials(decoder, checked))


def _decoder_trials(decoder: Made, options: Mapping[str, Any]) -> Iterator[NetworkTrial]:
    for grid, _, layout in _cases():
        latent, conditions = _specs(layout)
        given = {f"the condition of {name!r}": spec for name, spec in conditions.items()}
        means = {f"the mean of {f.name!r}": ConditionSpec(f.channels, "field") for f in OUTPUTS}
        yield NetworkTrial(
            _faults("decoders", decoder, grid, layout),
            grid,
            partial(decoder, OUTPUTS, grid, latent, conditions, **options),
            partial(_on, {"the latent": latent, **given}),
            partial(_on, means),
            decoded,
        )


def check_prior(prior: Made, /, **options: Any) -> None:
    """Check that a prior keeps its contract; as :func:`check_smoother`.

    Parameters
    ----------
    prior
        The class.
    **options
        Options to try it with; defaults where left out.

    Raises
    ------
    PluginError
        With what was found, what was expected and how to mend it.
    """
    checked = sound_options("priors", prior, options)
    _certify(_prior_trials(prior, checked))


def _prior_trials(prior: Made, options: Mapping[str, Any]) -> Iterator[NetworkTrial]:
    for grid, _, layout in _cases():
        latent, conditions = _specs(layout)
        yield NetworkTrial(
            _faults("priors", prior, grid, layout),
            grid,
            partial(prior, grid, latent, conditions, **options),
            partial(_on, conditions),
            partial(_on, _parts("the law", latent)),
            believed,
        )


def _certify(trials: Iterator[NetworkTrial]) -> None:
    def refusal(trial: NetworkTrial, error: InputError) -> PluginError:
        return trial.fault(f"it refuses every grid and layout; here: {error}")

    certify(trials, begin=NetworkTrial.built, hold=hold_to_laws, refusal=refusal)


def _cases() -> Iterator[tuple[Grid, FieldSpec, Layout]]:
    """A grid, an input field and a layout each, every field on one grid."""
    layouts: Sequence[Layout] = get_args(Layout)
    for grid, field in zip(GRIDS, INPUTS, strict=True):
        for layout in layouts:
            yield grid, field, layout


def _faults(kind: str, network: Made, grid: Grid, layout: str, of: str = "") -> Fault:
    return faults_of(f"{titled(kind, network)}{of} on {cells(grid)}, layout {layout}")


def _specs(layout: Layout) -> tuple[LatentSpec, dict[str, ConditionSpec]]:
    conditions = {field.name: ConditionSpec(WIDTH + n, layout) for n, field in enumerate(INPUTS)}
    return LatentSpec(LATENT, layout), conditions


def _on(specs: Mapping[str, ConditionSpec], grid: Grid) -> Shapes:
    """Shapes on a grid, without the batch."""
    return {name: spec.shape(grid) for name, spec in specs.items()}


def _parts(law: str, latent: LatentSpec) -> dict[str, ConditionSpec]:
    return {f"{law}'s mean": latent, f"{law}'s log-variance": latent}


def _masks(network: Made) -> tuple[bool, ...]:
    """Whether fields declare a mask: tried too with networks that look at it."""
    return (False, True) if getattr(network, "sees_mask", False) else (False,)
