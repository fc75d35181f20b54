"""LAMMPS's text dumps: where snapshots start, what their headers say, and their columns in pieces.

``packed``    plain, gzip and zstd files read as one stream
``header``    what stands above the atoms of a snapshot
``lines``     some thousand lines to columns, with pandas's C parser
``mistakes``  which line the parser would not take, and why
``snapshot``  one snapshot, read two megabytes at a time
``scanning``  where the snapshots of a file start
"""

from fieldvae_atomistic.dump.header import Header
from fieldvae_atomistic.dump.packed import shown
from fieldvae_atomistic.dump.scanning import scan
from fieldvae_atomistic.dump.snapshot import Piece, Snapshot

__all__ = ["Header", "Piece", "Snapshot", "scan", "shown"]
