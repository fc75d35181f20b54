"""Every exception that fieldvae raises on purpose.

::

    FieldvaeError                 base of all; the command line prints its text, no traceback
    ├── InputError                the user's input is wrong: exit code 2
    │   ├── SpecError             a task or field file, or an override of it
    │   ├── OptionError           an option of a plugin, a command or a call
    │   ├── PluginError           a plugin is missing, broken, or clashes with another
    │   ├── StoreError            a store lacks, misnames or damages something
    │   │   ├── UnitError         units of the wrong dimension, or unreadable ones
    │   │   └── GridError         grids that do not agree
    │   ├── ShapeError            an array of the wrong shape
    │   └── RunError              a run directory that is unfinished, finished or not one
    ├── SimulationError           a calculation failed
    ├── WriteError                a file cannot be written: the disk is full, or may not be used
    ├── TrainingError             training diverged
    └── SamplingError             fewer realizations passed the self-check than were asked for
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any


class FieldvaeError(Exception):
    """Base of every exception raised on purpose."""


class InputError(FieldvaeError):
    """The user's input is wrong; the message says where, what was expected and how to mend it."""


@dataclass(frozen=True)
class Problem:
    """One mistake in a user's input and the place where it stands.

    Parameters
    ----------
    place
        Where: ``task.yaml:3:1`` or ``--set #2``.
    message
        What was found, what was expected, how to mend it.
    """

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class SpecError(InputError):
    """A task or field file is wrong; carries every mistake found, one :class:`Problem` each."""

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        if isinstance(problems, str):
            problems = [Problem("", problems)]
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class OptionError(InputError):
    """An option of a plugin, a command or a call is wrong."""


class PluginError(InputError):
    """A plugin is missing, broken, or bears a name that another plugin has too."""


class StoreError(InputError):
    """A store lacks, misnames or damages something."""


class UnitError(StoreError):
    """Units of the wrong dimension, or units that cannot be read."""


class GridError(StoreError):
    """Two grids that must agree do not."""


class ShapeError(InputError):
    """An array has another shape than expected."""


class RunError(InputError):
    """A directory is no run, or a run in the wrong state."""


class SimulationError(FieldvaeError):
    """A calculation that makes data failed."""


class WriteError(FieldvaeError):
    """A file cannot be written: the disk is full, a limit is reached, or rights are missing."""


class TrainingError(FieldvaeError):
    """Training cannot go on: a loss is not finite."""


class SamplingError(FieldvaeError):
    """Fewer realizations passed the self-check than were asked for, and the caller was strict.

    Parameters
    ----------
    message
        How many were asked for, accepted and tried.
    predictions
        The dataset with what was accepted, filled up with the nearest rejected realizations.
    """

    def __init__(self, message: str, predictions: Any = None) -> None:
        super().__init__(message)
        self.predictions = predictions


class PredictionWarning(UserWarning):
    """Realizations that may mislead: inputs unlike those of training, or a failed self-check."""


def nearest(name: str, known: Sequence[str], *, aside: bool = False) -> str:
    """Say which known name is meant, as ``"; did you mean 'x'?"``, or nothing where none is near.

    With ``aside`` it stands in parentheses, because the sentence goes on.

    Examples
    --------
    >>> nearest("modle", ["model", "training"])
    "; did you mean 'model'?"
    >>> nearest("modle", ["model", "training"], aside=True)
    " (did you mean 'model'?)"
    >>> nearest("zebra", ["model", "training"])
    ''
    """
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    if not close:
        return ""
    return f" (did you mean {close[0]!r}?)" if aside else f"; did you mean {close[0]!r}?"
