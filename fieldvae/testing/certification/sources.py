"""Check of importers and simulators."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from fieldvae.contract import Source
from fieldvae.data.samples import grid_of
from fieldvae.data.units import check_units
from fieldvae.errors import InputError
from fieldvae.grid import AXES
from fieldvae.testing.certification.options import sound_options, titled
from fieldvae.testing.certification.trials import Fault, faults_of

TRIED = 3
"""Samples that are made, at most."""


def check_source(
    maker: Callable[..., Source], files: Sequence[Path | str] | None = None, /, **options: Any
) -> None:
    """Check that an importer or a simulator keeps its contract.

    Signature; samples that depend on the options and their number alone, made in any order, again,
    and by a pickled copy as by another process; the same fields on the same grid in every sample,
    each with units that pint reads; attributes that a store can keep.

    Parameters
    ----------
    maker
        The function.
    files
        Files for an importer; ``None`` for a simulator.
    **options
        Options to try it with.

    Raises
    ------
    PluginError
        With what was found, what was expected and how to mend it.

    Examples
    --------
    >>> import numpy as np
    >>> from fieldvae.data.gridded import arrays
    >>> np.savez("cells.npz", heat=np.ones((2, 1, 3, 4)))  # doctest: +SKIP
    >>> axes = ("sample", "component", "x", "y")
    >>> check_source(arrays, ["cells.npz"], units="heat=K", axes=axes)  # doctest: +SKIP
    """
    kind = "simulators" if files is None else "importers"
    checked = sound_options(kind, maker, options, defaults=False)
    handed = () if files is None else ([Path(file) for file in files],)
    fault = faults_of(titled(kind, maker))

    def made() -> Source:
        source = maker(*handed, **checked)
        for part in ("__len__", "__getitem__", "attributes"):
            if not hasattr(source, part):
                raise fault(
                    f"it gives a {type(source).__name__} without {part}; expected a "
                    "fieldvae.Source: attributes, __len__ and __getitem__"
                )
        return source

    source = made()
    numbers = range(min(TRIED, len(source)))
    if not numbers:
        raise fault("its source has no samples; expected one at least")
    _check_attributes(source.attributes, fault)
    samples = {index: source[index] for index in numbers}
    _check_repeatable(samples, made(), source, fault)
    for index, sample in samples.items():
        _check_sample(index, sample, samples[0], source.attributes, fault)


def _check_attributes(attributes: object, fault: Fault) -> None:
    if not isinstance(attributes, Mapping):
        raise fault(f"its attributes are a {type(attributes).__name__}; expected a dict")
    try:
        json.dumps(dict(attributes))
    except TypeError as error:
        raise fault(
            f"its attributes cannot be kept in a store ({error}); expected text, numbers, and "
            "lists and dicts of them"
        ) from None


def _check_repeatable(
    samples: Mapping[int, xr.Dataset], again: Source, source: Source, fault: Fault
) -> None:
    """Samples are the same again, in another order, and from a copy in another process."""
    try:
        copy: Source = pickle.loads(pickle.dumps(source))
    except Exception as error:
        raise fault(
            f"its source cannot be pickled ({error}), as other processes need; let it be an "
            "instance of a class at the top of a module, a frozen dataclass for instance, and keep "
            "no functions or open files in it"
        ) from error
    for index in sorted(samples, reverse=True):
        for other, words in ((again, "a source made anew"), (copy, "a pickled copy")):
            if not samples[index].identical(other[index]):
                raise fault(
                    f"sample {index} of {words}, asked for in another order, is another one; "
                    "expected the same: let chance depend on the seed and the number of the sample "
                    "alone, as in numpy.random.default_rng([seed, index])"
                )


def _check_sample(
    index: int, sample: object, first: xr.Dataset, attributes: Mapping[str, Any], fault: Fault
) -> None:
    if not isinstance(sample, xr.Dataset):
        raise fault(f"sample {index} is a {type(sample).__name__}; expected an xarray.Dataset")
    if not sample.data_vars:
        raise fault(f"sample {index} has no fields; expected one at least")
    for name, field in sample.data_vars.items():
        others = [str(dim) for dim in field.dims if dim not in AXES]
        if len(others) > 1 or "sample" in others:
            raise fault(
                f"field {name!r} of sample {index} has the dims {tuple(map(str, field.dims))}; "
                "expected one for its components at most, and x, y, z"
            )
        try:
            check_units(field.attrs.get("units"), where=f"field {name!r} of sample {index}")
        except InputError as error:
            raise fault(str(error)) from None
    if {n: v.sizes for n, v in sample.items()} != {n: v.sizes for n, v in first.items()}:
        raise fault(
            f"sample {index} has other fields or another shape than sample 0; the samples of a "
            "store are alike"
        )
    try:
        grid_of(sample.assign_attrs(attributes), name=f"sample {index}")
    except InputError as error:
        raise fault(f"its attributes describe no grid of its samples: {error}") from None
