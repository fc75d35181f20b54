"""A smoother that looks at one cell at a time."""

from __future__ import annotations

from pydantic import PositiveInt
from torch import Tensor, nn

from fieldvae.contract import ConditionSpec
from fieldvae.errors import OptionError
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.model.missing import beside


class PointwiseSmoother(nn.Module):
    """Map a field to a condition on the grid, every cell by itself.

    Parameters
    ----------
    field, grid, condition
        The input, the grid and the condition asked for.
    channels
        Width of the hidden layer.

    Raises
    ------
    OptionError
        If the condition is a vector, which no single cell can give.
    """

    any_shape = True
    sees_mask = True

    def __init__(
        self,
        field: FieldSpec,
        grid: Grid,
        condition: ConditionSpec,
        *,
        channels: PositiveInt = 40,
    ) -> None:
        super().__init__()
        if condition.layout == "vector":
            raise OptionError(
                f"the smoother 'pointwise' of {field.name!r} gives a condition on the grid, and "
                "the model's layout is 'vector'; use 'convolution', or layout: field"
            )
        self.masked = field.mask
        self.layers = nn.Sequential(
            nn.Conv3d(field.channels * (1 + field.mask), channels, 1),
            nn.SiLU(),
            nn.Conv3d(channels, condition.width, 1),
        )

    def forward(self, field: Tensor, known: Tensor | None = None) -> Tensor:
        """Smooth a field ``(batch, c, x, y, z)`` to a condition ``(batch, k, x, y, z)``.

        ``known`` is 1 where the values of a field with mask are, all of them where ``None``.
        """
        condition: Tensor = self.layers(beside(field, known) if self.masked else field)
        return condition
