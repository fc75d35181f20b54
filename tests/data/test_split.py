import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from fieldvae import StoreError
from fieldvae.data.split import Split, make_split
from fieldvae.spec import SplitSpec

from .conftest import cell


def table(**coordinates):
    return xr.Dataset(coords={name: ("sample", values) for name, values in coordinates.items()})


def parts(split):
    return split.train, split.validation, split.test


SHARES = st.floats(0, 0.4)
TEMPERATURES = st.lists(st.sampled_from([300.0, 600.0, 900.0, np.nan]), min_size=8, max_size=60)


class TestMakeSplit:
    @given(temperature=TEMPERATURES, test=SHARES, validation=SHARES, seed=st.integers(0, 9))
    def test_gives_every_sample_to_one_part(self, temperature, test, validation, seed):
        spec = SplitSpec(test=test, validation=validation, seed=seed)
        split = make_split(table(temperature=temperature), spec, stratify="temperature")
        together = np.concatenate(parts(split))
        assert sorted(together) == list(range(len(temperature)))
        assert all((np.diff(part) > 0).all() for part in parts(split))

    @given(temperature=TEMPERATURES, test=SHARES, seed=st.integers(0, 9))
    def test_gives_every_stratum_its_share(self, temperature, test, seed):
        spec = SplitSpec(test=test, validation=0.1, seed=seed)
        split = make_split(table(temperature=temperature), spec, stratify="temperature")
        wanted = max(1, round(test * len(temperature))) if test else 0
        assert len(split.test) == wanted
        values = np.nan_to_num(np.array(temperature), nan=-1.0)
        for value in np.unique(values):
            exact = wanted * (values == value).mean()
            assert abs((values[split.test] == value).sum() - exact) < 1

    @given(
        temperature=st.lists(st.sampled_from([300.0, 600.0, np.nan]), min_size=20, max_size=60),
        fractions=st.tuples(st.floats(0.05, 1), st.floats(0.05, 1)),
        grouped=st.booleans(),
    )
    def test_keeps_a_smaller_fraction_within_a_larger_one(self, temperature, fractions, grouped):
        groups = np.arange(len(temperature)) // 2 if grouped else np.arange(len(temperature))
        data = table(temperature=temperature, cell=groups)
        small, large, whole = (
            make_split(data, SplitSpec(fraction=f), stratify="temperature", group="cell")
            for f in (*sorted(fractions), 1.0)
        )
        assert set(small.train) <= set(large.train) <= set(whole.train)
        for name in ("test", "validation"):
            assert getattr(small, name).tolist() == getattr(whole, name).tolist()
        wanted = max(1, round(min(fractions) * len(whole.train)))
        assert 0 <= len(small.train) - wanted <= grouped

    @given(groups=st.lists(st.integers(0, 8), min_size=20, max_size=60), seed=st.integers(0, 9))
    def test_keeps_groups_together(self, groups, seed):
        if len(set(groups)) < 6:
            groups = [*groups, *range(100, 106)]
        split = make_split(
            table(cell=groups), SplitSpec(test=0.2, validation=0.2, seed=seed), group="cell"
        )
        members = [set(np.array(groups)[part]) for part in parts(split)]
        assert sum(map(len, members)) == len(set().union(*members))

    def test_comes_as_near_to_the_shares_as_groups_allow(self):
        data = table(group=np.repeat(np.arange(20), 10), temperature=np.repeat(np.arange(10.0), 20))
        split = make_split(data, SplitSpec(), stratify="temperature")
        assert [len(part) for part in parts(split)] == [160, 20, 20]

    def test_depends_on_the_seed_alone(self):
        data = table(temperature=np.arange(40) % 4)
        one, same, other = (
            make_split(data, SplitSpec(seed=seed), stratify="temperature") for seed in (1, 1, 2)
        )
        np.testing.assert_array_equal(one.test, same.test)
        assert (one.test != other.test).any()

    def test_takes_a_group_without_a_value_as_one_sample(self):
        data = table(group=[np.nan] * 10)
        assert len(make_split(data, SplitSpec()).train) == 8

    def test_takes_test_samples_as_given(self):
        split = make_split(
            table(temperature=np.zeros(30)), SplitSpec(validation=0.2), test_samples=range(20, 30)
        )
        np.testing.assert_array_equal(split.test, range(20, 30))
        assert (len(split.train), len(split.validation)) == (16, 4)

    def test_comes_back_from_its_state(self):
        split = make_split(table(temperature=np.zeros(30)), SplitSpec())
        for one, other in zip(parts(split), parts(Split.from_state(split.state())), strict=True):
            np.testing.assert_array_equal(one, other)

    def test_names_the_coordinates_that_there_are(self):
        words = r"data\.stratify: .*'temprature' \(did you mean 'temperature'\?\); the store has"
        with pytest.raises(StoreError, match=words):
            make_split(cell(), SplitSpec(), stratify="temprature")
        with pytest.raises(StoreError, match=r"data\.group: there is no sample coordinate 'cell'"):
            make_split(cell(), SplitSpec(), group="cell")

    def test_refuses_too_few_samples(self):
        with pytest.raises(StoreError, match=r"2 samples are too few .* none is left for train"):
            make_split(table(temperature=[0.0, 1.0]), SplitSpec())

    def test_refuses_too_few_groups(self):
        data = table(group=np.repeat([0, 1], 10))
        with pytest.raises(StoreError, match="20 samples in 2 groups are too few"):
            make_split(data, SplitSpec(test=0.3, validation=0.3))

    def test_refuses_groups_in_both_stores(self):
        with pytest.raises(StoreError, match="related samples would train and test"):
            make_split(table(group=[0, 0, 1]), SplitSpec(), test_samples=[1])
