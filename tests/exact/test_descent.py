"""Projected gradient descent against solutions that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adami.exact import projected_gradient


def quadratic(seed: int = 0, size: int = 6):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(size + 3, size))
    aim = rng.normal(size=size + 3)
    return root, aim


def test_finds_the_nonnegative_least_squares_solution() -> None:
    from scipy.optimize import nnls

    A, b = quadratic()
    found = projected_gradient(
        lambda x: float(np.sum((A @ x - b) ** 2)) / 2,
        lambda x: A.T @ (A @ x - b),
        lambda x: np.maximum(x, 0.0),
        np.ones(6),
        tol=1e-12,
    )
    assert found.converged
    np.testing.assert_allclose(found.point, nnls(A, b)[0], atol=1e-9)
    assert found.value == pytest.approx(found.trace[-1])


def test_trace_never_rises_and_counts_the_steps() -> None:
    A, b = quadratic(1)
    found = projected_gradient(
        lambda x: float(np.sum((A @ x - b) ** 2)) / 2, lambda x: A.T @ (A @ x - b), lambda x: x, np.zeros(6)
    )
    assert np.all(np.diff(found.trace) <= 0)
    assert len(found.trace) == found.iterations + 1


@pytest.mark.parametrize("outside", [math.inf, math.nan])
def test_keeps_inside_of_the_domain(outside: float) -> None:
    seen: list[float] = []

    def f(x: np.ndarray) -> float:
        if x[0] <= 0:
            return outside
        seen.append(float(x[0]))
        return float(x[0] - 0.01 * np.log(x[0]))

    found = projected_gradient(f, lambda x: 1 - 0.01 / x, lambda x: x, [5.0], step=100.0, tol=1e-10)
    assert found.converged
    assert found.point[0] == pytest.approx(0.01, abs=1e-8)
    assert min(seen) > 0


def test_ignoring_the_projection_misses_the_constraint() -> None:
    aim = np.array([1.0, -2.0])

    def solve(project):
        return projected_gradient(
            lambda x: float(np.sum((x - aim) ** 2)), lambda x: 2 * (x - aim), project, [3.0, 3.0], tol=1e-12
        ).point

    np.testing.assert_allclose(solve(lambda x: np.maximum(x, 0)), [1.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(solve(lambda x: x), aim, atol=1e-9)


def test_says_when_the_steps_ran_out() -> None:
    scales = np.array([1.0, 1e4])
    found = projected_gradient(
        lambda x: float(scales @ x**2) / 2, lambda x: scales * x, lambda x: x, [1.0, 1.0], max_iter=3
    )
    assert not found.converged
    assert found.iterations == 3


def test_residual_tolerance_is_kept() -> None:
    scales = np.array([1e-1, 1e1])
    loose, strict = (
        projected_gradient(
            lambda x: float(scales @ x**2) / 2,
            lambda x: scales * x,
            lambda x: x,
            [1.0, 1.0],
            residual_tol=limit,
        )
        for limit in (math.inf, 1e-8)
    )
    assert strict.residual <= 1e-8
    assert strict.iterations > loose.iterations


def test_bad_settings() -> None:
    def call(x0=1.0, **settings):
        return projected_gradient(
            lambda x: float(x**2) if x > 0 else math.inf, lambda x: 2 * x, lambda x: x, x0, **settings
        )

    with pytest.raises(ValueError, match="f is inf at the projected x0"):
        call(-1.0)
    for wrong in ({"step": 0.0}, {"tol": -1.0}, {"max_iter": 0}, {"residual_tol": 0.0}):
        with pytest.raises(ValueError, match="must be positive"):
            call(**wrong)
