import json
from dataclasses import dataclass

import numpy as np
import pytest

from fieldvae import FieldSpec, SimulationError, StoreError
from fieldvae.data.collecting import Progress, collect
from fieldvae.data.store import open_store, read_dataset, write_store

from .conftest import cell
from .sources import Waves

WAVE = {"wave": FieldSpec(name="wave", units="m", tensor_kind="set")}


@dataclass(frozen=True)
class Told(Waves):
    """Waves with provenance in a text."""

    provenance: str = ""

    @property
    def attributes(self):
        return {"provenance": self.provenance}


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "waves.zarr"


def made(log):
    return sorted(int(line) for line in log.read_text().split())


class TestCollect:
    @pytest.mark.parametrize("workers", [1, 2])
    def test_writes_every_sample_in_its_place(self, workers, log, out):
        source = Waves(5, log)
        progress = list(collect(source, out, workers=workers))
        assert progress == [Progress(done, 5, 0) for done in range(1, 6)]
        found = open_store(out, WAVE)
        for index in range(5):
            np.testing.assert_array_equal(found.dataset.wave[index], source[index].wave)
        np.testing.assert_array_equal(found.dataset.seed, range(5))
        np.testing.assert_array_equal(read_dataset(out)["mean"].sel(part="down"), -np.arange(5))
        assert found.grid.spacing == (1.0, 2.0)
        assert found.dataset.attrs["provenance"] == {"height": 1.0}
        assert not out.with_name("waves.zarr.partial").exists()

    def test_makes_only_what_is_missing_when_resumed(self, log, out):
        with pytest.raises(SimulationError, match="sample 3"):
            list(collect(Waves(5, log, fails_at=3), out))
        assert not out.exists()
        assert made(log) == [0, 1, 2]
        progress = list(collect(Waves(5, log), out))
        assert progress == [Progress(3, 5, 3), Progress(4, 5, 3), Progress(5, 5, 3)]
        assert made(log) == [0, 1, 2, 3, 4]

    def test_makes_a_half_written_sample_again(self, log, out):
        with pytest.raises(SimulationError):
            list(collect(Waves(3, log, fails_at=1), out))
        out.with_name("waves.zarr.partial").joinpath("000001.nc.123").write_text("half")
        assert list(collect(Waves(3, log), out))[-1].done == 3
        assert len(open_store(out, WAVE)) == 3

    def test_refuses_parts_of_another_source(self, log, out):
        with pytest.raises(SimulationError):
            list(collect(Waves(3, log, fails_at=1), out))
        with pytest.raises(StoreError) as caught:
            collect(Waves(3, log, height=2.0), out)
        assert str(caught.value) == (
            f"{out}.partial holds samples of another source: height 1.0 there, 2.0 now; "
            "call as before, or remove or rename the folder"
        )

    def test_names_the_entries_of_provenance_that_differ(self, log, out):
        def source(**options):
            told = json.dumps({"simulator": "waves", "options": options})
            return Told(3, log, fails_at=1, provenance=told)

        with pytest.raises(SimulationError):
            list(collect(source(seed=1, far={"a": 1}), out))
        with pytest.raises(StoreError) as caught:
            collect(source(seed=2, far={"a": 1}, depth=None), out)
        words = "options.depth absent there, None now; options.seed 1 there, 2 now; call as before"
        assert words in str(caught.value)

    def test_refuses_to_throw_parts_away(self, log, out):
        with pytest.raises(SimulationError):
            list(collect(Waves(5, log, fails_at=4), out))
        with pytest.raises(StoreError, match="2 samples beyond the 2 asked for"):
            collect(Waves(2, log), out)

    def test_names_a_part_that_is_damaged(self, log, out):
        with pytest.raises(SimulationError):
            list(collect(Waves(3, log, fails_at=2), out))
        out.with_name("waves.zarr.partial").joinpath("000000.nc").write_bytes(b"CDF")
        with pytest.raises(StoreError, match=r"000000\.nc cannot be read: .*remove it and run"):
            list(collect(Waves(3, log), out))

    def test_refuses_a_store_that_exists_before_making_anything(self, log, out):
        write_store(cell(), out)
        with pytest.raises(StoreError, match="exists"):
            collect(Waves(3, log), out)
        assert not log.exists()

    def test_refuses_a_source_without_samples(self, log, out):
        with pytest.raises(StoreError, match="the source has no samples"):
            collect(Waves(0, log), out)
