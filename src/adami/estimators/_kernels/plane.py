"""Nearest neighbours of points in the plane in the max norm: exact, for any distribution, in O(n log n).

A balanced tree of boxes halves the points along the wider side of each box, so clusters, heavy tails, lines and
duplicates cost what a plain cloud costs. Points lie in the order of its leaves; the points of a leaf are searched
together, since their neighbours are in the same few boxes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from adami._parallel import n_workers, ordered_map
from adami.estimators._kernels.announce import announce

LEAF = 8
"""Points a leaf."""
PARALLEL_ROWS = 5_000
"""Rows below which threads cost more than they bring."""


class Plane(NamedTuple):
    """Points in leaf order and the tight box of every node.

    The leaves are numbered from left to right, leaf j holds the points ``LEAF * j`` to ``LEAF * (j + 1)``. A node
    over the leaves low to high (exclusive) has its left child, over the first half, right behind it, and its right
    child behind all nodes of the left one.
    """

    x: np.ndarray
    """float64 ``(n,)``."""
    y: np.ndarray
    order: np.ndarray
    """int64 ``(n,)``: row of each point in the caller's data."""
    boxes: np.ndarray
    """float64 ``(2 leaves - 1, 4)``: least and largest x, least and largest y."""

    def to_rows(self, values: np.ndarray) -> np.ndarray:
        """Return values given in leaf order in the order of the caller's rows."""
        out = np.empty_like(values)
        out[self.order] = values
        return out


