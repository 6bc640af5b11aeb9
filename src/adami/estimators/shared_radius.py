"""Information from nearest neighbours with one radius for all terms, for numbers, labels and both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from adami.estimators._base import Estimator, Measurement
from adami.estimators._common import digamma, need_rows
from adami.estimators._uniform_scores import spread_ranks
from adami.result import Diagnostic
from adami.variables import Variable

NEIGHBOURS = 5
INFLATION = 1.3
"""Rows share neighbours, so the spread of their terms alone is too small an error, by simulation."""
Subsets = Mapping[str, tuple[int, ...]]


class SharedRadius(Estimator):
    """Information given any condition, for numbers with repeated values, labels and both.

    The radius is the distance of the k-th neighbour in the joint space, among rows of the same joint label,
    with equal numbers spread over the ranks they share. Between numbers it is the estimator of Frenzel and
    Pompe on normal scores, between a number and a label Ross's.

    Parameters
    ----------
    k : int
        Neighbours.

    References
    ----------
    Frenzel and Pompe, "Partial mutual information for coupling analysis of multivariate time series",
    Physical Review Letters 99, 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators.shared_radius import SharedRadius
    >>> rng = np.random.default_rng(0)
    >>> x, noise = rng.normal(size=(2, 1000))
    >>> abs(SharedRadius().estimate(noise, x + rng.normal(size=1000), given=x)) < 0.05
    True
    """

    name = "shared_radius"

    def __init__(self, k: int = NEIGHBOURS) -> None:
        self.k = k

    def _information(self, x: Variable, y: Variable) -> Measurement:
        return self._from_terms((x, y), {"ab": (0, 1), "a": (0,), "b": (1,)}, ("ab", "all"), ("a", "b"))

    def _conditional(self, x: Variable, y: Variable, given: Variable) -> Measurement:
        subsets = {"abz": (0, 1, 2), "az": (0, 2), "bz": (1, 2), "z": (2,)}
        return self._from_terms((x, y, given), subsets, ("abz", "z"), ("az", "bz"))

    def _from_terms(
        self, slots: tuple[Variable, ...], subsets: Subsets, plus: tuple[str, str], minus: tuple[str, str]
    ) -> Measurement:
        need_rows(slots[0].n, self.k, self.name)
        logs, _ = neighbour_terms(slots, subsets, self.k)
        local = logs[plus[0]] + logs[plus[1]] - logs[minus[0]] - logs[minus[1]]
        if len(local) == 0:
            note = Diagnostic("small_class", "every joint label occurs once only: no neighbours", "warning")
            return Measurement(0.0, diagnostics=(note,))
        error = INFLATION * float(local.std()) / math.sqrt(len(local))
        return Measurement(float(local.mean()), standard_error=error)


def neighbour_terms(
    slots: tuple[Variable, ...], subsets: Subsets, k: int
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Return the digamma of every row's count within the joint radius, in every subset, the whole first."""
    n, whole = slots[0].n, next(iter(subsets))
    rng = np.random.default_rng(0)
    numbers = [_scores(v, rng) for v in slots]
    cells, _ = joint_cells(slots)
    radius, counts = joint_radius(np.column_stack(numbers), cells, k)
    kept = counts > 0
    logs = {whole: digamma(counts[kept]), "all": np.full(int(kept.sum()), float(digamma(n)))}
    for name, members in subsets.items():
        if name == whole:
            continue
        label, _ = joint_cells([slots[m] for m in members])
        found = marginal_counts(np.column_stack([numbers[m] for m in members]), label, radius)
        logs[name] = digamma(found[kept])
    return logs, dict.fromkeys(logs, 0.0)


def _scores(v: Variable, rng: np.random.Generator) -> np.ndarray:
    """Return normal scores of the numbers, equal values spread over the ranks they share.

    Neighbour counts assume that no two distances are equal, which rounded values break.
    """
    from scipy.special import ndtri

    return np.asarray(ndtri(spread_ranks(replace(v, codes=None), rng)))


def joint_cells(slots: Sequence[Variable]) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of every row's joint label and how many rows have each."""
    codes = np.zeros(slots[0].n, dtype=np.int64)
    for v in slots:
        if v.codes is not None:
            _, codes = np.unique(codes * max(v.n_levels, 1) + v.codes, return_inverse=True)
    return codes, np.bincount(codes)


def joint_radius(points: np.ndarray, cells: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the distance of every row to its k-th neighbour with the same label, and the k used.

    A cell of fewer than k + 1 rows uses all its rows; a row alone gets radius 0 and k = 0.
    """
    from adami.estimators._kernels.neighbours import knn_radius

    radius, used = np.zeros(len(points)), np.zeros(len(points), dtype=np.int64)
    for rows in groups(cells):
        near = min(k, len(rows) - 1)
        if near:
            radius[rows], used[rows] = knn_radius([points[rows]], near), near
    return radius, used


def marginal_counts(points: np.ndarray, cells: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Count the rows of the same label strictly nearer than each row's radius, itself included."""
    from adami.estimators._kernels.neighbours import count_within

    if points.shape[1] == 0:
        return np.asarray(np.bincount(cells)[cells])
    out = np.empty(len(points), dtype=np.int64)
    for rows in groups(cells):
        out[rows] = count_within(points[rows], radius[rows], True) + 1
    return out


def groups(label: np.ndarray) -> list[np.ndarray]:
    """Return the rows of each label."""
    order = np.argsort(label, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
