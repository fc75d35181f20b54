"""What a physical field is: units, components, tensor kind, bounds, closure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

VOIGT = ("xx", "yy", "zz", "xy", "xz", "yz")
"""Components of a symmetric tensor in the order of LAMMPS; tensor shear, not engineering shear."""

TensorKind = Literal["scalar", "vector", "symmetric", "stiffness", "set"]
Closure = Literal["none", "simplex", "zero-mean", "solenoidal"]
Derivative = Literal["corner", "central", "spectral"]
Transform = Literal["log", "standardize", "minmax"]

_AXES = "xyz"
_VOIGT_PAIRS = {"1": (0, 0), "2": (1, 1), "3": (2, 2), "4": (1, 2), "5": (0, 2), "6": (0, 1)}


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class FieldSpec(BaseModel):
    """A named physical quantity on a grid, one per sample.

    Parameters
    ----------
    name
        The variable's name in a store.
    units
        Units that pint reads, ``"1"`` for none; a store in other units of the same dimension is
        converted on reading.
    symbol
        Letter for figures, matplotlib's mathtext without the dollar signs.
    long_name
        Words for figures and reports.
    tensor_kind
        ``scalar``, ``vector`` (x, y, z), ``symmetric`` (xx, yy, zz, xy, xz, yz), ``stiffness``
        (11 ... 66, Voigt numbers) or ``set`` (unrelated scalars).
    components
        Labels of the components; ``None`` leaves them to the store (one for a scalar).
    bounds
        Least and greatest physical value; ``None`` for no bound on that side.
    closure
        ``simplex``: components sum to one, the model sees all but the last. ``zero-mean``: every
        component's mean over the grid is zero. ``solenoidal``: so it is, and a symmetric tensor's
        discrete divergence too, on a periodic grid.
    derivative
        The scheme of discrete derivatives in which a symmetric tensor's balance or compatibility
        is meant: see :mod:`fieldvae.mechanics.derivative`.
    scaling
        How values are scaled for the model, in order, ``log`` first; ``None`` for the preset's.
    on
        ``grid``, or ``sample`` for one value a sample (temperature, load).
    mask
        Whether values may be missing (NaN), in other cells of every sample; they are refused where
        it is false. A mean over the grid, as a closure may ask for, cannot be told then.

    Examples
    --------
    >>> stress = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric")
    >>> stress.components
    ('xx', 'yy', 'zz', 'xy', 'xz', 'yz')
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
    units: Annotated[str, Field(description="Units that pint reads, '1' for none.")]
    symbol: str = ""
    long_name: str = ""
    tensor_kind: TensorKind = "scalar"
    components: Annotated[tuple[str, ...] | None, BeforeValidator(_listed)] = None
    bounds: tuple[float | None, float | None] = (None, None)
    closure: Closure = "none"
    derivative: Derivative = "corner"
    scaling: Annotated[tuple[Transform, ...] | None, BeforeValidator(_listed)] = None
    on: Literal["grid", "sample"] = "grid"
    mask: bool = False

    @model_validator(mode="before")
    @classmethod
    def _default_components(cls, values: object) -> object:
        if isinstance(values, dict) and values.get("components") is None:
            fixed = {"scalar": ("value",), "vector": tuple(_AXES), "symmetric": VOIGT}
            kind = values.get("tensor_kind", "scalar")
            if isinstance(kind, str) and kind in fixed:
                values = {**values, "components": fixed[kind]}
        return values

    @model_validator(mode="after")
    def _components_fit_kind(self) -> FieldSpec:
        labels = self.components
        if labels is not None:
            if len(set(labels)) != len(labels) or not labels:
                raise ValueError(f"components {list(labels)} must be distinct, and at least one")
            if self.tensor_kind == "scalar" and len(labels) != 1:
                raise ValueError(f"a scalar has one component, not {len(labels)}; is it a 'set'?")
            for label in labels:
                self._check_label(label)
        low, high = self.bounds
        if low is not None and high is not None and low >= high:
            raise ValueError(f"bounds [{low}, {high}] leave nothing between them")
        if self.closure == "simplex" and self.tensor_kind != "set":
            raise ValueError("closure 'simplex' needs tensor_kind 'set'")
        if self.mask and self.zero_mean:
            raise ValueError(
                f"closure {self.closure!r} and mask exclude each other: where values are missing, "
                "no mean over the grid is known; remove one of them"
            )
        if self.closure == "solenoidal" and (self.tensor_kind, self.on) != ("symmetric", "grid"):
            raise ValueError("closure 'solenoidal' needs tensor_kind 'symmetric' on a grid")
        return self

    def _check_label(self, label: str) -> None:
        allowed = {
            "vector": tuple(_AXES),
            "symmetric": VOIGT,
            "stiffness": tuple(a + b for a, b in product(_VOIGT_PAIRS, repeat=2)),
        }.get(self.tensor_kind)
        if allowed is not None and label not in allowed:
            raise ValueError(
                f"component {label!r} is none of a {self.tensor_kind} field; "
                f"expected some of {', '.join(allowed)}"
            )

    @property
    def title(self) -> str:
        """Words for figures, the long name where there is one."""
        return self.long_name or self.name.replace("_", " ")

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of all components.

        Raises
        ------
        ValueError
            If they are left to a store that has not been read yet.
        """
        if self.components is None:
            raise ValueError(
                f"the components of {self.name!r} are not known before a store is read"
            )
        return self.components

    @property
    def channels(self) -> int:
        """Number of components that the model sees, one less than all for a simplex."""
        return len(self.labels) - (self.closure == "simplex")

    @property
    def logarithmic(self) -> bool:
        """Whether the field declares that its logarithm is what counts."""
        return "log" in (self.scaling or ())

    @property
    def zero_mean(self) -> bool:
        """Whether the closure keeps every component's mean over the grid at zero."""
        return self.closure in ("zero-mean", "solenoidal")

    def with_components(self, labels: Sequence[str]) -> FieldSpec:
        """Return this field with the component labels that a store has."""
        return FieldSpec.model_validate({**self.model_dump(), "components": tuple(labels)})

    def rotation(self, operation: np.ndarray) -> np.ndarray:
        r"""Return the matrix that turns this field's components under an orthogonal operation.

        .. math:: T'_{ij\ldots} = R_{ia} R_{jb} \cdots T_{ab\ldots}

        Parameters
        ----------
        operation
            Orthogonal matrix :math:`R`, shape ``(3, 3)``, in the grid's frame.

        Returns
        -------
        np.ndarray
            Shape ``(component, component)`` over all components, in the order of ``labels``;
            the identity for a scalar or a set.

        Raises
        ------
        ValueError
            If the operation mixes in a component that the field does not have.

        Examples
        --------
        >>> flow = FieldSpec(name="flow", units="m/s", tensor_kind="vector")
        >>> quarter_turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
        >>> flow.rotation(quarter_turn) @ [1, 0, 0]
        array([0., 1., 0.])
        """
        if self.tensor_kind in ("scalar", "set"):
            return np.eye(len(self.labels))
        position = {_canonical(_indices(self.tensor_kind, c)): i for i, c in enumerate(self.labels)}
        matrix = np.zeros((len(self.labels), len(self.labels)))
        for row, label in enumerate(self.labels):
            target = _indices(self.tensor_kind, label)
            for source in product(range(3), repeat=len(target)):
                factor = np.prod([operation[t, s] for t, s in zip(target, source, strict=True)])
                if abs(factor) < 1e-12:
                    continue
                column = position.get(_canonical(source))
                if column is None:
                    raise ValueError(
                        f"the operation carries {self.name!r} out of its components {self.labels}"
                    )
                matrix[row, column] += factor
        return matrix


def _indices(kind: str, label: str) -> tuple[int, ...]:
    if kind == "stiffness":
        return _VOIGT_PAIRS[label[0]] + _VOIGT_PAIRS[label[1]]
    return tuple(_AXES.index(letter) for letter in label)


def _canonical(indices: tuple[int, ...]) -> tuple[int, ...]:
    """Sort the indices within each symmetric pair, and the pairs of a stiffness."""
    if len(indices) < 2:
        return indices
    pairs = [tuple(sorted(indices[i : i + 2])) for i in range(0, len(indices), 2)]
    return tuple(index for pair in sorted(pairs) for index in pair)
