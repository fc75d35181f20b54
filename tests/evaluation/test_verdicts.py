import pytest

from fieldvae.evaluation.comparison import sentences, verdicts
from fieldvae.evaluation.verdicts import calibration_verdict, wave_verdict


def scores(coverage, ratio, realizations=100):
    return {"coverage_90": coverage, "spread_skill": ratio, "realizations": realizations}


def metrics(coverage, ratio, verdict="beats"):
    pair = {"energy_score": {"verdict": verdict}, "sentence": f"It {verdict} climatology."}
    return {
        "model": {
            "prediction": {"heat_flow": scores(coverage, ratio)},
            "comparison": {"climatology": {"heat_flow": pair}},
        }
    }


class TestCalibrationVerdict:
    @pytest.mark.parametrize(
        ("coverage", "ratio", "verdict"),
        [
            (0.903, 0.99, "calibrated"),
            (0.871, 1.09, "calibrated"),
            (0.999, 2.8, "too wide"),
            (0.90, 1.2, "too wide"),
            (0.50, 0.5, "too narrow"),
            (0.86, 1.0, "too narrow"),
            (0.95, 0.8, "uneven"),
            (None, 0.8, "cannot be judged"),
        ],
    )
    def test_judges_by_coverage_and_by_spread_over_error(self, coverage, ratio, verdict):
        assert calibration_verdict("heat", scores(coverage, ratio))["verdict"] == verdict

    def test_does_not_judge_what_the_samples_cannot_tell(self):
        few = {**scores(0.91, 1.11), "spread_skill_interval": [0.98, 1.25]}
        found = calibration_verdict("heat", {**few, "coverage_90_interval": [0.88, 0.94]})
        assert found["verdict"] == "cannot be judged"
        assert (
            "is not to be told from a calibrated one by the single values of so few"
            in found["sentence"]
        )
        many = {**few, "spread_skill_interval": [1.105, 1.12]}
        found = calibration_verdict("heat", {**many, "coverage_90_interval": [0.90, 0.92]})
        assert found["verdict"] == "too wide"

    def test_warns_of_reading_probabilities(self):
        assert calibration_verdict("heat", scores(0.999, 2.8))["sentence"] == (
            "On heat the model's ensemble is too wide: 90 % intervals hold 99.9 % of true values, "
            "spread over error 2.80; read no probability off it."
        )

    def test_expects_of_few_realizations_what_they_can_cover(self):
        found = calibration_verdict("heat", scores(0.82, 1.0, realizations=10))
        assert found["verdict"] == "calibrated"
        assert "81.8 % intervals hold 82.0 %" in found["sentence"]

    def test_cannot_judge_a_single_realization(self):
        found = calibration_verdict("heat", scores(0.0, 0.0, realizations=1))
        assert found["verdict"] == "cannot be judged"


class TestWaveVerdict:
    def test_writes_the_whole_error_in_plain_numbers(self):
        waves = {
            "wavenumber": [1.0, 2.0],
            "spread_skill": [0.6, 0.7],
            "spread_skill_interval": [[0.5, 0.7], [0.6, 0.8]],
            "error_share": [0.6, 0.398],
        }
        found = wave_verdict("heat", waves, units="1")
        assert "(spread over error 0.64, 100 % of the squared error)" in found["sentence"]


class TestVerdicts:
    def test_praises_a_calibrated_model_that_beats(self):
        assert [each.tone for each in verdicts(metrics(0.9, 1.0))] == ["good", "good"]

    def test_praises_no_miscalibrated_model(self):
        assert [each.tone for each in verdicts(metrics(0.99, 1.0))] == ["caution", "caution"]

    def test_warns_of_falling_behind(self):
        found = verdicts(metrics(0.9, 1.0, "falls behind"))
        assert [each.tone for each in found] == ["caution", "good"]

    def test_judges_stored_scores_that_lack_a_verdict(self):
        assert sentences(metrics(0.9, 1.0))[-1].startswith("On heat flow the model's ensemble is")

    def test_takes_the_stored_sentence(self):
        stored = metrics(0.9, 1.0)
        stored["model"]["calibration"] = {
            "heat_flow": {"verdict": "too wide", "sentence": "Too wide."}
        }
        assert sentences(stored) == ["It beats climatology.", "Too wide."]

    def test_warns_of_wavelengths_and_praises_none(self):
        stored = metrics(0.9, 1.0)
        stored["model"]["calibration"] = {
            "heat_flow": {
                "verdict": "calibrated",
                "sentence": "Calibrated.",
                "waves": {"verdict": "too narrow", "sentence": "Too narrow at long waves."},
            }
        }
        assert [(each.sentence, each.tone) for each in verdicts(stored)][1:] == [
            ("Calibrated.", "good"),
            ("Too narrow at long waves.", "caution"),
        ]
        stored["model"]["calibration"]["heat_flow"]["waves"]["verdict"] = "calibrated"
        assert len(verdicts(stored)) == 2