def plane(x: np.ndarray, y: np.ndarray, n_jobs: int | None = 1) -> Plane:
    """Build the tree over the points ``(x[i], y[i])``.

    Parameters
    ----------
    x, y : numpy.ndarray
        float64 ``(n,)``, finite, n at least 1.
    n_jobs : int, optional
        Threads; the tree does not depend on it.
    """
    announce(_split, _radii)
    n = len(x)
    leaves = -(-n // LEAF)
    made = Plane(
        np.array(x, dtype=np.float64, order="C"),
        np.array(y, dtype=np.float64, order="C"),
        np.arange(n),
        np.empty((2 * leaves - 1, 4)),
    )
    workers = n_workers(n_jobs) if n >= PARALLEL_ROWS else 1
    smallest = 1 if workers == 1 else -(-leaves // (2 * workers))
    _split(made.x, made.y, made.order, made.boxes, 0, 0, leaves, smallest)
    if workers > 1:
        rest = _nodes_of(leaves, smallest)
        ordered_map(lambda s: _split(made.x, made.y, made.order, made.boxes, *s, 1), rest, workers)
    return made


def knn_distance(tree: Plane, k: int, n_jobs: int | None = 1) -> np.ndarray:
    """Return the distance of each point to its k-th nearest other point, in leaf order.

    Parameters
    ----------
    tree : Plane
    k : int
        At least 1 and less than n.
    n_jobs : int, optional
        Threads; the result does not depend on it.

    Returns
    -------
    numpy.ndarray
        float64 ``(n,)``.
    """
    out = np.empty(len(tree.x))
    if not 1 <= k < len(out):
        raise ValueError(f"k={k} neighbours cannot be had from {len(out) - 1} other rows")
    _share(lambda a, b: _radii(tree.x, tree.y, tree.boxes, k + 1, a, b, out), len(out), n_jobs)
    return out


def knn_sides(tree: Plane, radius: np.ndarray, n_jobs: int | None = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest x and y distance among the other points within the radius of each, in leaf order.

    With the k-th neighbour's distance as radius this is the smallest rectangle around the k neighbours; where
    several points tie for the k-th place all of them count, so that the result does not depend on their order.
    """
    side_x, side_y = np.empty(len(radius)), np.empty(len(radius))
    _share(lambda a, b: _sides(tree.x, tree.y, tree.boxes, radius, a, b, side_x, side_y), len(radius), n_jobs)
    return side_x, side_y


def _share(work, n, n_jobs):  # type: ignore[no-untyped-def]
    """Hand ranges of leaves to threads; each leaf is searched alone, so shares do not change the result."""
    leaves = -(-n // LEAF)
    workers = n_workers(n_jobs) if n >= PARALLEL_ROWS else 1
    # more pieces than workers: some regions take longer
    cuts = np.linspace(0, leaves, 8 * workers + 1 if workers > 1 else 2).astype(int).tolist()
    ordered_map(lambda piece: work(*piece), list(zip(cuts[:-1], cuts[1:])), workers)


def _nodes_of(leaves: int, smallest: int) -> list[tuple[int, int, int]]:
    """Return (node, low, high) of the subtrees that `_split` leaves alone when told to stop at `smallest` leaves."""
    out, stack = [], [(0, 0, leaves)]
    while stack:
        node, low, high = stack.pop()
        if high - low <= smallest:
            out.append((node, low, high))
            continue
        middle = (low + high) // 2
        stack += [(node + 2 * (middle - low), middle, high), (node + 1, low, middle)]
    return out


@njit(cache=True, nogil=True)
def _pivot(key, left, right, k):
    """Return a value that lies near the k-th smallest of ``key[left:right + 1]``."""
    m = right - left + 1
    if m <= 256:
        x, y, z = key[left], key[(left + right) // 2], key[right]
        return max(min(x, y), min(max(x, y), z))
    sample = np.empty(16)
    step = m // 16
    for t in range(16):
        v = key[left + t * step + step // 2]
        u = t
        while u > 0 and sample[u - 1] > v:
            sample[u] = sample[u - 1]
            u -= 1
        sample[u] = v
    return sample[min(((k - left) * 16) // m, 15)]


@njit(cache=True, nogil=True)
def _select(key, other, order, left, right, k):
    """Put the k-th smallest key at place k, no larger before it, no smaller behind (Hoare's selection)."""
    while right > left:
        pivot = _pivot(key, left, right, k)
        i, j = left, right
        while i <= j:
            while key[i] < pivot:
                i += 1
            while key[j] > pivot:
                j -= 1
            if i <= j:
                key[i], key[j] = key[j], key[i]
                other[i], other[j] = other[j], other[i]
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if k <= j:
            right = j
        elif k >= i:
            left = i
        else:
            return


@njit(cache=True, nogil=True, fastmath={"nnan", "nsz"})
def _box(x, y, a, b):
    x0 = x1 = x[a]
    y0 = y1 = y[a]
    for i in range(a, b):
        x0 = min(x0, x[i])
        x1 = max(x1, x[i])
        y0 = min(y0, y[i])
        y1 = max(y1, y[i])
    return x0, x1, y0, y1


@njit(cache=True, nogil=True)
def _split(x, y, order, boxes, node, low, high, smallest):
    """Build the subtree of a node; with `smallest` above 1 leave nodes of at most so many leaves alone."""
    n = len(x)
    stack = np.empty((64, 3), np.int64)
    stack[0] = (node, low, high)
    top = 1
    while top:
        top -= 1
        node, low, high = stack[top]
        if smallest > 1 and high - low <= smallest:
            continue
        a, b = low * LEAF, min(high * LEAF, n)
        x0, x1, y0, y1 = _box(x, y, a, b)
        boxes[node, 0], boxes[node, 1], boxes[node, 2], boxes[node, 3] = x0, x1, y0, y1
        if high - low == 1:
            continue
        middle = (low + high) // 2
        if x1 - x0 >= y1 - y0:
            _select(x, y, order, a, b - 1, middle * LEAF)
        else:
            _select(y, x, order, a, b - 1, middle * LEAF)
        stack[top] = (node + 2 * (middle - low), middle, high)
        stack[top + 1] = (node + 1, low, middle)
        top += 2


@njit(cache=True, nogil=True)
def _gap(boxes, a, b):
    """Return the max-norm distance of two boxes, 0 or less where they overlap."""
    along_x = max(boxes[a, 0] - boxes[b, 1], boxes[b, 0] - boxes[a, 1])
    along_y = max(boxes[a, 2] - boxes[b, 3], boxes[b, 2] - boxes[a, 3])
    return max(along_x, along_y)


@njit(cache=True, nogil=True)
def _leaf_node(leaf, leaves):
    """Return the number of the node that is this leaf."""
    node, low, high = 0, 0, leaves
    while high - low > 1:
        middle = (low + high) // 2
        if leaf < middle:
            node, high = node + 1, middle
        else:
            node, low = node + 2 * (middle - low), middle
    return node


@njit(cache=True, nogil=True)
def _radii(x, y, boxes, k, first, last, out):
    """Write the k-th smallest distance from each point of the leaves first to last, itself included as 0."""
    n = len(x)
    leaves = (n + LEAF - 1) // LEAF
    stack = np.empty((64, 3), np.int64)
    gaps = np.empty(64)
    best = np.empty((LEAF, k))
    for leaf in range(first, last):
        start = leaf * LEAF
        w = min(LEAF, n - start)
        best[:] = np.inf
        reach = np.inf
        own = _leaf_node(leaf, leaves)
        stack[0] = (0, 0, leaves)
        gaps[0] = -np.inf
        top = 1
        while top:
            top -= 1
            if gaps[top] >= reach:
                continue
            gap = gaps[top]
            node, low, high = stack[top]
            while high - low > 1 and gap < reach:
                middle = (low + high) // 2
                left, right = node + 1, node + 2 * (middle - low)
                # the side that holds the leaf itself comes first, so that the reach shrinks at once
                to_left = -np.inf if low <= leaf < middle else _gap(boxes, left, own)
                to_right = -np.inf if middle <= leaf < high else _gap(boxes, right, own)
                if to_left <= to_right:
                    stack[top], gaps[top] = (right, middle, high), to_right
                    node, high, gap = left, middle, to_left
                    top += to_right < reach
                else:
                    stack[top], gaps[top] = (left, low, middle), to_left
                    node, low, gap = right, middle, to_right
                    top += to_left < reach
            if gap >= reach:
                continue
            begin = low * LEAF
            end = min(begin + LEAF, n)
            reach = 0.0
            for j in range(w):
                px, py = x[start + j], y[start + j]
                worst = best[j, k - 1]
                for i in range(begin, end):
                    d = max(abs(x[i] - px), abs(y[i] - py))
                    if d < worst:
                        u = k - 1
                        while u > 0 and best[j, u - 1] > d:
                            best[j, u] = best[j, u - 1]
                            u -= 1
                        best[j, u] = d
                        worst = best[j, k - 1]
                reach = max(reach, worst)
        for j in range(w):
            out[start + j] = best[j, k - 1]


@njit(cache=True, nogil=True)
def _sides(x, y, boxes, radius, first, last, side_x, side_y):
    n = len(x)
    leaves = (n + LEAF - 1) // LEAF
    stack = np.empty((64, 3), np.int64)
    for leaf in range(first, last):
        start = leaf * LEAF
        end = min(start + LEAF, n)
        reach = radius[start:end].max()
        side_x[start:end] = 0.0
        side_y[start:end] = 0.0
        if reach == 0.0:
            continue
        own = _leaf_node(leaf, leaves)
        stack[0] = (0, 0, leaves)
        top = 1
        while top:
            top -= 1
            node, low, high = stack[top]
            if _gap(boxes, node, own) > reach:
                continue
            if high - low > 1:
                middle = (low + high) // 2
                stack[top] = (node + 2 * (middle - low), middle, high)
                stack[top + 1] = (node + 1, low, middle)
                top += 2
                continue
            for j in range(start, end):
                for i in range(low * LEAF, min(low * LEAF + LEAF, n)):
                    dx, dy = abs(x[i] - x[j]), abs(y[i] - y[j])
                    if max(dx, dy) <= radius[j]:
                        side_x[j] = max(side_x[j], dx)
                        side_y[j] = max(side_y[j], dy)
