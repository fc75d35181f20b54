"""Several runs of a sweep at a time, each in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from fieldvae.errors import FieldvaeError, TrainingError
from fieldvae.workflow.progress import Progress
from fieldvae.workflow.sweeping.running import Device, finished, raise_failures
from fieldvae.workflow.sweeping.varying import Member

SECONDS_BETWEEN_LOOKS = 0.2

STOP = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM)
"""Asks a run to keep a checkpoint and stop; on Windows SIGTERM would end it at once."""

GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
"""What Windows has for a session."""

COMMAND = (sys.executable, "-c", "from fieldvae.cli import main; main()", "run")


def make_runs_beside(
    members: Sequence[Member],
    out: Path,
    *,
    task: Path,
    workers: int,
    device: Device,
    force: bool,
    progress: Progress,
) -> None:
    """Make the runs that are not finished yet, several at a time.

    Every run writes what it tells to ``<out>/<run>.log``. Processors are shared out among the
    workers, and so are GPUs, in turn. An interruption is passed on, so that every run keeps a
    checkpoint.

    Parameters
    ----------
    members, out, device, force, progress
        As of :func:`~fieldvae.workflow.sweeping.running.make_runs`.
    task
        The task's file.
    workers
        How many runs at a time.

    Raises
    ------
    FieldvaeError
        Where runs failed.
    """
    waiting = [member for member in members if force or not finished(member, out)]
    for name in sorted({m.name for m in members} - {m.name for m in waiting}):
        progress.say(f"{name} is finished")
    going: dict[int, tuple[Member, subprocess.Popen[bytes]]] = {}
    failures: dict[str, FieldvaeError] = {}
    try:
        while waiting or going:
            for place in range(workers):
                if waiting and place not in going:
                    member = waiting.pop(0)
                    progress.say(f"{member.name} begins")
                    going[place] = (
                        member,
                        _started(member, out, task, place, workers, device, force),
                    )
            for place, (member, process) in list(going.items()):
                if process.poll() is not None:
                    del going[place]
                    _settle(member, process.returncode, out, failures, progress)
            time.sleep(SECONDS_BETWEEN_LOOKS)
    except KeyboardInterrupt:
        progress.warn("stopping all runs; each keeps a checkpoint, and the same call goes on")
        for _, process in going.values():
            process.send_signal(STOP)
        for _, process in going.values():
            process.wait()
        raise
    raise_failures(failures, of=len(members))


def _started(
    member: Member,
    out: Path,
    task: Path,
    place: int,
    workers: int,
    device: Device,
    force: bool,
) -> subprocess.Popen[bytes]:
    """Start one run; in a session of its own, so that Ctrl-C reaches it by us alone, and once."""
    out.mkdir(parents=True, exist_ok=True)
    unfinished = not force and (out / member.name / "run.json").exists()
    words = [*COMMAND, str(task), "--out", str(out / member.name), "--device", device]
    for setting in member.settings:
        words += ["--set", setting]
    words += ["--force"] if force else ["--resume"] if unfinished else []
    with _log(member, out).open("wb") as log:
        return subprocess.Popen(
            words,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env={**os.environ, "PYTHONIOENCODING": "utf-8", **_share(place, workers)},
            start_new_session=True,
            creationflags=GROUP,
        )


def _share(place: int, workers: int) -> dict[str, str]:
    """Threads and the GPU of one worker, by the variables that torch reads."""
    threads = max(1, (os.cpu_count() or 1) // workers)
    found = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(threads))}
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    gpus = [name for name in visible.split(",") if name] or _gpus()
    if len(gpus) > 1:
        found["CUDA_VISIBLE_DEVICES"] = gpus[place % len(gpus)]
    return found


def _gpus() -> list[str]:
    import torch  # the runs need it anyway

    return [str(number) for number in range(torch.cuda.device_count())]


def _settle(
    member: Member, code: int, out: Path, failures: dict[str, FieldvaeError], progress: Progress
) -> None:
    if code == 0:
        progress.say(f"{member.name} is finished")
        return
    log = _log(member, out)
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    words = lines[-1] if lines else f"it ended with code {code}"
    progress.warn(f"{member.name}: {words}")
    failures[member.name] = TrainingError(f"{member.name} failed: {words} (all of it: {log})")


def _log(member: Member, out: Path) -> Path:
    return out / f"{member.name}.log"
