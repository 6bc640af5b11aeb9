"""The Kraskov-Stögbauer-Grassberger formula for two columns: what single pairs and whole tables share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from adami.estimators._kernels.digamma import digamma_table
from adami.estimators._kernels.plane import Plane, knn_distance, knn_sides
from adami.estimators._kernels.sorted_marginal import Marginal, count

COINCIDENT_SHARE = 0.01
"""Share of rows with k exact duplicates from which the formula, made for densities, is refused."""


class Neighbourhoods(NamedTuple):
    """What the formula needs of every row, in leaf order.

    The local value of a row is ``digamma(joint) - offset + digamma(n) - digamma(in_x) - digamma(in_y)``.
    """

    joint: np.ndarray | int
    """k, or an array where some rows coincide with k others: there the number of coinciding rows."""
    offset: float
    in_x: np.ndarray
    """int64 ``(n,)``, at least 1."""
    in_y: np.ndarray
    coincident: int
    """Number of rows that coincide with at least k others."""


def neighbourhoods(
    tree: Plane, line_x: Marginal, line_y: Marginal, k: int, variant: int = 1, n_jobs: int | None = 1
) -> Neighbourhoods:
    """Count the neighbours on each axis within the distance of the k-th neighbour in the plane.

    Rows that coincide with k or more others have no distance to count within. There the formula goes over into
    that of atoms (Gao et al. 2017): rows that share the point, rows that share x, rows that share y.
    """
    radius = knn_distance(tree, k, n_jobs)
    if variant == 1:
        # strictly within, the row itself in place of the "+ 1" of the formula
        in_x = count(line_x, tree.x, radius, True, n_jobs)
        in_y = count(line_y, tree.y, radius, True, n_jobs)
        offset = 0.0
    else:
        side_x, side_y = knn_sides(tree, radius, n_jobs)
        in_x = count(line_x, tree.x, side_x, False, n_jobs) - 1
        in_y = count(line_y, tree.y, side_y, False, n_jobs) - 1
        offset = 1.0 / k
    zero = np.flatnonzero(radius == 0.0)
    joint: np.ndarray | int = k
    if len(zero):
        x, y, none = tree.x[zero], tree.y[zero], np.zeros(len(zero))
        in_x[zero] = count(line_x, x, none, False)
        in_y[zero] = count(line_y, y, none, False)
        _, place, sizes = np.unique(np.column_stack([x, y]), axis=0, return_inverse=True, return_counts=True)
        joint = np.full(len(radius), k, dtype=np.int64)
        joint[zero] = sizes[place.ravel()] - 1
    return Neighbourhoods(joint, offset, in_x, in_y, len(zero))


def information(found: Neighbourhoods) -> float:
    """Return the mean of the local values in nats.

    Rows with equal counts are summed first, so that the sum depends neither on the order of the rows nor on which
    of the two columns is called x.
    """
    n = len(found.in_x)
    table = digamma_table(n)
    marginal = _sum(found.in_x, table) + _sum(found.in_y, table)
    if isinstance(found.joint, int):
        joint = float(table[found.joint])
    else:
        joint = _sum(found.joint, table) / n
    return float(joint - found.offset + table[n] - marginal / n)


def local_values(found: Neighbourhoods) -> np.ndarray:
    """Return the value of every row in nats, in leaf order."""
    n = len(found.in_x)
    table = digamma_table(n)
    out = table[found.joint] - found.offset + table[n] - table[found.in_x]
    out -= table[found.in_y]
    return np.asarray(out)


def _sum(counts: np.ndarray, table: np.ndarray) -> float:
    rows = np.bincount(counts)
    return float(np.sum(rows[1:] * table[1 : len(rows)]))
