"""What the estimators for labels share: tables in, sums of entropies with one and the same correction out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from adami.estimators._base import Estimator, Measurement
from adami.estimators._count_inference import (
    Dependence,
    dependence,
    dependence_interval,
    entropy_variance,
    g_test,
    is_sparse,
    null_tables,
)
from adami.estimators._count_notes import entropy_notes, information_notes
from adami.result import Estimate
from adami.variables import Variable

if TYPE_CHECKING:
    from adami.estimators._kernels.contingency import Cells

SUBSETS: dict[str, tuple[tuple[int, ...], ...]] = {
    "entropy": ((0,),),
    "conditional entropy": ((0, 1), (1,)),
    "mutual information": ((0, 1), (0,), (1,)),
    "conditional mutual information": ((0, 1, 2), (0, 2), (1, 2), (2,)),
}
"""Axes whose entropies are summed, the joint first; the last slot is the condition."""
SIGNS = {
    "entropy": (1.0,),
    "conditional entropy": (1.0, -1.0),
    "mutual information": (-1.0, 1.0, 1.0),
    "conditional mutual information": (-1.0, 1.0, 1.0, -1.0),
}


class DiscreteEstimator(Estimator):
    """Base of the estimators for labels: every quantity is a sum of entropies corrected in one way.

    A member overrides `_entropy_of_counts`, and `_entropies` when its correction looks at the joint table.
    """

    takes: ClassVar[frozenset[str]] = frozenset({"discrete"})
    corrects: ClassVar[bool] = True
    """Whether the bias of the plain frequencies is corrected."""

    def from_counts(self, table: Any) -> Estimate:
        """Measure a contingency table.

        Parameters
        ----------
        table : array of counts
            One axis: the entropy; two axes: the information between them; three axes: the information between
            the first two given the last.

        Returns
        -------
        Estimate
            Value in nats.

        Raises
        ------
        ValueError
            For negative, fractional or missing counts, an empty table, or more than three axes.

        Examples
        --------
        >>> from adami.estimators import Plugin
        >>> round(Plugin().from_counts([[40, 10], [10, 40]]), 4)
        0.1927
        """
        from adami.estimators._kernels.contingency import occupied

        counts = checked_table(table)
        quantity = ("entropy", "mutual information", "conditional mutual information")[counts.ndim - 1]
        cells = occupied(counts)
        m = self._from_cells(cells, quantity)
        slots = dict(zip(("x", "y", "given"), (_labels(a, s) for a, s in zip(cells.labels, cells.sizes))))
        return self._finish(slots, m).replace(n=cells.n)

    def _entropy_of_counts(self, counts: np.ndarray, support: int) -> float:
        """Return the entropy in nats of positive counts, of `support` labels that could occur."""
        raise NotImplementedError

    def _entropies(self, parts: Sequence[tuple[np.ndarray, int]]) -> list[float]:
        """Return the entropy of each (sorted positive counts, support); the joint table comes first."""
        return [self._entropy_of_counts(counts, support) for counts, support in parts]

    def _supports(self, cells: Cells) -> tuple[int, ...]:
        """Return how many labels each axis could take."""
        return cells.sizes

    def _entropy_interval(self, cells: Cells, value: float) -> tuple[float, float, str]:
        """Return centre, standard error and kind of the interval of an entropy."""
        centre = value if self.corrects else value + (len(cells.counts) - 1) / (2 * cells.n)
        return centre, math.sqrt(entropy_variance(cells.counts)), "analytic"

    def _entropy(self, x: Variable) -> Measurement:
        return self._from_cells(slot_cells(x), "entropy", str(x))

    def _conditional_entropy(self, x: Variable, given: Variable) -> Measurement:
        return self._from_cells(slot_cells(x, given), "conditional entropy", str(x))

    def _information(self, x: Variable, y: Variable) -> Measurement:
        return self._from_cells(slot_cells(x, y), "mutual information", str(x), str(y))

    def _conditional(self, x: Variable, y: Variable, given: Variable) -> Measurement:
        return self._from_cells(slot_cells(x, y, given), "conditional mutual information", str(x), str(y))

    def _statistic(self, x: Variable, y: Variable, given: Variable | None = None) -> float:
        if given is None:
            return self._value(slot_cells(x, y), "mutual information")[0]
        return self._value(slot_cells(x, y, given), "conditional mutual information")[0]

    def _null_statistics(
        self, x: Variable, y: Variable, given: Variable | None, permutations: int, random_state: Any
    ) -> np.ndarray:
        """Return `_statistic` for rows of x permuted (among equal labels of the condition), many times.

        The tables of permuted rows are drawn directly, with both margins fixed: the same law as shuffling the
        rows, at a cost that does not grow with their number.
        """
        return self._null_values(
            slot_cells(*(v for v in (x, y, given) if v is not None)), permutations, random_state
        )

    def _null_values(self, cells: Cells, permutations: int, random_state: Any) -> np.ndarray:
        """Return the information in tables drawn with the margins of (x, y) or (x, y, condition)."""
        quantity = "conditional mutual information" if len(cells.sizes) == 3 else "mutual information"
        drawn = null_tables(cells, permutations, random_state)
        return np.array([self._value(c, quantity)[0] for c in drawn])

    def _value(self, cells: Cells, quantity: str) -> tuple[float, list[float]]:
        supports = self._supports(cells)
        parts = []
        for axes in SUBSETS[quantity]:
            whole = len(axes) == len(cells.sizes)
            counts = cells.counts if whole else cells.marginal(*axes)[0]
            # sorted: the sum, and with it the last bit, does not depend on the names of the labels
            parts.append((np.sort(counts), math.prod(supports[a] for a in axes)))
        entropies = self._entropies(parts)
        if quantity.endswith("information"):
            given = parts[3:] or [(np.array([cells.n]), 1)]
            if any(len(side[0]) == len(given[0][0]) for side in parts[1:3]):
                return 0.0, entropies
        return sum(s * h for s, h in zip(SIGNS[quantity], entropies)), entropies

    def _from_cells(self, cells: Cells, quantity: str, x: str = "x", y: str = "y") -> Measurement:
        value, entropies = self._value(cells, quantity)
        if quantity.endswith("entropy"):
            return self._entropy_measurement(cells, quantity, value, x)
        found = dependence(cells)
        p_value = g_test(found)
        details = {
            "cells": len(cells.counts),
            "possible_cells": found.levels[0] * found.levels[1] * found.levels[2],
            "entropy_x": entropies[1] - (entropies[3] if found.conditional else 0.0),
            "entropy_y": entropies[2] - (entropies[3] if found.conditional else 0.0),
            "degrees_of_freedom": found.degrees,
            "plugin_bias": found.bias,
        }
        # the square term rules near independence, where the first order vanishes
        spread = max(found.variance - found.degrees / found.n, 0.0) / found.n
        return Measurement(
            value,
            standard_error=math.sqrt(spread + found.degrees / (2 * found.n**2)),
            interval=lambda confidence: self._information_interval(found, value, confidence),
            p_value=p_value,
            diagnostics=information_notes(
                found, value, (details["entropy_x"], details["entropy_y"]), self.corrects, (x, y)
            ),
            details=details,
        )

    def _information_interval(
        self, found: Dependence, value: float, confidence: float
    ) -> tuple[float, float]:
        # where the law of the plain value is known it serves all methods
        low, high = dependence_interval(found, found.value, confidence)
        if is_sparse(found) and self.corrects:
            # both corrections are rough there, and either may be the better one
            other = dependence_interval(found, value + found.bias, confidence)
            low, high = min(low, other[0]), max(high, other[1])
        # a biased value is shown inside its interval: that can only widen it
        return min(low, max(value, 0.0)), max(high, value)

    def _entropy_measurement(self, cells: Cells, quantity: str, value: float, x: str) -> Measurement:
        notes = entropy_notes(cells, quantity, self.corrects, x)
        if quantity == "entropy":
            centre, error, kind = self._entropy_interval(cells, value)
        else:
            # H(X|Z) is an average of -ln p(x|z): the delta method on its local values
            totals, where = cells.marginal(1)
            local = -np.log(cells.counts / totals[where])
            n = cells.n
            plain = float((cells.counts * local).sum() / n)
            spare = len(cells.counts) - len(totals)
            variance = max(float((cells.counts * (local - plain) ** 2).sum()) / n - spare / n, 0.0) / n
            centre = value if self.corrects else value + spare / (2 * n)
            error, kind = math.sqrt(variance + spare / (2 * n * n)), "analytic"

        def interval(confidence: float) -> tuple[float, float]:
            from scipy.special import ndtri

            z = float(ndtri(0.5 + confidence / 2))
            return max(centre - z * error, 0.0), centre + z * error

        return Measurement(
            value,
            standard_error=error,
            interval=interval,
            interval_kind=kind,
            diagnostics=notes,
            details={"cells": len(cells.counts), "support": math.prod(self._supports(cells))},
        )


def checked_table(table: Any) -> np.ndarray:
    """Return a table of counts as int64 with one to three axes, or say what is wrong with it."""
    counts = np.asarray(table)
    if counts.dtype.kind not in "biuf":
        raise TypeError(f"a table of counts holds numbers, not {counts.dtype}")
    if not 1 <= counts.ndim <= 3:
        raise ValueError(f"a table of counts has one to three axes, not {counts.ndim}")
    if counts.dtype.kind == "f" and not np.all(np.isfinite(counts) & (counts == np.floor(counts))):
        raise ValueError("a table of counts holds whole numbers; for probabilities use adami.exact")
    if (counts < 0).any():
        raise ValueError("a table of counts has no negative entries")
    if counts.size == 0 or counts.sum() == 0:
        raise ValueError("the table of counts is empty")
    return counts.astype(np.int64)


def slot_cells(*slots: Variable) -> Cells:
    """Count the rows of discrete variables, one axis a variable."""
    from adami.estimators._kernels.tables import count_cells

    columns, sizes = [], []
    for v in slots:
        if v.codes is None:
            raise TypeError(f"{v} has no labels")
        columns.append(v.codes)
        sizes.append(max(v.n_levels, 1))
    return count_cells(columns, sizes)


def chosen_support(support: int | tuple[int, ...] | None, cells: Cells) -> tuple[int, ...]:
    """Return how many labels each axis could take, as told or as seen."""
    if support is None:
        return cells.sizes
    told = (support,) if isinstance(support, int | np.integer) else tuple(support)
    if len(told) != len(cells.sizes):
        raise ValueError(f"support={support!r} has {len(told)} number(s) for {len(cells.sizes)} variable(s)")
    for axis, size in enumerate(told):
        seen = len(cells.marginal(axis)[0])
        if size < seen:
            raise ValueError(f"support={support!r}: {seen} labels are seen where only {size} could occur")
    return tuple(int(s) for s in told)


def _labels(codes: np.ndarray, size: int) -> Variable:
    return Variable(np.empty((len(codes), 0)), codes, size, "discrete", ())
