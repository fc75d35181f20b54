"""A training followed from outside: threads, progress, and a stop where somebody asks for one."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from fieldvae.checkpoint import last_epoch
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.spec import TaskSpec
from fieldvae.training import EpochRecord
from fieldvae.workflow.interruption import deferred
from fieldvae.workflow.progress import Progress
from fieldvae.workflow.threads import sensible_threads


def followed(
    records: Generator[EpochRecord, None, None],
    *,
    network: ConditionalVAE,
    spec: TaskSpec,
    progress: Progress,
    checkpoints: Path,
) -> list[EpochRecord]:
    """Train to the end, telling every epoch, and first after which one a resumed training goes on.

    Parameters
    ----------
    records
        What :func:`fieldvae.training.train` gives.
    network, spec
        The network that is trained and the task, which decide on the number of threads.
    progress
        Who is told.
    checkpoints
        Where those of this training lie.

    Returns
    -------
    list
        The record of every epoch.

    Raises
    ------
    KeyboardInterrupt
        After an interruption, once the epoch has ended and its checkpoint is written; after a
        second one at once.
    """
    history: list[EpochRecord] = []
    ended = ""
    with (
        sensible_threads(network, spec),
        deferred(lambda: progress.warn("stopping after this epoch; again to stop at once")) as stop,
    ):
        try:
            for record in progress.epochs(_new(records, history, progress)):
                if stop.asked and record.epoch < record.of:
                    records.close()  # writes a checkpoint of the last whole epoch
                    ended = f"stopped after epoch {record.epoch}"
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            progress.say(ended or _stopped(checkpoints))
            raise
    return history


def _new(
    records: Iterable[EpochRecord], history: list[EpochRecord], progress: Progress
) -> Iterator[EpochRecord]:
    """Keep all records and pass on those of epochs that are trained now."""
    for record in records:
        history.append(record)
        if record.restored is None:
            yield record
        elif record.epoch == record.restored:
            progress.say(f"goes on after epoch {record.epoch} of {record.of}")


def _stopped(checkpoints: Path) -> str:
    """Say what is left of a training that was stopped within an epoch."""
    epoch = last_epoch(checkpoints)
    if epoch is None:
        return "stopped at once; there is no checkpoint yet, so training will start over"
    return f"stopped at once; the checkpoint after epoch {epoch} is kept"
