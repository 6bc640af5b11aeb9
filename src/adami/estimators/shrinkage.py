"""James-Stein shrinkage of the joint frequencies towards the uniform law."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from adami.estimators._counts import DiscreteEstimator, chosen_support

if TYPE_CHECKING:
    from adami.estimators._kernels.contingency import Cells


class Shrinkage(DiscreteEstimator):
    """Entropies of frequencies shrunk towards uniform, with the weight of least expected squared error.

    The joint table is shrunk, and the margins follow from it, so that the terms fit each other: the
    information is never negative and never above an entropy of the shrunk table. It errs low.

    Parameters
    ----------
    support : int or tuple of int, optional
        How many labels each variable could take, one number a slot; the labels seen by default.

    References
    ----------
    .. [1] J. Hausser, K. Strimmer, "Entropy inference and the James-Stein estimator, with application to
       nonlinear gene association networks", Journal of Machine Learning Research 10, 2009.

    Examples
    --------
    >>> from adami.estimators import Shrinkage
    >>> round(Shrinkage().from_counts([4, 2, 3, 0, 2, 4, 0, 0, 2]), 4)
    2.1687
    """

    name: ClassVar[str] = "shrinkage"

    def __init__(self, support: int | tuple[int, ...] | None = None) -> None:
        self.support = support

    def _supports(self, cells: Cells) -> tuple[int, ...]:
        return chosen_support(self.support, cells)

    def _entropies(self, parts: Sequence[tuple[np.ndarray, int]]) -> list[float]:
        weight = _weight(*parts[0])
        return [_shrunk_entropy(counts, support, weight) for counts, support in parts]

    def _value(self, cells: Cells, quantity: str) -> tuple[float, list[float]]:
        value, entropies = super()._value(cells, quantity)
        # one law stands behind all terms: what lies below 0 is rounding
        return max(value, 0.0), entropies

    def _entropy_of_counts(self, counts: np.ndarray, support: int) -> float:
        return _shrunk_entropy(counts, support, _weight(counts, support))


def _weight(counts: np.ndarray, support: int) -> float:
    """Return the weight of the uniform law."""
    n = int(counts.sum())
    p = counts / n
    squares = float(np.sum(p * p))
    distance = squares - 1.0 / support
    if n == 1 or distance <= 0.0:
        return 1.0
    return min(max((1.0 - squares) / ((n - 1) * distance), 0.0), 1.0)


def _shrunk_entropy(counts: np.ndarray, support: int, weight: float) -> float:
    p = (1.0 - weight) * counts / counts.sum() + weight / support
    seen = -float(np.sum(p * np.log(p)))
    unseen = support - len(counts)
    if unseen == 0 or weight == 0.0:
        return seen
    return seen - unseen * weight / support * float(np.log(weight / support))
