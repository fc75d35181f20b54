"""What is read off the stresses."""

from __future__ import annotations

import torch

from fieldvae import OptionError, PhysicalFields, QuantityField

Direction = tuple[float, float, float]


def stress_concentration(
    fields: PhysicalFields, *, direction: Direction = (1, 0, 0), of: str | None = None
) -> QuantityField:
    r"""Normal stress along a direction over its mean over the grid.

    .. math:: K(x) = \frac{\hat n_i \, \sigma_{ij}(x) \, \hat n_j}
                          {\langle \hat n_i \, \sigma_{ij} \, \hat n_j \rangle}

    Parameters
    ----------
    fields
        Handed over by fieldvae.
    direction
        The direction n in the grid's axes; its length does not count.
    of
        A symmetric tensor field with all six components; the only stress where left out.

    Returns
    -------
    QuantityField
        Dimensionless, shape ``(..., x, y, z)``, of mean one. Without meaning where the mean stress
        is near zero.

    Raises
    ------
    OptionError
        If the direction is zero.
    """
    if not any(direction):
        raise OptionError("direction [0, 0, 0] is none; give one such as [1, 0, 0]")
    stress = fields.matrices(fields.stress(of))
    normal = torch.tensor(direction, dtype=stress.dtype, device=stress.device)
    along = torch.einsum("...ij,i,j->...", stress, normal, normal) / normal.square().sum()
    return QuantityField(
        along / along.mean((-3, -2, -1), keepdim=True),
        "1",
        symbol="K",
        title="stress concentration",
    )
