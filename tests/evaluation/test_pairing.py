import numpy as np
import pytest

from fieldvae.data.store import read_dataset
from fieldvae.evaluation.pairing import HeldOutRecord, same_spread, why_unpaired

from ..made_runs import SAMPLES, made_run


@pytest.fixture
def record(tmp_path):
    """Make a run, and return what it stored of its held-out samples."""

    def made(name, *, stores=("cells.zarr",), first=40, **options):
        path = made_run(tmp_path / name, first=first, **options)
        test = range(first, first + SAMPLES)
        return HeldOutRecord(test, stores, read_dataset(path / "evaluation.zarr"))

    return made


class TestWhyUnpaired:
    def test_is_nothing_for_two_models_of_the_same_samples(self, record):
        assert why_unpaired(record("a", seed=1), record("b", seed=2), ["heat"]) == ""

    def test_is_nothing_for_a_copy_of_the_store_under_another_name(self, record):
        other = record("b", stores=("copy.zarr",))
        assert why_unpaired(record("a"), other, ["heat"]) == ""

    def test_tells_other_positions(self, record):
        assert "splits differ" in why_unpaired(record("a"), record("b", first=41), ["heat"])

    def test_tells_another_truth(self, record):
        other = record("b", truth_seed=5)
        assert "of other data" in why_unpaired(record("a"), other, ["heat"])

    def test_tells_the_same_samples_in_another_order(self, record):
        other = record("b", order=np.arange(SAMPLES)[::-1])
        assert why_unpaired(record("a"), other, ["heat"]) != ""

    def test_trusts_the_stores_names_where_the_order_is_not_stored(self, record):
        ours, theirs, elsewhere = (
            HeldOutRecord(each.test, each.stores, each.details.drop_vars("grid_variance_true"))
            for each in (record("a"), record("b"), record("c", stores=("other.zarr",)))
        )
        assert why_unpaired(ours, theirs, ["heat"]) == ""
        assert "other.zarr" in why_unpaired(ours, elsewhere, ["heat"])


class TestSameSpread:
    def test_is_that_of_the_training_part(self, record):
        ours, same, other = record("a"), record("b", seed=1), record("c", spread=1.1)
        assert same_spread(ours.details, same.details, "heat")
        assert not same_spread(ours.details, other.details, "heat")
