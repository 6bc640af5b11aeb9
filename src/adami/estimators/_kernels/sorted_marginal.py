"""Counts within a distance along one axis, from sorted values and a table of where they lie.

A look-up gives the few places among which the end of a range can be, and the very comparison that defines
the count finds it there, mostly in one step over eight values. So counts are exact, ties and rounding
included, and cost about the same for any radius.
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import njit

from adami._announce import announce
from adami._parallel import n_workers, ordered_map
from adami.estimators._kernels.lanes import LANES, within_of_eight

PARALLEL_ROWS = 20_000
TRIM = 64
"""One row in so many on either side lies outside the table, so that far outliers do not empty it."""


class Marginal(NamedTuple):
    """Sorted values of one column and the table over their bulk."""

    fenced: np.ndarray
    """float64: minus infinity, the n values in ascending order, infinities."""
    starts: np.ndarray
    """int32: first place in `fenced` at or above the lower edge of each bin; one more entry than bins."""
    low: float
    scale: float
    """Bins per unit; 0 when the bulk has no width."""

    @property
    def values(self) -> np.ndarray:
        """The values in ascending order."""
        return self.fenced[1:-LANES]


def marginal(column: np.ndarray) -> Marginal:
    """Sort a column and lay the table over it.

    Parameters
    ----------
    column : numpy.ndarray
        float64 ``(n,)``, finite.
    """
    return line_of_sorted(np.sort(column))


def line_of_sorted(values: np.ndarray) -> Marginal:
    """Lay the table over values that are ascending already."""
    announce(_lay, _count)
    n = len(values)
    fenced = np.empty(n + 1 + LANES)
    fenced[0], fenced[n + 1 :] = -np.inf, np.inf
    fenced[1 : n + 1] = values
    first, last = 1 + n // TRIM, n - n // TRIM
    low, width = float(fenced[first]), float(fenced[last] - fenced[first])
    bins = max((last - first) // 2, 1)
    scale = bins / width if width > 0 else 0.0
    if not np.isfinite(scale):
        scale = 0.0
    starts = np.empty(bins + 1, dtype=np.int32)
    _lay(fenced, first, last, low, scale, starts)
    return Marginal(fenced, starts, low, scale)


def count(
    line: Marginal, queries: np.ndarray, radius: np.ndarray, strict: bool, n_jobs: int | None = 1
) -> np.ndarray:
    """Count the values within ``radius[i]`` of each query, a query itself included when it is near enough to
    itself.

    Parameters
    ----------
    line : Marginal
    queries, radius : numpy.ndarray
        float64 ``(m,)``.
    strict : bool
        Count distances below the radius; otherwise at most the radius.
    n_jobs : int, optional
        Threads; the result does not depend on it.

    Returns
    -------
    numpy.ndarray
        int64 ``(m,)``.
    """
    found = np.empty(len(queries), dtype=np.int64)

    def work(piece: tuple[int, int]) -> None:
        _count(
            line.fenced, line.starts, line.low, line.scale, queries, radius, strict, piece[0], piece[1], found
        )

    workers = n_workers(n_jobs) if len(queries) >= PARALLEL_ROWS else 1
    if workers == 1:
        work((0, len(queries)))
        return found
    cuts = np.linspace(0, len(queries), 4 * workers + 1).astype(int).tolist()
    ordered_map(work, list(pairwise(cuts)), workers)
    return found


@njit(cache=True, nogil=True)
def _bin(value, low, scale, bins):
    place = (value - low) * scale
    return bins - 1 if place >= bins else int(place)


@njit(cache=True, nogil=True)
def _lay(fenced, first, last, low, scale, starts):
    bins = len(starts) - 1
    b = 0
    for i in range(first, last + 1):
        own = _bin(fenced[i], low, scale, bins)
        while b <= own:
            starts[b] = i
            b += 1
    while b <= bins:
        starts[b] = last + 1
        b += 1


@njit(cache=True, nogil=True)
def _bracket(fenced, starts, low, scale, target):
    """Return the first and last place at which a range ending near `target` can end, but for rounding."""
    bins = len(starts) - 1
    if target < low:
        return 1, starts[0]
    place = (target - low) * scale
    if place >= bins:
        # the last bin also holds the upper edge of the bulk, so the tail behind it joins in
        return starts[bins - 1], len(fenced) - LANES
    b = int(place)
    return starts[b], starts[b + 1]


@njit(cache=True, nogil=True)
def _before(fenced, centre, side, radius, strict, outside):
    """Tell whether a range ends behind this value: it is near (or with `outside`, it is not yet)."""
    gap = side * (fenced - centre)
    return (gap < radius if strict else gap <= radius) != outside


@njit(cache=True, nogil=True)
def _end(fenced, starts, low, scale, centre, side, radius, strict):
    """Return the first place past the near values (side 1), or of the near values (side -1)."""
    a, b = _bracket(fenced, starts, low, scale, centre + side * radius)
    outside = side < 0
    eight = within_of_eight(fenced, a - 1, centre, side, radius, strict)
    ahead = LANES - eight if outside else eight
    if 0 < ahead < LANES:
        return a - 1 + ahead
    if ahead == 0:
        # rounding can move the end across the edge of a bin
        a, b = 1, a - 1
    else:
        a = a - 1 + LANES
        if a >= b or _before(fenced[b], centre, side, radius, strict, outside):
            b = len(fenced) - LANES
    while a < b:
        m = (a + b) >> 1
        if _before(fenced[m], centre, side, radius, strict, outside):
            a = m + 1
        else:
            b = m
    return a


@njit(cache=True, nogil=True)
def _count(fenced, starts, low, scale, queries, radius, strict, begin, end, found):
    for i in range(begin, end):
        upper = _end(fenced, starts, low, scale, queries[i], 1.0, radius[i], strict)
        lower = _end(fenced, starts, low, scale, queries[i], -1.0, radius[i], strict)
        found[i] = max(upper - lower, 0)
