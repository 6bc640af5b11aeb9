"""Local non-uniformity correction: near-functional relations, and nothing where nothing is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.estimators import LNC
from adami.estimators.lnc import lnc_threshold


def band(width, n=1000, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(size=n)
    return x, x + rng.uniform(-width, width, size=n)


def truth(width):
    return width - math.log(2 * width)


@pytest.mark.parametrize("alpha", [0.25, "auto"])
@pytest.mark.parametrize(("width", "tolerance"), [(1e-4, 0.3), (1e-2, 0.25), (0.1, 0.1)])
def test_thin_bands(width, tolerance, alpha):
    values = [LNC(alpha=alpha).estimate(*band(width, seed=s)) for s in range(3)]
    assert abs(np.mean(values) - truth(width)) < tolerance


def test_the_correction_is_what_helps():
    e = LNC().estimate(*band(1e-4))
    assert abs(e.details["ksg2"] - 5.18) < 0.15
    assert e > e.details["ksg2"] + 2.5
    assert e.details["corrected"] > 0.9
    assert "above_log_n" in e.flags


def test_independent_data_are_hardly_corrected():
    rng = np.random.default_rng(0)
    for d, share in ((1, 0.012), (2, 0.04)):
        e = LNC().estimate(rng.normal(size=(2000, d)), rng.normal(size=(2000, d)))
        assert 0 <= e - e.details["ksg2"] < share
        assert abs(e) < 0.06


def test_without_threshold_it_is_the_second_ksg_estimator():
    from scipy.special import digamma

    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    y = 0.6 * x + 0.8 * rng.normal(size=300)
    a, b = (np.abs(v[:, None] - v[None, :]) / v.std() for v in (x, y))
    joint = np.maximum(a, b)
    np.fill_diagonal(joint, np.inf)
    near = np.argsort(joint, axis=1)[:, :5]
    counts = [(v <= np.take_along_axis(v, near, axis=1).max(axis=1)[:, None]).sum(axis=1) - 1 for v in (a, b)]
    expected = digamma(5) - 1 / 5 + digamma(300) - np.mean(digamma(counts[0]) + digamma(counts[1]))
    assert LNC(alpha=0.0).estimate(x, y) == pytest.approx(expected, abs=1e-9)


def test_the_threshold_is_a_quantile_of_uniform_boxes():
    assert lnc_threshold(5, 2) == lnc_threshold(5, 2)
    assert 0.2 < lnc_threshold(5, 2) < 0.4
    assert lnc_threshold(8, 2) > lnc_threshold(5, 2) > lnc_threshold(5, 2, 1e-3)


def test_k_grows_with_the_dimension():
    rng = np.random.default_rng(0)
    e = LNC(k=3).estimate(rng.normal(size=(200, 2)), rng.normal(size=(200, 3)))
    assert e.details["k"] == 8


def test_exact_functions_are_called_degenerate():
    x = np.random.default_rng(0).normal(size=500)
    e = LNC().estimate(x, 2 * x - 1)
    assert "degenerate" in e.flags
    assert math.isfinite(e)


def test_scale_and_pointwise():
    x, y = band(1e-2)
    e = LNC().estimate(x, y)
    assert e.pointwise.mean() == pytest.approx(e.value, abs=1e-12)
    assert LNC().estimate(1e12 * x, 1e-12 * y) == pytest.approx(e.value, abs=1e-6)


def test_bad_input():
    x, y = band(0.1, n=50)
    with pytest.raises(ValueError, match="alpha"):
        LNC(alpha=1.5).estimate(x, y)
    with pytest.raises(ValueError, match="more than 5 rows"):
        LNC().estimate(x[:5], y[:5])
    with pytest.raises(TypeError, match="takes"):
        LNC().estimate(x, ["a", "b"] * 25)
