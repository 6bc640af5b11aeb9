"""Intervals of the adaptive choice cover the truth as often as they say, and its p-values are uniform."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import digamma, gammaln

from adami.estimators.registry import get
from adami.estimators.resampling import assess, permutation_test
from adami.variables import variable

TABLE = np.array([[3, 1, 1], [1, 3, 1], [1, 1, 3], [2, 2, 1]]) / 20


def gaussian(rho, n, d, rng):
    x, e = rng.normal(size=(2, n, d))
    return x, rho * x + math.sqrt(1 - rho**2) * e


def student(n, rng):
    x, y = gaussian(0.6, n, 1, rng)
    scale = np.sqrt(3 / rng.chisquare(3, n))[:, None]
    return x * scale, y * scale


def labels(n, rng):
    cell = rng.choice(TABLE.size, n, p=TABLE.ravel())
    return np.array(["north", "east", "south", "west"])[cell // 3], cell % 3


def shifted(n, rng):
    y = rng.integers(0, 3, n)
    return rng.normal(size=n) + 1.5 * y, y


def shifted_vector(n, rng):
    y = rng.integers(0, 2, n)
    x = rng.normal(size=(n, 3))
    x[:, 0] += 1.5 * y
    x[:, 1] += x[:, 0]
    return x, y


def parabola(n, rng):
    x = rng.normal(size=n)
    return x, x**2 + 0.5 * rng.normal(size=n)


def gaussian_truth(rho, d=1):
    return -d / 2 * math.log(1 - rho**2)


def student_truth(df=3):
    def c(m):
        half = (df + m) / 2
        log_scale = gammaln(df / 2) - gammaln(half) + m / 2 * math.log(df * math.pi)
        return log_scale + half * (digamma(half) - digamma(df / 2))

    return gaussian_truth(0.6) + 2 * c(1) - c(2)


def entropy(p):
    p = np.ravel(p)
    return float(-(p[p > 0] * np.log(p[p > 0])).sum())


def shifted_truth(classes):
    x = np.linspace(-12, 12 + 1.5 * classes, 200_001)
    density = sum(stats.norm.pdf(x, 1.5 * j) for j in range(classes)) / classes
    return entropy(density[density > 0] * (x[1] - x[0])) + math.log(x[1] - x[0]) - stats.norm.entropy()


def parabola_truth():
    fine = np.linspace(-5, 60, 100_001)
    x = np.linspace(-9, 9, 2001)
    weight = stats.norm.pdf(x) * (x[1] - x[0])
    density = np.zeros_like(fine)
    for at, w in zip(x, weight):
        near = np.abs(fine - at**2) < 5
        density[near] += w * stats.norm.pdf(fine[near], at**2, 0.5)
    step = fine[1] - fine[0]
    return entropy(density * step) + math.log(step) - stats.norm.entropy(scale=0.5)


TASKS = {
    "gaussian": (lambda rng: gaussian(0.6, 500, 1, rng), lambda: gaussian_truth(0.6)),
    "gaussian 3+3": (lambda rng: gaussian(0.5, 1000, 3, rng), lambda: gaussian_truth(0.5, 3)),
    "student": (lambda rng: student(500, rng), student_truth),
    "labels 4x3": (
        lambda rng: labels(500, rng),
        lambda: entropy(TABLE.sum(0)) + entropy(TABLE.sum(1)) - entropy(TABLE),
    ),
    "number and label": (lambda rng: shifted(500, rng), lambda: shifted_truth(3)),
    "vector and label": (lambda rng: shifted_vector(1000, rng), lambda: shifted_truth(2)),
    "parabola": (lambda rng: parabola(1000, rng), parabola_truth),
}


def hits(task, repetitions):
    draw, truth = TASKS[task][0], TASKS[task][1]()
    found = 0
    for seed in range(repetitions):
        x, y = draw(np.random.default_rng([7, seed]))
        low, high = assess(get("auto"), variable(x), variable(y), confidence=0.9).interval
        found += low <= truth <= high
    return found


@pytest.mark.parametrize("task", ["gaussian", "labels 4x3", "number and label"])
def test_intervals_cover_about_as_often_as_they_say(task):
    # 30 draws: 90 % coverage gives fewer than 22 or all 30 with 0.7 % and 4 %
    assert hits(task, 30) >= 22


@pytest.mark.full
@pytest.mark.parametrize("task", TASKS)
def test_ninety_percent_intervals_cover_between_85_and_95_percent(task):
    # 500: over 200 the noise of the count alone is as wide as half the range
    assert 0.85 <= hits(task, 500) / 500 <= 0.95


def null_p_values(pair, repetitions, n, permutations):
    out = []
    for seed in range(repetitions):
        rng = np.random.default_rng([11, seed])
        x, y = (
            rng.integers(0, 3, n) if k == "d" else rng.normal(size=(n, 2 if k == "v" else 1)) for k in pair
        )
        test = permutation_test("auto", x, y, permutations=permutations, random_state=seed)
        out.append(test.p_value)
    return np.array(out)


@pytest.mark.parametrize("pair", ["cc", "cd"])
def test_p_values_are_not_too_small(pair):
    p = null_p_values(pair, 60, 80, 19)
    assert stats.binomtest(int((p <= 0.1).sum()), 60, 0.1, "greater").pvalue > 0.005


@pytest.mark.full
@pytest.mark.parametrize("pair", ["cc", "cd", "vv"])
def test_p_values_are_uniform(pair):
    p = null_p_values(pair, 500, 150, 99)
    # steps of 1/100: half a step is the distance of their law from the continuous one
    assert stats.kstest(p - 0.005, "uniform").pvalue > 0.01


@pytest.mark.full
def test_conditional_p_values_are_uniform():
    p = []
    for seed in range(300):
        z, a, b = np.random.default_rng([13, seed]).normal(size=(3, 300))
        p.append(permutation_test("auto", z + a, z**2 + b, z, permutations=99, random_state=seed).p_value)
    assert stats.kstest(np.array(p) - 0.005, "uniform").pvalue > 0.01


@pytest.mark.full
def test_analytic_p_values_of_labels_and_gaussians_are_uniform():
    for method in ("gaussian", "plugin"):
        p = []
        for seed in range(500):
            rng = np.random.default_rng([17, seed])
            pair = rng.normal(size=(2, 200)) if method == "gaussian" else rng.integers(0, 3, (2, 200))
            p.append(get(method).estimate(*pair).p_value)
        assert stats.kstest(p, "uniform").pvalue > 0.01
