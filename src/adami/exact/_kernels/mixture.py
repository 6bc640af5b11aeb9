"""One pass of an incremental Gaussian mixture over rows of data."""

from __future__ import annotations

import math

import numba
import numpy as np

LOG_TWO_PI = math.log(2.0 * math.pi)


@numba.njit(cache=True, nogil=True)
def absorb(
    rows: np.ndarray,
    start: int,
    novelty: float,
    variance: np.ndarray,
    igmn: bool,
    v_min: int,
    sp_min: float,
    count: int,
    means: np.ndarray,
    precisions: np.ndarray,
    logdets: np.ndarray,
    mass: np.ndarray,
    age: np.ndarray,
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Take in rows from `start` on, in place; stop early where a component is due and there is no room.

    Returns the next row to take in and the number of components in use.
    """
    n, dims = rows.shape
    room = means.shape[0]
    gap = np.empty((room, dims))
    along = np.empty((room, dims))
    distance = np.empty(room)
    share = np.empty(room)
    for i in range(start, n):
        nearest = np.inf
        for j in range(count):
            for r in range(dims):
                gap[j, r] = rows[i, r] - means[j, r]
            total = 0.0
            for r in range(dims):
                s = 0.0
                for c in range(dims):
                    s += precisions[j, r, c] * gap[j, c]
                along[j, r] = s
                total += s * gap[j, r]
            distance[j] = total
            nearest = min(nearest, total)
        if count == 0 or nearest >= novelty:
            if count == room:
                return i, count
            _create(rows[i], variance, count, means, precisions, logdets, mass, age)
            count += 1
            continue
        _responsibilities(count, dims, distance, logdets, mass, share)
        for j in range(count):
            age[j] += 1
            mass[j] += share[j]
            _update(j, share[j] / mass[j], igmn, distance[j], gap[j], along[j], means, precisions, logdets)
        count = _remove(count, v_min, sp_min, means, precisions, logdets, mass, age)
    return n, count


@numba.njit(cache=True, nogil=True)
def _create(
    x: np.ndarray,
    variance: np.ndarray,
    j: int,
    means: np.ndarray,
    precisions: np.ndarray,
    logdets: np.ndarray,
    mass: np.ndarray,
    age: np.ndarray,
) -> None:  # pragma: no cover - compiled
    logdets[j] = 0.0
    for r in range(x.shape[0]):
        means[j, r] = x[r]
        for c in range(x.shape[0]):
            precisions[j, r, c] = 0.0
        precisions[j, r, r] = 1.0 / variance[r]
        logdets[j] += math.log(variance[r])
    mass[j] = 1.0
    age[j] = 1


@numba.njit(cache=True, nogil=True)
def _responsibilities(
    count: int,
    dims: int,
    distance: np.ndarray,
    logdets: np.ndarray,
    mass: np.ndarray,
    share: np.ndarray,
) -> None:  # pragma: no cover - compiled
    top = -np.inf
    for j in range(count):
        share[j] = -0.5 * (distance[j] + logdets[j] + dims * LOG_TWO_PI) + math.log(mass[j])
        top = max(top, share[j])
    total = 0.0
    for j in range(count):
        share[j] = math.exp(share[j] - top)
        total += share[j]
    for j in range(count):
        share[j] /= total


@numba.njit(cache=True, nogil=True)
def _update(
    j: int,
    weight: float,
    igmn: bool,
    distance: float,
    gap: np.ndarray,
    along: np.ndarray,
    means: np.ndarray,
    precisions: np.ndarray,
    logdets: np.ndarray,
) -> None:  # pragma: no cover - compiled
    if weight <= 0.0:
        return
    dims = gap.shape[0]
    kept = 1.0 - weight
    gain = weight * kept
    if igmn:
        gain = weight * (1.0 - 3.0 * weight + weight * weight)
        if 1.0 + gain * distance / kept <= 0.0:
            gain = weight * kept
    growth = 1.0 + gain * distance / kept
    factor = gain / (kept * kept * growth)
    for r in range(dims):
        means[j, r] += weight * gap[r]
        for c in range(dims):
            precisions[j, r, c] = precisions[j, r, c] / kept - factor * (along[r] * along[c])
    logdets[j] += dims * math.log(kept) + math.log(growth)


@numba.njit(cache=True, nogil=True)
def _remove(
    count: int,
    v_min: int,
    sp_min: float,
    means: np.ndarray,
    precisions: np.ndarray,
    logdets: np.ndarray,
    mass: np.ndarray,
    age: np.ndarray,
) -> int:  # pragma: no cover - compiled
    """Drop old components that explain little, keeping the order of the others and at least one."""
    kept = 0
    left = count
    for j in range(count):
        if age[j] > v_min and mass[j] < sp_min and left > 1:
            left -= 1
            continue
        if kept < j:
            means[kept] = means[j]
            precisions[kept] = precisions[j]
            logdets[kept] = logdets[j]
            mass[kept] = mass[j]
            age[kept] = age[j]
        kept += 1
    return kept
