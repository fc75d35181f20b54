"""Arrangements of all realizations at once, and what swaps of their atoms change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.moves import Moves


@dataclass(frozen=True)
class Swaps:
    """Swaps of unlike atoms, one in each of several blocks of several realizations.

    Parameters
    ----------
    sites
        The two sites of each, shape ``(2, swap)``.
    kinds
        The elements that they bear, shape ``(2, swap)``.
    realization
        The realization of each, shape ``(swap,)``.
    column
        Its block's place among the blocks that take part in the step, shape ``(swap,)``.
    reached
        Blocks whose counts may change, the swap's own first, shape ``(swap, slot)``.
    """

    sites: NDArray[np.intp]
    kinds: NDArray[np.int8]
    realization: NDArray[np.intp]
    column: NDArray[np.intp]
    reached: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.realization)


@dataclass(frozen=True)
class Change:
    """What swaps change of the pair counts.

    Parameters
    ----------
    around
        Neighbors of the first site less those of the second, by the reached block that they lie
        in and their element, shape ``(swap, slot, element)``; a bond between the two stays what
        it is.
    center
        The same of all blocks together, shape ``(swap, element)``.
    swap
        Atoms of each element that the first site gains, shape ``(swap, element)``.
    """

    around: NDArray[np.float64]
    center: NDArray[np.float64]
    swap: NDArray[np.float64]


class Arrangements:
    """The elements on all sites of all realizations, and the errors of their pair counts.

    Parameters
    ----------
    lattice
        Sites, neighbors and blocks.
    moves
        Which swaps can be tried at once.
    realizations
        Element of every site, shape ``(realization, site)``; swaps change it in place.
    error
        Pair counts less those wanted, shape ``(realization * block, center, neighbor)``; swaps
        change it in place.
    """

    def __init__(
        self,
        lattice: Lattice,
        moves: Moves,
        realizations: NDArray[np.int8],
        error: NDArray[np.float64],
    ) -> None:
        self.lattice, self.moves, self.error = lattice, moves, error
        self.bonded = [np.ascontiguousarray(s.T.astype(np.intp)) for s in lattice.neighbors]
        self.elements = error.shape[-1]
        self.state = realizations.ravel()  # shares their memory
        self._first_site = np.arange(len(realizations))[:, None] * lattice.size
        self._every, self._unit = np.arange(self.elements), np.eye(self.elements)
        most = len(realizations) * max(len(color) for color in moves.colors)
        self._keys = np.arange(most)[:, None] * (moves.reached.shape[2] * self.elements)

    def proposed(self, places: NDArray[np.float64], *, blocks: NDArray[np.intp], way: int) -> Swaps:
        """Choose two sites in each block of each realization; those with unlike atoms can swap.

        Parameters
        ----------
        places
            Uniform in [0, 1), shape ``(2, realization, block of the color)``.
        blocks
            Blocks that take part, one color of :class:`~fieldvae_atomistic.moves.Moves`.
        way
            Number of the way that the step looks.
        """
        sites = self.moves.sites[way]
        pair = sites[blocks, (places * sites.shape[1]).astype(np.intp)]
        kinds = self.state.take(pair + self._first_site)
        realization, column = np.nonzero(kinds[0] != kinds[1])
        reached = self.moves.reached[way].take(blocks[column], axis=0)
        reached += (realization * self.lattice.blocks)[:, None]
        chosen = (slice(None), realization, column)
        return Swaps(pair[chosen], kinds[chosen], realization, column, reached)

    def change(self, swaps: Swaps) -> Change:
        """Count what each swap changes."""
        count, slots = swaps.reached.shape
        near = self.bonded[0].take(swaps.sites, axis=0)
        key = self.moves.slot.take(swaps.sites, axis=0) * self.elements + self._keys[:count]
        key += self._kinds_at(near, swaps)
        weight = (near != swaps.sites[::-1, :, None]).astype(np.float64)
        weight[1] *= -1.0
        size = count * slots * self.elements
        sums = np.bincount(key.ravel(), weights=weight.ravel(), minlength=size)
        around = np.asarray(sums, dtype=np.float64).reshape(count, slots, self.elements)
        first, second = swaps.kinds
        return Change(around, around.sum(axis=1), self._unit[second] - self._unit[first])

    def error_change(self, swaps: Swaps, change: Change) -> NDArray[np.float64]:
        """Change of the sum of squared errors by each swap, shape ``(swap,)``.

        They change by 2 error . change + change . change, with the changes around[slot, i] swap[j]
        seen from the neighbors and, in the block itself, swap[i] center[j] seen from the two sites.
        """
        first, second = swaps.kinds
        around, center, swap = change.around, change.center, change.swap
        every, error = self._every, self.error
        row = (swaps.reached[:, :, None] * self.elements + every) * self.elements
        slope = error.take(row + second[:, None, None]) - error.take(row + first[:, None, None])
        row = swaps.reached[:, :1] * self.elements
        own = error.take((row + second[:, None]) * self.elements + every)
        own -= error.take((row + first[:, None]) * self.elements + every)
        worse = 2.0 * np.einsum("bse,bse->b", around, slope + around)
        worse += 2.0 * np.einsum("be,be->b", center, own + center)
        worse += 2.0 * (
            np.einsum("be,be->b", around[:, 0], swap) * np.einsum("be,be->b", center, swap)
        )
        return np.asarray(worse)

    def energy_change(self, swaps: Swaps, reduced: NDArray[np.float64]) -> NDArray[np.float64]:
        """Change of the energy over kT by each swap, shape ``(swap,)``.

        Parameters
        ----------
        swaps
            The swaps.
        reduced
            Pair energies over kT, shape ``(shell, element, element)``, symmetric.
        """
        first, second = swaps.kinds
        energy = np.zeros(len(swaps))
        for shell, neighbors in zip(reduced, self.bonded, strict=True):
            # change[a, b, t]: with a neighbor t, when a gives way to b
            change = shell[None, :, :] - shell[:, None, :]
            near = neighbors.take(swaps.sites, axis=0)
            around = self._kinds_at(near, swaps)
            cost = np.stack(
                [
                    change[first[:, None], second[:, None], around[0]],
                    change[second[:, None], first[:, None], around[1]],
                ]
            )
            # the bond between the two stays what it is
            energy += np.where(near == swaps.sites[::-1, :, None], 0.0, cost).sum(axis=(0, 2))
        return energy

    def swap(self, swaps: Swaps, change: Change, accepted: NDArray[np.intp]) -> None:
        """Exchange the atoms of some of the swaps, and follow the errors."""
        taken = swaps.sites[:, accepted] + swaps.realization[accepted] * self.lattice.size
        self.state[taken] = swaps.kinds[::-1, accepted]
        swap = change.swap[accepted]
        errors = change.around[accepted][:, :, :, None] * swap[:, None, None, :]
        errors[:, 0] += swap[:, :, None] * change.center[accepted][:, None, :]
        self.error[swaps.reached[accepted]] += errors

    def _kinds_at(self, sites: NDArray[np.intp], swaps: Swaps) -> NDArray[np.int8]:
        """Elements at sites of the swaps' realizations, shape ``(2, swap, neighbor)``."""
        return self.state.take(sites + (swaps.realization * self.lattice.size)[:, None])
