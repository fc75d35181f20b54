"""Where work that falls into numbered pieces is done: here, in threads, processes or a cluster.

Threads, processes and clusters are dask's. It is imported when it is needed, and its part for
clusters (``distributed``) need not be installed.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Literal, TypeVar, get_args

from fieldvae.errors import FieldvaeError, OptionError, SimulationError, nearest

Kind = Literal["sync", "threads", "processes", "cluster"]
R = TypeVar("R")

LOCAL: tuple[str, ...] = get_args(Kind)[:3]
"""Schedulers that have names; any other is the address of a cluster."""

CONNECT_SECONDS = 10
"""How long the scheduler of a cluster may take to answer."""

_END = object()


@dataclass(frozen=True)
class Schedule:
    """Where work is done.

    Parameters
    ----------
    kind
        In this thread one by one, in threads, in processes, or by a cluster.
    workers
        Threads or processes.
    address
        Of the cluster's scheduler.
    """

    kind: Kind = "sync"
    workers: int = 1
    address: str = ""


def make_schedule(scheduler: str | None = None, workers: int | None = None) -> Schedule:
    """Choose where work is done.

    Parameters
    ----------
    scheduler
        ``sync``, ``threads``, ``processes``, or the address of a dask scheduler, such as
        ``tcp://10.0.0.1:8786``. Where ``None``, ``processes`` for several workers, else ``sync``.
    workers
        Threads or processes. Where ``None``, as many as there are processors for ``threads`` and
        ``processes``.

    Raises
    ------
    OptionError
        If there is no such scheduler, the workers do not go with it, or ``distributed`` is
        missing.

    Examples
    --------
    >>> make_schedule(workers=2)
    Schedule(kind='processes', workers=2, address='')
    """
    several = workers is not None and workers > 1
    if scheduler is None:
        scheduler = "processes" if several else "sync"
    if "://" in scheduler:
        return _cluster(scheduler, workers)
    if scheduler not in LOCAL:
        raise OptionError(
            f"there is no scheduler {scheduler!r}{nearest(scheduler, LOCAL, aside=True)}; expected "
            f"{', '.join(LOCAL)} or the address of a dask scheduler, such as tcp://10.0.0.1:8786"
        )
    if scheduler == "sync":
        if several:
            raise OptionError(
                f"the scheduler sync works alone, and {workers} workers are asked for; choose "
                "threads or processes, or leave the workers out"
            )
        return Schedule()
    kind: Kind = "threads" if scheduler == "threads" else "processes"
    return Schedule(kind, workers or _processors())


def _processors() -> int:
    """Processors that this process may use, which a container may have limited."""
    from dask.system import CPU_COUNT

    return int(CPU_COUNT)


def _cluster(address: str, workers: int | None) -> Schedule:
    if importlib.util.find_spec("distributed") is None:
        raise OptionError(
            f"the scheduler {address} needs dask's package distributed, which is not installed; "
            "pip install 'fieldvae[cluster]'"
        )
    if workers is not None:
        raise OptionError(
            f"the cluster at {address} has workers of its own; leave the number of workers out"
        )
    return Schedule("cluster", address=address)


def completed(
    work: Callable[[int], R], indices: Sequence[int], schedule: Schedule
) -> Generator[R, None, None]:
    """Do numbered pieces of work, in any order, and return each result as it comes.

    Closing the iterator ends what is left: processes are ended at once, threads after the pieces
    that they are at.

    Parameters
    ----------
    work
        Does one piece. Pickled for processes (once for each) and for a cluster.
    indices
        Numbers of the pieces.
    schedule
        Where.

    Raises
    ------
    SimulationError
        If a process dies.
    OptionError
        If a cluster does not answer, or its workers lack a package.
    """
    if schedule.kind == "sync" or not indices:
        yield from map(work, indices)
    elif schedule.kind == "cluster":
        yield from _on_cluster(work, indices, schedule.address)
    elif schedule.kind == "threads":
        pool = ThreadPoolExecutor(min(schedule.workers, len(indices)))
        try:
            with closing(_computed(lambda index: work(index), indices, pool, "threads")) as results:
                yield from results
        finally:
            pool.shutdown(cancel_futures=True)
    else:
        yield from _in_processes(work, indices, min(schedule.workers, len(indices)))


def _in_processes(
    work: Callable[[int], R], indices: Sequence[int], workers: int
) -> Generator[R, None, None]:
    # Spawned, not forked: LAMMPS and torch do not survive a fork. The work goes to each process
    # once, not with every piece, as dask would send it.
    others = multiprocessing.active_children()
    pool = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), _start_process, (work,)
    )
    finished = False
    try:
        with closing(_computed(_in_process, indices, pool, "processes")) as results:
            yield from results
        finished = True
    except BrokenProcessPool:
        raise SimulationError(
            "a process that made samples died, perhaps for lack of memory; repeat the call, with "
            "fewer workers if it happens again: finished samples are kept"
        ) from None
    finally:
        if not finished:
            for child in multiprocessing.active_children():
                if child not in others:
                    child.terminate()
        pool.shutdown(cancel_futures=True)


_process: dict[str, Any] = {}


def _start_process(work: Callable[[int], Any]) -> None:
    _process["work"] = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends this one
    _heed_interruption(True)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """End this process when the first one is killed, which cannot tell of it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _heed_interruption(heed: bool) -> None:
    """Let this thread, and the processes that it starts, be interrupted by Ctrl-C, or not.

    A process that is starting up would answer with a traceback. Windows has no such masks.
    """
    if sys.platform != "win32":
        how = signal.SIG_UNBLOCK if heed else signal.SIG_BLOCK
        signal.pthread_sigmask(how, {signal.SIGINT})


