"""Nearest neighbours within classes along one axis, in one sweep over the sorted values of each class."""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def class_radii(values, codes, sizes, k, grouped, radius):
    """Find the distance of each value to its k-th nearest other value of the same class.

    Parameters
    ----------
    values : float64 (n,)
        Ascending.
    codes : int64 (n,)
        Class of each value.
    sizes : int64 (n_classes,)
        Rows of each class, each 0 or at least 2.
    k : int
        In a class of at most k rows the farthest of them is taken.
    grouped, radius : float64 (n,)
        Written to: the values class by class, ascending, and the distance of each.
    """
    n = len(values)
    ends = np.empty(len(sizes) + 1, np.int64)
    ends[0] = 0
    for c in range(len(sizes)):
        ends[c + 1] = ends[c] + sizes[c]
    at = ends[:-1].copy()
    for i in range(n):
        c = codes[i]
        grouped[at[c]] = values[i]
        at[c] += 1
    for c in range(len(sizes)):
        first, end = ends[c], ends[c + 1]
        near = min(k, end - first - 1)
        # the window of near + 1 values around i only ever moves right
        left = first
        for i in range(first, end):
            v = grouped[i]
            while left + near < i or (
                left + near + 1 < end and grouped[left + near + 1] - v < v - grouped[left]
            ):
                left += 1
            radius[i] = max(v - grouped[left], grouped[left + near] - v)
