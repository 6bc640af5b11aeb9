"""Plain frequencies: the maximum-likelihood information of labels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from adami.estimators._base import Measurement
from adami.estimators._count_inference import plain_information
from adami.estimators._counts import SIGNS, SUBSETS, DiscreteEstimator, slot_cells
from adami.variables import Variable

if TYPE_CHECKING:
    from adami.estimators._kernels.contingency import Cells


class Plugin(DiscreteEstimator):
    """Entropy and information of the observed frequencies.

    The entropy is too low by about ``(K - 1) / 2n`` for K labels in n rows, the information too high by about
    ``(K_x - 1)(K_y - 1) / 2n``; the details name the size of that bias. The chain rule holds exactly.

    Parameters
    ----------
    pointwise : bool
        Whether to return the local value ``ln p(x,y) / (p(x) p(y))`` of every row.

    References
    ----------
    .. [1] C. E. Shannon, "A mathematical theory of communication", Bell System Technical Journal 27, 1948.

    Examples
    --------
    >>> from adami.estimators import Plugin
    >>> result = Plugin().estimate(["a", "a", "b", "b"], ["u", "u", "v", "v"])
    >>> result.bits
    1.0
    """

    name: ClassVar[str] = "plugin"
    corrects: ClassVar[bool] = False

    def __init__(self, pointwise: bool = True) -> None:
        self.pointwise = pointwise

    def _entropy_of_counts(self, counts: np.ndarray, support: int) -> float:
        n = counts.sum()
        return float(np.sum(counts * np.log(n / counts)) / n)

    def _value(self, cells: Cells, quantity: str) -> tuple[float, list[float]]:
        value, entropies = super()._value(cells, quantity)
        if quantity.endswith("information"):
            value = plain_information(cells)
        return value, entropies

    def _statistic(self, x: Variable, y: Variable, given: Variable | None = None) -> float:
        from adami.estimators._kernels.tables import pair_information

        if given is not None or x.codes is None or y.codes is None:
            return super()._statistic(x, y, given)
        return pair_information(x.codes, y.codes, x.n_levels, y.n_levels)

    def _entropy(self, x: Variable) -> Measurement:
        return self._local(super()._entropy(x), "entropy", x)

    def _conditional_entropy(self, x: Variable, given: Variable) -> Measurement:
        return self._local(super()._conditional_entropy(x, given), "conditional entropy", x, given)

    def _information(self, x: Variable, y: Variable) -> Measurement:
        return self._local(super()._information(x, y), "mutual information", x, y)

    def _conditional(self, x: Variable, y: Variable, given: Variable) -> Measurement:
        return self._local(super()._conditional(x, y, given), "conditional mutual information", x, y, given)

    def _local(self, m: Measurement, quantity: str, *slots: Variable) -> Measurement:
        """Add the value of every row: the signed sum of -ln p over the terms of the quantity."""
        if not self.pointwise:
            return m
        from adami.estimators._kernels.tables import row_values

        cells = slot_cells(*slots)
        local = np.zeros(len(cells.counts))
        for axes, sign in zip(SUBSETS[quantity], SIGNS[quantity]):
            totals, where = cells.marginal(*axes)
            local -= sign * np.log(totals[where] / cells.n)
        return replace(m, pointwise=row_values([v.codes for v in slots if v.codes is not None], cells, local))
