"""Entropy and divergence from neighbour distances against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.special import digamma

from adami.estimators import KozachenkoLeonenko
from adami.estimators.kozachenko_leonenko import knn_divergence
from adami.variables import variable

NORMAL = 0.5 * math.log(2 * math.pi * math.e)


def mean_of(draw, seeds=4, **parameters):
    return np.mean(
        [KozachenkoLeonenko(**parameters).estimate(draw(np.random.default_rng(s))) for s in range(seeds)]
    )


@pytest.mark.parametrize("metric", ["chebyshev", "euclidean"])
@pytest.mark.parametrize(("d", "tolerance"), [(1, 0.03), (3, 0.06), (8, 0.1)])
def test_normal(d, tolerance, metric):
    assert abs(mean_of(lambda rng: rng.normal(size=(2000, d)), metric=metric) - d * NORMAL) < tolerance


def test_uniform_and_exponential():
    assert abs(mean_of(lambda rng: rng.uniform(size=(2000, 2)))) < 0.1
    assert abs(mean_of(lambda rng: rng.exponential(size=2000)) - 1.0) < 0.05


def test_equals_the_formula_on_raw_distances():
    x = np.random.default_rng(0).normal(size=400)
    radius = cKDTree(x[:, None]).query(x[:, None], 4)[0][:, 3]
    expected = digamma(400) - digamma(3) + math.log(2) + np.log(radius).mean()
    assert KozachenkoLeonenko(k=3).estimate(x) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("factor", [1e-200, 1e-12, 7.5, 1e12, 1e200])
def test_scaling_law_is_exact(factor):
    x = np.random.default_rng(0).normal(size=(300, 2))
    for metric in ("chebyshev", "euclidean"):
        method = KozachenkoLeonenko(metric=metric)
        law = 2 * math.log(factor)
        assert method.estimate(factor * x) - method.estimate(x) == pytest.approx(law, abs=1e-9)
        assert method.estimate(x * [factor, 1]) - method.estimate(x) == pytest.approx(law / 2, abs=1e-9)


def test_pointwise_and_threads():
    x = np.random.default_rng(0).normal(size=(3000, 2))
    e = KozachenkoLeonenko().estimate(x)
    assert e.pointwise.mean() == pytest.approx(e.value, abs=1e-12)
    assert KozachenkoLeonenko(n_jobs=2).estimate(x) == e


def test_conditional_entropy():
    rng = np.random.default_rng(0)
    z = rng.normal(size=3000)
    x = 0.6 * z + 0.8 * rng.normal(size=3000)
    e = KozachenkoLeonenko().estimate(x, given=z)
    assert e.quantity == "conditional differential entropy"
    assert abs(e - (NORMAL + math.log(0.8))) < 0.05
    label = rng.integers(0, 3, size=3000)
    assert abs(KozachenkoLeonenko().estimate(4.0 * label + x, given=label) - NORMAL) < 0.06
    shifted = KozachenkoLeonenko().estimate(1e9 * x, given=z) - e
    assert shifted == pytest.approx(9 * math.log(10), abs=1e-9)


def test_conditional_entropy_leaves_lone_labels_out():
    rng = np.random.default_rng(0)
    label = np.append(np.arange(300) % 2, [2, 3])
    e = KozachenkoLeonenko().estimate(rng.normal(size=302), given=label)
    assert "small_class" in e.flags
    assert e.pointwise is None
    with pytest.raises(ValueError, match="one row only"):
        KozachenkoLeonenko().estimate(rng.normal(size=30), given=[f"row {i}" for i in range(30)])


def test_divergence():
    rng = np.random.default_rng(0)
    p, q = rng.normal(1, 1, size=(4000, 1)), rng.normal(0, 2, size=(3000, 1))
    truth = math.log(2) + (1 + 1) / 8 - 0.5
    e = knn_divergence(p, q, k=5)
    assert abs(e - truth) < 0.06
    assert e.pointwise.mean() == pytest.approx(e.value)
    assert knn_divergence(1e12 * p, 1e12 * q, k=5) == pytest.approx(e.value, abs=1e-9)
    assert abs(knn_divergence(rng.normal(size=(3000, 3)), rng.normal(size=(3000, 3)))) < 0.06


def test_zero_distances_are_counted():
    x = np.random.default_rng(0).normal(size=100)
    x[:10] = 5.0
    with pytest.raises(ValueError, match=r"10 of 100 rows .* larger k"):
        KozachenkoLeonenko().estimate(x)
    with pytest.raises(ValueError, match="coincide"):
        knn_divergence(x, np.arange(50.0))


def test_bad_input():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="never change"):
        KozachenkoLeonenko().estimate(variable(np.eye(50)[:, :2] * [1, 0], "x", kinds="continuous"))
    with pytest.raises(ValueError, match="more than 3 rows"):
        KozachenkoLeonenko().estimate([0.1, 0.2, 0.35])
    with pytest.raises(TypeError, match="takes numbers"):
        KozachenkoLeonenko().estimate(["a", "b", "a", "b", "c"])
    with pytest.raises(ValueError, match="choose 'chebyshev' or 'euclidean'"):
        KozachenkoLeonenko(metric="cosine").estimate(rng.normal(size=50))
    with pytest.raises(ValueError, match="needs metric='chebyshev'"):
        KozachenkoLeonenko(metric="euclidean").estimate(rng.normal(size=50), given=rng.normal(size=50))
    with pytest.raises(ValueError, match="p has 1"):
        knn_divergence(rng.normal(size=50), rng.normal(size=(50, 2)))
