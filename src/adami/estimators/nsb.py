"""The Nemenman-Shafee-Bialek Bayesian entropy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from adami.estimators._counts import DiscreteEstimator, chosen_support

if TYPE_CHECKING:
    from adami.estimators._kernels.contingency import Cells

COARSE, FINE = 400, 2000
"""Points of the grid that finds the posterior's bulk, and of the one that integrates it."""
NEGLIGIBLE = 45.0
"""Weights below exp(-45) of the largest do not reach the last digit."""


class NSB(DiscreteEstimator):
    """Posterior mean entropy under a mixture of Dirichlet laws that is flat in the expected entropy.

    The interval of an entropy is the posterior one. The number of labels that could occur matters: tell it
    where it is known, and compare with twice as many where it is not.

    Parameters
    ----------
    support : int or tuple of int, optional
        How many labels each variable could take, one number a slot; the labels seen by default.

    References
    ----------
    .. [1] I. Nemenman, F. Shafee, W. Bialek, "Entropy and inference, revisited", NIPS 14, 2001.
    .. [2] D. H. Wolpert, D. R. Wolf, "Estimating functions of probability distributions from a finite set of
       samples", Physical Review E 52, 1995.

    Examples
    --------
    >>> from adami.estimators import NSB
    >>> round(NSB().from_counts([4, 2, 3, 0, 2, 4, 0, 0, 2]), 6)
    1.940645
    """

    name: ClassVar[str] = "nsb"

    def __init__(self, support: int | tuple[int, ...] | None = None) -> None:
        self.support = support

    def _supports(self, cells: Cells) -> tuple[int, ...]:
        return chosen_support(self.support, cells)

    def _entropy_of_counts(self, counts: np.ndarray, support: int) -> float:
        return posterior(counts, support)[0]

    def _entropy_interval(self, cells: Cells, value: float) -> tuple[float, float, str]:
        return value, posterior(cells.counts, math.prod(self._supports(cells)))[1], "posterior"


def posterior(counts: np.ndarray, support: int) -> tuple[float, float]:
    """Return the posterior mean and standard deviation of the entropy, in nats.

    Parameters
    ----------
    counts : numpy.ndarray
        Positive counts.
    support : int
        Number of labels that could occur.
    """
    if support == 1:
        return 0.0, 0.0
    levels, seen = np.unique(counts, return_counts=True)
    times = seen.astype(np.float64)
    if support > len(counts):
        levels, times = np.append(0, levels), np.append(float(support - len(counts)), times)
    n, k = float(counts.sum()), float(support)
    grid = np.linspace(math.log(1e-6 / k), math.log(1e5), COARSE)
    weight = _log_weight(grid, levels, times, n, k)
    bulk = np.flatnonzero(weight > weight.max() - NEGLIGIBLE)
    low, high = grid[max(bulk[0] - 1, 0)], grid[min(bulk[-1] + 1, COARSE - 1)]
    grid = np.linspace(low, high, FINE)
    weight = _log_weight(grid, levels, times, n, k)
    share = np.exp(weight - weight.max())
    share /= share.sum()
    mean, square = _moments(np.exp(grid), levels, times, n, k)
    value = float(np.sum(share * mean))
    return value, math.sqrt(max(float(np.sum(share * (square + (mean - value) ** 2))), 0.0))


def _log_weight(grid: np.ndarray, levels: np.ndarray, times: np.ndarray, n: float, k: float) -> np.ndarray:
    """Return the log posterior density of the log concentration: evidence times the prior flat in entropy."""
    from scipy.special import gammaln, polygamma

    beta = np.exp(grid)
    prior = k * polygamma(1, k * beta + 1.0) - polygamma(1, beta + 1.0)
    out = gammaln(k * beta) - gammaln(n + k * beta) + np.log(prior) + grid
    for level, count in zip(levels, times):
        if level > 0:
            out = out + count * (gammaln(level + beta) - gammaln(beta))
    return np.asarray(out)


def _moments(
    beta: np.ndarray, levels: np.ndarray, times: np.ndarray, n: float, k: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of the entropy for each Dirichlet concentration."""
    from scipy.special import digamma, polygamma

    total = n + k * beta
    last = digamma(total + 2.0)
    tri = polygamma(1, total + 2.0)
    mean = digamma(total + 1.0)
    sum_a, sum_square, sum_tri, diagonal = (np.zeros(len(beta)) for _ in range(4))
    for level, count in zip(levels, times):
        a = level + beta
        mean = mean - count * a / total * digamma(a + 1.0)
        centred = digamma(a + 1.0) - last
        sum_a += count * a * centred
        sum_square += count * (a * centred) ** 2
        sum_tri += count * a * a
        diagonal += count * a * (a + 1.0) * ((digamma(a + 2.0) - last) ** 2 + polygamma(1, a + 2.0) - tri)
    pairs = sum_a**2 - sum_square - tri * (total**2 - sum_tri)
    return mean, np.maximum((pairs + diagonal) / (total * (total + 1.0)) - mean**2, 0.0)
