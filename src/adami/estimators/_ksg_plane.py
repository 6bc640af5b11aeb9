"""The Kraskov-Stögbauer-Grassberger formula for two columns: what single pairs and whole tables share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from adami._parallel import n_workers, ordered_map
from adami.estimators._kernels.digamma import digamma_of, digamma_table
from adami.estimators._kernels.plane import (
    PARALLEL_ROWS,
    Plane,
    begin,
    radii_of_leaves,
    rounding,
    share,
    sides_of_leaves,
)
from adami.estimators._kernels.plane_build import LEAF
from adami.estimators._kernels.sorted_marginal import Marginal, count, marginal

COINCIDENT_SHARE = 0.01
"""Share of rows with k exact duplicates from which the formula, made for densities, is refused."""


class Neighbourhoods(NamedTuple):
    """What the formula needs of every row, in leaf order.

    The local value of a row is ``digamma(k) - offset + digamma(n) - digamma(in_x) - digamma(in_y)``, and
    that of a coincident row ``digamma(together) + digamma(n) - digamma(in_x) - digamma(in_y)``.
    """

    k: int
    offset: float
    in_x: np.ndarray
    """int64 ``(n,)``, at least 1."""
    in_y: np.ndarray
    coincident: np.ndarray
    """Places of the rows that coincide with at least k others."""
    together: np.ndarray
    """With how many others each of them does."""


def prepare(x: np.ndarray, y: np.ndarray, n_jobs: int | None = 1) -> tuple[Plane, Marginal, Marginal]:
    """Return the tree over two columns and the sorted columns; threads work on all of it at once."""
    workers = n_workers(n_jobs) if len(x) >= PARALLEL_ROWS else 1
    tree, rest = begin(x, y, workers)
    tasks: list[Callable[[], Any]] = [*rest, lambda: marginal(x), lambda: marginal(y)]
    *_, line_x, line_y = ordered_map(lambda task: task(), tasks, workers)
    return tree, line_x, line_y


def neighbourhoods(
    tree: Plane, line_x: Marginal, line_y: Marginal, k: int, variant: int = 1, n_jobs: int | None = 1
) -> Neighbourhoods:
    """Count the neighbours on each axis within the distance of the k-th neighbour in the plane.

    Distances that differ by rounding only count as equal, so that tied values fall the same way at any
    scale. Rows that coincide with k or more others have no distance to count within. There the formula goes
    over into that of atoms (Gao et al. 2017): rows that share the point, rows that share x, rows that share
    y.
    """
    n = len(tree.x)
    radius, in_x, in_y = np.empty(n), np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    wide, side_x, side_y = np.empty((3, n if variant == 2 else 0))

    def work(first: int, last: int) -> None:
        radii_of_leaves(tree, k, first, last, radius)
        rows = slice(first * LEAF, min(last * LEAF, n))
        x, y, r = tree.x[rows], tree.y[rows], radius[rows]
        margin = rounding(x, y, r)
        if variant == 1:
            # strictly within, the row itself in place of the "+ 1" of the formula
            reach = np.maximum(r - margin, 0.5 * r)
            in_x[rows] = count(line_x, x, reach, True)
            in_y[rows] = count(line_y, y, reach, True)
        else:
            wide[rows] = r + margin
            sides_of_leaves(tree, wide, first, last, side_x, side_y)
            in_x[rows] = count(line_x, x, side_x[rows] + margin, False) - 1
            in_y[rows] = count(line_y, y, side_y[rows] + margin, False) - 1

    share(work, n, n_jobs)
    offset = 0.0 if variant == 1 else 1.0 / k
    zero = np.flatnonzero(radius == 0.0)
    together = np.empty(0, dtype=np.int64)
    if len(zero):
        x, y, none = tree.x[zero], tree.y[zero], np.zeros(len(zero))
        in_x[zero] = count(line_x, x, none, False)
        in_y[zero] = count(line_y, y, none, False)
        _, place, sizes = np.unique(np.column_stack([x, y]), axis=0, return_inverse=True, return_counts=True)
        together = sizes[place.ravel()] - 1
    return Neighbourhoods(k, offset, in_x, in_y, zero, together)


def information(found: Neighbourhoods) -> float:
    """Return the mean of the local values in nats.

    Rows with equal counts are summed first, so that the sum depends neither on the order of the rows nor on
    which of the two columns is called x.
    """
    n = len(found.in_x)
    table = _table(found)
    marginal = _sum(found.in_x, table) + _sum(found.in_y, table)
    apart = n - len(found.coincident)
    joint = apart * (table[found.k] - found.offset) + _sum(found.together, table)
    return float(digamma_of(n) + (joint - marginal) / n)


def local_values(found: Neighbourhoods) -> np.ndarray:
    """Return the value of every row in nats, in leaf order."""
    table = _table(found)
    out = table[found.k] - found.offset + digamma_of(len(found.in_x)) - table[found.in_x]
    out -= table[found.in_y]
    out[found.coincident] += table[found.together] - table[found.k] + found.offset
    return np.asarray(out)


def _table(found: Neighbourhoods) -> np.ndarray:
    """Return digamma up to the largest count."""
    most = max(found.in_x.max(), found.in_y.max(), found.k, found.together.max(initial=0))
    return digamma_table(int(most))


def crowd(found: Neighbourhoods) -> float:
    """Return the mean number of neighbours along one axis, on the axis with fewer."""
    itself = 1 if found.offset == 0.0 else 0
    return float(min(found.in_x.mean(), found.in_y.mean())) - itself


def _sum(counts: np.ndarray, table: np.ndarray) -> float:
    rows = np.bincount(counts)
    return float(np.sum(rows[1:] * table[1 : len(rows)]))
