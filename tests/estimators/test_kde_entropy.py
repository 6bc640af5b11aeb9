"""Leave-one-out kernel entropy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.estimators import KDEEntropy
from adami.estimators.kde_entropy import best_bandwidth, log_densities

NORMAL = 0.5 * math.log(2 * math.pi * math.e)


def normal(n, d, seed=0):
    return np.random.default_rng([seed, n, d]).normal(size=(n, d))


def test_densities_equal_their_definition():
    x = normal(40, 2)
    square = ((x[:, None] - x[None]) ** 2).sum(-1)
    kernel = np.exp(-square / (2 * 0.3**2)) / (2 * math.pi * 0.3**2)
    np.fill_diagonal(kernel, 0)
    np.testing.assert_allclose(log_densities(x, 0.3), np.log(kernel.sum(1) / 39), atol=1e-10)


@pytest.mark.parametrize(("d", "tolerance"), [(1, 0.05), (2, 0.08), (3, 0.15)])
def test_normal(d, tolerance):
    found = KDEEntropy().estimate(normal(1000, d))
    assert abs(found - d * NORMAL) < tolerance
    assert found.pointwise.mean() == pytest.approx(found.value)


def test_the_bandwidth_has_the_largest_likelihood():
    x = normal(400, 1)
    best = best_bandwidth(x)
    at = [log_densities(x, h).mean() for h in (best, 0.8 * best, 1.25 * best)]
    assert at[0] >= max(at)


def test_clumps_widen_the_search():
    rng = np.random.default_rng(0)
    x = rng.choice([-1.0, 1.0], 800) + 0.01 * rng.normal(size=800)
    found = KDEEntropy().estimate(x)
    assert found.details["bandwidth"] < 0.1
    assert abs(found - (math.log(2) + NORMAL + math.log(0.01))) < 0.1
    # a bandwidth that suits one normal law does not suit two clumps
    assert KDEEntropy(0.3).estimate(x) > found + 1


def test_invariances_and_threads():
    x = normal(300, 2)
    a = np.array([[2.0, 0.0], [5.0, 0.1]])
    shifted = KDEEntropy().estimate(x @ a - 3) - KDEEntropy().estimate(x)
    assert shifted == pytest.approx(math.log(0.2), abs=1e-6)
    y = normal(3000, 1)
    assert KDEEntropy(0.2, n_jobs=2).estimate(y) == KDEEntropy(0.2).estimate(y)


def test_refusals():
    x = normal(100, 1)
    with pytest.raises(ValueError, match="coincide"):
        KDEEntropy().estimate(np.repeat(x, 2, axis=0))
    for bandwidth in (0.0, 1e-10, -1.0, math.nan, "wide"):
        with pytest.raises(ValueError, match="bandwidth"):
            KDEEntropy(bandwidth).estimate(x)
    with pytest.raises(TypeError, match="discrete"):
        KDEEntropy().estimate(["a", "b"] * 20)
    assert "wide_kernel" in KDEEntropy(0.9).estimate(normal(300, 2)).flags
