"""Check of losses, on one pass through a small model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor, nn

from fieldvae.contract import Batch, ForwardPass
from fieldvae.errors import InputError, OptionError, PluginError
from fieldvae.grid import Grid
from fieldvae.model.convolution import ConvolutionDecoder
from fieldvae.testing.certification.options import sound_options, titled
from fieldvae.testing.certification.small_model import small_model
from fieldvae.testing.certification.specimens import BATCH, GRIDS, INPUTS, OUTPUTS, cells, drawn
from fieldvae.testing.certification.tensors import follow_back, is_reached
from fieldvae.testing.certification.trials import certify, faults_of


def check_loss(
    loss: Callable[..., Tensor],
    /,
    *,
    decoder: Callable[..., nn.Module] | None = None,
    **options: Any,
) -> None:
    """Check that a loss keeps its contract, on passes through small models.

    Signature, a finite scalar for batches of three samples and of one, a gradient for the model,
    the forward pass left as it is, chance from the pass's generator alone, and a model without
    encoder served or refused with an ``OptionError``. The model has the inputs ``density``,
    ``flow`` and ``fraction`` and the outputs ``stress`` (GPa) and ``strain``, symmetric tensors.

    Parameters
    ----------
    loss
        The function.
    decoder
        The class of the decoder that the loss belongs to; any will do where ``None``.
    **options
        Options to try it with; defaults where left out.

    Raises
    ------
    PluginError
        With what was found, what was expected and how to mend it.

    Examples
    --------
    >>> from fieldvae.model.scores import energy_score
    >>> check_loss(energy_score, members=2)
    """
    checked = sound_options("losses", loss, options)
    title = titled("losses", loss)

    def refusal(_: _LossTrial, error: InputError) -> PluginError:
        return faults_of(title)(f"it refuses every grid; {error}")

    certify(
        (_LossTrial(title, loss, checked, grid, decoder or ConvolutionDecoder) for grid in GRIDS),
        begin=lambda trial: trial.value(trial.forward()),
        hold=_LossTrial.hold,
        refusal=refusal,
    )


class _LossTrial:
    """A loss with its options, and a model on one grid."""

    def __init__(
        self,
        title: str,
        loss: Callable[..., Tensor],
        options: Mapping[str, Any],
        grid: Grid,
        decoder: Callable[..., nn.Module],
    ) -> None:
        self.loss, self.options, self.grid = loss, options, grid
        self.fault = faults_of(f"{title} on {cells(grid)}")
        self.network = small_model(grid, decoder, encoder=True)
        self.without = small_model(grid, decoder, encoder=False)

    def forward(self, *, batch: int = BATCH, encoder: bool = True) -> ForwardPass:
        """Pass a batch through the model, always with the same numbers."""
        network = self.network if encoder else self.without
        values = [
            {
                field.name: drawn((batch, field.channels, *self.grid.shape3), seed=number)
                for number, field in enumerate(chosen)
            }
            for chosen in (INPUTS, OUTPUTS)
        ]
        passed: ForwardPass = network(*values, torch.Generator().manual_seed(0))
        return passed

    def value(self, forward: ForwardPass) -> Tensor:
        """Call the loss, and see that it gives a finite scalar."""
        try:
            found: object = self.loss(forward, **self.options)
        except InputError:
            raise
        except Exception as error:
            raise self.fault(f"it fails with {type(error).__name__}: {error}") from error
        if not isinstance(found, Tensor):
            raise self.fault(f"it gives a {type(found).__name__}; expected a scalar tensor")
        if found.shape != ():
            raise self.fault(
                f"it gives a tensor of shape {tuple(found.shape)}; expected a scalar: take the "
                "mean over samples and cells"
            )
        if not bool(torch.isfinite(found)):
            batch = len(_first(forward.outputs))
            raise self.fault(
                f"it gives {float(found.detach())} for a batch of {batch}; expected a finite "
                "number: keep divisors and arguments of logarithms and roots above zero"
            )
        return found

    def hold(self) -> None:
        """Hold the loss to every law."""
        self.value(self.forward(batch=1))
        self._trains()
        self._leaves_the_pass()
        self._draws_from_the_generator()
        self._serves_or_refuses_a_model_without_encoder()

    def _trains(self) -> None:
        self.network.zero_grad()
        follow_back(self.value(self.forward()))
        gradients = [w.grad for w in self.network.parameters() if w.grad is not None]
        if not all(bool(torch.isfinite(gradient).all()) for gradient in gradients):
            raise self.fault(
                "its gradient is not finite; the slope of a root at zero is infinite, and so is "
                "that of a logarithm: keep their arguments above zero"
            )
        if not is_reached(*self.network.parameters()):
            raise self.fault(
                "no gradient of it reaches the model; compute it with torch from what the forward "
                "pass holds, without detach(), item() or numpy"
            )

    def _leaves_the_pass(self) -> None:
        forward = self.forward()
        before = _tensors(forward)
        self.value(forward)
        for name, values in _tensors(forward).items():
            if not torch.equal(values, before[name]):
                raise self.fault(
                    f"it changes {name} in place, which other losses see too; use operations "
                    "without a trailing _, or change a copy: .clone()"
                )

    def _draws_from_the_generator(self) -> None:
        found = []
        with torch.random.fork_rng(devices=[]):
            for seed in (1, 2):
                torch.manual_seed(seed)
                found.append(float(self.value(self.forward()).detach()))
        if found[0] != found[1]:
            raise self.fault(
                f"one pass and one generator give {found[0]:.6g} and {found[1]:.6g}; draw from "
                "forward.generator, or by forward.realize(count), so that the seed fixes all chance"
            )

    def _serves_or_refuses_a_model_without_encoder(self) -> None:
        try:
            self.value(self.forward(encoder=False))
        except OptionError:
            return
        except PluginError as error:
            raise PluginError(
                f"{error} (in a model without encoder, where forward.encoding and "
                "forward.reconstruction are None: refuse it with an OptionError)"
            ) from error


def _first(batch: Batch) -> Tensor:
    return next(iter(batch.values()))


def _tensors(forward: ForwardPass) -> dict[str, Tensor]:
    """Copies of the fields and conditions of a pass, by name."""
    held = {f.name: getattr(forward, f.name) for f in fields(forward)}
    return {
        f"forward.{part}[{name!r}]": values.detach().clone()
        for part in ("inputs", "outputs", "conditions")
        for name, values in held[part].items()
    }
