from fieldvae.data.store import write_store
from fieldvae.training import EpochRecord, Losses
from fieldvae.workflow.cautions import cautions, kept_early
from fieldvae.workflow.filling import make_plan
from fieldvae.workflow.preparing import prepare
from tests.conftest import FIELDS, foreign_dataset


def told(folder, dataset):
    write_store(dataset, folder / "store.zarr")
    task = {
        "name": "few",
        "fields": {name: FIELDS[name] for name in ("permeability", "gradient", "flux")},
        "inputs": ["permeability", "gradient"],
        "outputs": ["flux"],
        "data": {"store": str(folder / "store.zarr"), "split": {"test": 0.25}},
    }
    return list(cautions(prepare(make_plan(task))))


def test_nothing_is_said_of_enough_samples(tmp_path):
    assert told(tmp_path, foreign_dataset(48)) == []


def test_few_samples_are_told_with_what_to_do(tmp_path):
    first, second = told(tmp_path, foreign_dataset(4))
    assert first.startswith("2 samples to train on: a distribution takes hundreds")
    assert second.startswith("one sample to test on: scores say little; add samples")


def test_an_input_that_never_changes_is_told(tmp_path):
    dataset = foreign_dataset(48)
    dataset["permeability"] = dataset.permeability * 0 + 2.0
    (line,) = told(tmp_path, dataset)
    assert line.startswith("the input 'permeability' has the same value in every training sample")


def course(*scores):
    losses = Losses({}, 0.0)
    return [
        EpochRecord(epoch, len(scores), losses, losses, 0.1, 1.0, score=score)
        for epoch, score in enumerate(scores, start=1)
    ]


def test_weights_of_an_early_epoch_are_told_with_how_much_worse_the_last_ones_are():
    words = kept_early(course(0.9, 0.5, 0.6, 0.7, 0.8))
    assert words.startswith("kept are the weights after epoch 2 of 5: from there on realizations")
    assert "at the end 60 % worse in energy score" in words
    assert "0.89 % worse" in kept_early(course(0.460, 0.449, 0.451, 0.453))


def test_why_the_last_epochs_are_worse_is_told_as_a_possibility():
    assert "may have begun to learn its samples by heart" in kept_early(course(0.9, 0.5, 0.6, 0.8))


def test_nothing_is_said_of_a_best_epoch_near_the_end():
    assert kept_early(course(0.9, 0.6, 0.5, 0.4, 0.41)) is None


def test_nothing_is_said_where_no_weights_are_chosen():
    assert kept_early(course(None, None)) is None
