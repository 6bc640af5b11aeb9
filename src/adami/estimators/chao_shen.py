"""Chao and Shen's coverage-adjusted entropy."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from adami.estimators._counts import DiscreteEstimator


class ChaoShen(DiscreteEstimator):
    """Entropies of frequencies shrunk to the estimated coverage and weighted by their chance to be seen.

    Made for samples in which many labels are still unseen. With only single sightings the coverage is taken
    as ``1/n``.

    References
    ----------
    .. [1] A. Chao, T.-J. Shen, "Nonparametric estimation of Shannon's index of diversity when there are
       unseen species in sample", Environmental and Ecological Statistics 10, 2003.

    Examples
    --------
    >>> from adami.estimators import ChaoShen
    >>> round(ChaoShen().from_counts([4, 2, 3, 2, 4, 2]), 4)
    1.8634
    """

    name: ClassVar[str] = "chao_shen"

    def _entropy_of_counts(self, counts: np.ndarray, support: int) -> float:
        n = int(counts.sum())
        if n == 1 or len(counts) == 1:
            return 0.0
        singles = min(int(np.count_nonzero(counts == 1)), n - 1)
        p = (1.0 - singles / n) * counts / n
        return float(np.sum(p * np.log(p) / np.expm1(n * np.log1p(-p))))
