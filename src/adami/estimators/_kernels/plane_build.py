"""Build the tree of boxes over points in the plane: halve each node along the wider side of its box."""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False

from __future__ import annotations

import numpy as np
from numba import njit

LEAF = 8
"""Points a leaf: one vector register of doubles."""
FEW = 64
"""Points from which on down ranks are counted, which has no branches to mispredict."""


@njit(cache=True, nogil=True)
def split(x, y, order, boxes, node, low, high, smallest):
    """Order the points of the leaves low to high (exclusive) as a subtree with root `node`, and fill its
    boxes.

    With `smallest` above 1, nodes of at most so many leaves are left alone.
    """
    n = len(x)
    first = low * LEAF
    spare_key = np.empty(min(high * LEAF, n) - first)
    spare_other = np.empty_like(spare_key)
    spare_order = np.empty(len(spare_key), order.dtype)
    ranks = np.empty(FEW, np.int64)
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
            _select(x, y, order, spare_key, spare_other, spare_order, ranks, a, b, middle * LEAF)
        else:
            _select(y, x, order, spare_key, spare_other, spare_order, ranks, a, b, middle * LEAF)
        stack[top] = (node + 2 * (middle - low), middle, high)
        stack[top + 1] = (node + 1, low, middle)
        top += 2


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
def _select(key, other, order, spare_key, spare_other, spare_order, ranks, a, b, k):
    """Order the points a to b (exclusive) so that no key before place k is above one from there on."""
    while b - a > FEW:
        pivot = _pivot(key, spare_key, a, b, k)
        cut = _part(key, other, order, spare_key, spare_other, spare_order, a, b, pivot, False)
        if k < cut:
            b = cut
        elif cut > a:
            a = cut
        else:
            # the pivot is the smallest key: take all its equals, or many ties would never end
            cut = _part(key, other, order, spare_key, spare_other, spare_order, a, b, pivot, True)
            if k <= cut:
                return
            a = cut
    _select_few(key, other, order, spare_key, spare_other, spare_order, ranks, a, b, k)


@njit(cache=True, nogil=True)
def _pivot(key, sample, a, b, k):
    """Return a key near the one at place k, from a sorted sample."""
    m = b - a
    size = 16 if m <= 2048 else 64
    step = m // size
    for t in range(size):
        v = key[a + t * step + step // 2]
        u = t
        while u > 0 and sample[u - 1] > v:
            sample[u] = sample[u - 1]
            u -= 1
        sample[u] = v
    return sample[min((k - a) * size // m, size - 1)]


@njit(cache=True, nogil=True)
def _part(key, other, order, spare_key, spare_other, spare_order, a, b, pivot, equal):
    """Bring keys below the pivot (or equal to it) to the front; return where the rest begins."""
    # unsigned places cannot be negative, so no test for wrap-around slows the loop
    one, zero = np.uintp(1), np.uintp(0)
    cut, r = np.uintp(a), zero
    for i in range(np.uintp(a), np.uintp(b)):
        u, v, w = key[i], other[i], order[i]
        # no branches: written to both sides; the side that advances keeps it
        key[cut] = u
        other[cut] = v
        order[cut] = w
        spare_key[r] = u
        spare_other[r] = v
        spare_order[r] = w
        below = np.uintp((u <= pivot) if equal else (u < pivot))
        cut += below
        r += one - below
    for i in range(r):
        key[cut + i] = spare_key[i]
        other[cut + i] = spare_other[i]
        order[cut + i] = spare_order[i]
    return np.int64(cut)


@njit(cache=True, nogil=True)
def _select_few(key, other, order, spare_key, spare_other, spare_order, ranks, a, b, k):
    # equal keys share a rank; of those at the edge only so many go to the front
    m, start, target = np.uintp(b - a), np.uintp(a), k - a
    for i in range(m):
        spare_key[i] = key[start + i]
        spare_other[i] = other[start + i]
        spare_order[i] = order[start + i]
    edge = 0
    for i in range(m):
        u = spare_key[i]
        rank = 0
        for j in range(m):
            rank += spare_key[j] < u
        ranks[i] = rank
        edge = max(edge, rank if rank < target else 0)
    room = target - edge
    front, back = np.uintp(a), np.uintp(k)
    for i in range(m):
        at_edge = ranks[i] == edge
        ahead = (ranks[i] < edge) | (at_edge & (room > 0))
        room -= at_edge
        place = front if ahead else back
        key[place] = spare_key[i]
        other[place] = spare_other[i]
        order[place] = spare_order[i]
        front += np.uintp(ahead)
        back += np.uintp(1) - np.uintp(ahead)
