"""Pairwise bounds on the information of a noisy layer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from adami.estimators import adaptive_variance, kde_label_bounds, kde_mi_bounds

CENTRES = np.array([[0.0], [0.5], [1.7]])


def mixture_entropy(centres, variance):
    law = norm(centres.ravel(), math.sqrt(variance))

    def integrand(t):
        p = law.pdf(t).mean()
        return -p * math.log(p) if p > 0 else 0.0

    reach = 1.7 + 12 * math.sqrt(variance)
    return quad(integrand, -reach, reach, limit=400, points=centres.ravel())[0]


def test_bounds_hold_the_entropy_of_the_mixture():
    found = kde_mi_bounds(CENTRES, 0.1)
    truth = mixture_entropy(CENTRES, 0.1)
    assert found.entropy_lower == pytest.approx(0.906, abs=1e-3)
    assert truth == pytest.approx(1.013, abs=1e-3)
    assert found.entropy_upper == pytest.approx(1.198, abs=1e-3)
    for variance in (1e-3, 0.03, 1.0, 10.0):
        found = kde_mi_bounds(CENTRES, variance)
        truth = mixture_entropy(CENTRES, variance)
        assert found.entropy_lower <= truth + 1e-6
        assert truth <= found.entropy_upper + 1e-6
    # a fourth of the distances is too little for an upper bound, and all of them too much for a lower one
    assert kde_mi_bounds(CENTRES / 2, 0.1).entropy_upper < mixture_entropy(CENTRES, 0.1)


def test_two_far_groups_are_one_bit():
    rows = np.repeat([[0.0, 0.0], [100.0, 0.0]], 8, axis=0)
    found = kde_mi_bounds(rows, 0.1)
    assert found.lower == pytest.approx(math.log(2), abs=1e-6)
    assert found.upper == pytest.approx(math.log(2), abs=1e-6)
    labels = np.repeat([0, 1], 8)
    assert kde_label_bounds(rows, labels, 0.1) == pytest.approx((math.log(2),) * 2, abs=1e-6)
    assert kde_label_bounds(rows, labels[::-1].copy() * 0, 0.1) == pytest.approx((0, 0), abs=1e-12)


@pytest.mark.parametrize("factor", [1e-3, 100.0])
def test_adaptive_noise_makes_the_scale_irrelevant(factor):
    rows = np.maximum(np.random.default_rng(0).normal(size=(300, 4)), 0)

    def upper(values, variance):
        return kde_mi_bounds(values, variance).upper

    plain = upper(rows, adaptive_variance(rows))
    assert upper(factor * rows, adaptive_variance(factor * rows)) == pytest.approx(plain, abs=1e-9)
    assert abs(upper(factor * rows, 1e-3) - upper(rows, 1e-3)) > 0.2
    literal = adaptive_variance(factor * rows, scale="max")
    assert literal == pytest.approx(1e-3 * factor * rows.max())


def test_threads_and_a_far_offset():
    rows = np.random.default_rng(0).normal(size=(2500, 3))
    plain = kde_mi_bounds(rows, 0.1)
    assert kde_mi_bounds(rows, 0.1, n_jobs=2) == plain
    assert kde_mi_bounds(rows + 1e6, 0.1).upper == pytest.approx(plain.upper, abs=1e-6)


def test_refusals():
    with pytest.raises(ValueError, match="every activation is 0"):
        adaptive_variance(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="scale"):
        adaptive_variance(CENTRES, scale="mean")
    with pytest.raises(ValueError, match="c="):
        adaptive_variance(CENTRES, c=0.0)
    with pytest.raises(ValueError, match="variance"):
        kde_mi_bounds(CENTRES, 0.0)
    with pytest.raises(ValueError, match="not finite"):
        kde_mi_bounds([[np.inf]], 1.0)
    with pytest.raises(ValueError, match="2 labels for 3 rows"):
        kde_label_bounds(CENTRES, np.zeros(2), 1.0)
