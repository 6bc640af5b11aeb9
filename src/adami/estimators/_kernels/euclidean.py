"""Euclidean distances from each row to its k nearest other rows, by the tree of boxes."""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False

from __future__ import annotations

import numpy as np
from numba import njit

from adami._announce import announce
from adami.estimators._kernels.neighbours import _check_k, _columns, _share
from adami.estimators._kernels.search import STACK
from adami.estimators._kernels.tree import build


def knn_distances(points: np.ndarray, k: int, n_jobs: int | None = 1) -> np.ndarray:
    """Return the distances from each row to its k nearest other rows, nearest first.

    Parameters
    ----------
    points : numpy.ndarray
        float64 ``(n, d)``.
    k : int
        Less than n.
    n_jobs : int, optional
        Threads; the result does not depend on it.

    Returns
    -------
    numpy.ndarray
        float64 ``(n, k)``.
    """
    columns = _columns((points,))
    n = columns.shape[1]
    _check_k(k, n - 1)
    announce(nearest_squares)
    tree = build(columns, 64 if len(columns) <= 5 else 128, n_jobs)
    leaves = len(tree.start) - 1
    found = np.empty((n, k))

    def work(first: int, last: int) -> None:
        nearest_squares(tree.points, tree.start, tree.low, tree.high, k, first, last, found)

    _share(work, leaves, n, n_jobs)
    out = np.empty((n, k))
    out[tree.order] = np.sqrt(found)
    return out


@njit(cache=True, nogil=True)
def nearest_squares(points, start, low, high, k, first, last, out):
    """Write the k smallest squared distances of every point in leaves first..last, in leaf order."""
    n_leaves = len(start) - 1
    size = 0
    for leaf in range(n_leaves):
        size = max(size, start[leaf + 1] - start[leaf])
    buffer, near = np.empty(size), np.empty(size)
    best = np.empty((size, k))
    stack, gaps = np.empty(STACK, dtype=np.int64), np.empty(STACK)
    for leaf in range(first, last):
        qa, m = start[leaf], start[leaf + 1] - start[leaf]
        own_node = n_leaves - 1 + leaf
        best[:] = np.inf
        bound = np.inf
        stack[0], gaps[0] = 0, 0.0
        top = 1
        while top > 0:
            top -= 1
            node = stack[top]
            if gaps[top] >= bound:
                continue
            while node < n_leaves - 1:
                left, right = 2 * node + 1, 2 * node + 2
                g, h = _gap_squared(low, high, left, own_node), _gap_squared(low, high, right, own_node)
                if h < g:
                    left, right = right, left
                    g, h = h, g
                if h < bound:
                    stack[top], gaps[top] = right, h
                    top += 1
                node = left
                if g >= bound:
                    node = -1
                    break
            if node < 0:
                continue
            other = node - (n_leaves - 1)
            a, b = start[other], start[other + 1]
            _box_squares(points, qa, m, low, high, node, near)
            for i in range(m):
                limit = best[i, k - 1]
                if near[i] >= limit:
                    continue
                _squares(points, a, b, qa + i, buffer)
                if other == leaf:
                    buffer[i] = np.inf
                for j in range(b - a):
                    if buffer[j] < limit:
                        _insert_value(best[i], buffer[j])
                        limit = best[i, k - 1]
            bound = 0.0
            for i in range(m):
                bound = max(bound, best[i, k - 1])
        for i in range(m):
            out[qa + i] = best[i]


@njit(cache=True, nogil=True)
def _insert_value(nearest, value):
    """Put a value into a sorted row, whose last value falls out."""
    p = len(nearest) - 1
    while p > 0 and nearest[p - 1] > value:
        nearest[p] = nearest[p - 1]
        p -= 1
    nearest[p] = value


@njit(cache=True, nogil=True)
def _squares(points, a, b, i, out):
    """Write the squared distances from point i to points a..b."""
    # unsigned places cannot be negative, so no wrap-around test stands in the way of vector code
    a, i, m, one = np.uintp(a), np.uintp(i), np.uintp(b - a), np.uintp(1)
    d = np.uintp(points.shape[0])
    c = d & one
    if c == one:
        q = points[0, i]
        for j in range(m):
            u = points[0, a + j] - q
            out[j] = u * u
    else:
        for j in range(m):
            out[j] = 0.0
    while c < d:
        q, p = points[c, i], points[c + one, i]
        for j in range(m):
            u, v = points[c, a + j] - q, points[c + one, a + j] - p
            out[j] += u * u + v * v
        c += one + one


@njit(cache=True, nogil=True)
def _box_squares(points, qa, m, low, high, node, out):
    """Write the squared distances from points qa..qa + m to the box of a node; 0 inside."""
    a, m = np.uintp(qa), np.uintp(m)
    for j in range(m):
        out[j] = 0.0
    for c in range(np.uintp(points.shape[0])):
        lo, hi = low[node, c], high[node, c]
        for j in range(m):
            v = points[c, a + j]
            u = max(lo - v, v - hi, 0.0)
            out[j] += u * u


@njit(cache=True, nogil=True)
def _gap_squared(low, high, node, other):
    """Return the squared distance between two boxes; 0 where they touch."""
    total = 0.0
    for c in range(low.shape[1]):
        gap = max(low[node, c] - high[other, c], low[other, c] - high[node, c], 0.0)
        total += gap * gap
    return total
