"""fieldvae: learn p(outputs | inputs) of fields on grids, and draw from it.

Everything that a user or a plugin may touch is importable from here; see ``docs/``.
Attributes are imported on first use, so that ``import fieldvae`` does not import torch.
"""

from importlib import import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fieldvae.contract import (
        Batch,
        ConditionSpec,
        Encoding,
        ForwardPass,
        LatentSpec,
        Source,
        Task,
    )
    from fieldvae.data.samples import Samples
    from fieldvae.data.store import open_store, write_store
    from fieldvae.errors import (
        FieldvaeError,
        GridError,
        InputError,
        OptionError,
        PluginError,
        PredictionWarning,
        RunError,
        SamplingError,
        ShapeError,
        SimulationError,
        SpecError,
        StoreError,
        TrainingError,
        UnitError,
    )
    from fieldvae.field import VOIGT, FieldSpec
    from fieldvae.gaussian import DiagonalGaussian
    from fieldvae.grid import Grid
    from fieldvae.spec import TaskSpec
    from fieldvae.workflow.stages import Run, run
    from fieldvae.workflow.trained import TrainedModel, load

_HOMES = {
    "fieldvae.contract": (
        "Batch",
        "ConditionSpec",
        "Encoding",
        "ForwardPass",
        "LatentSpec",
        "Source",
        "Task",
    ),
    "fieldvae.data.samples": ("Samples",),
    "fieldvae.data.store": ("open_store", "write_store"),
    "fieldvae.errors": (
        "FieldvaeError",
        "GridError",
        "InputError",
        "OptionError",
        "PluginError",
        "PredictionWarning",
        "RunError",
        "SamplingError",
        "ShapeError",
        "SimulationError",
        "SpecError",
        "StoreError",
        "TrainingError",
        "UnitError",
    ),
    "fieldvae.field": ("VOIGT", "FieldSpec"),
    "fieldvae.gaussian": ("DiagonalGaussian",),
    "fieldvae.grid": ("Grid",),
    "fieldvae.spec": ("TaskSpec",),
    "fieldvae.workflow.stages": ("Run", "run"),
    "fieldvae.workflow.trained": ("TrainedModel", "load"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "VOIGT",
    "Batch",
    "ConditionSpec",
    "DiagonalGaussian",
    "Encoding",
    "FieldSpec",
    "FieldvaeError",
    "ForwardPass",
    "Grid",
    "GridError",
    "InputError",
    "LatentSpec",
    "OptionError",
    "PluginError",
    "PredictionWarning",
    "Run",
    "RunError",
    "Samples",
    "SamplingError",
    "ShapeError",
    "SimulationError",
    "Source",
    "SpecError",
    "StoreError",
    "Task",
    "TaskSpec",
    "TrainedModel",
    "TrainingError",
    "UnitError",
    "load",
    "open_store",
    "run",
    "write_store",
]
__version__ = _version("fieldvae")


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'fieldvae' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
