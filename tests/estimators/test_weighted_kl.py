"""Weighted neighbour entropy: weights, closed forms, invariances, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.special import gammaln

from adami.estimators import KozachenkoLeonenko, WeightedKL, bias_cancelling_weights
from adami.estimators._kernels.euclidean import knn_distances
from adami.estimators._whitening import whitened
from adami.variables import variable

NORMAL = 0.5 * math.log(2 * math.pi * math.e)


def normal(n, d, seed=0):
    return np.random.default_rng([seed, n, d]).normal(size=(n, d))


@pytest.mark.parametrize("d", [1, 2, 3, 7, 13])
def test_distances_equal_those_of_scipy(d):
    x = np.round(normal(700, d), 2 if d == 1 else 12)
    expected = cKDTree(x).query(x, 10)[0][:, 1:]
    np.testing.assert_allclose(knn_distances(x, 9), expected, atol=1e-12)
    np.testing.assert_array_equal(knn_distances(normal(2500, d), 4), knn_distances(normal(2500, d), 4, 2))


@pytest.mark.parametrize("support", ["all", "spread"])
@pytest.mark.parametrize(("k", "d"), [(20, 4), (20, 8), (60, 8), (60, 10), (20, 12)])
def test_weights_meet_their_conditions(k, d, support):
    w, j = bias_cancelling_weights(k, d, support), np.arange(1, k + 1)
    assert w.sum() == pytest.approx(1, abs=1e-10)
    for order in range(1, d // 4 + 1):
        row = np.exp(gammaln(j + 2 * order / d) - gammaln(j))
        assert abs(row @ w) / np.linalg.norm(row) < 1e-8
    if support == "spread":
        assert set(np.flatnonzero(w) + 1) <= {i * k // d for i in range(1, d + 1)}
    plain = np.full(k, 1 / k)
    assert abs(np.exp(gammaln(j + 2 / d) - gammaln(j)) @ plain) > 0.1


def test_published_sizes_of_the_weights():
    assert np.abs(bias_cancelling_weights(60, 8)).sum() == pytest.approx(11.5, abs=0.1)
    assert np.abs(bias_cancelling_weights(60, 12)).sum() == pytest.approx(92, abs=0.5)
    assert np.abs(bias_cancelling_weights(20, 12, "spread")).sum() == pytest.approx(174, abs=0.5)


@pytest.mark.parametrize(("d", "tolerance"), [(1, 0.05), (3, 0.06), (8, 0.1)])
def test_normal(d, tolerance):
    found = [WeightedKL().estimate(normal(2000, d, s)) for s in range(8)]
    assert abs(np.mean(found) - d * NORMAL) < tolerance
    assert found[0].pointwise.mean() == pytest.approx(found[0].value, abs=1e-12)
    assert found[0].interval[0] < found[0] < found[0].interval[1]


def test_one_neighbour_is_the_plain_estimator():
    x = normal(500, 2)
    rows, volume = whitened(x, ["a", "b"])
    plain = KozachenkoLeonenko(3, metric="euclidean").estimate(rows)
    # ln(n - 1) stands for digamma(n)
    expected = plain + volume + math.log(499) - (math.log(500) - 1 / 1000)
    assert WeightedKL(3).estimate(x) == pytest.approx(expected, abs=1e-6)


def test_rejected_weights_leave_the_plain_estimator():
    x = normal(1500, 12)
    found = WeightedKL(20, support="spread").estimate(x)
    assert "weights_rejected" in found.flags
    assert found.details["weight_norm"] == pytest.approx(174, abs=0.5)
    assert found == WeightedKL(3, weights="none").estimate(x)
    assert "weights_rejected" not in WeightedKL(60).estimate(normal(1500, 8)).flags


def test_affine_maps_shift_the_entropy_by_their_volume():
    x = normal(600, 3)
    a = np.array([[2.0, 0.0, 0.0], [5.0, 1e-3, 0.0], [1.0, 4.0, 1e3]])
    shifted = WeightedKL().estimate(x @ a + 7) - WeightedKL().estimate(x)
    assert shifted == pytest.approx(math.log(abs(np.linalg.det(a))), abs=1e-6)


def test_a_singular_covariance_names_the_direction():
    x = normal(300, 3)
    with pytest.raises(ValueError, match=r"singular.*'x2'") as told:
        WeightedKL().estimate(np.column_stack([x, x[:, 2] * 2]))
    assert "'x3'" in str(told.value)
    assert "'x0'" not in str(told.value)
    with pytest.raises(ValueError, match="'x1' never change"):
        WeightedKL().estimate(variable(np.column_stack([x[:, 0], np.ones(300)]), "x", kinds="continuous"))
    with pytest.raises(ValueError, match="span no volume"):
        WeightedKL(3).estimate(normal(10, 12))


def test_refusals():
    x = normal(100, 2)
    with pytest.raises(ValueError, match="coincide"):
        WeightedKL(1).estimate(np.repeat(x, 2, axis=0))
    with pytest.raises(TypeError, match="discrete"):
        WeightedKL().estimate(["a", "b"] * 20)
    for parameters, told in (
        ({"k": "five"}, "'auto'"),
        ({"k": 0}, "at least 1"),
        ({"k": 100}, "more than 100"),
        ({"weights": "best"}, "weights"),
    ):
        with pytest.raises(ValueError, match=told):
            WeightedKL(**parameters).estimate(x)
    with pytest.raises(ValueError, match="support"):
        bias_cancelling_weights(5, 4, "none")
    with pytest.raises(ValueError, match="cannot cancel"):
        bias_cancelling_weights(2, 8)
    with pytest.raises(TypeError, match="one variable"):
        WeightedKL().estimate(x, x)
