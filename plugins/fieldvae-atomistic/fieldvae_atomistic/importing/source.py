"""The source of samples that importers of atoms return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from fieldvae_atomistic.box import Box
from fieldvae_atomistic.dump import shown
from fieldvae_atomistic.importing.averaging import Averaging
from fieldvae_atomistic.importing.configuration import Configuration, Snapshot, coordinates
from fieldvae_atomistic.importing.sums import BlockSums
from fieldvae_atomistic.labeling import Labeled, component_labels, labeled


@dataclass(frozen=True, eq=False)
class Snapshots:
    """The snapshots of one call of an importer, read one by one when asked for.

    A sample depends on its snapshot and the options alone. Files are opened anew for each, so
    that a source can be pickled.

    Parameters
    ----------
    snapshots
        What becomes a sample each.
    attributes
        Group attributes of the store.
    averaging
        How they are averaged.
    box, first
        Box of the first snapshot that can be read, and its file; the others' are like it.
    spacing_tolerance
        Share by which the edges of a box may differ from those of the first.
    pressure
        Unit of the stress in the reader's stress times volume over cubic Angstrom, GPa.
    """

    snapshots: tuple[Snapshot, ...]
    attributes: Mapping[str, Any]
    averaging: Averaging
    box: Box
    first: Path
    spacing_tolerance: float
    pressure: float

    def __len__(self) -> int:
        """Return the number of snapshots."""
        return len(self.snapshots)

    def __getitem__(self, index: int, /) -> xr.Dataset:
        """Read one snapshot and average it over blocks."""
        configuration, sums = self._read(index)
        averaging, snapshot = self.averaging, self.snapshots[index]
        fields: dict[str, Labeled] = {}
        if "concentration" in averaging.fields:
            fields["concentration"] = labeled("concentration", sums.concentration())
        if "warren_cowley" in averaging.fields:
            order = sums.warren_cowley(reference=averaging.reference)
            fields["warren_cowley"] = labeled("warren_cowley", order.reshape(-1, *averaging.grid))
        if "residual_stress" in averaging.fields:
            fields["residual_stress"] = labeled("residual_stress", sums.stress(unit=self.pressure))
        labels = component_labels(averaging.elements)
        own = {
            **configuration.labels,
            "snapshot": (
                np.int32(snapshot.number),
                {"long_name": "number of the snapshot in its file"},
            ),
            "file": (
                np.int32(self._file(index)),
                {"long_name": "number of the file in the provenance"},
            ),
        }
        components = {dims[0]: labels[dims[0]] for dims, _, _ in fields.values()}
        return xr.Dataset(fields, coords={**components, **coordinates(own)})

    def sums(self, index: int) -> BlockSums:
        """Read one snapshot and return what its blocks hold, before any division.

        Pooling these sums from a finer grid gives those of the coarser one.
        """
        return self._read(index)[1]

    def files_of(self, index: int, /) -> Sequence[Path]:
        """Return the file that one sample is read from."""
        return (self.snapshots[index].path,)

    def _read(self, index: int) -> tuple[Configuration, BlockSums]:
        if not 0 <= index < len(self.snapshots):
            raise IndexError(f"snapshot {index} of {len(self.snapshots)}")
        configuration = self.snapshots[index].read(self.averaging.elements, self.averaging.fields)
        self._check_box(configuration)
        return configuration, self.averaging.sums(configuration)

    def _file(self, index: int) -> int:
        paths = dict.fromkeys(snapshot.path for snapshot in self.snapshots)
        return list(paths).index(self.snapshots[index].path)

    def _check_box(self, configuration: Configuration) -> None:
        """Refuse a box that differs from the first one: a store has one grid."""
        box = configuration.box
        apart = np.abs(box.matrix - self.box.matrix).max(axis=1) / self.box.lengths
        if box.periodic != self.box.periodic or (apart > self.spacing_tolerance).any():
            raise configuration.error(
                f"the box has edges {_rows(box)}, periodic {_flags(box)}; that of the first "
                f"snapshot ({shown(self.first)}) has {_rows(self.box)}, periodic "
                f"{_flags(self.box)}: the blocks of a store are alike (spacing_tolerance "
                f"{self.spacing_tolerance:g}); import unlike boxes into stores of their own",
            )


def _rows(box: Box) -> str:
    return " x ".join("(" + " ".join(f"{part:.6g}" for part in edge) + ")" for edge in box.edges)


def _flags(box: Box) -> str:
    return " ".join("yes" if flag else "no" for flag in box.periodic)
