"""The way through every check: a plugin may refuse grids, but not all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from fieldvae.errors import InputError, PluginError

T = TypeVar("T")

Fault = Callable[[str], PluginError]
"""Makes the error of a trial from what is wrong."""


def faults_of(what: str) -> Fault:
    """Return what makes the errors of a trial, each opened by the trial's name."""

    def fault(words: str) -> PluginError:
        return PluginError(f"{what}: {words}")

    return fault


def certify(
    trials: Iterable[T],
    *,
    begin: Callable[[T], object],
    hold: Callable[[T], None],
    refusal: Callable[[T, InputError], PluginError],
) -> None:
    """Hold a plugin to its laws in every trial that it does not refuse.

    Parameters
    ----------
    trials
        One for each grid, and whatever else it is tried with.
    begin
        What a plugin may refuse a trial at, by an ``OptionError`` or a ``GridError``.
    hold
        Holds it to every law.
    refusal
        What is wrong where it refuses all, from the last trial and its refusal.

    Raises
    ------
    PluginError
        With the first breach of a law, or where every trial is refused.
    """
    refused: list[tuple[T, InputError]] = []
    served = False
    for trial in trials:
        try:
            begin(trial)
        except PluginError:
            raise
        except InputError as error:
            refused.append((trial, error))
        else:
            served = True
            hold(trial)
    if refused and not served:
        raise refusal(*refused[-1])
