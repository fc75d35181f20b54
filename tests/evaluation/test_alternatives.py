import numpy as np
import pytest

from fieldvae.data.store import read_dataset
from fieldvae.evaluation.alternatives import Alternative, compare_alternatives, run_scores
from fieldvae.evaluation.pairing import HeldOutRecord

from ..made_runs import HEAT, SAMPLES, made_run


@pytest.fixture
def alternative(tmp_path):
    def made(name, **options):
        details = read_dataset(made_run(tmp_path / name, **options) / "evaluation.zarr")
        scores = {
            "heat": {k: float(details[k].mean()) for k in ("energy_score", "energy_score_physical")}
        }
        record = HeldOutRecord(range(SAMPLES), ("cells.zarr",), details)
        return Alternative(name, name, {}, None, {}, scores, record)

    return made


class TestCompareAlternatives:
    def test_of_a_run_with_its_copy_is_zero_for_sure(self, alternative):
        found = compare_alternatives([alternative("a"), alternative("b")], [HEAT])
        pair = found.differences["b"]["heat"]["energy_score"]
        assert pair["difference"] == 0
        assert pair["difference_interval"] == [0, 0]
        assert pair["verdict"] == "is level with"

    def test_interval_is_paired(self, alternative):
        """Samples are hard or easy for both: the difference is surer than either score."""
        ours, theirs = alternative("a", blind=0.3), alternative("b")
        pair = compare_alternatives([theirs, ours], [HEAT]).differences["a"]["heat"]["energy_score"]
        low, high = pair["difference_interval"]
        scores = ours.record.details.energy_score.to_numpy().ravel()
        alone = 2 * 1.96 * scores.std(ddof=1) / np.sqrt(len(scores))
        assert low < pair["difference"] < high
        assert high - low < 0.7 * np.sqrt(2) * alone

    def test_is_of_physical_values_where_training_parts_differ(self, alternative):
        ours, theirs = alternative("a", spread=2.0, blind=0.5), alternative("b")
        found = compare_alternatives([theirs, ours], [HEAT])
        pair = found.differences["a"]["heat"]
        physical = [run.scores["heat"]["energy_score_physical"] for run in (ours, theirs)]
        assert pair["units"] == "K"
        assert pair["energy_score"]["difference"] == pytest.approx(physical[0] - physical[1])
        assert "were trained on other samples" in found.notes[0]

    def test_pairs_every_run_with_the_first(self, alternative):
        runs = [alternative(name, seed=i) for i, name in enumerate("abc")]
        assert list(compare_alternatives(runs, [HEAT]).differences) == ["b", "c"]


class TestRunScores:
    def test_hold_the_excess_over_replicates(self):
        model = {
            "prediction": {"heat": {"crps": 1.0, "realizations": 8}},
            "replicates": {
                "heat": {"energy_score_excess": 0.01, "energy_score_excess_interval": [0.0, 0.02]}
            },
        }
        assert run_scores({"model": model}, "heat") == {
            "crps": 1.0,
            "realizations": 8,
            "replicates_excess": 0.01,
            "replicates_excess_interval": [0.0, 0.02],
        }
