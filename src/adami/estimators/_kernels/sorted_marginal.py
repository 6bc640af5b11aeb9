"""Counts within a distance along one axis, from sorted values and a table of where they lie.

A look-up gives the few places among which the end of a range can be; a binary search with the very comparison that
defines the count finds it. So counts are exact, ties and rounding included, and cost about the same for any radius.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from adami._parallel import n_workers, ordered_map

PARALLEL_ROWS = 5_000
TRIM = 64
"""One row in so many on either side lies outside the table, so that far outliers do not empty it."""


class Marginal(NamedTuple):
    """Sorted values of one column and the table over their bulk."""

    values: np.ndarray
    """float64 ``(n,)``, ascending."""
    starts: np.ndarray
    """int32: first place at or above the lower edge of each bin; one more entry than bins."""
    low: float
    scale: float
    """Bins per unit; 0 when the bulk has no width."""


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
    n = len(values)
    first, last = n // TRIM, n - 1 - n // TRIM
    low, width = float(values[first]), float(values[last] - values[first])
    bins = max(last - first, 1)
    scale = bins / width if width > 0 else 0.0
    if not np.isfinite(scale):
        scale = 0.0
    starts = np.empty(bins + 1, dtype=np.int32)
    _lay(values, first, last, low, scale, starts)
    return Marginal(values, starts, low, scale)


def count(
    line: Marginal, queries: np.ndarray, radius: np.ndarray, strict: bool, n_jobs: int | None = 1
) -> np.ndarray:
    """Count the values within ``radius[i]`` of each query, a query itself included when it is near enough to itself.

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
    workers = n_workers(n_jobs) if len(queries) >= PARALLEL_ROWS else 1
    cuts = np.linspace(0, len(queries), 4 * workers + 1 if workers > 1 else 2).astype(int).tolist()

    def work(piece: tuple[int, int]) -> None:
        _count(line.values, line.starts, line.low, line.scale, queries, radius, strict, piece[0], piece[1], found)

    ordered_map(work, list(zip(cuts[:-1], cuts[1:])), workers)
    return found


@njit(cache=True, nogil=True)
def _bin(value, low, scale, bins):
    place = (value - low) * scale
    return bins - 1 if place >= bins else int(place)


@njit(cache=True, nogil=True)
def _lay(values, first, last, low, scale, starts):
    bins = len(starts) - 1
    b = 0
    for i in range(first, last + 1):
        own = _bin(values[i], low, scale, bins)
        while b <= own:
            starts[b] = i
            b += 1
    while b <= bins:
        starts[b] = last + 1
        b += 1


@njit(cache=True, nogil=True)
def _near(gap, radius, strict):
    return gap < radius if strict else gap <= radius


@njit(cache=True, nogil=True)
def _bracket(values, starts, low, scale, target):
    """Return the first and last place at which a range ending near `target` can end."""
    n, bins = len(values), len(starts) - 1
    if target < low:
        return 0, starts[0]
    place = (target - low) * scale
    if place >= bins:
        # the last bin also holds the upper edge of the bulk, so the tail behind it joins in
        return starts[bins - 1], n
    b = int(place)
    return starts[b], starts[b + 1]


@njit(cache=True, nogil=True)
def _count(values, starts, low, scale, queries, radius, strict, begin, end, found):
    n = len(values)
    for i in range(begin, end):
        x, r = queries[i], radius[i]
        # places before `upper` have value - x within the radius or lie left of x
        a, b = _bracket(values, starts, low, scale, x + r)
        # rounding of x + r can move the end into a neighbouring bin
        if a > 0 and not _near(values[a - 1] - x, r, strict):
            a, b = 0, a
        elif b < n and _near(values[b] - x, r, strict):
            a, b = b, n
        while a < b:
            m = (a + b) >> 1
            if _near(values[m] - x, r, strict):
                a = m + 1
            else:
                b = m
        upper = a
        a, b = _bracket(values, starts, low, scale, x - r)
        if a > 0 and _near(x - values[a - 1], r, strict):
            a, b = 0, a
        elif b < n and not _near(x - values[b], r, strict):
            a, b = b, n
        while a < b:
            m = (a + b) >> 1
            if _near(x - values[m], r, strict):
                b = m
            else:
                a = m + 1
        found[i] = max(upper - a, 0)
