"""The Bayesian entropy: the reference value, brute-force integration, exact limits."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import betaln, digamma, polygamma

from adami.estimators import NSB
from adami.estimators.nsb import posterior


def test_reference_value():
    assert NSB().from_counts([4, 2, 3, 0, 2, 4, 0, 0, 2]) == pytest.approx(1.940645, abs=1e-6)


def test_two_labels_by_brute_force():
    """For two labels the posterior is a mixture of beta laws: integrate entropy and density directly."""
    a, b = 3, 9

    def entropy(p):
        return -p * math.log(p) - (1 - p) * math.log1p(-p)

    def moments(beta):
        first = quad(lambda p: entropy(p) * p ** (a + beta - 1) * (1 - p) ** (b + beta - 1), 0, 1, limit=200)[
            0
        ]
        second = quad(
            lambda p: entropy(p) ** 2 * p ** (a + beta - 1) * (1 - p) ** (b + beta - 1), 0, 1, limit=200
        )[0]
        norm = math.exp(betaln(a + beta, b + beta))
        return first / norm, second / norm

    grid = np.linspace(math.log(1e-5), math.log(300), 300)
    weights, firsts, seconds = [], [], []
    for t in grid:
        beta = math.exp(t)
        prior = 2 * polygamma(1, 2 * beta + 1) - polygamma(1, beta + 1)
        weights.append(math.exp(betaln(a + beta, b + beta) - betaln(beta, beta)) * prior * beta)
        first, second = moments(beta)
        firsts.append(first)
        seconds.append(second)
    share = np.array(weights) / np.sum(weights)
    mean = share @ np.array(firsts)
    deviation = math.sqrt(share @ np.array(seconds) - mean**2)
    found, error = posterior(np.array([a, b]), 2)
    assert found == pytest.approx(mean, abs=2e-4)
    assert error == pytest.approx(deviation, abs=2e-4)


def test_one_dirichlet_has_its_known_mean():
    # flat prior over 2 labels, no sharp choice of beta: the mean entropy given beta is digamma's difference
    counts, beta = np.array([2.0, 5.0]), 1.0
    a = counts + beta
    expected = digamma(a.sum() + 1) - float(np.sum(a / a.sum() * digamma(a + 1)))
    low, high = (posterior(counts.astype(int), k)[0] for k in (2, 3))
    assert low < high
    assert abs(low - expected) < 0.1


def test_many_rows_recover_the_entropy():
    p = np.array([0.5, 0.25, 0.125, 0.125])
    found, error = posterior(np.round(1e6 * p).astype(int), 4)
    assert found == pytest.approx(1.75 * math.log(2), abs=1e-4)
    assert error == pytest.approx(
        math.sqrt(float(p @ (np.log(p) ** 2)) - (1.75 * math.log(2)) ** 2) / 1e3, rel=0.01
    )


@pytest.mark.parametrize("support", [10, 1000, 10**6, 10**15])
def test_large_supports_stay_finite_and_ordered(support):
    value, error = posterior(np.array([5, 3, 1, 1]), support)
    assert 0 < value < math.log(support)
    assert 0 < error < value


def test_uniform_counts_come_near_the_logarithm():
    assert posterior(np.full(50, 40), 50)[0] == pytest.approx(math.log(50), abs=0.01)
    assert posterior(np.array([7]), 1) == (0.0, 0.0)


def test_more_possible_labels_raise_the_entropy_of_a_sparse_sample():
    counts = [1, 1, 2, 1, 3]
    values = [float(NSB(support=k).from_counts(counts)) for k in (5, 10, 20)]
    assert values == sorted(values)
