"""Whether a stress that is declared in balance is so."""

from __future__ import annotations

from typing import get_args

import numpy as np
import xarray as xr

from fieldvae.data.declarer import TASK, Declarer
from fieldvae.errors import GridError, OptionError, StoreError
from fieldvae.field import Derivative, FieldSpec
from fieldvae.grid import Grid

BALANCE_TOLERANCE = 1e-2
"""What balance of forces rules out may be this share of a field's root mean square.

Spectral solvers stop at 1e-3 and below; averages of a stress over blocks keep 0.2 and more.
"""

SAMPLES_AT_ONCE = 256


def check_balance(
    array: xr.DataArray,
    field: FieldSpec,
    grid: Grid,
    *,
    where: str,
    declarer: Declarer = TASK,
) -> None:
    """Refuse a solenoidal field whose discrete divergence is not zero.

    Parameters
    ----------
    array
        Physical values, dims ``(sample, component, x, y, z)``.
    field
        A field of closure ``solenoidal``, its components known.
    grid
        Its grid.
    where
        Opens the message.
    declarer
        Who declares the field.

    Raises
    ------
    StoreError
        If the grid does not repeat, components lack, or forces do not balance.
    """
    if not np.isfinite(array.values).all():
        return  # told of already
    try:
        shares = unbalanced_shares(array.values, field, grid)
    except (GridError, OptionError) as error:
        raise StoreError(f"{where}: closure solenoidal: {error}") from None
    count = int((shares > BALANCE_TOLERANCE).sum())
    if not count:
        return
    others = ", ".join(f"{d} {share:.2g}" for d, share in _of_all(array.values, field, grid))
    plural = "samples" if count > 1 else "sample"
    raise StoreError(
        f"{where} is not in balance of forces in {count} {plural}, worst sample "
        f"{int(shares.argmax())}, where {shares.max():.2g} of its root mean square would have to "
        f"go; the closure solenoidal expects at most {BALANCE_TOLERANCE:g}. Worst, by "
        f"derivative: {others}. {declarer.instead.capitalize()} the derivative that the field was "
        "made with, or 'closure: zero-mean': averages over blocks are not in discrete balance"
    )


def unbalanced_shares(values: np.ndarray, field: FieldSpec, grid: Grid) -> np.ndarray:
    """Give the share of every sample's root mean square that the projection takes off.

    The mean over the grid is left aside, and components off the diagonal count twice, as in
    the norm of tensors.

    Parameters
    ----------
    values
        Physical values, shape ``(sample, component, x, y, z)``; absent axes may lack.
    field, grid
        As of :func:`check_balance`.

    Returns
    -------
    np.ndarray
        Shape ``(sample,)``, from 0 to 1.
    """
    import torch  # what else is checked of a store needs none

    from fieldvae.mechanics import solenoidal_projector

    projector = solenoidal_projector(field, grid).to(torch.complex128)
    weight = torch.tensor([1.0 if c[0] == c[1] else 2.0 for c in field.labels])
    weight = weight.reshape(-1, 1, 1, 1)
    shares = []
    for start in range(0, len(values), SAMPLES_AT_ONCE):
        block = np.asarray(values[start : start + SAMPLES_AT_ONCE], dtype=np.float64)
        five = torch.from_numpy(block.reshape(*block.shape[:2], *grid.shape3))
        waves = torch.fft.fftn(five, dim=(-3, -2, -1))
        waves[..., 0, 0, 0] = 0
        rest = waves - torch.einsum("xyzab,sbxyz->saxyz", projector, waves)
        squares = [(weight * w.abs().square()).sum((1, 2, 3, 4)) for w in (rest, waves)]
        smallest = torch.finfo(torch.float64).tiny
        shares.append((squares[0] / squares[1].clamp(min=smallest)).sqrt().numpy())
    return np.concatenate(shares)


def _of_all(values: np.ndarray, field: FieldSpec, grid: Grid) -> list[tuple[Derivative, float]]:
    return [
        (
            d,
            float(
                unbalanced_shares(values, field.model_copy(update={"derivative": d}), grid).max()
            ),
        )
        for d in get_args(Derivative)
    ]
