import numpy as np
import pytest

from fieldvae.evaluation.bootstrap import bootstrap_interval


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def mean(values):
    return values


class TestBootstrapInterval:
    def test_covers_the_mean_at_the_stated_rate(self, generator):
        inside = 0
        for _ in range(300):
            low, high = bootstrap_interval(
                mean, generator.standard_normal(60), generator=generator, resamples=300
            )
            inside += low <= 0 <= high
        assert inside / 300 == pytest.approx(0.94, abs=0.04)

    def test_a_paired_difference_is_narrower_than_its_parts(self, generator):
        common = 10 * generator.standard_normal(100)
        ours, theirs = common + generator.standard_normal(100), common
        low, high = bootstrap_interval(np.subtract, ours, theirs, generator=generator)
        assert high - low < 0.6

    def test_of_one_sample_is_unknown(self, generator):
        assert np.isnan(bootstrap_interval(mean, np.ones(1), generator=generator)).all()
