"""The exact law of the stress of random alloys given the composition of their blocks."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fieldvae import VOIGT, StoreError
from fieldvae_atomistic.elasticity import CubicStiffness
from fieldvae_atomistic.labeling import labeled
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.microelastic.response import BlockResponse

COUNT_TOLERANCE = 1e-2
"""How far a concentration times the number of sites may lie from a whole number: single
precision leaves 1e-3 in blocks of 10,000 sites."""


@dataclass(frozen=True)
class ExactLaw:
    """The law of the block stress of random alloys, given the numbers of atoms in every block.

    It is the law given *concentration*. Given Warren-Cowley parameters too it is not closed:
    arrangements with the same numbers of pairs in every block are not equally easy to reach, and
    their mean stress has no formula. Nor is it the law of annealed cells, whose arrangements
    are not equally likely: a dataset with an annealing temperature is refused. So a task that is
    to be judged by it takes ``concentration`` alone as input.

    Parameters
    ----------
    response
        Lattice, blocks and medium.
    elements
        Their names, as labels of the concentration.
    misfit
        Linear misfit of each, dimensionless, shape ``(element,)``.

    Examples
    --------
    >>> from fieldvae_atomistic.microelastic import microelastic
    >>> source = microelastic(samples=4, cells=(4, 4, 4), grid=(2, 2, 2))
    >>> law = source.law
    >>> law.mean(source[3]).shape, law.covariance(source[3]).shape
    ((6, 2, 2, 2), (6, 2, 2, 2, 6, 2, 2, 2))
    >>> drawn = law.replicates(source[3], count=5, generator=np.random.default_rng(0))
    >>> dict(drawn.residual_stress.sizes)
    {'realization': 5, 'voigt': 6, 'x': 2, 'y': 2, 'z': 2}
    """

    response: BlockResponse
    elements: tuple[str, ...]
    misfit: tuple[float, ...]

    @classmethod
    def of_store(cls, store: xr.Dataset) -> ExactLaw:
        """Return the law of a store that the simulator made, from its provenance.

        Parameters
        ----------
        store
            A store of the simulator ``microelastic``, opened.

        Raises
        ------
        StoreError
            If the provenance is missing or another simulator's.
        """
        try:
            provenance = json.loads(store.attrs["provenance"])
            simulator, options = provenance["simulator"], provenance["options"]
        except (KeyError, TypeError, ValueError):
            simulator, options = None, {}
        if simulator != "microelastic":
            raise StoreError(
                "the attribute 'provenance' of the dataset names no options of the simulator "
                f"microelastic but {simulator or 'nothing readable'}; its law is not known"
            )
        lattice = Lattice(cells=tuple(options["cells"]), grid=tuple(options["grid"]))
        stiffness = CubicStiffness(options["c11"], options["c12"], options["c44"])
        return cls(
            response=BlockResponse(lattice, stiffness),
            elements=tuple(provenance["elements"]),
            misfit=tuple(provenance["linear_misfit"]),
        )

    @property
    def _sites(self) -> int:
        return self.response.lattice.sites_per_block

    def counts(self, inputs: xr.Dataset) -> NDArray[np.int64]:
        """Return the numbers of atoms of every element in every block.

        Parameters
        ----------
        inputs
            A dataset with ``concentration`` (element, x, y, z), with or without other dims before.

        Returns
        -------
        NDArray[np.int64]
            Shape ``(..., element, x, y, z)``, elements in the order of :attr:`elements`.

        Raises
        ------
        StoreError
            If the concentrations are not those of whole atoms on these blocks, or belong to
            annealed cells.
        """
        annealed = inputs.get("temperature")
        if annealed is not None and not np.isnan(annealed.values).all():
            raise StoreError(
                f"{int((~np.isnan(annealed.values)).sum())} cells have an annealing temperature; "
                "the exact law is that of random cells: select those whose temperature is missing"
            )
        if "concentration" not in inputs or "element" not in inputs.coords:
            raise StoreError("the dataset lacks concentration with labels along element")
        found = inputs["concentration"]
        labels = [str(label) for label in found["element"].values]
        if sorted(labels) != sorted(self.elements):
            raise StoreError(
                f"concentration has the elements {', '.join(labels)}; expected "
                f"{', '.join(self.elements)}"
            )
        ordered = found.sel(element=list(self.elements)).transpose(..., "element", "x", "y", "z")
        grid = self.response.lattice.grid
        if ordered.shape[-3:] != grid:
            raise StoreError(f"concentration has {ordered.shape[-3:]} blocks; expected {grid}")
        atoms = ordered.values.astype(np.float64) * self._sites
        whole = np.rint(atoms).astype(np.int64)
        if (
            np.abs(atoms - whole).max(initial=0.0) > COUNT_TOLERANCE
            or (whole < 0).any()
            or (whole.sum(axis=-4) != self._sites).any()
        ):
            raise StoreError(
                f"concentration is not that of {self._sites} whole atoms in every block; the law "
                "belongs to a store that the simulator made with the same cells and grid"
            )
        return whole

    def mean(self, inputs: xr.Dataset) -> NDArray[np.float64]:
        r"""Return the mean of the stress given the counts.

        .. math:: \mathrm E\,\sigma_i(x) = \sum_{b, r} H_{ir}(x - b)\, \bar m_b

        Parameters
        ----------
        inputs
            As for :meth:`counts`.

        Returns
        -------
        NDArray[np.float64]
            GPa, shape ``(..., voigt, x, y, z)``.

        Raises
        ------
        StoreError
            As :meth:`counts`.
        """
        misfit, _ = self._moments(self.counts(inputs))
        return _each(self.response.apply_uniform, misfit)

    def covariance(self, inputs: xr.Dataset) -> NDArray[np.float64]:
        r"""Return the covariance of the stress given the counts.

        .. math:: \mathrm{Cov}\bigl(\sigma_i(x), \sigma_j(y)\bigr) = \sum_b S_b^2 \sum_{r, s}
                  H_{ir}(x - b) \Bigl(\delta_{rs} - \frac1n\Bigr) H_{js}(y - b)

        Exact; reshaped to ``(6 * blocks, 6 * blocks)`` it is positive semidefinite, with at least
        six zero eigenvalues, those of the grid's mean. The law itself is not Gaussian, though in
        blocks of hundreds of atoms nearly so.

        Parameters
        ----------
        inputs
            As for :meth:`counts`. For many samples at once mind the memory: 1.2 MB a sample
            on a grid of 4x4x4.

        Returns
        -------
        NDArray[np.float64]
            GPa^2, shape ``(..., voigt, x, y, z, voigt, x, y, z)``.

        Raises
        ------
        StoreError
            As :meth:`counts`.
        """
        _, variance = self._moments(self.counts(inputs))
        return _each(self.response.shuffled_covariance, variance)

    def arrangements(
        self, inputs: xr.Dataset, *, count: int, generator: np.random.Generator
    ) -> Iterator[NDArray[np.int8]]:
        """Draw arrangements of one cell's atoms, each block's uniformly over its own sites.

        Parameters
        ----------
        inputs
            As for :meth:`counts`, of one sample.
        count
            How many.
        generator
            The only source of chance.

        Yields
        ------
        NDArray[np.int8]
            Element of every site, shape ``(site,)``; every block's counts are those given.

        Raises
        ------
        StoreError
            As :meth:`counts`.
        """
        return self._arranged(self.counts(inputs), count=count, generator=generator)

    def _arranged(
        self, counts: NDArray[np.int64], *, count: int, generator: np.random.Generator
    ) -> Iterator[NDArray[np.int8]]:
        lattice, places = self.response.lattice, self.response.places
        numbers = counts.reshape(len(self.elements), lattice.blocks)
        kinds = np.arange(len(self.elements), dtype=np.int8)
        listed = np.stack([np.repeat(kinds, block) for block in numbers.T])
        for _ in range(count):
            occupation = np.empty(lattice.size, dtype=np.int8)
            occupation[places.reshape(listed.shape)] = generator.permuted(listed, axis=1)
            yield occupation

    def replicates(
        self, inputs: xr.Dataset, *, count: int, generator: np.random.Generator
    ) -> xr.Dataset:
        """Draw from the exact law: shuffle the atoms within every block and take the stress.

        Parameters
        ----------
        inputs
            As for :meth:`counts`, of one sample or with the dim ``sample``.
        count
            Realizations a sample.
        generator
            The only source of chance.

        Returns
        -------
        xr.Dataset
            ``residual_stress``, GPa, dims ``([sample,] realization, voigt, x, y, z)``.

        Raises
        ------
        StoreError
            As :meth:`counts`.
        """
        counts = self.counts(inputs)
        misfit = np.array(self.misfit)
        leading = counts.shape[:-4]
        grid = self.response.lattice.grid
        drawn = np.empty((math.prod(leading), count, len(VOIGT), *grid), dtype=np.float32)
        for sample, numbers in enumerate(counts.reshape(-1, *counts.shape[-4:])):
            arranged = self._arranged(numbers, count=count, generator=generator)
            for realization, occupation in enumerate(arranged):
                drawn[sample, realization] = self.response.apply(misfit[occupation])
        dims = [str(dim) for dim in inputs["concentration"].dims]
        before = [dim for dim in dims if dim not in ("element", "x", "y", "z")]
        stress = drawn.reshape(*leading, *drawn.shape[1:])
        return xr.Dataset(
            {"residual_stress": labeled("residual_stress", stress, (*before, "realization"))},
            coords={"voigt": list(VOIGT)},
        )

    def _moments(
        self, counts: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        r"""Return :math:`\bar m_b` and :math:`S_b^2`, each of shape ``(..., x, y, z)``."""
        shares = np.moveaxis(counts, -4, -1) / self._sites
        values = np.array(self.misfit)
        mean = shares @ values
        spread = np.sum(shares * (values - mean[..., None]) ** 2, axis=-1)
        return mean, spread * self._sites / (self._sites - 1)


def _each(
    function: Callable[[NDArray[np.float64]], NDArray[np.float64]], fields: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Apply a function of one field (x, y, z) to every field of a stack."""
    results = [function(field) for field in fields.reshape(-1, *fields.shape[-3:])]
    return np.asarray(np.stack(results).reshape(*fields.shape[:-3], *results[0].shape))
