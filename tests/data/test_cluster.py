"""Samples made by a dask cluster of real processes."""

import importlib
import subprocess
import sys

import numpy as np
import pytest

from fieldvae import OptionError
from fieldvae.data import scheduling
from fieldvae.data.collecting import collect
from fieldvae.data.parts import Parts
from fieldvae.data.scheduling import completed, make_schedule
from fieldvae.data.store import read_dataset

from .sources import Square, Waves

CLUSTER = """
import sys, distributed
if __name__ == "__main__":
    cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None)
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Address of a cluster of one process, which starts in a folder of its own."""
    pytest.importorskip("distributed")
    place = tmp_path_factory.mktemp("elsewhere")
    (place / "cluster.py").write_text(CLUSTER)
    with subprocess.Popen(
        [sys.executable, "cluster.py"],
        cwd=place,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield process.stdout.readline().strip()
        process.stdin.close()
        process.wait(timeout=60)


def test_does_every_piece(address):
    results = completed(Square(), range(20), make_schedule(address))
    assert sorted(results) == [i * i for i in range(20)]


def test_makes_a_store_from_a_relative_path(address, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    log = tmp_path / "log"
    steps = list(collect(Waves(4, log), "waves.zarr", scheduler=address))
    assert [step.done for step in steps] == [1, 2, 3, 4]
    store = read_dataset("waves.zarr")
    for index in range(4):
        np.testing.assert_array_equal(store.wave[index], Waves(4, log)[index].wave)


def test_says_so_where_a_worker_does_not_see_the_folder(address, tmp_path):
    hidden = Parts(tmp_path / "nowhere.partial")
    (made,) = completed(lambda index: hidden.make(None, index), [0], make_schedule(address))
    words = r"nowhere\.partial is not there on .* a file system that every worker sees"
    with pytest.raises(OptionError, match=words):
        raise made.error


def test_names_what_a_worker_cannot_import(address, tmp_path, monkeypatch):
    (tmp_path / "cubes.py").write_text("def cube(index):\n    return index**3\n")
    monkeypatch.syspath_prepend(tmp_path)
    cube = importlib.import_module("cubes").cube
    with pytest.raises(OptionError, match=r"cannot import .*'cubes'.*; install fieldvae and"):
        list(completed(cube, range(2), make_schedule(address)))


def test_names_an_address_where_nobody_answers(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(scheduling, "CONNECT_SECONDS", 1)
    with pytest.raises(OptionError, match=r"no dask scheduler answers at tcp://127\.0\.0\.1:1 "):
        list(completed(Square(), [1], make_schedule("tcp://127.0.0.1:1")))
