"""The standard-normal numbers behind realizations: common to all iterations, or renewed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from fieldvae.model.cvae import ConditionalVAE


@dataclass(frozen=True)
class Draws:
    """Standard-normal numbers for some starts.

    Parameters
    ----------
    latent
        Shape ``(realization, start, *latent.shape)``.
    noise
        By output, ``(realization, start, component, x, y, z)``; ``None`` where the decoder's
        mean is taken.
    """

    latent: Tensor
    noise: Mapping[str, Tensor] | None


@dataclass(frozen=True)
class Shapes:
    """Shapes of what is drawn for one realization.

    Parameters
    ----------
    latent
        Without batch.
    outputs
        By output, ``(component, x, y, z)``.
    """

    latent: tuple[int, ...]
    outputs: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, network: ConditionalVAE, conditions: Mapping[str, Tensor]) -> Shapes:
        """Read them off a network, for the grid of some conditions."""
        with torch.no_grad():
            first = {name: c[:1] for name, c in conditions.items()}
            mean = network.prior(first).mean
            laws = network.decode(mean, first)
        return cls(tuple(mean.shape[1:]), {n: tuple(law.mean.shape[1:]) for n, law in laws.items()})


def draw(
    shapes: Shapes,
    starts: Sequence[int],
    *,
    count: int,
    seed: int,
    stream: int,
    noise: bool,
    device: torch.device,
    shared: bool = False,
) -> Draws:
    """Draw for some starts; what a start gets depends on its number, not on the others.

    Parameters
    ----------
    shapes
        Of one realization.
    starts
        Numbers of the starts.
    count
        Realizations for each.
    seed, stream
        Fix the numbers together with the start's; streams are independent.
    noise
        Whether the decoder's noise is drawn.
    device
        Where the numbers go; they are drawn on the CPU.
    shared
        Whether all starts get the numbers of the first.
    """
    latent, outputs = [], []
    for start in [0] if shared else starts:
        words = np.random.SeedSequence([seed, stream, start]).generate_state(2, np.uint32).tolist()
        generator = torch.Generator().manual_seed(words[0] << 31 | words[1] >> 1)
        latent.append(torch.randn(count, *shapes.latent, generator=generator))
        if noise:
            outputs.append(
                {
                    name: torch.randn(count, *shape, generator=generator)
                    for name, shape in shapes.outputs.items()
                }
            )

    def joined(parts: Sequence[Tensor]) -> Tensor:
        together = torch.stack(list(parts), 1)
        if shared:
            together = together.expand(-1, len(starts), *together.shape[2:]).clone()
        return together.to(device)

    if not noise:
        return Draws(joined(latent), None)
    by_name = {name: joined([part[name] for part in outputs]) for name in shapes.outputs}
    return Draws(joined(latent), by_name)


def renew(draws: Draws, generator: torch.Generator) -> None:
    """Draw all numbers anew, in place.

    Parameters
    ----------
    draws
        What is overwritten.
    generator
        On the device of the numbers.
    """
    draws.latent.normal_(generator=generator)
    for values in (draws.noise or {}).values():
        values.normal_(generator=generator)
