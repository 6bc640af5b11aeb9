"""The compiled neighbour searches against plain distance tables."""

from __future__ import annotations

import numpy as np
import pytest

from adami.estimators._kernels.neighbours import (
    count_within,
    count_within_of,
    knn_indices,
    knn_radius,
    knn_radius_to,
)
from adami.estimators._kernels.tree import build


def table(a, b=None):
    """Return all max-norm distances; a point is infinitely far from itself."""
    distances = np.abs(a[:, None] - (a if b is None else b)[None]).max(axis=-1)
    if b is None:
        np.fill_diagonal(distances, np.inf)
    return distances


def points(n, d, rounded, seed=0):
    rows = np.random.default_rng([seed, n, d]).normal(size=(n, d))
    return np.round(rows) if rounded else rows


SHAPES = [(2, 1), (5, 3), (40, 1), (300, 2), (700, 3), (700, 6), (500, 11), (400, 20), (300, 45)]


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize(("n", "d"), SHAPES)
def test_radius_and_places(n, d, rounded):
    x = points(n, d, rounded)
    k = min(4, n - 1)
    distances = np.sort(table(x), axis=1)
    np.testing.assert_array_equal(knn_radius((x,), k), distances[:, k - 1])
    places = knn_indices((x,), k)
    assert places.dtype == np.int64
    assert (places != np.arange(n)[:, None]).all()
    np.testing.assert_array_equal(np.take_along_axis(table(x), places, axis=1), distances[:, :k])


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(("n", "d"), SHAPES)
def test_counts(n, d, rounded, strict):
    x = points(n, d, rounded)
    radius = np.sort(table(x), axis=1)[:, min(9, n - 2)]
    radius[::7] = 0.0
    radius[1::7] = np.inf
    near = table(x)
    np.fill_diagonal(near, np.nan)
    expected = (near < radius[:, None]) if strict else (near <= radius[:, None])
    np.testing.assert_array_equal(count_within(x, radius, strict), expected.sum(axis=1))


@pytest.mark.parametrize(("n", "d"), SHAPES)
def test_queries_elsewhere(n, d):
    reference, queries = points(n, d, True), points(max(n // 2, 1), d, True, seed=1)
    distances = table(queries, reference)
    k = min(3, n)
    radius = knn_radius_to((reference,), (queries,), k)
    np.testing.assert_array_equal(radius, np.sort(distances, axis=1)[:, k - 1])
    for strict in (True, False):
        expected = (distances < radius[:, None]) if strict else (distances <= radius[:, None])
        counted = count_within_of(reference, queries, radius, strict)
        np.testing.assert_array_equal(counted, expected.sum(axis=1))


def test_blocks_are_one_vector():
    x = points(200, 5, False)
    whole = knn_radius((x,), 3)
    np.testing.assert_array_equal(knn_radius((x[:, :2], x[:, 2:4], x[:, 4]), 3), whole)
    np.testing.assert_array_equal(knn_radius((np.asfortranarray(x),), 3), whole)


@pytest.mark.parametrize("d", [1, 2, 7])
def test_threads_give_the_same(d):
    x = points(5000, d, False)
    radius = knn_radius((x,), 4)
    np.testing.assert_array_equal(knn_radius((x,), 4, n_jobs=3), radius)
    np.testing.assert_array_equal(knn_indices((x,), 4, n_jobs=3), knn_indices((x,), 4))
    np.testing.assert_array_equal(count_within(x, radius, True, n_jobs=3), count_within(x, radius, True))


def test_all_points_in_one_place():
    x = np.ones((900, 3))
    assert (knn_radius((x,), 5) == 0).all()
    assert (count_within(x, np.zeros(900), False) == 899).all()
    assert (count_within(x, np.zeros(900), True) == 0).all()


@pytest.mark.parametrize("d", [1, 3])
def test_many_neighbours(d):
    x = points(300, d, True)
    np.testing.assert_array_equal(
        knn_radius((x,), 299), table(x).max(axis=1, initial=0, where=~np.eye(300, dtype=bool))
    )


@pytest.mark.parametrize("k", [0, 5, -1])
def test_impossible_k(k):
    with pytest.raises(ValueError, match="neighbours cannot be had"):
        knn_radius((np.zeros((5, 2)),), k)
    with pytest.raises(ValueError, match="neighbours cannot be had"):
        knn_indices((np.zeros((5, 1)),), k)


def test_tree_holds_every_point_once_within_its_boxes():
    columns = np.ascontiguousarray(points(1000, 3, False).T)
    serial, threaded = build(columns, 16), build(np.tile(columns, 3), 16, n_jobs=2)
    for tree, source in ((serial, columns), (threaded, np.tile(columns, 3))):
        assert sorted(tree.order) == list(range(source.shape[1]))
        np.testing.assert_array_equal(tree.points, source[:, tree.order])
        leaves = len(tree.start) - 1
        assert np.diff(tree.start).max() <= 17
        for node in range(leaves - 1):
            for child in (2 * node + 1, 2 * node + 2):
                assert (tree.low[node] <= tree.low[child]).all()
                assert (tree.high[node] >= tree.high[child]).all()
        for leaf in range(leaves):
            inside = tree.points[:, tree.start[leaf] : tree.start[leaf + 1]]
            np.testing.assert_array_equal(tree.low[leaves - 1 + leaf], inside.min(axis=1))
            np.testing.assert_array_equal(tree.high[leaves - 1 + leaf], inside.max(axis=1))
