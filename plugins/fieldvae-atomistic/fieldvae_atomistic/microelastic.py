r"""The simulator ``microelastic``: alloys whose atoms strain an elastic medium; exact law known.

Every site of an fcc lattice has the isotropic eigenstrain :math:`m_s = (V_{e(s)} / \bar V - 1) / 3`
of its element, with atomic volumes :math:`V`, in a homogeneous cubic medium without mean stress
(:mod:`fieldvae_atomistic.elasticity`). The mean stress of a block is then linear in the misfits,

.. math:: \sigma_i(x) = \sum_{b, r} H_{ir}(x - b)\, m_{b,r}.

Where the elements are drawn independently for every site, all arrangements of a block's atoms
over its :math:`n` sites are equally likely once their numbers :math:`n_{b,e}` are given, and
the blocks are independent. So mean and covariance of the stress given the counts are known:

.. math::

   \mathrm E\,\sigma_i(x) &= \sum_{b, r} H_{ir}(x - b)\, \bar m_b, \qquad
       \bar m_b = \sum_e \frac{n_{b,e}}{n} m_e \\
   \mathrm{Cov}\bigl(\sigma_i(x), \sigma_j(y)\bigr) &= \sum_b S_b^2 \sum_{r, s} H_{ir}(x - b)
       \Bigl(\delta_{rs} - \frac1n\Bigr) H_{js}(y - b), \qquad
       S_b^2 = \frac{n}{n - 1} \sum_e \frac{n_{b,e}}{n} (m_e - \bar m_b)^2,

because indicators of the elements at two places, drawn without replacement, have the covariance
:math:`\frac{n}{n-1} (\delta_{rs} - \frac1n)(\delta_{ef} c_e - c_e c_f)`.
"""

from __future__ import annotations

import importlib.metadata
import itertools
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any

import numpy as np
import xarray as xr
from annotated_types import Ge, Le, Len
from numpy.typing import NDArray
from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from fieldvae import VOIGT, OptionError, StoreError
from fieldvae_atomistic.coarse import concentration, warren_cowley
from fieldvae_atomistic.elasticity import BlockResponse, CubicStiffness
from fieldvae_atomistic.lattice import SHELLS, SITES_PER_UNIT_CELL, Lattice
from fieldvae_atomistic.ordering import anneal, check_even

VOLUMES: Mapping[str, float] = {"Co": 11.12, "Cr": 12.27, "Ni": 10.94}
"""Atomic volumes in fcc alloys of these elements, cubic Angstrom: the apparent ones of C. Varvenne,
A. Luque and W. A. Curtin, Acta Materialia 118, 164 (2016)."""

PAIR_ENERGIES: Mapping[frozenset[str], float] = {
    frozenset({"Co", "Cr"}): -0.072,
    frozenset({"Co", "Ni"}): 0.015,
    frozenset({"Cr", "Ni"}): -0.010,
}
"""Energies of unlike first neighbors, eV a pair: those that the simulator ``lammps`` fits to the
potential of Li, Sheng and Ma (README), rounded."""

METHOD = (
    "fcc crystal with cube axes, atomic planes a quarter lattice constant off the faces of the "
    "unit cells; the element of every site drawn independently; cells with a temperature then "
    "annealed by Metropolis swaps on the lattice at fixed composition, with the pair energies "
    "below for first neighbors, for the given number of sweeps; isotropic eigenstrain of a site = "
    "(atomic volume / mean atomic volume - 1) / 3; stress by the Green operator of a homogeneous "
    "cubic medium over the waves of the lattice in its first Brillouin zone, no mean stress; "
    "block stress = mean over the block's sites, tension positive; Warren-Cowley parameters over "
    "first-shell bonds of the lattice, counted for the block of the center, with the cell's "
    "concentrations"
)

COUNT_TOLERANCE = 1e-2
"""How far a concentration times the number of sites may lie from a whole number: single
precision leaves 1e-3 in blocks of 10,000 sites."""

Triple = tuple[PositiveInt, PositiveInt, PositiveInt]


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
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in options.items()
        }
        return microelastic(**plain).law

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
            {"residual_stress": _labeled("residual_stress", stress, (*before, "realization"))},
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


_FIELDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "concentration": (
        "element",
        {"units": "1", "long_name": "concentration", "tensor_kind": "set"},
    ),
    "warren_cowley": (
        "pair",
        {
            "units": "1",
            "long_name": "Warren-Cowley parameter of the first shell",
            "tensor_kind": "set",
        },
    ),
    "residual_stress": (
        "voigt",
        {
            "units": "GPa",
            "long_name": "residual stress, tension positive",
            "tensor_kind": "symmetric",
        },
    ),
}
"""Component dim and attributes of every field: those that the simulator ``lammps`` writes."""


def _labeled(
    name: str, values: NDArray[np.floating], leading: Sequence[str] = ()
) -> tuple[tuple[str, ...], NDArray[np.float32], dict[str, str]]:
    component, attributes = _FIELDS[name]
    return (
        (*leading, component, "x", "y", "z"),
        values.astype(np.float32, copy=False),
        dict(attributes),
    )