def _in_process(index: int) -> Any:
    return _process["work"](index)


def _computed(
    work: Callable[[int], R], indices: Sequence[int], pool: Executor, scheduler: str
) -> Generator[R, None, None]:
    """Let dask compute, in a thread beside this one, and hand results on as they come.

    dask's local schedulers return when all is done; their callbacks tell of each piece.
    """
    import dask

    # dask takes what is ready from the end of the alphabet; the first piece shall come first.
    tasks = {f"piece-{len(indices) - place:09d}": index for place, index in enumerate(indices)}
    arrived: SimpleQueue[Any] = SimpleQueue()

    def tell(key: str, result: R, *_: object) -> None:
        if key in tasks:
            arrived.put((result,))

    def compute() -> None:
        _heed_interruption(False)
        try:
            piece = dask.delayed(work, pure=False, traverse=False)
            dask.compute(
                *(piece(index, dask_key_name=name) for name, index in tasks.items()),
                scheduler=scheduler,
                pool=pool,
                chunksize=1,  # dask's processes would take six pieces at a time
                callbacks=[(None, None, None, tell, None)],
                optimize_graph=False,
            )
        except BaseException as error:
            arrived.put(error)
        else:
            arrived.put(_END)

    thread = threading.Thread(target=compute, name="dask", daemon=True)
    thread.start()
    while (found := arrived.get()) is not _END:
        if isinstance(found, BaseException):
            raise found
        yield found[0]
    thread.join()


def _on_cluster(
    work: Callable[[int], R], indices: Sequence[int], address: str
) -> Generator[R, None, None]:
    import cloudpickle
    import distributed

    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise OptionError(
            f"no dask scheduler answers at {address} ({error}); start one (dask scheduler) and "
            "give the address that it tells"
        ) from None
    futures: list[Any] = []
    try:
        # A result that workers hand to each other, so that it is sent once and not with each piece;
        # as bytes, because a worker that cannot read its messages dies without a word.
        held = client.submit(_held, cloudpickle.dumps(work), pure=False)
        futures = client.map(_piece, indices, work=held, pure=False)
        for future in distributed.as_completed(futures, loop=client.loop):
            yield future.result()
            future.release()
    except distributed.KilledWorker as error:
        raise SimulationError(
            f"workers of {address} died at the same sample, perhaps for lack of memory: {error}"
        ) from None
    except ImportError as error:
        raise OptionError(
            f"a worker of {address} cannot import what it needs ({error}); install fieldvae and "
            "the same plugins there"
        ) from None
    except distributed.CancelledError as error:
        raise FieldvaeError(
            f"the cluster at {address} was lost ({error}); repeat the call: finished samples are "
            "kept"
        ) from None
    finally:
        client.cancel(futures)
        client.close()


@dataclass(frozen=True)
class _Held:
    """Wraps the work, which dask would call or take apart on its way."""

    work: Callable[[int], Any]


def _held(pickled: bytes) -> _Held:
    return _Held(pickle.loads(pickled))


def _piece(index: int, *, work: _Held) -> Any:
    return work.work(index)
