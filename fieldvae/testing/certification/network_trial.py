"""A network of a plugin as it is made and called for one grid and layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from fieldvae.errors import InputError, PluginError
from fieldvae.grid import Grid
from fieldvae.testing.certification.specimens import BATCH, drawn
from fieldvae.testing.certification.trials import Fault

JITTER = 0.1
"""Standard deviation of what is added to weights, so that none is zero as at the start."""

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class NetworkTrial:
    """A network as it is made for one grid and layout.

    Parameters
    ----------
    fault
        Makes its errors.
    grid
        The grid that the network is made for.
    make
        Makes it.
    inward, outward
        Shapes, without the batch, of what it is given and of what it gives, on a grid.
    call
        Passes what is given through the network; checks its types, and returns tensors by name.
    to_inputs
        Whether gradients must reach what is given too.
    """

    fault: Fault
    grid: Grid
    make: Callable[[], object]
    inward: Callable[[Grid], Shapes]
    outward: Callable[[Grid], Shapes]
    call: Callable[[nn.Module, Mapping[str, Tensor]], Mapping[str, Tensor]]
    to_inputs: bool = False

    def given(self, grid: Grid | None = None) -> dict[str, Tensor]:
        """Draw what the network is given, in double precision."""
        shapes = self.inward(grid or self.grid)
        return {
            name: drawn((BATCH, *shape), seed=number, dtype=torch.float64)
            for number, (name, shape) in enumerate(shapes.items())
        }

    def built(self, seed: int = 0) -> nn.Module:
        """Make the network, its weights as drawn, in double precision and evaluation mode."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            try:
                module = self.make()
            except InputError:
                raise
            except Exception as error:
                raise self.fault(
                    f"making it fails with {type(error).__name__}: {error}; what it cannot serve "
                    "is refused with a fieldvae.OptionError"
                ) from error
        if not isinstance(module, nn.Module):
            raise self.fault(f"it makes a {type(module).__name__}; expected a torch.nn.Module")
        return module.double().eval()

    def lively(self, seed: int = 0) -> nn.Module:
        """Make the network with no weight at zero."""
        module = self.built(seed)
        with torch.no_grad():
            for number, weight in enumerate(module.parameters()):
                weight.add_(JITTER * drawn(weight.shape or (1,), seed=number).reshape(weight.shape))
        return module

    def passed(self, module: nn.Module, given: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Pass values through the network; an error is told as its own."""
        try:
            return self.call(module, given)
        except PluginError as error:
            raise self.fault(str(error)) from None
        except Exception as error:
            raise self.fault(f"forward fails with {type(error).__name__}: {error}") from error
