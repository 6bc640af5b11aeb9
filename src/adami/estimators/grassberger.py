"""Grassberger's entropy: digamma-like terms in place of logarithms of counts."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from adami.estimators._counts import DiscreteEstimator


class Grassberger(DiscreteEstimator):
    """Entropies ``ln n - mean G(n_i)`` with ``G(m) = psi(m) + (-1)^m [psi((m+1)/2) - psi(m/2)] / 2``.

    References
    ----------
    .. [1] P. Grassberger, "Entropy estimates from insufficient samplings", arXiv:physics/0307138, 2003.
    .. [2] P. Grassberger, "Finite sample corrections to entropy and dimension estimates", Physics Letters
       A 128, 1988.

    Examples
    --------
    >>> from adami.estimators import Grassberger
    >>> round(Grassberger().from_counts([4, 2, 3, 2, 4, 2]), 4)
    1.7899
    """

    name: ClassVar[str] = "grassberger"

    def _entropy_of_counts(self, counts: np.ndarray, support: int) -> float:
        if len(counts) == 1:
            return 0.0
        from scipy.special import digamma

        n = counts.sum()
        levels, times = np.unique(counts, return_counts=True)
        sign = np.where(levels % 2 == 0, 0.5, -0.5)
        g = digamma(levels) + sign * (digamma((levels + 1) / 2) - digamma(levels / 2))
        return float(np.log(n) - np.sum(times * levels * g) / n)
