import numpy as np
import pytest

from fieldvae.errors import ShapeError
from fieldvae.evaluation.projections import (
    POINTS,
    Coloring,
    PrincipalComponents,
    Projected,
    group_shares,
    projection_data,
)


@pytest.fixture
def generator():
    return np.random.default_rng(3)


@pytest.fixture(params=[(40, 2, 3, 1, 1), (8, 2, 4, 4, 1)], ids=["tall", "wide"])
def reference(request, generator):
    """More samples than values, and fewer; of a scale of its own in every value."""
    scale = generator.uniform(0.2, 3, request.param[1:])
    return 5 + scale * generator.standard_normal(request.param)


class TestPrincipalComponents:
    def test_are_orthonormal(self, reference):
        basis = PrincipalComponents.fit(reference, count=4).basis
        np.testing.assert_allclose(basis @ basis.T, np.eye(4), atol=1e-12)

    def test_all_of_them_hold_all_variance(self, reference):
        shares = PrincipalComponents.fit(reference, count=100).shares
        assert shares.sum() == pytest.approx(1)
        assert (np.diff(shares) <= 0).all()

    def test_all_of_them_reproduce_the_reference(self, reference):
        found = PrincipalComponents.fit(reference, count=100)
        again = found.mean + found.project(reference) @ found.basis
        np.testing.assert_allclose(again, reference.reshape(len(reference), -1))

    def test_shares_are_the_variances_of_the_projected_reference(self, reference):
        found = PrincipalComponents.fit(reference)
        total = reference.reshape(len(reference), -1).var(axis=0).sum()
        points = found.project(reference)
        np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(points.var(axis=0) / total, found.shares)

    def test_projected_reference_is_uncorrelated(self, reference):
        points = PrincipalComponents.fit(reference).project(reference)
        assert np.corrcoef(points.T)[0, 1] == pytest.approx(0, abs=1e-10)

    def test_shares_are_eigenvalues_of_the_covariance(self, reference):
        powers = np.linalg.eigvalsh(np.cov(reference.reshape(len(reference), -1).T))[::-1]
        found = PrincipalComponents.fit(reference)
        np.testing.assert_allclose(found.shares, powers[:2] / powers.sum())

    def test_shares_do_not_know_how_values_are_ordered_or_turned(self, reference, generator):
        flat = reference.reshape(len(reference), -1)
        turn, _ = np.linalg.qr(generator.standard_normal((flat.shape[1], flat.shape[1])))
        np.testing.assert_allclose(
            PrincipalComponents.fit(flat @ turn).shares, PrincipalComponents.fit(reference).shares
        )

    def test_direction_does_not_depend_on_the_sign_of_the_sample(self, generator):
        line = generator.standard_normal((20, 1)) * np.array([3.0, -1.0, 0.5])
        one, two = PrincipalComponents.fit(line), PrincipalComponents.fit(-line)
        np.testing.assert_allclose(one.basis, two.basis)
        assert one.basis[0, 0] > 0

    def test_a_line_has_one_direction(self, generator):
        line = generator.standard_normal((20, 1)) * np.array([3.0, -1.0, 0.5])
        found = PrincipalComponents.fit(line)
        assert found.basis.shape == (1, 3)
        np.testing.assert_allclose(found.shares, [1])

    @pytest.mark.parametrize("samples", [1, 5])
    def test_equal_samples_have_none(self, samples, generator):
        same = np.repeat(generator.random((1, 6)).astype(np.float32), samples, axis=0)
        found = PrincipalComponents.fit(same)
        assert found.basis.shape == (0, 6)
        assert found.project(same).shape == (samples, 0)

    def test_refuses_fields_of_another_size(self, reference):
        with pytest.raises(ShapeError, match=r"fields have 5 values; the basis was fitted on"):
            PrincipalComponents.fit(reference).project(np.zeros((2, 5)))


class TestGroupShares:
    def test_is_one_where_groups_have_no_width(self):
        points = np.array([[0.0, 1.0], [0.0, 3.0], [2.0, 1.0], [2.0, 3.0]])
        np.testing.assert_allclose(group_shares(points, np.array([6.0, 6.0, 9.0, 9.0])), [1, 0])

    def test_takes_missing_values_for_a_group(self):
        points = np.array([[0.0], [0.0], [2.0], [2.0]])
        values = np.array([600.0, 600.0, np.nan, np.nan])
        np.testing.assert_allclose(group_shares(points, values), [1])

    def test_splits_the_variance(self, generator):
        groups = np.repeat(np.arange(5), 400)
        points = 2.0 * groups[:, None] + generator.standard_normal((2000, 1))
        expected = 4 * 2.0 / (4 * 2.0 + 1)  # variance of 0..4 is 2
        assert group_shares(points, groups)[0] == pytest.approx(expected, abs=0.01)

    def test_knows_no_share_of_nothing(self):
        assert np.isnan(group_shares(np.zeros((4, 1)), np.array(["a", "a", "b", "b"]))[0])


class TestProjectionData:
    def test_projects_all_on_the_basis_of_the_reference(self, reference, generator):
        test = reference[:5] + 1
        sets = [
            Projected("heat", "raw", reference, test),
            Projected("flux", "truth", reference, test, test),
        ]
        found = projection_data(sets, None, generator=generator)
        basis = PrincipalComponents.fit(reference)
        np.testing.assert_allclose(
            found["pca.reference"][0], basis.project(reference), rtol=1e-5, atol=1e-5
        )
        np.testing.assert_allclose(
            found["pca.held_out"][0], basis.project(test), rtol=1e-5, atol=1e-5
        )
        np.testing.assert_allclose(found["pca.share"][1], basis.shares, rtol=1e-6)
        np.testing.assert_array_equal(found["pca.estimate"][1], found["pca.held_out"][1])
        assert bool(found["pca.estimate"][0].isnull().all())
        assert list(found["projection_field"].values) == ["heat", "flux"]
        assert found["pca.reference"].dtype == np.float32

    def test_keeps_some_points_with_their_colors(self, generator):
        count = POINTS + 100
        values = np.arange(count, dtype=float)
        sets = [Projected("heat", "raw", values[:, None], values[:7, None])]
        coloring = Coloring("place", "m", 2 * values, values[:7])
        found = projection_data(sets, coloring, generator=generator)
        assert found.sizes["reference_point"] == POINTS
        points = found["pca.reference"].values[0, :, 0]
        np.testing.assert_allclose(points + values.mean(), found["pca.reference_color"] / 2)
        np.testing.assert_array_equal(found["pca.held_out_color"], values[:7])
        assert found["pca.reference_color"].attrs == {"long_name": "place", "units": "m"}

    def test_pads_a_line_to_a_plane(self, generator):
        sets = [Projected("load", "raw", generator.random((9, 1)), generator.random((3, 1)))]
        found = projection_data(sets, None, generator=generator)
        np.testing.assert_allclose(found["pca.share"], [[1, 0]])
        assert bool(found["pca.reference"][..., 1].isnull().all())

    @pytest.mark.parametrize(("groups", "told"), [(3, True), (40, False)])
    def test_tells_what_lies_between_groups_where_there_are_few(self, groups, told, generator):
        values = np.arange(80) % groups
        sets = [Projected("heat", "raw", generator.random((80, 4)), generator.random((3, 4)))]
        coloring = Coloring("place", "", values.astype(float), np.zeros(3))
        assert ("pca.group_share" in projection_data(sets, coloring, generator=generator)) is told
