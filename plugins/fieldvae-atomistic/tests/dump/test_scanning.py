from __future__ import annotations

import gzip
import itertools
from unittest.mock import patch

import pytest
import zstandard
from fieldvae_atomistic.dump import packed, scan, scanning
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldvae import StoreError

TIME = "ITEM: TIME\n0.5\n"


@pytest.fixture
def texts(dump_text):
    """Return snapshots of one to five atoms, the third with a time above its step."""
    made = [
        dump_text("id x y z", [[n, 0.5, 1.5, 2.5] for n in range(count)], step=count)
        for count in (1, 5, 2, 4)
    ]
    made[2] = TIME + made[2]
    return made


class TestScan:
    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.integers(20, 400), st.sampled_from([bytes, gzip.compress, zstandard.compress]))
    def test_finds_every_start_however_much_is_read_at_a_time(self, tmp_path, texts, read, pack):
        path = tmp_path / "a.dump"
        path.write_bytes(pack("".join(texts).encode()))
        with patch.object(packed, "READ", read):
            snapshots, units = scan(path)
        assert units is None
        starts = [sum(map(len, texts[:n])) for n in range(5)]
        assert [(s.start, s.end) for s in snapshots] == [*itertools.pairwise(starts)]
        assert [s.number for s in snapshots] == [0, 1, 2, 3]
        assert [s.header().timestep for s in snapshots] == [1, 5, 2, 4]

    def test_reads_the_units(self, tmp_path, texts):
        path = tmp_path / "a.dump"
        path.write_text("ITEM: UNITS\nreal\n" + texts[0])
        snapshots, units = scan(path)
        assert units == "real"
        assert snapshots[0].start == len("ITEM: UNITS\nreal\n")

    def test_tells_one_snapshot_by_the_size_of_its_file(self, tmp_path, dump_text):
        path = tmp_path / "a.dump"
        text = dump_text("id x y z", [[n, 0.5, 1.5, 2.5] for n in range(999)])
        path.write_text(text)
        assert scanning._single(path) == scan(path)[0][0]
        path.write_text(text + text)
        assert scanning._single(path) is None
        path.write_bytes(gzip.compress(text.encode()))
        assert scanning._single(path) is None

    def test_refuses_what_is_no_dump(self, tmp_path):
        path = tmp_path / "a.dump"
        path.write_text("LAMMPS data file\n")
        with pytest.raises(StoreError) as told:
            scan(path)
        assert str(told.value) == (
            f"{path}:1: no 'ITEM: TIMESTEP' can be read in this file; expected a text dump of "
            "LAMMPS (dump atom or custom), plain or packed by gzip or zstd and not cut off"
        )
        with pytest.raises(StoreError) as told:
            scan(tmp_path / "none.dump")
        assert str(told.value) == (
            f"{tmp_path}/none.dump cannot be read: No such file or directory"
        )
