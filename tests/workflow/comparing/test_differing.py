import pytest

from fieldvae.workflow.comparing.differing import differing_keys

from ...made_runs import task


def differences(**changes):
    return differing_keys([task(), task(**changes)])


class TestDifferingKeys:
    def test_of_one_task_are_none(self):
        assert differing_keys([task(), task(), task()]) == [{}, {}, {}]

    @pytest.mark.parametrize(
        "changes",
        [
            {"name": "other"},
            {"prediction": {"realizations": 9}},
            {"evaluation": {"seed": 9}},
            {"training": {"steps": 20, "seed": 0, "checkpoint_every": 2}},
            {"data": {"store": ["/elsewhere/cells.zarr"], "split": {"test": 0.1, "seed": 0}}},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_are_not_what_leaves_the_model_as_it_is(self, changes):
        assert differences(**changes) == [{}, {}]

    def test_are_told_as_set_takes_them_but_for_the_section_model(self):
        first, second = differences(
            model={"encoder": {"use": "convolution", "channels": 8}, "latent": 6},
            training={"steps": 20, "seed": 3},
        )
        assert first == {"latent": "4", "training.seed": "0"}
        assert second == {"latent": "6", "training.seed": "3"}

    def test_of_one_plugin_are_its_options(self):
        model = {"encoder": {"use": "convolution", "channels": 16}, "latent": 4}
        assert differences(model=model)[1] == {"encoder.channels": "16"}

    def test_of_two_plugins_are_their_names(self):
        model = {"encoder": {"use": "spectral", "waves": 2}, "latent": 4}
        assert differences(model=model) == [{"encoder": "convolution"}, {"encoder": "spectral"}]

    def test_tell_a_model_without_encoder(self):
        assert differences(model={"encoder": None, "latent": 4})[1] == {"encoder": "none"}

    def test_of_an_absent_key_are_none_where_the_other_has_no_value(self):
        model = {"encoder": {"use": "convolution", "channels": 8}, "latent": 4, "noise": None}
        assert differences(model=model) == [{}, {}]

    def test_of_one_term_of_the_loss_are_its_options(self):
        losses = [{"use": "reconstruction", "weight": 1.0}, {"use": "kl", "weight": 0.1}]
        assert differences(losses=losses)[1] == {"losses.kl.weight": "0.1"}

    def test_of_other_terms_are_all_terms(self):
        first, second = differences(losses=[{"use": "energy_score", "weight": 1.0}])
        assert first == {"losses": "reconstruction + 0.5 kl"}
        assert second == {"losses": "energy_score"}

    def test_tell_terms_of_one_name_by_their_fields(self):
        twice = [{"use": "condition", "field": name, "weight": 1.0} for name in "ab"]
        assert differences(losses=twice)[1] == {"losses": "condition of a + condition of b"}

    def test_tell_weights_by_epoch(self):
        losses = [
            {"use": "reconstruction", "weight": 1.0},
            {"use": "kl", "weight": {0: 1, 300: 10000}},
        ]
        assert differences(losses=losses)[1] == {"losses.kl.weight": "0: 1, 300: 10000"}
