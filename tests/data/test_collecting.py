import json
import resource
import signal
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest

from fieldvae import FieldSpec, OptionError, SimulationError, StoreError, WriteError
from fieldvae.data.collecting import Progress, Skipped, Warned, collect
from fieldvae.data.store import open_store, read_dataset, write_store

from .conftest import cell
from .sources import Files, KnownFiles, Wary, Waves

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
    @pytest.mark.parametrize("scheduler", ["sync", "threads", "processes"])
    def test_writes_every_sample_in_its_place(self, scheduler, log, out):
        source = Waves(5, log)
        workers = None if scheduler == "sync" else 2
        progress = list(collect(source, out, scheduler=scheduler, workers=workers))
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

    @pytest.mark.parametrize("scheduler", ["sync", "threads", "processes"])
    def test_tells_what_the_making_of_a_sample_warned_of(self, scheduler, log, out):
        workers = None if scheduler == "sync" else 2
        steps = list(collect(Wary(4, log), out, scheduler=scheduler, workers=workers))
        told = sorted((s.warned for s in steps if s.warned), key=lambda warned: warned.index)
        assert told == [
            Warned(i, (f"wave {i} is {i / 2} too high; take it lower",)) for i in (1, 2, 3)
        ]

    def test_tells_what_a_sample_warned_of_that_was_skipped(self, log, out):
        steps = list(collect(Wary(3, log, fails_at=2), out, skip_bad=True))
        assert steps[-1].skipped == Skipped(2, "sample 2 does not converge")
        assert steps[-1].warned == Warned(2, ("wave 2 is 1.0 too high; take it lower",))

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

    def test_forgets_a_source_of_which_nothing_was_finished(self, log, out):
        with pytest.raises(SimulationError):
            list(collect(Waves(3, log, fails_at=0), out))
        assert list(collect(Waves(3, log, height=2.0), out))[-1].done == 3
        assert read_dataset(out).attrs["provenance"] == {"height": 2.0}

    def test_leaves_files_of_others_alone(self, log, out):
        folder = out.with_name("waves.zarr.partial")
        folder.mkdir()
        (folder / "notes.txt").write_text("mine")
        with pytest.raises(StoreError, match=r"exists without attributes\.json"):
            collect(Waves(3, log), out)
        assert (folder / "notes.txt").read_text() == "mine"

    def test_names_a_scheduler_that_is_none(self, log, out):
        with pytest.raises(OptionError, match="there is no scheduler 'slurm'"):
            collect(Waves(3, log), out, scheduler="slurm")


@pytest.fixture
def numbers(tmp_path):
    """Five files with a number each, but for two."""
    paths = tuple(tmp_path / f"{index}.txt" for index in range(5))
    for index, path in enumerate(paths):
        path.write_text("none" if index in (1, 3) else str(index))
    return paths


