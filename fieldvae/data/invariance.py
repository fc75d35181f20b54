"""Whether a symmetry of physical values is one of scaled values too."""

from __future__ import annotations

import numpy as np

from fieldvae.data.scaling import FieldScaling, Scaling
from fieldvae.data.symmetry import SymmetryGroup
from fieldvae.errors import OptionError


def check_invariant(scaling: Scaling, symmetry: SymmetryGroup) -> None:
    """Refuse a scaling under which a symmetry is lost: one that was fitted without it.

    Components that the group carries into each other must share a scale, and no cell may have a
    scale of its own. Offsets are free, as the group acts about physical zero.

    Parameters
    ----------
    scaling
        That of a trained model.
    symmetry
        The group that another training is to have.

    Raises
    ------
    OptionError
        Names every field of which this does not hold.
    """
    lost = [name for name, each in scaling.fields.items() if not _survives(each, symmetry)]
    if lost:
        raise OptionError(
            f"symmetry: the scaling of {', '.join(lost)} was fitted without this symmetry, which "
            "does not hold of scaled values; set symmetry: none, or train without --from"
        )


def _survives(scaling: FieldScaling, symmetry: SymmetryGroup) -> bool:
    field = scaling.field
    if symmetry.trivial:
        return True
    if scaling.scale[0].numel() > 1:
        return False
    if symmetry.order == 1 or field.tensor_kind in ("scalar", "set"):
        return True
    widths = scaling.scale.reshape(-1).numpy()
    return bool(np.allclose(np.abs(symmetry.matrices(field)) @ widths, widths, rtol=1e-9))
