"""Rank-one changes of a precision against inverting anew."""

from __future__ import annotations

import numpy as np
import pytest

from adami.exact import RankOnePrecision


def a_covariance(dims: int, seed: int) -> np.ndarray:
    root = np.random.default_rng(seed).normal(size=(dims, 2 * dims))
    return root @ root.T / dims


@pytest.mark.parametrize("dims", [1, 3, 40])
def test_equals_the_inverse_after_many_changes(dims: int) -> None:
    rng = np.random.default_rng(dims)
    covariance = a_covariance(dims, dims)
    tracked = RankOnePrecision(np.linalg.inv(covariance))
    for _ in range(300):
        weight, v = rng.uniform(0.001, 0.1), rng.normal(size=dims)
        covariance = (1 - weight) * covariance + weight * np.outer(v, v)
        tracked.update(1 - weight, weight, v)
    np.testing.assert_allclose(tracked.precision @ covariance, np.eye(dims), atol=1e-8)
    assert tracked.logdet == pytest.approx(np.linalg.slogdet(covariance)[1], abs=1e-8)
    np.testing.assert_array_equal(tracked.precision, tracked.precision.T)
    assert tracked.squared_distance(v) == pytest.approx(v @ np.linalg.solve(covariance, v))


def test_takes_a_direction_away_as_far_as_it_goes() -> None:
    tracked = RankOnePrecision(np.eye(2))
    tracked.update(1.0, -0.5, [1.0, 0.0])
    np.testing.assert_allclose(np.linalg.inv(tracked.precision), np.diag([0.5, 1.0]))
    before = tracked.precision.copy()
    with pytest.raises(ValueError, match="not be positive definite"):
        tracked.update(1.0, -0.5, [1.0, 0.0])
    np.testing.assert_array_equal(tracked.precision, before)


def test_does_not_underflow() -> None:
    tracked = RankOnePrecision(1e6 * np.eye(200))
    assert tracked.logdet == pytest.approx(-200 * np.log(1e6))
    tracked.update(0.5, 0.5, np.zeros(200))
    assert np.isfinite(tracked.logdet)


def test_bad_input() -> None:
    for wrong, words in (
        (np.ones((2, 3)), "square"),
        (np.array([[1.0, 2.0], [0.0, 1.0]]), "symmetric"),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), "positive definite"),
        (np.full((2, 2), np.nan), "finite"),
    ):
        with pytest.raises(ValueError, match=words):
            RankOnePrecision(wrong)
    tracked = RankOnePrecision(np.eye(2))
    with pytest.raises(ValueError, match="2 dimensions"):
        tracked.update(1.0, 1.0, [1.0])
    with pytest.raises(ValueError, match="NaN"):
        tracked.update(1.0, 1.0, [1.0, np.nan])
    with pytest.raises(ValueError, match="positive"):
        tracked.update(0.0, 1.0, [1.0, 0.0])