class TestSkipBad:
    @pytest.mark.parametrize("scheduler", ["sync", "processes"])
    def test_keeps_the_others_and_says_what_is_missing(self, scheduler, numbers, out):
        steps = list(collect(Files(numbers), out, scheduler=scheduler, skip_bad=True))
        reasons = {i: f"{numbers[i]}:1: 'none' is no number" for i in (1, 3)}
        skipped = {step.skipped for step in steps if step.skipped}
        assert skipped == {Skipped(index, reason) for index, reason in reasons.items()}
        assert steps[-1].done == steps[-1].total == 5
        dataset = read_dataset(out)
        np.testing.assert_array_equal(dataset.wave.isel(x=0), [0, 2, 4])
        assert dataset.attrs["skipped"] == [
            "sample 1: 1.txt:1: 'none' is no number",
            "sample 3: 3.txt:1: 'none' is no number",
        ]

    def test_ends_at_the_first_unless_asked(self, numbers, out):
        with pytest.raises(StoreError, match=r"1\.txt:1: 'none' is no number"):
            list(collect(Files(numbers), out))
        assert sorted(p.name for p in out.with_name("waves.zarr.partial").iterdir()) == [
            "000000.nc",
            "attributes.json",
        ]

    def test_a_store_of_which_nothing_was_skipped_says_nothing(self, log, out):
        list(collect(Waves(3, log), out, skip_bad=True))
        assert "skipped" not in read_dataset(out).attrs

    @pytest.mark.parametrize("kind", [Files, KnownFiles])
    def test_tries_a_mended_file_again(self, kind, numbers, out):
        interrupt(collect(kind(numbers), out, skip_bad=True), after=4)
        numbers[1].write_text("1.5")
        steps = list(collect(kind(numbers), out, skip_bad=True))
        assert {step.skipped.index for step in steps if step.skipped} == {3}
        np.testing.assert_array_equal(read_dataset(out).wave.isel(x=0), [0, 1.5, 2, 4])

    @pytest.mark.parametrize(("kind", "tried"), [(Files, [1, 3, 4]), (KnownFiles, [4])])
    def test_remembers_where_the_source_tells_its_files(self, kind, tried, numbers, out):
        interrupt(collect(kind(numbers), out, skip_bad=True), after=4)
        log = numbers[0].with_name("log")
        log.unlink()
        steps = list(collect(kind(numbers), out, skip_bad=True))
        assert made(log) == tried
        assert {step.skipped.index for step in steps if step.skipped} == {1, 3}
        assert len(read_dataset(out).attrs["skipped"]) == 2

    def test_a_later_call_without_it_fails_again(self, numbers, out):
        interrupt(collect(KnownFiles(numbers), out, skip_bad=True), after=4)
        with pytest.raises(StoreError, match=r"1\.txt:1"):
            list(collect(KnownFiles(numbers), out))

    def test_refuses_to_skip_everything(self, numbers, out):
        with pytest.raises(StoreError, match=r"none of the 2 samples .*; the first: .*1\.txt"):
            list(collect(Files((numbers[1], numbers[3])), out, skip_bad=True))

    def test_does_not_take_a_wrong_option_for_a_bad_sample(self, log, out):
        class Wrong(Waves):
            def __getitem__(self, index):
                raise OptionError("elements: expected three")

        with pytest.raises(OptionError, match="expected three"):
            list(collect(Wrong(2, log), out, skip_bad=True))


def interrupt(steps, *, after):
    """Take some steps and no more, as Ctrl-C does."""
    for _ in range(after):
        next(steps)
    steps.close()


@contextmanager
def small_files():
    """Let this process write files of 1000 bytes at most, which tells as a full disk does.

    Inside the block alone: pytest's own output may go to a file.
    """
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


class Growing(Waves):
    """Waves of which the third one is large."""

    def __getitem__(self, index):
        wave = super().__getitem__(index)
        return wave.isel(y=[0] * 100) if index == 2 else wave


class TestWriteErrors:
    def test_a_sample_that_does_not_fit_leaves_the_others(self, log, out):
        folder = out.with_name("waves.zarr.partial")
        with small_files(), pytest.raises(WriteError) as caught:
            list(collect(Growing(4, log), out, skip_bad=True))
        assert str(caught.value) == (
            f"{folder / '000002.nc'} cannot be written: File too large; raise the limit on the "
            f"size of files (ulimit -f), and repeat the call: finished samples are kept in {folder}"
        )
        names = ["000000.nc", "000001.nc", "attributes.json"]
        assert sorted(path.name for path in folder.iterdir()) == names

    def test_a_store_that_does_not_fit_leaves_all_samples(self, log, out):
        told = r"waves\.zarr cannot be written: File too large"
        with small_files(), pytest.raises(WriteError, match=told):
            list(collect(Waves(9, log), out))
        assert [p.name for p in sorted(out.parent.iterdir())] == ["log", "waves.zarr.partial"]
        steps = list(collect(Waves(9, log), out))
        assert steps == [Progress(9, 9, 9)]
        assert len(open_store(out, WAVE)) == 9
