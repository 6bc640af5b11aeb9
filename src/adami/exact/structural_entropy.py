"""How ordered an input is before an algorithm that adapts to order: entropies of runs and of kd-cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from adami.exact._arrays import unit_name
from adami.exact.entropies import entropy

StructureMode = Literal["hull", "maxima"]


@dataclass(frozen=True, slots=True)
class StructuralEntropy:
    """Entropy of a partition of points into cells that an algorithm can dispose of at once.

    Parameters
    ----------
    value : float
        ``sum (n_k / n) log(n / n_k)``, an upper bound of the least over all such partitions.
    unit : str
    sizes : ndarray of int
        Points of each cell.
    """

    value: float
    unit: str
    sizes: np.ndarray


def natural_runs(seq: Any) -> list[tuple[int, int, bool]]:
    """Return the runs of a sequence: start, stop, and whether the run falls.

    Parameters
    ----------
    seq : array, shape (n,)

    Returns
    -------
    list of (int, int, bool)
        Maximal runs from the left, each as long as it does not fall, or falls strictly, which can be reversed
        without disturbing equal values.

    Examples
    --------
    >>> from adami.exact import natural_runs
    >>> natural_runs([1, 2, 2, 5, 4, 3, 6])
    [(0, 4, False), (4, 6, True), (6, 7, False)]
    """
    values = checked_sequence(seq)
    n = len(values)
    falls = values[1:] < values[:-1]
    # the steps at which the direction changes, and the end
    changes = np.append(np.flatnonzero(falls[1:] != falls[:-1]) + 1, max(n - 1, 0))
    runs, start = [], 0
    while start < n:
        if start == n - 1:
            runs.append((start, n, False))
            break
        stop = int(changes[np.searchsorted(changes, start, side="right")]) + 1
        runs.append((start, stop, bool(falls[start])))
        start = stop
    return runs


def run_entropy(seq: Any, *, base: float | None = None) -> float:
    """Return the entropy of the runs of a sequence, ``-sum (r / n) log(r / n)`` over their lengths.

    Parameters
    ----------
    seq : array, shape (n,)
    base : float, optional
        Base of the logarithm; nats by default.

    Returns
    -------
    float
        From 0 for a sequence in order, also in falling order, to about log(n / 2).

    Examples
    --------
    >>> from adami.exact import run_entropy
    >>> run_entropy([5, 6, 7, 8, 1, 2, 3, 4], base=2)
    1.0
    """
    runs = natural_runs(seq)
    lengths = np.array([stop - start for start, stop, _ in runs])
    return float(entropy(lengths / lengths.sum(), base=base))


def kd_structural_entropy(
    points: Any, mode: StructureMode = "hull", *, base: float | None = None
) -> StructuralEntropy:
    """Return the entropy of cells of a kd-tree that lie inside the hull, or below the staircase of maxima.

    Parameters
    ----------
    points : array, shape (n, 2)
    mode : {"hull", "maxima"}
        Whether a cell is disposed of when its bounding box lies strictly inside the convex hull, or when a
        point outside dominates its upper right corner.
    base : float, optional
        Base of the logarithm; nats by default.

    Returns
    -------
    StructuralEntropy

    Notes
    -----
    Cells are split at the median of their wider side until they are disposed of or hold one point, repeated
    points counting as one. The value bounds the range-partition entropy from above.

    References
    ----------
    Differentiable Entropy Regularization for Geometry and Neural Networks, 2025; paper 70 of adami's
    register.
    P. Afshani, J. Barbay and T. M. Chan, Instance-optimal geometric algorithms, 2017.

    Examples
    --------
    >>> from adami.exact import kd_structural_entropy
    >>> kd_structural_entropy([[i, i] for i in range(8)], "maxima", base=2).value
    1.75
    """
    cloud = np.asarray(points, dtype=float)
    if cloud.ndim != 2 or cloud.shape[1] != 2 or not len(cloud):
        raise ValueError(f"points have shape {cloud.shape}: give rows of two coordinates")
    if not np.isfinite(cloud).all():
        raise ValueError("points hold NaN or infinite numbers: remove or impute them first")
    if mode not in get_args(StructureMode):
        raise ValueError(f"mode={mode!r}: choose one of {', '.join(get_args(StructureMode))}")
    disposable = _Hull(cloud) if mode == "hull" else _Staircase(cloud)
    sizes, waiting = [], [np.arange(len(cloud))]
    while waiting:
        cell = waiting.pop()
        low, high = cloud[cell].min(axis=0), cloud[cell].max(axis=0)
        if len(cell) == 1 or np.array_equal(low, high) or disposable(low, high):
            sizes.append(len(cell))
            continue
        order = cell[np.argsort(cloud[cell, int(np.argmax(high - low))], kind="stable")]
        waiting += [order[len(order) // 2 :], order[: len(order) // 2]]
    found = np.array(sizes)
    return StructuralEntropy(float(entropy(found / len(cloud), base=base)), unit_name(base), found)


class _Hull:
    """Whether a box lies strictly inside the convex hull."""

    def __init__(self, cloud: np.ndarray) -> None:
        corners = convex_hull(cloud)
        self.start = corners
        self.along = np.roll(corners, -1, axis=0) - corners

    def __call__(self, low: np.ndarray, high: np.ndarray) -> bool:
        if len(self.start) < 3:
            return False
        box = np.array([low, high, (low[0], high[1]), (high[0], low[1])])
        to = box[:, None, :] - self.start
        return bool((self.along[:, 0] * to[..., 1] - self.along[:, 1] * to[..., 0] > 0).all())


class _Staircase:
    """Whether a point outside a box dominates its upper right corner."""

    def __init__(self, cloud: np.ndarray) -> None:
        order = np.argsort(cloud[:, 0], kind="stable")
        self.x = cloud[order, 0]
        self.highest = np.append(np.maximum.accumulate(cloud[order, 1][::-1])[::-1], -np.inf)

    def __call__(self, low: np.ndarray, high: np.ndarray) -> bool:
        at, beyond = (
            np.searchsorted(self.x, high[0], side="left"),
            np.searchsorted(self.x, high[0], side="right"),
        )
        return bool(self.highest[at] > high[1] or self.highest[beyond] >= high[1])


def convex_hull(points: Any) -> np.ndarray:
    """Return the corners of the convex hull of points in the plane, counter-clockwise.

    Parameters
    ----------
    points : array, shape (n, 2)

    Returns
    -------
    ndarray, shape (n_corners, 2)
        Two corners when all points lie on a line, one when they coincide.

    Examples
    --------
    >>> from adami.exact import convex_hull
    >>> convex_hull([[0, 0], [2, 0], [1, 1], [2, 2], [0, 2]])
    array([[0., 0.],
           [2., 0.],
           [2., 2.],
           [0., 2.]])
    """
    ordered = np.unique(np.asarray(points, dtype=float), axis=0).tolist()
    if len(ordered) < 3:
        return np.array(ordered)

    def chain(sequence: list[list[float]]) -> list[list[float]]:
        kept: list[list[float]] = []
        for p in sequence:
            while len(kept) > 1 and (
                (kept[-1][0] - kept[-2][0]) * (p[1] - kept[-2][1])
                <= (kept[-1][1] - kept[-2][1]) * (p[0] - kept[-2][0])
            ):
                kept.pop()
            kept.append(p)
        return kept[:-1]

    return np.array(chain(ordered) + chain(ordered[::-1]))


def checked_sequence(seq: Any) -> np.ndarray:
    """Return one row of values that can be put in order."""
    values = np.asarray(seq)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"seq has shape {values.shape}: give one row of at least one value")
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise ValueError("seq holds NaN, which has no place in an order: remove it first")
    return values
