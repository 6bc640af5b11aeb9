"""A balanced tree of boxes over points: built once, walked by neighbour searches and range counts."""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from adami._parallel import n_workers, ordered_map

PARALLEL_ROWS = 2_000
"""Rows below which threads cost more than they bring."""
SAMPLE = 128
"""Points looked at to find the widest axis of a node."""


class Tree(NamedTuple):
    """Points in leaf order, coordinate by coordinate, with the tight box of every node.

    Node 0 is the root, the children of node i are 2 i + 1 and 2 i + 2, and all leaves are on the last level:
    leaf j is node ``n_leaves - 1 + j`` and holds the points ``start[j]`` to ``start[j + 1]``.
    """

    points: np.ndarray
    """float64 ``(d, n)``."""
    order: np.ndarray
    """int64 ``(n,)``: row of each point in the caller's data."""
    start: np.ndarray
    """int64 ``(n_leaves + 1,)``."""
    low: np.ndarray
    """float64 ``(2 n_leaves - 1, d)``: lower corner of each node."""
    high: np.ndarray
    """float64 ``(2 n_leaves - 1, d)``."""


def build(columns: np.ndarray, leaf_size: int, n_jobs: int | None = 1) -> Tree:
    """Return the tree of the points ``columns``, ``(d, n)`` and C-contiguous, at most `leaf_size` a leaf."""
    n = columns.shape[1]
    levels = 0
    while (n >> levels) > leaf_size:
        levels += 1
    start = (np.arange((1 << levels) + 1, dtype=np.int64) * n) >> levels
    order, keys = np.arange(n, dtype=np.int64), np.empty(n)
    points = np.empty_like(columns)
    low = np.empty((2 * (1 << levels) - 1, len(columns)))
    high = np.empty_like(low)
    # the first levels are split by one worker, so that there are two branches or more for each
    top = min(levels, n_workers(n_jobs).bit_length()) if in_threads(n, n_jobs) else 0

    def branch(node: int) -> None:
        split(columns, order, keys, start, levels, top, levels, node)
        width = 1 << (levels - top)
        fill(columns, order, start, points, low, high, node * width, (node + 1) * width)

    split(columns, order, keys, start, levels, 0, top, 0)
    ordered_map(branch, range(1 << top), n_jobs if top else 1)
    enclose(low, high)
    return Tree(points, order, start, low, high)


def in_threads(rows: int, n_jobs: int | None) -> bool:
    """Whether there are workers, and rows enough for them to pay."""
    return rows >= PARALLEL_ROWS and n_workers(n_jobs) > 1


@njit(cache=True, nogil=True)
def split(columns, order, keys, start, levels, begin, end, branch):
    """Order the points below a node of level `begin` so that the points of every node lie together.

    Each node is halved along its widest axis, down to level `end`.
    """
    for level in range(begin, end):
        width = 1 << (levels - level)
        for node in range(branch << (level - begin), (branch + 1) << (level - begin)):
            a, b = start[node * width], start[(node + 1) * width]
            middle = start[node * width + width // 2]
            axis = _widest(columns, order, a, b)
            for i in range(a, b):
                keys[i] = columns[axis, order[i]]
            _select(keys, order, a, b - 1, middle)


@njit(cache=True, nogil=True)
def _widest(columns, order, a, b):
    step = max(1, (b - a) // SAMPLE)
    best, axis = -1.0, 0
    for c in range(columns.shape[0]):
        low = high = columns[c, order[a]]
        for i in range(a, b, step):
            v = columns[c, order[i]]
            low = min(low, v)
            high = max(high, v)
        if high - low > best:
            best, axis = high - low, c
    return axis


@njit(cache=True, nogil=True)
def _select(keys, order, left, right, k):
    """Put the k-th smallest key at place k, smaller ones before, larger ones behind (Hoare's selection)."""
    while right > left:
        # median of three, which also keeps sorted input fast
        x, y, z = keys[left], keys[(left + right) // 2], keys[right]
        pivot = max(min(x, y), min(max(x, y), z))
        i, j = left, right
        while i <= j:
            while keys[i] < pivot:
                i += 1
            while keys[j] > pivot:
                j -= 1
            if i <= j:
                keys[i], keys[j] = keys[j], keys[i]
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if k <= j:
            right = j
        elif k >= i:
            left = i
        else:
            return


@njit(cache=True, nogil=True)
def fill(columns, order, start, points, low, high, first, last):
    """Put the points of leaves first..last in order and draw their boxes."""
    n_leaves = len(start) - 1
    for c in range(columns.shape[0]):
        for leaf in range(first, last):
            least, most = np.inf, -np.inf
            for i in range(start[leaf], start[leaf + 1]):
                v = columns[c, order[i]]
                points[c, i] = v
                least, most = min(least, v), max(most, v)
            low[n_leaves - 1 + leaf, c] = least
            high[n_leaves - 1 + leaf, c] = most


@njit(cache=True, nogil=True)
def enclose(low, high):
    """Draw the boxes of all nodes above the leaves."""
    for node in range(len(low) // 2 - 1, -1, -1):
        for c in range(low.shape[1]):
            low[node, c] = min(low[2 * node + 1, c], low[2 * node + 2, c])
            high[node, c] = max(high[2 * node + 1, c], high[2 * node + 2, c])
