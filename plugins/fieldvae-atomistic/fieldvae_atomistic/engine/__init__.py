"""LAMMPS inside this process: build a crystal, relax it.

``running``     start LAMMPS with atoms in a box; what is done to them in it
``relaxation``  a crystal relaxed at no mean pressure
``scaling``     lattice constant and bulk modulus of a crystal
"""

from fieldvae_atomistic.engine.relaxation import Relaxed, relax, settle
from fieldvae_atomistic.engine.running import (
    QUIET,
    failures_told,
    minimize,
    open_crystal,
    scale,
    start,
    told,
)
from fieldvae_atomistic.engine.scaling import equilibrium

__all__ = [
    "QUIET",
    "Relaxed",
    "equilibrium",
    "failures_told",
    "minimize",
    "open_crystal",
    "relax",
    "scale",
    "settle",
    "start",
    "told",
]
