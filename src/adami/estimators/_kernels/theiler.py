"""Neighbours in space that are not neighbours in time: what Theiler's window leaves over."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit

from adami.estimators._kernels.neighbours import count_within, knn_indices


def knn_outside(blocks: Sequence[np.ndarray], k: int, window: int, n_jobs: int | None = 1) -> np.ndarray:
    """Return the places of the k nearest rows that are at least `window` rows away in time.

    Parameters
    ----------
    blocks : sequence of numpy.ndarray
        float64 ``(n, d_b)``, rows in order of time.
    k : int
    window : int
        Rows with ``|t - t'| < window`` are no neighbours; 1 excludes the row itself only.
    n_jobs : int, optional

    Returns
    -------
    numpy.ndarray
        int64 ``(n, k)``, nearest first.

    Raises
    ------
    ValueError
        If the window leaves fewer than k rows.
    """
    n, spare = len(blocks[0]), 2 * (window - 1)
    if n - 1 < k + spare:
        raise ValueError(f"{n} rows are too few for k={k} neighbours outside a window of {window} rows")
    # at most 2 (window - 1) of the nearest lie inside the window
    near = knn_indices(blocks, k + spare, n_jobs)
    return np.asarray(_first_outside(near, k, window))


def radius_outside(blocks: Sequence[np.ndarray], k: int, window: int, n_jobs: int | None = 1) -> np.ndarray:
    """Return the max-norm distance to the k-th nearest row outside the window: float64 ``(n,)``."""
    last = knn_outside(blocks, k, window, n_jobs)[:, -1]
    return np.asarray(np.max([np.abs(b - b[last]).max(axis=1) for b in blocks], axis=0))


def count_outside(points: np.ndarray, radius: np.ndarray, window: int, n_jobs: int | None = 1) -> np.ndarray:
    """Count the rows nearer than the radius that are at least `window` rows away in time: int64 ``(n,)``."""
    points = np.ascontiguousarray(points, dtype=np.float64)
    return np.asarray(count_within(points, radius, True, n_jobs) - _inside(points, radius, window))


@njit(cache=True, nogil=True)
def _first_outside(near, k, window):  # type: ignore[no-untyped-def]
    n = near.shape[0]
    out = np.empty((n, k), dtype=np.int64)
    for i in range(n):
        found = 0
        for j in range(near.shape[1]):
            if abs(near[i, j] - i) >= window:
                out[i, found] = near[i, j]
                found += 1
                if found == k:
                    break
    return out


@njit(cache=True, nogil=True)
def _inside(points, radius, window):  # type: ignore[no-untyped-def]
    n, d = points.shape
    out = np.zeros(n, dtype=np.int64)
    for i in range(n):
        for j in range(max(0, i - window + 1), min(n, i + window)):
            if j == i:
                continue
            near = True
            for c in range(d):
                if abs(points[i, c] - points[j, c]) >= radius[i]:
                    near = False
                    break
            if near:
                out[i] += 1
    return out
