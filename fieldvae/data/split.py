"""Which samples train, which validate, which test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from fieldvae.data.conform import SAMPLE
from fieldvae.data.coordinates import sample_coordinate
from fieldvae.errors import StoreError
from fieldvae.spec import DataSpec, SplitSpec

DEFAULT_GROUP: str | None = DataSpec.model_fields["group"].default
"""The coordinate that groups samples where a store has it; any other must be there."""


@dataclass(frozen=True)
class Split:
    """Positions of the samples of each part, ascending.

    Parameters
    ----------
    train, validation, test
        Integers, shape ``(sample,)`` each; no sample is in two of them. Together they are all
        samples, unless only a fraction is left to train.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    def state(self) -> dict[str, Any]:
        """Return the split as plain lists, to be kept as JSON."""
        return {
            "train": self.train.tolist(),
            "validation": self.validation.tolist(),
            "test": self.test.tolist(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Split:
        """Read a split back from :meth:`state`."""
        parts = (np.asarray(state[n], dtype=np.int64) for n in ("train", "validation", "test"))
        return cls(*parts)


def make_split(
    dataset: xr.Dataset,
    spec: SplitSpec,
    *,
    stratify: str | None = None,
    group: str | None = DEFAULT_GROUP,
    test_samples: Sequence[int] | np.ndarray | None = None,
) -> Split:
    """Share samples out by chance, every stratum alike and groups kept together.

    Without groups the parts have exactly ``round(share * samples)`` samples (one at least where
    the share is not zero), divided among strata by largest remainders. With groups they come as
    near as whole groups allow.

    Parameters
    ----------
    dataset
        Samples with their coordinates.
    spec
        Shares and seed.
    stratify
        Coordinate of which every part gets its share; missing values (NaN) are one stratum.
    group
        Coordinate whose equal values stay together; a missing value is a group of its own. The
        default name is used only where the dataset has it.
    test_samples
        Samples that test, as of a test store; the others then hold no test part, and the share
        for validation is one of them.

    Raises
    ------
    StoreError
        If a coordinate is unknown, or there are too few samples or groups.

    Examples
    --------
    >>> data = xr.Dataset(coords={"temperature": ("sample", [300.0] * 10 + [900.0] * 10)})
    >>> split = make_split(data, SplitSpec(test=0.1, validation=0.1), stratify="temperature")
    >>> [len(part) for part in (split.train, split.validation, split.test)]
    [16, 2, 2]
    >>> data.temperature[split.test].values
    array([300., 900.])
    """
    count = int(dataset.sizes[SAMPLE])
    strata = np.zeros(count, dtype=np.int64)
    if stratify is not None:
        strata = _codes(_values(dataset, stratify, "stratify"))
    groups = np.arange(count)
    if group is not None and (group != DEFAULT_GROUP or group in dataset.variables):
        groups = _groups(_values(dataset, group, "group"))
    generator = np.random.default_rng(spec.seed)
    free = np.ones(count, dtype=bool)
    test = np.zeros(0, dtype=np.int64)
    if test_samples is not None:
        test = np.unique(np.asarray(test_samples, dtype=np.int64))
        free[test] = False
        _check_apart(groups, free)
        wanted = _number(spec.validation, int(free.sum()))
    else:
        test = _draw(strata, groups, free, _number(spec.test, count), generator)
        free[test] = False
        wanted = _number(spec.validation, count)
    validation = _draw(strata, groups, free, wanted, generator)
    free[validation] = False
    train = _nested(strata, groups, free, spec.fraction, generator)
    split = Split(train, validation, test)
    _check_parts(split, spec, groups, given=test_samples is not None)
    return split


def _number(share: float, count: int) -> int:
    return max(1, round(share * count)) if share else 0


def _draw(
    strata: np.ndarray,
    groups: np.ndarray,
    free: np.ndarray,
    wanted: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """Draw whole groups of about ``wanted`` samples from the free ones, each stratum its share."""
    members = _members(groups, free)
    stratum = np.array([strata[m[0]] for m in members], dtype=np.int64)
    sizes = np.bincount(stratum, weights=[len(m) for m in members]) if members else np.zeros(1)
    quotas = _largest_remainders(sizes, wanted, generator)
    taken: list[np.ndarray] = []
    debt = 0  # what earlier strata still owe, since groups come whole
    for label, quota in enumerate(quotas):
        debt += int(quota)
        for index in generator.permutation(np.flatnonzero(stratum == label)):
            size = len(members[index])
            if abs(debt - size) < debt:
                taken.append(members[index])
                debt -= size
    return np.sort(np.concatenate(taken)) if taken else np.zeros(0, dtype=np.int64)


def _nested(
    strata: np.ndarray,
    groups: np.ndarray,
    free: np.ndarray,
    fraction: float,
    generator: np.random.Generator,
) -> np.ndarray:
    """Keep a fraction of the free samples, of every stratum alike and in whole groups.

    Groups are put into one order, in which every stratum is spread evenly, and taken from its
    beginning: of two fractions the samples of the smaller one are among those of the larger.
    """
    if fraction == 1:
        return np.flatnonzero(free)
    members = _members(groups, free)
    stratum = np.array([strata[m[0]] for m in members], dtype=np.int64)
    sizes = np.array([len(m) for m in members])
    place = np.zeros(len(members))
    for label in np.unique(stratum):
        own = generator.permutation(np.flatnonzero(stratum == label))
        place[own] = (np.cumsum(sizes[own]) - sizes[own] / 2) / sizes[own].sum()
    order = np.argsort(place, kind="stable")
    wanted = max(1, round(fraction * int(sizes.sum())))
    count = 1 + int(np.searchsorted(np.cumsum(sizes[order]), wanted))
    return np.sort(np.concatenate([members[i] for i in order[:count]]))


def _members(groups: np.ndarray, free: np.ndarray) -> list[np.ndarray]:
    positions = np.flatnonzero(free)
    order = positions[np.argsort(groups[positions], kind="stable")]
    starts = np.flatnonzero(np.diff(groups[order])) + 1
    return np.split(order, starts) if len(order) else []


def _largest_remainders(
    sizes: np.ndarray, wanted: int, generator: np.random.Generator
) -> np.ndarray:
    """Divide a number in proportion to sizes; equal remainders are served by chance."""
    wanted = min(wanted, int(sizes.sum()))
    exact = wanted * sizes / max(sizes.sum(), 1)
    quotas: np.ndarray = np.floor(exact).astype(np.int64)
    order = generator.permutation(len(sizes))
    order = order[np.argsort(-np.round(exact - quotas, 9)[order], kind="stable")]
    quotas[order[: wanted - int(quotas.sum())]] += 1
    return quotas


def _values(dataset: xr.Dataset, name: str, option: str) -> np.ndarray:
    values: np.ndarray = sample_coordinate(dataset, name, option=f"data.{option}").values
    return values


def _missing(values: np.ndarray) -> np.ndarray:
    missing: np.ndarray = np.asarray(values != values, dtype=bool)
    return missing


def _codes(values: np.ndarray) -> np.ndarray:
    """Number the distinct values; missing ones share one number."""
    missing = _missing(values)
    codes = np.zeros(len(values), dtype=np.int64)
    codes[~missing] = np.unique(values[~missing], return_inverse=True)[1] + 1
    return codes


def _groups(values: np.ndarray) -> np.ndarray:
    """Number the groups; each missing value is a group of its own."""
    codes = _codes(values)
    missing = _missing(values)
    codes[missing] = codes.max(initial=0) + 1 + np.arange(missing.sum())
    return codes


def _check_apart(groups: np.ndarray, free: np.ndarray) -> None:
    shared = np.intersect1d(groups[free], groups[~free])
    if len(shared):
        raise StoreError(
            f"data.test_store: {len(shared)} groups have samples both in it and in data.store, so "
            "that related samples would train and test; move them to one of the two"
        )


def _check_parts(split: Split, spec: SplitSpec, groups: np.ndarray, *, given: bool) -> None:
    parts = {
        "train": (split.train, 1.0),
        "validation": (split.validation, spec.validation),
        "test": (split.test, 1.0 if given else spec.test),
    }
    empty = [name for name, (part, share) in parts.items() if share and not len(part)]
    if empty:
        count = len(groups)
        kinds = len(np.unique(groups))
        held = "1 sample is" if count == 1 else f"{count} samples are"
        if kinds < count:
            held = f"{count} samples in {kinds} groups are"
        raise StoreError(
            f"data.split: {held} too few for the parts asked for: none is left for "
            f"{' and '.join(empty)}; add samples or change the shares"
        )
