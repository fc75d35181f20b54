from fieldvae.data.store import write_store
from fieldvae.training import EpochRecord, Losses
from fieldvae.workflow.cautions import cautions, learned_by_heart
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


def test_a_network_that_learned_its_samples_by_heart_is_told():
    words = learned_by_heart(course(0.9, 0.5, 0.6, 0.7, 0.8))
    assert words.startswith("kept are the weights after epoch 2 of 5: from there on realizations")


def test_nothing_is_said_of_a_best_epoch_near_the_end():
    assert learned_by_heart(course(0.9, 0.6, 0.5, 0.4, 0.41)) is None


def test_nothing_is_said_where_no_weights_are_chosen():
    assert learned_by_heart(course(None, None)) is None
