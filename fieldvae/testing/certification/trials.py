"""What plugins are tried on: small grids, fields of several kinds, random values."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from fieldvae.document import Document
from fieldvae.errors import OptionError, PluginError, SpecError
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.registry import SINGULAR
from fieldvae.signature import breach, options_of
from fieldvae.spec import problems

GRIDS = (
    Grid((6,), periodic=(True,)),
    Grid((4, 3), periodic=(False, True)),
    Grid((2, 4, 3), periodic=(True, True, True)),
)
"""One of each number of dimensions; no two axes alike, so that mixed-up axes show."""

BATCH = 3
"""Samples at once; no axis of a grid and no width that is asked for is alike by chance."""

DENSITY = FieldSpec(name="density", units="1")
FLOW = FieldSpec(name="flow", units="m/s", tensor_kind="vector")
FRACTION = FieldSpec(
    name="fraction",
    units="1",
    tensor_kind="set",
    closure="simplex",
    components=("sand", "clay", "silt"),
)
STRESS = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric", closure="zero-mean")
STRAIN = FieldSpec(name="strain", units="1", tensor_kind="symmetric")

INPUTS = (DENSITY, FLOW, FRACTION)
OUTPUTS = (STRESS, STRAIN)


def titled(kind: str, plugin: object) -> str:
    """Name a plugin in messages: ``smoother LowPass``."""
    return f"{SINGULAR[kind]} {getattr(plugin, '__name__', repr(plugin))}"


def cells(grid: Grid) -> str:
    """Name a grid in messages: ``a grid of 4 x 3 cells``."""
    return f"a grid of {' x '.join(map(str, grid.shape))} cells"


def drawn(shape: Sequence[int], *, seed: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Draw standard-normal values from a generator of their own."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)


def sound_options(
    kind: str, plugin: Callable[..., Any], options: Mapping[str, Any], *, defaults: bool = True
) -> dict[str, Any]:
    """Check a plugin's signature and the options that it is to be tried with.

    Parameters
    ----------
    kind, plugin
        What is checked.
    options
        What the author gives.
    defaults
        Whether every option must have a default.

    Returns
    -------
    dict
        Every option, defaults filled in.

    Raises
    ------
    PluginError
        If the signature breaks the contract.
    OptionError
        If the options are not the plugin's.
    """
    complaint = breach(kind, plugin)
    if complaint is None and defaults:
        lacking = [
            p.name
            for p in inspect.signature(plugin).parameters.values()
            if p.kind is p.KEYWORD_ONLY and p.default is p.empty
        ]
        if lacking:
            complaint = (
                f"its option {lacking[0]!r} has no default; expected one, as 'use: NAME' alone is "
                "to work in a task"
            )
    if complaint is not None:
        raise PluginError(f"{titled(kind, plugin)}: {complaint}")
    model = options_of(plugin, kind, "")
    try:
        checked = model.model_validate(dict(options))
    except ValidationError as error:
        found = SpecError(problems(Document("", dict(options)), error, model))
        told = "; ".join(problem.message for problem in found.problems)
        raise OptionError(f"{titled(kind, plugin)}: {told}") from None
    return {name: getattr(checked, name) for name in model.model_fields}
