"""Numbers and labels that samples carry beside their fields: temperature, seed, group."""

from __future__ import annotations

import xarray as xr

from fieldvae.data.conform import SAMPLE
from fieldvae.errors import StoreError, nearest


def sample_coordinate(dataset: xr.Dataset, name: str, *, option: str) -> xr.DataArray:
    """Return a sample coordinate, or a field on samples with one component.

    Parameters
    ----------
    dataset
        Samples with their coordinates.
    name
        The coordinate.
    option
        The option that names it, for the message.

    Returns
    -------
    xr.DataArray
        One value a sample, shape ``(sample,)``.

    Raises
    ------
    StoreError
        If there is none of this name, with the names that there are.

    Examples
    --------
    >>> data = xr.Dataset(coords={"temperature": ("sample", [300.0, 900.0])})
    >>> sample_coordinate(data, "temperature", option="data.stratify").values
    array([300., 900.])
    """
    if has_coordinate(dataset, name):
        array = dataset[name]
        return xr.DataArray(array.values.reshape(-1), dims=(SAMPLE,), name=name, attrs=array.attrs)
    known = [
        str(n)
        for n, v in dataset.variables.items()
        if v.dims[:1] == (SAMPLE,) and v.size == v.sizes[SAMPLE] and str(n) != SAMPLE
    ]
    raise StoreError(
        f"{option}: there is no sample coordinate {name!r}{nearest(name, known, aside=True)}; "
        f"the store has {', '.join(known) or 'none'}"
    )


def has_coordinate(dataset: xr.Dataset, name: str) -> bool:
    """Whether there is one value a sample by this name."""
    if name not in dataset.variables:
        return False
    array = dataset[name]
    return SAMPLE in array.dims and array.size == array.sizes[SAMPLE]
