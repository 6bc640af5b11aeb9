"""Conditional information of numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import digamma
from sklearn.feature_selection._mutual_info import _compute_mi_cc

from adami.estimators import FrenzelPompe


def chain(n, seed, link=0.0):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    x = z + rng.normal(size=n)
    return x, z + link * x + rng.normal(size=n), z


def mean_of(draw, seeds=6):
    return np.mean([FrenzelPompe().estimate(*draw(s)) for s in range(seeds)])


def test_chain_and_direct_link():
    assert abs(mean_of(lambda s: chain(2000, s))) < 0.015
    assert abs(mean_of(lambda s: chain(2000, s, 0.8)) - 0.2473) < 0.025


def test_equals_the_formula():
    x, y, z = chain(300, 0, 0.8)
    a, b, c = (np.abs(v[:, None] - v[None, :]) / v.std() for v in (x, y, z))
    radius = np.sort(np.maximum(np.maximum(a, b), c), axis=1)[:, 4][:, None]
    xz, yz, z_only = ((np.maximum(v, c) < radius).sum(axis=1) for v in (a, b, c))
    expected = digamma(4) + np.mean(digamma(z_only) - digamma(xz) - digamma(yz))
    assert FrenzelPompe().estimate(x, y, z) == pytest.approx(expected, abs=1e-9)


def test_without_condition_it_is_scikit_learns_estimator():
    x, y, _ = chain(700, 0)
    x, y = ((v - v.mean()) / v.std() for v in (x, y))
    ours = FrenzelPompe(k=3).estimate(x, y)
    # scikit-learn clips at 0
    assert ours > 0
    assert ours == pytest.approx(_compute_mi_cc(x, y, 3), abs=1e-9)


def test_chain_rule():
    gaps = []
    for seed in range(4):
        x, y, z = chain(2000, seed, 0.8)
        whole = FrenzelPompe().estimate(x, np.column_stack([y, z]))
        gaps.append(whole - FrenzelPompe().estimate(x, z) - FrenzelPompe().estimate(x, y, z))
    assert abs(np.mean(gaps)) < 0.05


def test_vectors_in_every_slot():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(3000, 2))
    x, y = z + rng.normal(size=(2, 3000, 2))
    assert abs(FrenzelPompe().estimate(x, y, z)) < 0.08
    assert FrenzelPompe().estimate(x, y) > 0.2


def test_labels_split_the_rows():
    rng = np.random.default_rng(0)
    z = rng.integers(0, 3, size=2000)
    x, y = 2 * z + rng.normal(size=(2, 2000))
    assert FrenzelPompe().estimate(x, y) > 0.3
    assert abs(FrenzelPompe().estimate(x, y, z)) < 0.03
    within = [np.flatnonzero(z == c) for c in range(3)]
    parts = [FrenzelPompe().estimate(x[r], y[r]) * len(r) / 2000 for r in within]
    assert FrenzelPompe().estimate(x, y, z) == pytest.approx(sum(parts), abs=0.01)


def test_scale_pointwise_and_threads():
    x, y, z = chain(3000, 0, 0.8)
    e = FrenzelPompe().estimate(x, y, z)
    assert e.pointwise.mean() == pytest.approx(e.value, abs=1e-12)
    assert FrenzelPompe(n_jobs=2).estimate(x, y, z) == e
    assert FrenzelPompe().estimate(1e12 * x, 1e-12 * y, 1e3 * z) == pytest.approx(e.value, abs=1e-9)


def test_ties_are_finite_and_told():
    x, y, z = (np.round(v, 1) for v in chain(500, 0, 0.8))
    e = FrenzelPompe().estimate(x, y, z)
    assert math.isfinite(e)
    assert "ties" in e.flags


def test_dimension_is_told():
    rng = np.random.default_rng(0)
    assert "too_few_samples" in FrenzelPompe().estimate(*rng.normal(size=(3, 200, 4))).flags
    assert "too_few_samples" not in FrenzelPompe().estimate(*rng.normal(size=(3, 1000))).flags


def test_too_few_rows():
    with pytest.raises(ValueError, match="more than 4 rows"):
        FrenzelPompe().estimate(*np.random.default_rng(0).normal(size=(3, 4)))
