"""A field as an object, a field as YAML, a smoother and a loss; public names only."""

from importlib.resources import files

from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor, nn

from fieldvae import ConditionSpec, FieldSpec, ForwardPass, Grid

CHARGE = FieldSpec(name="charge", units="C/m^3")
MODULI = files("fieldvae_toy") / "moduli.yaml"


class Average(nn.Module):
    """Mix channels, then average each with its mean over the grid.

    Parameters
    ----------
    field, grid, condition
        Handed over by the house.
    repeats
        How often.
    """

    any_shape = True

    def __init__(
        self, field: FieldSpec, grid: Grid, condition: ConditionSpec, *, repeats: PositiveInt = 1
    ) -> None:
        super().__init__()
        self.mix = nn.Conv3d(field.channels, condition.width, 1)
        self.repeats = repeats
        self.layout = condition.layout

    def forward(self, field: Tensor) -> Tensor:
        mixed = self.mix(field)
        for _ in range(self.repeats):
            mixed = 0.5 * (mixed + mixed.mean(dim=(2, 3, 4), keepdim=True))
        return mixed if self.layout == "field" else mixed.mean(dim=(2, 3, 4))


def roughness(forward: ForwardPass, *, floor: NonNegativeFloat = 0.0) -> Tensor:
    """Mean squared step of the conditions along x, above a floor."""
    steps = [c.diff(dim=-3).square().mean() for c in forward.conditions.values()]
    return (sum(steps) - floor).clamp_min(0)
