"""Neighbours within many small groups of rows: plain distances, group by group, in one compiled loop."""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def radius_in_cells(points, order, cuts, most, k, radius):
    """Write the distance to the k-th nearest row of the same cell, for cells of 2 to `most` rows.

    The rows of cell c are ``order[cuts[c]:cuts[c + 1]]``; a cell of fewer than k + 1 rows uses its farthest.
    """
    best = np.empty(k)
    for cell in range(len(cuts) - 1):
        a, b = cuts[cell], cuts[cell + 1]
        if not 2 <= b - a <= most:
            continue
        near = min(k, b - a - 1)
        for p in range(a, b):
            best[:] = np.inf
            for q in range(a, b):
                if q == p:
                    continue
                distance = _distance(points, order[p], order[q])
                if distance < best[near - 1]:
                    at = near - 1
                    while at > 0 and best[at - 1] > distance:
                        best[at] = best[at - 1]
                        at -= 1
                    best[at] = distance
            radius[order[p]] = best[near - 1]


@njit(cache=True, nogil=True)
def count_in_cells(points, order, cuts, most, reach, strict, counts):
    """Count the other rows of the same cell within reach, for cells of 2 to `most` rows."""
    for cell in range(len(cuts) - 1):
        a, b = cuts[cell], cuts[cell + 1]
        if not 2 <= b - a <= most:
            continue
        for p in range(a, b):
            r = reach[order[p]] if strict else np.nextafter(reach[order[p]], np.inf)
            found = 0
            for q in range(a, b):
                found += q != p and _distance(points, order[p], order[q]) < r
            counts[order[p]] = found


@njit(cache=True, nogil=True)
def _distance(points, i, j):
    distance = 0.0
    for c in range(points.shape[1]):
        distance = max(distance, abs(points[i, c] - points[j, c]))
    return distance
