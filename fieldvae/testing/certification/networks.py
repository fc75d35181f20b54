"""Checks of smoothers, encoders, decoders and priors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, get_args

import torch
from torch import Tensor, nn

from fieldvae.contract import ConditionSpec, Encoding, LatentSpec, Layout
from fieldvae.errors import PluginError
from fieldvae.field import FieldSpec
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.grid import Grid
from fieldvae.testing.certification.laws import Shapes, Trial, certify
from fieldvae.testing.certification.trials import (
    GRIDS,
    INPUTS,
    OUTPUTS,
    cells,
    sound_options,
    titled,
)

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
    certify([*_smoother_trials(smoother, checked)])


def _smoother_trials(smoother: Made, options: Mapping[str, Any]) -> Iterator[Trial]:
    for grid, field, layout in _cases():
        condition = ConditionSpec(WIDTH, layout)
        for masked in _masks(smoother):
            seen = field.model_copy(update={"mask": masked})
            yield Trial(
                _where(titled("smoothers", smoother), grid, layout, f" for {field.name!r}"),
                grid,
                partial(smoother, seen, grid, condition, **options),
                partial(_on, {"the field": ConditionSpec(field.channels, "field")}),
                partial(_on, {"the condition": condition}),
                partial(_smoothed, masked),
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
    trials = []
    for grid, _, layout in _cases():
        latent, conditions = _specs(layout)
        recovered = {f"recovered[{name!r}]": c for name, c in conditions.items()}
        for masked in _masks(encoder):
            outputs = [field.model_copy(update={"mask": masked}) for field in OUTPUTS]
            trials.append(
                Trial(
                    _where(titled("encoders", encoder), grid, layout),
                    grid,
                    partial(encoder, outputs, grid, latent, conditions, **checked),
                    partial(_on, {f.name: ConditionSpec(f.channels, "field") for f in OUTPUTS}),
                    partial(_on, _parts("the posterior", latent) | recovered),
                    partial(_encoded, masked),
                )
            )
    certify(trials)


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
    trials = []
    for grid, _, layout in _cases():
        latent, conditions = _specs(layout)
        given = {f"the condition of {name!r}": spec for name, spec in conditions.items()}
        means = {f"the mean of {f.name!r}": ConditionSpec(f.channels, "field") for f in OUTPUTS}
        trials.append(
            Trial(
                _where(titled("decoders", decoder), grid, layout),
                grid,
                partial(decoder, OUTPUTS, grid, latent, conditions, **checked),
                partial(_on, {"the latent": latent, **given}),
                partial(_on, means),
                _decoded,
            )
        )
    certify(trials)


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
    trials = []
    for grid, _, layout in _cases():
        latent, conditions = _specs(layout)
        trials.append(
            Trial(
                _where(titled("priors", prior), grid, layout),
                grid,
                partial(prior, grid, latent, conditions, **checked),
                partial(_on, conditions),
                partial(_on, _parts("the law", latent)),
                _believed,
            )
        )
    certify(trials)


def _cases() -> Iterator[tuple[Grid, FieldSpec, Layout]]:
    """A grid, an input field and a layout each, every field on one grid."""
    layouts: Sequence[Layout] = get_args(Layout)
    for grid, field in zip(GRIDS, INPUTS, strict=True):
        for layout in layouts:
            yield grid, field, layout


def _where(what: str, grid: Grid, layout: str, of: str = "") -> str:
    return f"{what}{of} on {cells(grid)}, layout {layout}"


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


def _tells(module: nn.Module, masked: bool) -> bool:
    """Whether a network is told by a second argument which values are known."""
    return masked and bool(getattr(module, "sees_mask", False))


def _smoothed(masked: bool, module: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    field = given["the field"]
    known = (torch.ones_like(field),) if _tells(module, masked) else ()
    return {"the condition": _tensor(module(field, *known))}


def _encoded(masked: bool, module: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    known = {name: torch.ones_like(values) for name, values in given.items()}
    found: object = module(dict(given), *([known] if _tells(module, masked) else []))
    if not isinstance(found, Encoding):
        raise PluginError(f"it gives a {type(found).__name__}; expected a fieldvae.Encoding")
    recovered = {f"recovered[{n!r}]": _tensor(each) for n, each in found.recovered.items()}
    return _law(found.posterior, "the posterior") | recovered


def _believed(module: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return _law(module(dict(given)), "the law")


def _decoded(module: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    latent, *values = given.values()
    conditions = dict(zip((field.name for field in INPUTS), values, strict=True))
    laws = _laws(module(latent, conditions))
    prepare = getattr(module, "given", None)
    if prepare is not None:
        prepared = _laws(prepare(conditions)(latent))
        for name, values_of in laws.items():
            if name not in prepared or not torch.allclose(values_of, prepared[name]):
                raise PluginError(
                    f"given(conditions)(latent) and forward(latent, conditions) differ in {name}; "
                    "expected the same law: let forward return self.given(conditions)(latent)"
                )
    return laws


def _laws(found: object) -> dict[str, Tensor]:
    if not isinstance(found, Mapping):
        raise PluginError(
            f"it gives a {type(found).__name__}; expected a dict with a fieldvae.DiagonalGaussian "
            "for every output"
        )
    tensors = {}
    for name, law in found.items():
        told = _law(law, f"of {name!r}")
        tensors[f"the mean of {name!r}"] = told[f"of {name!r}'s mean"]
        if law.log_variance is not None:
            # that of the law may be one for all samples or cells
            tensors[f"the log-variance of {name!r}"] = told[f"of {name!r}'s log-variance"]
    return tensors


def _law(found: object, what: str) -> dict[str, Tensor]:
    """Mean and log-variance of a law; a point mass has no spread."""
    if not isinstance(found, DiagonalGaussian):
        raise PluginError(
            f"{what} is a {type(found).__name__}; expected a fieldvae.DiagonalGaussian"
        )
    mean = _tensor(found.mean)
    if found.log_variance is None:
        return {f"{what}'s mean": mean}
    spread = _tensor(found.log_variance)
    try:
        spread = spread.expand_as(mean)
    except RuntimeError:
        raise PluginError(
            f"{what} has a mean of shape {tuple(mean.shape)} and a log-variance of shape "
            f"{tuple(spread.shape)}; expected one that broadcasts to it"
        ) from None
    return {f"{what}'s mean": mean, f"{what}'s log-variance": spread}


def _tensor(found: object) -> Tensor:
    if not isinstance(found, Tensor):
        raise PluginError(f"it gives a {type(found).__name__}; expected a tensor")
    return found
