"""What is known of alloys of Co, Cr and Ni: atomic volumes, elastic and pair energies.

Checked against the literature as far as it could be read:

Atomic volumes
    The apparent volumes in fcc alloys of C. Varvenne, A. Luque and W. A. Curtin, Acta Materialia
    118, 164 (2016). The paper itself was not at hand; the numbers are also those of the example
    Ni-Co-Fe-Cr of the public program pySSpredict, which computes that paper's model. Equal parts
    have a mean of 11.44 cubic Angstrom, a lattice constant of 3.577 Angstrom; the potential of Li,
    Sheng and Ma gives 3.557. Only the ratios enter the stress.
Elastic constants
    G. Laplanche et al., Scripta Materialia 177, 44 (2020), measured them on a single crystal of
    CrCoNi between 100 and 673 K by resonant ultrasound. Its abstract was read, its table was not:
    the defaults are recalled from it and rounded, and may be some GPa off. They mean a bulk modulus
    of 187 GPa and, by Hill's average, a shear modulus of 91 GPa and a Poisson ratio of 0.29. Random
    crystals of the potential above are another medium: 254, 180 and 96 GPa.
Pair energies
    Those that the simulator ``lammps`` fits to that potential, rounded; checked by its own fit.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fieldvae import OptionError
from fieldvae_atomistic.lattice import SHELLS

VOLUMES: Mapping[str, float] = {"Co": 11.12, "Cr": 12.27, "Ni": 10.94}
"""Atomic volumes in fcc alloys of these elements, cubic Angstrom."""

C11, C12, C44 = 250.0, 155.0, 140.0
"""Elastic constants, GPa, near those of CoCrNi."""

PAIR_ENERGIES: Mapping[frozenset[str], float] = {
    frozenset({"Co", "Cr"}): -0.072,
    frozenset({"Co", "Ni"}): 0.015,
    frozenset({"Cr", "Ni"}): -0.010,
}
"""Energies of unlike first neighbors, eV a pair."""


def chosen_volumes(elements: Sequence[str], given: tuple[float, ...]) -> tuple[float, ...]:
    """Return the atomic volume of each element: those given, or the known ones.

    Raises
    ------
    OptionError
        If their number is wrong, or one is neither given nor known.
    """
    return _filled("volumes", given, [VOLUMES.get(name) for name in elements], "element")


def chosen_pair_energies(elements: Sequence[str], given: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the pair energies, eV, shape ``(shell, element, element)``, first shell alone.

    Parameters
    ----------
    elements
        Their names.
    given
        For the first element with the second, with the third, ..., the second with the third, ...;
        the known ones where empty.

    Raises
    ------
    OptionError
        If their number is wrong, or one is neither given nor known.
    """
    known = [PAIR_ENERGIES.get(frozenset(pair)) for pair in itertools.combinations(elements, 2)]
    values = _filled("pair_energies", given, known, "pair of unlike elements")
    energies = np.zeros((len(SHELLS), len(elements), len(elements)))
    first, second = np.triu_indices(len(elements), k=1)
    energies[0, first, second] = energies[0, second, first] = values
    return energies


def _filled(
    name: str, given: tuple[float, ...], known: Sequence[float | None], what: str
) -> tuple[float, ...]:
    """Return the values given, or the known ones where none were."""
    if given:
        if len(given) != len(known):
            raise OptionError(
                f"{name} has {len(given)} values; expected {len(known)}, one for each {what}"
            )
        return given
    if any(value is None for value in known):
        raise OptionError(f"{name} is known for Co, Cr and Ni alone; give one for each {what}")
    return tuple(value for value in known if value is not None)