@dataclass(frozen=True, eq=False)
class MicroelasticCells:
    """The cells of one call of :func:`microelastic`, made one by one when asked for.

    Cell ``index`` depends on the options and on ``index`` alone.
    """

    law: ExactLaw
    samples: int
    composition: tuple[float, ...]
    volumes: tuple[float, ...]
    random_fraction: float
    temperatures: tuple[float, ...]
    pair_energies: NDArray[np.float64] | None
    sweeps: int
    seed: int
    options: Mapping[str, Any]

    def __len__(self) -> int:
        """Return the number of cells."""
        return self.samples

    @property
    def lattice(self) -> Lattice:
        """Sites and blocks of every cell."""
        return self.law.response.lattice

    def temperature(self, index: int) -> float:
        """Return the annealing temperature of a cell, K; NaN for a random one.

        Random cells are spread evenly among the others, whose temperatures take turns, as in the
        simulator ``lammps``.
        """
        share = Fraction(self.random_fraction).limit_denominator(10_000)
        before = math.floor(index * share)
        if math.floor((index + 1) * share) > before:
            return math.nan
        return self.temperatures[(index - before) % len(self.temperatures)]

    def arrangement(self, index: int) -> NDArray[np.int8]:
        """Return the element of every site of a cell, shape ``(site,)``."""
        generator = np.random.default_rng(np.random.SeedSequence([self.seed, index]))
        drawn = generator.random(self.lattice.size)
        occupation = np.zeros(self.lattice.size, dtype=np.int8)
        # the last limit is one but for rounding: no element lies beyond it
        for limit in np.cumsum(self.composition)[:-1]:
            occupation += drawn >= limit
        temperature = self.temperature(index)
        if math.isnan(temperature) or self.pair_energies is None:
            return occupation
        return anneal(
            self.lattice,
            occupation,
            self.pair_energies,
            temperature=temperature,
            sweeps=self.sweeps,
            generator=generator,
        )

    def __getitem__(self, index: int, /) -> xr.Dataset:
        """Make one cell and average it over blocks."""
        if not 0 <= index < self.samples:
            raise IndexError(f"cell {index} of {self.samples}")
        names, lattice = self.law.elements, self.lattice
        occupation = self.arrangement(index)
        order = warren_cowley(lattice, occupation, elements=len(names))
        fields = {
            "concentration": concentration(lattice, occupation, elements=len(names)),
            "warren_cowley": order.reshape(-1, *lattice.grid),
            "residual_stress": self.law.response.apply(np.array(self.law.misfit)[occupation]),
        }
        return xr.Dataset(
            {name: _labeled(name, values) for name, values in fields.items()},
            coords={
                "element": list(names),
                "pair": [f"{center}-{neighbor}" for center in names for neighbor in names],
                "voigt": list(VOIGT),
                "temperature": (
                    (),
                    np.float32(self.temperature(index)),
                    {"units": "K", "long_name": "annealing temperature; missing: random"},
                ),
                "seed": ((), np.int32(self.seed), {"long_name": "seed of the source"}),
                "cell": ((), np.int32(index), {"long_name": "number of the cell in its source"}),
            },
        )

    @cached_property
    def lattice_constant(self) -> float:
        """Edge of the unit cell of the mean atomic volume, Angstrom."""
        mean = float(np.dot(self.composition, self.volumes))
        return float(np.cbrt(SITES_PER_UNIT_CELL * mean))

    @cached_property
    def attributes(self) -> Mapping[str, Any]:
        """Group attributes of the store."""
        per_block = np.array(self.lattice.cells) / np.array(self.lattice.grid)
        provenance = {
            "simulator": "microelastic",
            "method": METHOD,
            "elements": list(self.law.elements),
            "composition": list(self.composition),
            "atomic_volumes_cubic_angstrom": list(self.volumes),
            "linear_misfit": list(self.law.misfit),
            "lattice_constant_angstrom": self.lattice_constant,
            "pair_energies": None
            if self.pair_energies is None
            else {
                "units": "eV per pair of unlike neighbors; like pairs 0",
                "elements": list(self.law.elements),
                "first_shell": self.pair_energies[0].tolist(),
            },
            "options": dict(self.options),
            "versions": {
                "fieldvae-atomistic": importlib.metadata.version("fieldvae-atomistic"),
                "numpy": np.__version__,
            },
        }
        return {
            "fieldvae_store": 1,
            "spacing": [round(float(n * self.lattice_constant), 4) for n in per_block],
            "spacing_units": "angstrom",
            "periodic": [True, True, True],
            "frame": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            "provenance": json.dumps(provenance),
        }


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


