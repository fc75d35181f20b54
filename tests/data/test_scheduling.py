"""Work done here, in threads and in processes; a cluster is in test_cluster.py."""

import multiprocessing
import os
import sys
import time

import pytest

from fieldvae import OptionError, SimulationError
from fieldvae.data.scheduling import Schedule, completed, make_schedule

from .sources import Square, dies, waits_after_the_first

BOTH = [Schedule("threads", 2), Schedule("processes", 2)]


def kind(schedule):
    return schedule.kind


class TestMakeSchedule:
    def test_several_workers_are_processes(self):
        assert make_schedule(None, None) == Schedule("sync", 1)
        assert make_schedule(None, 1) == Schedule("sync", 1)
        assert make_schedule(None, 3) == Schedule("processes", 3)

    def test_takes_as_many_workers_as_there_are_processors(self):
        workers = make_schedule("threads").workers
        assert 1 <= workers <= (os.cpu_count() or 1)
        assert make_schedule("processes", 1) == Schedule("processes", 1)

    def test_suggests_the_nearest_name(self):
        with pytest.raises(
            OptionError, match=r"no scheduler 'thread' \(did you mean 'threads'\?\)"
        ):
            make_schedule("thread")

    def test_refuses_workers_that_the_scheduler_has_not(self):
        with pytest.raises(OptionError, match="sync works alone, and 2 workers are asked for"):
            make_schedule("sync", 2)
        with pytest.raises(OptionError, match="has workers of its own"):
            make_schedule("tcp://127.0.0.1:1", 2)

    def test_says_what_to_install_for_a_cluster(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "distributed", None)
        with pytest.raises(OptionError, match=r"pip install 'fieldvae\[cluster\]'"):
            make_schedule("tcp://127.0.0.1:1")


class TestCompleted:
    @pytest.mark.parametrize("schedule", [Schedule(), *BOTH], ids=kind)
    def test_does_every_piece(self, schedule):
        indices = [1, 2, 3, 5, 8, 13, 21]
        assert sorted(completed(Square(), indices, schedule)) == [i * i for i in indices]

    def test_takes_pieces_in_their_order(self):
        results = completed(Square(), range(12), Schedule("threads", 1))
        assert list(results) == [i * i for i in range(12)]

    def test_threads_share_the_memory_of_this_process(self):
        found = []
        assert set(completed(found.append, range(5), Schedule("threads", 2))) == {None}
        assert sorted(found) == list(range(5))

    @pytest.mark.parametrize("schedule", BOTH, ids=kind)
    def test_hands_on_the_error_of_a_piece(self, schedule):
        with pytest.raises(TypeError):
            list(completed(Square(), [1, None], schedule))

    def test_gives_results_before_all_are_there_and_ends_processes_when_closed(self):
        results = completed(waits_after_the_first, range(3), Schedule("processes", 2))
        assert next(results) == 0
        start = time.monotonic()
        results.close()
        assert time.monotonic() - start < 20
        assert multiprocessing.active_children() == []

    def test_tells_of_a_process_that_died(self):
        with pytest.raises(SimulationError, match="a process that made samples died"):
            list(completed(dies, range(4), Schedule("processes", 2)))
