"""The task file: what a user may write, checked down to line and column.

Names of plugins and their options are checked where plugins are known (:mod:`fieldvae.registry`);
here stands what can be said without loading any.

==============  ===============================================================================
module          its whole job
==============  ===============================================================================
``choices``     choices of plugins, numbers by epoch, and what every section shares
``data``        stores, split, scaling
``model``       networks and their training
``prediction``  self-checked realizations, and scores
``design``      inverse design
``symmetry``    symmetries as a task declares them
``task``        the whole task
``problems``    mistakes with line, column and words
==============  ===============================================================================
"""

from fieldvae.spec.choices import PluginChoice, Schedule
from fieldvae.spec.data import DataSpec, ScalingSpec, SplitSpec
from fieldvae.spec.design import DesignSpec, GoalSpec
from fieldvae.spec.model import TrainingSpec
from fieldvae.spec.prediction import QuantileTolerance
from fieldvae.spec.problems import problems
from fieldvae.spec.task import TaskSpec, parse_task

__all__ = [
    "DataSpec",
    "DesignSpec",
    "GoalSpec",
    "PluginChoice",
    "QuantileTolerance",
    "ScalingSpec",
    "Schedule",
    "SplitSpec",
    "TaskSpec",
    "TrainingSpec",
    "parse_task",
    "problems",
]
