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
        FileSource,
        ForwardPass,
        LatentSpec,
        Source,
        Task,
    )
    from fieldvae.data.files import find_files
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
        WriteError,
    )
    from fieldvae.evaluation.alternatives import Comparison
    from fieldvae.evaluation.learning import LearningCurve
    from fieldvae.field import VOIGT, FieldSpec
    from fieldvae.gaussian import DiagonalGaussian
    from fieldvae.grid import Grid
    from fieldvae.model.layers import GridConv
    from fieldvae.quantities.fields import PhysicalFields, QuantityField
    from fieldvae.quantities.labeled import quantity
    from fieldvae.quantities.naming import Quantity, named_quantity
    from fieldvae.quantities.reliability import exceedance, quantiles
    from fieldvae.spec import TaskSpec
    from fieldvae.workflow.comparing.serving import compare
    from fieldvae.workflow.designs.serving import optimize_inputs
    from fieldvae.workflow.exporting import export_samples
    from fieldvae.workflow.keeping import load
    from fieldvae.workflow.releasing import export_model
    from fieldvae.workflow.stages import Run, run
    from fieldvae.workflow.sweeping.serving import SweepOptions, learning_curve, sweep
    from fieldvae.workflow.trained import TrainedModel

_HOMES = {
    "fieldvae.contract": (
        "Batch",
        "ConditionSpec",
        "Encoding",
        "FileSource",
        "ForwardPass",
        "LatentSpec",
        "Source",
        "Task",
    ),
    "fieldvae.data.files": ("find_files",),
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
        "WriteError",
    ),
    "fieldvae.evaluation.alternatives": ("Comparison",),
    "fieldvae.evaluation.learning": ("LearningCurve",),
    "fieldvae.field": ("VOIGT", "FieldSpec"),
    "fieldvae.gaussian": ("DiagonalGaussian",),
    "fieldvae.grid": ("Grid",),
    "fieldvae.model.layers": ("GridConv",),
    "fieldvae.quantities.fields": ("PhysicalFields", "QuantityField"),
    "fieldvae.quantities.labeled": ("quantity",),
    "fieldvae.quantities.naming": ("Quantity", "named_quantity"),
    "fieldvae.quantities.reliability": ("exceedance", "quantiles"),
    "fieldvae.spec": ("TaskSpec",),
    "fieldvae.workflow.comparing.serving": ("compare",),
    "fieldvae.workflow.designs.serving": ("optimize_inputs",),
    "fieldvae.workflow.exporting": ("export_samples",),
    "fieldvae.workflow.keeping": ("load",),
    "fieldvae.workflow.releasing": ("export_model",),
    "fieldvae.workflow.stages": ("Run", "run"),
    "fieldvae.workflow.sweeping.serving": ("SweepOptions", "learning_curve", "sweep"),
    "fieldvae.workflow.trained": ("TrainedModel",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "VOIGT",
    "Batch",
    "Comparison",
    "ConditionSpec",
    "DiagonalGaussian",
    "Encoding",
    "FieldSpec",
    "FieldvaeError",
    "FileSource",
    "ForwardPass",
    "Grid",
    "GridConv",
    "GridError",
    "InputError",
    "LatentSpec",
    "LearningCurve",
    "OptionError",
    "PhysicalFields",
    "PluginError",
    "PredictionWarning",
    "Quantity",
    "QuantityField",
    "Run",
    "RunError",
    "Samples",
    "SamplingError",
    "ShapeError",
    "SimulationError",
    "Source",
    "SpecError",
    "StoreError",
    "SweepOptions",
    "Task",
    "TaskSpec",
    "TrainedModel",
    "TrainingError",
    "UnitError",
    "WriteError",
    "compare",
    "exceedance",
    "export_model",
    "export_samples",
    "find_files",
    "learning_curve",
    "load",
    "named_quantity",
    "open_store",
    "optimize_inputs",
    "quantiles",
    "quantity",
    "run",
    "sweep",
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
