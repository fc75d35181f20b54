"""Who says what the fields of a store are, and what of it a user can still change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Declarer:
    """Who declares the fields that a store is checked against; its words stand in messages.

    A task can be changed. A trained model cannot: what remains is to mend the store, or to train
    another model.

    Parameters
    ----------
    name
        ``the task``.
    says
        Name and verb, before what is declared: ``the task declares``.
    instead
        Verb before what else might be declared: ``declare``.
    lost
        What to do where the store is not there.
    fixed
        Whether nothing of it can be changed.
    places
        Where fields are declared, ``task.yaml:3:3`` by name, of those that a file declares.
    """

    name: str
    says: str
    instead: str
    lost: str
    fixed: bool = False
    places: Mapping[str, str] = field(default_factory=dict)

    def otherwise(self, what: str) -> str:
        """Offer what else might be declared, at the end of a message.

        Examples
        --------
        >>> TASK.otherwise("other bounds")
        ', or declare other bounds'
        >>> MODEL.otherwise("other bounds")
        ', or train anew with other bounds'
        """
        return f", or {self.instead} {what}"

    def opening(self, name: str) -> str:
        """Say where a field is declared, before a message that the remedy belongs there."""
        return f"{self.places[name]}: " if name in self.places else ""


TASK = Declarer(
    "the task",
    "the task declares",
    "declare",
    "check the path, which in a task is relative to the task's own file",
)
"""A task that is about to be trained."""

MODEL = Declarer("the model", "the model takes", "train anew with", "check the path", fixed=True)
"""A trained model, asked to predict or to be scored."""

TRAINED = Declarer(
    "the model",
    "the model takes",
    "train anew with",
    "the model was trained on it, and its samples are needed again: put it back",
    fixed=True,
)
"""A trained model whose own samples are read again."""
