"""Nearest neighbours of points in the plane in the max norm: exact, for any distribution, in O(n log n).

A balanced tree of boxes halves the points along the wider side of each box, so clusters, heavy tails, lines
and duplicates cost what a plain cloud costs. Points lie in the order of its leaves; the points of a leaf are
searched together, since their neighbours are in the same few boxes.
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import njit

from adami._announce import announce
from adami._parallel import n_workers, ordered_map
from adami.estimators._kernels.lanes import offer
from adami.estimators._kernels.plane_build import LEAF, split

PARALLEL_ROWS = 20_000
"""Rows below which threads cost more than they bring."""


class Plane(NamedTuple):
    """Points in leaf order and the tight box of every node.

    The leaves are numbered from left to right, leaf j holds the points ``LEAF * j`` to ``LEAF * (j + 1)``. A
    node over the leaves low to high (exclusive) has its left child, over the first half, right behind it,
    and its right child behind all nodes of the left one.
    """

    x: np.ndarray
    """float64 ``(n,)``."""
    y: np.ndarray
    order: np.ndarray
    """int64 ``(n,)``: row of each point in the caller's data."""
    boxes: np.ndarray
    """float64 ``(2 leaves - 1, 4)``: least and largest x, least and largest y."""
    filled_x: np.ndarray
    """`x` with infinities behind, up to a whole number of leaves; `x` is a view of it."""
    filled_y: np.ndarray

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
    workers = n_workers(n_jobs) if len(x) >= PARALLEL_ROWS else 1
    made, rest = begin(x, y, workers)
    ordered_map(lambda task: task(), rest, workers)
    return made


def begin(x: np.ndarray, y: np.ndarray, workers: int) -> tuple[Plane, list[Callable[[], None]]]:
    """Start to build the tree; return it and the independent tasks, about one a worker, that complete it."""
    announce(split, _radii)
    n = len(x)
    leaves = -(-n // LEAF)
    filled = np.full((2, leaves * LEAF), np.inf)
    filled[0, :n], filled[1, :n] = x, y
    order, boxes = np.arange(n), np.empty((2 * leaves - 1, 4))
    made = Plane(filled[0, :n], filled[1, :n], order, boxes, filled[0], filled[1])
    smallest = -(-leaves // workers)
    if workers > 1 and smallest > 1:
        split(made.x, made.y, order, boxes, 0, 0, leaves, smallest)
    else:
        smallest = leaves
    return made, [partial(split, made.x, made.y, order, boxes, *s, 1) for s in _nodes_of(leaves, smallest)]


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
    share(lambda a, b: radii_of_leaves(tree, k, a, b, out), len(out), n_jobs)
    return out


def radii_of_leaves(tree: Plane, k: int, first: int, last: int, out: np.ndarray) -> None:
    """Write what `knn_distance` returns for the points of the leaves first to last (exclusive) into `out`."""
    _radii(tree.filled_x, tree.filled_y, tree.boxes, k + 1, first, last, out)


def knn_sides(tree: Plane, radius: np.ndarray, n_jobs: int | None = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest x and y distance among the other points within the radius of each, in leaf order.

    With the k-th neighbour's distance as radius this is the smallest rectangle around the k neighbours; where
    several points tie for the k-th place all of them count, so that the result does not depend on their
    order.
    """
    side_x, side_y = np.empty(len(radius)), np.empty(len(radius))
    share(lambda a, b: sides_of_leaves(tree, radius, a, b, side_x, side_y), len(radius), n_jobs)
    return side_x, side_y


def sides_of_leaves(
    tree: Plane, radius: np.ndarray, first: int, last: int, side_x: np.ndarray, side_y: np.ndarray
) -> None:
    """Write what `knn_sides` returns for the points of the leaves first to last (exclusive)."""
    _sides(tree.x, tree.y, tree.boxes, radius, first, last, side_x, side_y)


def rounding(x: np.ndarray, y: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Return by how much rounding can have changed the distances around each point."""
    out = np.empty(len(radius))
    _rounding(x, y, radius, out)
    return out


def share(work: Callable[[int, int], None], n: int, n_jobs: int | None) -> None:
    """Hand ranges of leaves to threads; each leaf is searched alone, so shares do not change the result."""
    leaves = -(-n // LEAF)
    workers = n_workers(n_jobs) if n >= PARALLEL_ROWS else 1
    if workers == 1:
        work(0, leaves)
        return
    # more pieces than workers: some regions take longer
    cuts = np.linspace(0, leaves, 6 * workers + 1).astype(int).tolist()
    ordered_map(lambda piece: work(*piece), list(pairwise(cuts)), workers)


def _nodes_of(leaves: int, smallest: int) -> list[tuple[int, int, int]]:
    """Return (node, low, high) of the subtrees that `split` leaves alone when it stops at `smallest`."""
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
def _rounding(x, y, radius, out):
    for i in range(len(out)):
        # coordinates are rounded when written, rescaled and standardized; four of them meet in a comparison
        out[i] = 2.0**-49 * (max(abs(x[i]), abs(y[i])) + radius[i])


@njit(cache=True, nogil=True)
def _gap(boxes, node, box):
    """Return the max-norm distance of a node's box and another, 0 or less where they overlap."""
    along_x = max(boxes[node, 0] - box[1], box[0] - boxes[node, 1])
    along_y = max(boxes[node, 2] - box[3], box[2] - boxes[node, 3])
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
    n = len(out)
    leaves = len(x) // LEAF
    stack = np.empty((64, 3), np.int64)
    gaps = np.empty(64)
    best = np.empty((k, LEAF))
    here_x, here_y = np.empty(LEAF), np.empty(LEAF)
    for leaf in range(first, last):
        start = leaf * LEAF
        w = min(LEAF, n - start)
        for j in range(LEAF):
            # the last leaf is filled up with its last point, which leaves its reach as it is
            i = start + min(j, w - 1)
            here_x[j], here_y[j] = x[i], y[i]
        own = _leaf_node(leaf, leaves)
        box = (boxes[own, 0], boxes[own, 1], boxes[own, 2], boxes[own, 3])
        best[:] = np.inf
        reach = np.inf
        stack[0] = (0, 0, leaves)
        gaps[0] = -np.inf
        top = 1
        while top:
            top -= 1
            gap = gaps[top]
            if gap >= reach:
                continue
            node, low, high = stack[top]
            while high - low > 1 and gap < reach:
                middle = (low + high) // 2
                left, right = node + 1, node + 2 * (middle - low)
                # the side that holds the leaf itself comes first, so that the reach shrinks at once
                to_left = -np.inf if low <= leaf < middle else _gap(boxes, left, box)
                to_right = -np.inf if middle <= leaf < high else _gap(boxes, right, box)
                if to_left <= to_right:
                    stack[top], gaps[top] = (right, middle, high), to_right
                    node, high, gap = left, middle, to_left
                    top += to_right < reach
                else:
                    stack[top], gaps[top] = (left, low, middle), to_left
                    node, low, gap = right, middle, to_right
                    top += to_left < reach
            if gap < reach:
                reach = offer(best, k, here_x, here_y, x, y, low * LEAF)
        for j in range(w):
            out[start + j] = best[k - 1, j]


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
        box = (boxes[own, 0], boxes[own, 1], boxes[own, 2], boxes[own, 3])
        stack[0] = (0, 0, leaves)
        top = 1
        while top:
            top -= 1
            node, low, high = stack[top]
            if _gap(boxes, node, box) > reach:
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
