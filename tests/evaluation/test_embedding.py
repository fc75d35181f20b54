"""Isomap and clusters: what is there is found, and nothing where there is nothing."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from fieldvae.evaluation.embedding import embed, find_clusters, least_points


def apart(points) -> np.ndarray:
    return cdist(points, points)


@pytest.fixture
def chance():
    return np.random.default_rng(3)


@pytest.fixture
def groups(chance):
    """Fifty and thirty points in twenty dimensions, far apart, in mixed order."""
    points = chance.standard_normal((80, 20))
    members = chance.permutation(80) < 30
    points[members, 0] += 15
    return points, members


class TestMap:
    def test_unrolls_a_spiral(self, chance):
        """Positions follow the length along the curve, which straight distances do not."""
        turn = np.sort(chance.uniform(1, 4, 300)) * np.pi
        spiral = np.stack([turn * np.cos(turn), turn * np.sin(turn)], 1)
        along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(spiral, axis=0).T))])
        found = embed(apart(spiral)).positions[:, 0]
        assert abs(np.corrcoef(found, along)[0, 1]) > 0.999
        assert abs(np.corrcoef(spiral[:, 0], along)[0, 1]) < 0.9

    def test_keeps_distances_in_a_plane(self, chance):
        """Where points lie in a plane and all are neighbors, the map is the plane."""
        plane = chance.standard_normal((least_points(), 2)) @ chance.standard_normal((2, 9))
        np.testing.assert_allclose(apart(embed(apart(plane)).positions), apart(plane), rtol=1e-6)

    def test_puts_copies_at_one_place(self, chance):
        points = chance.standard_normal((14, 4))
        twice = np.concatenate([points, points])
        found = embed(apart(twice))
        np.testing.assert_array_equal(found.positions[:14], found.positions[14:])
        np.testing.assert_allclose(found.positions[:14], embed(apart(points)).positions, atol=1e-9)

    @pytest.mark.parametrize("count", [0, 1, least_points() - 1])
    def test_of_too_few_points_is_none(self, chance, count):
        points = np.repeat(chance.standard_normal((count, 3)), 5, axis=0)
        assert embed(apart(points) if count else np.zeros((0, 0))) is None

    def test_of_equal_points_is_none(self):
        assert embed(np.zeros((30, 30))) is None

    def test_is_the_same_every_time(self, groups):
        once, again = (embed(apart(groups[0][:30])) for _ in range(2))
        np.testing.assert_array_equal(once.positions, again.positions)
        np.testing.assert_array_equal(once.clusters, again.clusters)


class TestClusters:
    def test_are_found_and_the_largest_comes_first(self, groups):
        points, members = groups
        found = embed(apart(points))
        np.testing.assert_array_equal(found.clusters, members)
        assert found.pieces == 2

    @pytest.mark.parametrize("count", [40, 200])
    @pytest.mark.parametrize(
        "cloud",
        [
            lambda chance, n: chance.standard_normal((n, 5)),
            lambda chance, n: chance.standard_normal((n, 128)),
            lambda chance, n: chance.uniform(size=(n, 3)),
            lambda chance, n: chance.uniform(size=(n, 1)),  # halves have a silhouette of 0.6
        ],
        ids=["normal", "high", "uniform", "line"],
    )
    def test_are_not_found_in_a_cloud(self, chance, cloud, count):
        assert embed(apart(cloud(chance, count))).clusters.max() == 0

    @pytest.mark.parametrize("seed", range(4))
    def test_are_not_found_in_a_cloud_with_far_points(self, seed):
        """A dense middle and a few far away: k-means takes the far ones for clusters."""
        cloud = np.random.default_rng(seed).standard_t(2, size=(100, 2))
        assert find_clusters(cloud)[0].max() == 0

    def test_of_three_groups_are_three(self, chance):
        centers = np.repeat([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], 20, axis=0)
        clusters, silhouette = find_clusters(centers + chance.standard_normal((60, 2)))
        assert len(np.unique(clusters)) == 3
        assert all(len(np.unique(clusters[i : i + 20])) == 1 for i in (0, 20, 40))
        assert silhouette > 0.7
