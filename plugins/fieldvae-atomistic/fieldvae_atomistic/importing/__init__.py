"""Importers: atoms in files to concentration, Warren-Cowley parameters and stress of blocks.

``dumps``          the importer ``lammps``: text dumps, in pieces
``ase_images``     the importer ``ase``: whatever ase.io reads
``image_files``    the images of files that ASE reads
``universes``      the importer ``mdanalysis``: trajectories that MDAnalysis reads
``options``        options that they share
``stresses``       units, signs and orders of stresses in other programs' files
``configuration``  what each of them gives of one snapshot
``whole``          such a configuration made of arrays in memory
``averaging``      a configuration to sums over blocks, the same for all
``sums``           what blocks hold, as sums that can be pooled
``source``         the sequence of samples
``describing``     attributes and provenance of the store
"""

from fieldvae_atomistic.importing.ase_images import ase
from fieldvae_atomistic.importing.dumps import lammps
from fieldvae_atomistic.importing.universes import mdanalysis

__all__ = ["ase", "lammps", "mdanalysis"]
