"""What a network of each kind is called with and gives: types checked, tensors by name."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from fieldvae.contract import Encoding
from fieldvae.errors import PluginError
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.testing.certification.specimens import INPUTS


def smoothed(masked: bool, module: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Call a smoother on ``the field``."""
    field = given["the field"]
    known = (torch.ones_like(field),) if _tells(module, masked) else ()
    return {"the condition": _tensor(module(field, *known))}


def encoded(masked: bool, module: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Call an encoder on all outputs."""
    known = {name: torch.ones_like(values) for name, values in given.items()}
    found: object = module(dict(given), *([known] if _tells(module, masked) else []))
    if not isinstance(found, Encoding):
        raise PluginError(f"it gives a {type(found).__name__}; expected a fieldvae.Encoding")
    recovered = {f"recovered[{n!r}]": _tensor(each) for n, each in found.recovered.items()}
    return _law(found.posterior, "the posterior") | recovered


def believed(module: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Call a prior on all conditions."""
    return _law(module(dict(given)), "the law")


def decoded(module: nn.Module, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Call a decoder on a latent and the conditions after it, by ``given`` too where it has it."""
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


def _tells(module: nn.Module, masked: bool) -> bool:
    """Whether a network is told by a second argument which values are known."""
    return masked and bool(getattr(module, "sees_mask", False))


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
