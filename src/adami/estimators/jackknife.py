"""The jackknifed plug-in entropy."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from adami.estimators._counts import DiscreteEstimator


class Jackknife(DiscreteEstimator):
    """Entropies ``n H - (n - 1) mean H_without_one_row`` of the plug-in entropy H.

    References
    ----------
    .. [1] S. Zahl, "Jackknifing an index of diversity", Ecology 58, 1977.

    Examples
    --------
    >>> from adami.estimators import Jackknife
    >>> round(Jackknife().from_counts([5, 5]), 4)
    0.7488
    """

    name: ClassVar[str] = "jackknife"

    def _entropy_of_counts(self, counts: np.ndarray, support: int) -> float:
        if len(counts) == 1:
            return 0.0
        n = counts.sum()
        levels, times = np.unique(counts, return_counts=True)
        return float(_step(np.array([n]))[0] - np.sum(times * levels * _step(levels)) / n)


def _step(m: np.ndarray) -> np.ndarray:
    """Return ``m ln m - (m - 1) ln(m - 1)``; the jackknife is a difference of such steps."""
    out = np.zeros(len(m))
    many = m > 1
    k = m[many].astype(np.float64)
    out[many] = np.log(k) - (k - 1.0) * np.log1p(-1.0 / k)
    return out
