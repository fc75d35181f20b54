"""Everything that cells of an alloy are made by, checked."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from fieldvae import OptionError
from fieldvae_atomistic.drawing import check_composition
from fieldvae_atomistic.dynamics import Dynamics, SwapFix
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.ordering import check_even
from fieldvae_atomistic.potential import PairStyle, Potential, potential_file

Method = Literal["annealed", "md", "random"]
EigenstrainKind = Literal["none", "periodic", "free"]
EigenstrainForm = Literal["tensor", "scalar"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The options of the simulator ``lammps``, by their names there, where they are explained.

    Raises
    ------
    OptionError
        If they do not go together.
    """

    potential: Path
    elements: tuple[str, ...]
    samples: int
    pair_style: PairStyle
    library: Path | None
    library_elements: tuple[str, ...]
    lattice_constant: float | None
    composition: tuple[float, ...]
    exact_composition: bool
    cells: tuple[int, int, int]
    grid: tuple[int, int, int]
    orientation: tuple[int, ...]
    uneven_blocks: bool
    method: Method
    random_fraction: float
    temperatures: tuple[float, ...]
    sweeps: int
    training_cells: int
    md_steps: int
    md_timestep: float
    swap_fix: SwapFix
    swap_interval: int
    swap_fraction: float
    eigenstrain: EigenstrainKind
    eigenstrain_form: EigenstrainForm
    seed: int

    def __post_init__(self) -> None:
        if len(set(self.elements)) < len(self.elements):
            raise OptionError(f"elements {', '.join(self.elements)}: each may stand only once")
        check_composition(self.composition, self.elements)
        if self.random_share < 1.0 and self.method == "annealed":
            check_even(self.lattice)
        if self.eigenstrain == "periodic" and not self.lattice.whole:
            raise OptionError(
                f"cells {self.cells} on a grid of {self.grid} blocks: eigenstrain periodic repeats "
                "blocks of whole unit cells; choose such a grid, or eigenstrain free"
            )
        if self.dynamics is not None:
            self.dynamics.check(self.chosen_potential)

    @cached_property
    def lattice(self) -> Lattice:
        """Sites and blocks."""
        divided = any(c % g for c, g in zip(self.cells, self.grid, strict=True))
        if divided and not self.uneven_blocks:
            raise OptionError(
                f"cells {self.cells} do not divide into a grid of {self.grid} blocks; expected "
                "a whole number of unit cells per block along every axis, or uneven_blocks, "
                "which allows blocks with different numbers of atoms"
            )
        return Lattice(
            cells=self.cells,
            grid=self.grid,
            orientation=self.orientation,
            uneven=self.uneven_blocks,
        )

    @cached_property
    def chosen_potential(self) -> Potential:
        """The potential, its files found."""
        meam = self.pair_style == "meam"
        path = potential_file(self.potential)
        library = None if self.library is None else potential_file(self.library)
        if meam and (library is None or not self.library_elements):
            raise OptionError("pair_style meam needs library and library_elements too")
        if not meam and (library is not None or self.library_elements):
            raise OptionError(
                f"library and library_elements belong to meam, not to {self.pair_style}"
            )
        return Potential(
            style=self.pair_style,
            path=path,
            elements=self.elements,
            library=library,
            library_elements=self.library_elements,
        )

    @property
    def random_share(self) -> float:
        """Share of the cells that stay random."""
        return 1.0 if self.method == "random" else self.random_fraction

    @property
    def dynamics(self) -> Dynamics | None:
        """The dynamics of cells with a temperature; ``None`` where there is none."""
        if self.method != "md" or self.random_share == 1.0:
            return None
        return Dynamics(
            steps=self.md_steps,
            timestep=self.md_timestep,
            interval=self.swap_interval,
            fraction=self.swap_fraction,
            swap_fix=self.swap_fix,
        )

    @property
    def pair_cells(self) -> int:
        """Small cells that pair energies are fitted to; one alone where none are needed."""
        ordered = self.random_share < 1.0 and self.method == "annealed"
        return self.training_cells if ordered and len(self.elements) > 1 else 1

    def recorded(self) -> dict[str, Any]:
        """Return the options as they stand in a store: files by name, folders being private."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {n: v.name if isinstance(v, Path) else v for n, v in values.items()}
