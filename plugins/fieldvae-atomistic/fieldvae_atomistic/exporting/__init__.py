"""The exporter ``lammps_data``: crystals whose blocks have the composition of given fields.

``exporter``    fields to files
``arranging``   atoms for the blocks: how many of each element, and where
``structures``  data files written and read
"""

from fieldvae_atomistic.exporting.arranging import arranged, block_numbers
from fieldvae_atomistic.exporting.exporter import INDEX, lammps_data
from fieldvae_atomistic.exporting.structures import Structure, read_occupation

__all__ = ["INDEX", "Structure", "arranged", "block_numbers", "lammps_data", "read_occupation"]