def microelastic(
    *,
    samples: PositiveInt,
    elements: Annotated[tuple[str, ...], Len(min_length=2)] = ("Co", "Cr", "Ni"),
    composition: tuple[PositiveFloat, ...] = (),
    volumes: tuple[PositiveFloat, ...] = (),
    c11: PositiveFloat = 250.0,
    c12: float = 155.0,
    c44: PositiveFloat = 140.0,
    cells: Triple = (16, 16, 16),
    grid: Triple = (4, 4, 4),
    random_fraction: Annotated[float, Ge(0.0), Le(1.0)] = 1.0,
    temperatures: Annotated[tuple[PositiveFloat, ...], Len(min_length=1)] = (
        600.0,
        700.0,
        800.0,
        900.0,
        1000.0,
        1100.0,
    ),
    pair_energies: tuple[float, ...] = (),
    sweeps: NonNegativeInt = 10,
    seed: NonNegativeInt = 0,
) -> MicroelasticCells:
    r"""Make alloy cells in which misfitting atoms strain an elastic medium.

    Each sample holds, on blocks of whole fcc unit cells, ``concentration`` (element, x, y, z),
    ``warren_cowley`` (pair, x, y, z) with labels center-neighbor, and ``residual_stress``
    (voigt, x, y, z) in GPa, tension positive, whose mean over the grid is zero. The law of the
    stress of random cells given the concentration is exact: :attr:`MicroelasticCells.law`.

    Parameters
    ----------
    samples
        Number of cells.
    elements
        Elements of the alloy, in the order in which the store labels them.
    composition
        Probability of each element; equal where not given. The numbers of atoms of a cell
        fluctuate about it.
    volumes
        Atomic volume of each element in the alloy, cubic Angstrom; only their ratios enter the
        stress. Known for Co, Cr and Ni (``VOLUMES``), to be given for others.
    c11, c12, c44
        Elastic constants of the medium, GPa. The defaults are near those of CoCrNi (measured by
        G. Laplanche et al., Scripta Materialia 177, 44 (2020)), rounded.
    cells
        fcc unit cells along x, y, z, four sites each. Annealing needs even numbers.
    grid
        Blocks along x, y, z; each must divide its number of unit cells.
    random_fraction
        Share of the cells that stay random; all by default.
    temperatures
        Annealing temperatures of the others, K, by turns.
    pair_energies
        Energy of unlike first neighbors, eV a pair, for the first element with the second, with
        the third, ..., the second with the third, ...; known for Co, Cr and Ni.
    sweeps
        Sweeps of Metropolis swaps, one proposal per site each.
    seed
        Seed of everything drawn.

    Returns
    -------
    MicroelasticCells
        The source; cell ``i`` is the same for every number of samples.

    Raises
    ------
    OptionError
        If an option is wrong.

    Examples
    --------
    >>> cell = microelastic(samples=10, cells=(4, 4, 4), grid=(2, 2, 2))[7]
    >>> dict(cell.residual_stress.sizes)
    {'voigt': 6, 'x': 2, 'y': 2, 'z': 2}
    """
    lattice = Lattice(cells=cells, grid=grid)
    if len(elements) < 2 or len(set(elements)) < len(elements):
        raise OptionError(
            f"elements {', '.join(elements)}: expected two or more, each of them once"
        )
    equal = [1.0 / len(elements)] * len(elements)
    shares = _filled("composition", composition, equal, "element")
    if abs(sum(shares) - 1.0) > 1e-6:
        raise OptionError(f"composition adds up to {sum(shares):g}; expected 1")
    sizes = _filled("volumes", volumes, [VOLUMES.get(name) for name in elements], "element")
    mean = float(np.dot(shares, sizes))
    energies = None
    if random_fraction < 1.0:
        check_even(lattice)
        pairs = list(itertools.combinations(range(len(elements)), 2))
        known = [PAIR_ENERGIES.get(frozenset({elements[i], elements[j]})) for i, j in pairs]
        values = _filled("pair_energies", pair_energies, known, "pair of unlike elements")
        energies = np.zeros((len(SHELLS), len(elements), len(elements)))
        for (i, j), value in zip(pairs, values, strict=True):
            energies[0, i, j] = energies[0, j, i] = value
    elif pair_energies:
        raise OptionError("pair_energies serve annealed cells alone; choose a random_fraction < 1")
    return MicroelasticCells(
        law=ExactLaw(
            response=BlockResponse(lattice, CubicStiffness(c11, c12, c44)),
            elements=elements,
            misfit=tuple((size / mean - 1.0) / 3.0 for size in sizes),
        ),
        samples=samples,
        composition=shares,
        volumes=sizes,
        random_fraction=random_fraction,
        temperatures=temperatures,
        pair_energies=energies,
        sweeps=sweeps,
        seed=seed,
        options={
            "samples": samples,
            "elements": elements,
            "composition": composition,
            "volumes": volumes,
            "c11": c11,
            "c12": c12,
            "c44": c44,
            "cells": cells,
            "grid": grid,
            "random_fraction": random_fraction,
            "temperatures": temperatures,
            "pair_energies": pair_energies,
            "sweeps": sweeps,
            "seed": seed,
        },
    )
