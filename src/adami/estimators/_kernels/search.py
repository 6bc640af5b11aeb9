"""Compiled loops over a tree of boxes: nearest neighbours and range counts in the max norm.

Queries are answered leaf by leaf, so that walking the tree is paid once for all queries of a leaf, and
distances to the points of a leaf are computed side by side, coordinate by coordinate, which compilers turn
into vector code.
"""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False

from __future__ import annotations

import numpy as np
from numba import njit

STACK = 128
BLOCK = 64


@njit(cache=True, nogil=True)
def _distances(points, a, b, queries, i, lead, near):
    """Write the max-norm distance over `lead` coordinates from query i to points a..b into `near`."""
    # unsigned places cannot be negative, so no wrap-around test stands in the way of vector code; views of
    # the arrays would do as well, but counting their references takes time and stalls threads
    a, i, m, one = np.uintp(a), np.uintp(i), np.uintp(b - a), np.uintp(1)
    c = np.uintp(lead & 1)
    if c == one:
        q = queries[0, i]
        for j in range(m):
            near[j] = abs(points[0, a + j] - q)
    else:
        q, p = queries[0, i], queries[1, i]
        for j in range(m):
            u, v = abs(points[0, a + j] - q), abs(points[1, a + j] - p)
            near[j] = u if u > v else v
        c = one + one
    while c < np.uintp(lead):
        q, p = queries[c, i], queries[c + one, i]
        for j in range(m):
            u, v = abs(points[c, a + j] - q), abs(points[c + one, a + j] - p)
            u = u if u > v else v
            w = near[j]
            near[j] = u if u > w else w
        c += one + one


@njit(cache=True, nogil=True)
def _box_distances(queries, a, b, low, high, node, near):
    """Write the distance from queries a..b to the box of a node into `near`; 0 inside."""
    a, m = np.uintp(a), np.uintp(b - a)
    for j in range(m):
        near[j] = 0.0
    for c in range(np.uintp(queries.shape[0])):
        lo, hi = low[node, c], high[node, c]
        for j in range(m):
            v = queries[c, a + j]
            u, v = lo - v, v - hi
            u = u if u > v else v
            w = near[j]
            near[j] = u if u > w else w


@njit(cache=True, nogil=True)
def _gap(low, high, node, qlow, qhigh, leaf):
    """Return the distance between two boxes; 0 where they touch."""
    gap = 0.0
    for c in range(low.shape[1]):
        gap = max(gap, low[node, c] - qhigh[leaf, c], qlow[leaf, c] - high[node, c])
    return gap


@njit(cache=True, nogil=True)
def _insert(best, ids, i, distance, j):
    """Put a neighbour into the sorted list of the nearest of query i."""
    p = best.shape[1] - 1
    while p > 0 and best[i, p - 1] > distance:
        best[i, p] = best[i, p - 1]
        ids[i, p] = ids[i, p - 1]
        p -= 1
    best[i, p] = distance
    ids[i, p] = j


@njit(cache=True, nogil=True)
def nearest(
    queries, qstart, qlow, qhigh, points, start, low, high, same, lead, k, first, last, radius, index
):
    """Find the k nearest points of each query in leaves first..last.

    Writes distances ``(m, k)`` and places in leaf order ``(m, k)``, both for queries in their leaf order;
    `index` may have no rows when places are not wanted. With `same` the queries are the points and a point is
    no neighbour of itself.
    """
    d = points.shape[0]
    n_leaves = len(start) - 1
    leaf_size, own_size = 0, 0
    for leaf in range(n_leaves):
        leaf_size = max(leaf_size, start[leaf + 1] - start[leaf])
    for leaf in range(first, last):
        own_size = max(own_size, qstart[leaf + 1] - qstart[leaf])
    buffer = np.empty(leaf_size)
    near = np.empty(own_size)
    best = np.empty((own_size, k))
    ids = np.empty((own_size, k), dtype=np.int64)
    stack = np.empty(STACK, dtype=np.int64)
    gaps = np.empty(STACK)
    want = len(index) > 0
    for leaf in range(first, last):
        qa, qb = qstart[leaf], qstart[leaf + 1]
        m = qb - qa
        best[:] = np.inf
        ids[:] = 0
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
                g = _gap(low, high, left, qlow, qhigh, leaf)
                h = _gap(low, high, right, qlow, qhigh, leaf)
                if h < g or (h == g and same and _holds(right, leaf, n_leaves)):
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
            _box_distances(queries, qa, qb, low, high, node, near)
            own = same and other == leaf
            for i in range(m):
                limit = best[i, k - 1]
                if near[i] >= limit:
                    continue
                _distances(points, a, b, queries, qa + i, lead, buffer)
                if own:
                    buffer[i] = np.inf
                for j in range(b - a):
                    distance = buffer[j]
                    if distance < limit:
                        for c in range(lead, d):
                            v = abs(points[c, a + j] - queries[c, qa + i])
                            if v > distance:
                                distance = v
                                if v >= limit:
                                    break
                        if distance < limit:
                            _insert(best, ids, i, distance, a + j)
                            limit = best[i, k - 1]
            bound = 0.0
            for i in range(m):
                bound = max(bound, best[i, k - 1])
        for i in range(m):
            radius[qa + i] = best[i, k - 1]
            if want:
                for j in range(k):
                    index[qa + i, j] = ids[i, j]


@njit(cache=True, nogil=True)
def _holds(node, leaf, n_leaves):
    """Whether a node is an ancestor of a leaf."""
    at = n_leaves - 1 + leaf
    while at > node:
        at = (at - 1) // 2
    return at == node


@njit(cache=True, nogil=True)
def within(queries, qstart, qlow, qhigh, reach, points, start, low, high, strict, lead, first, last, counts):
    """Count points nearer than ``reach[i]`` (or at it, unless `strict`) to queries in leaves first..last."""
    d = points.shape[0]
    n_leaves = len(start) - 1
    leaf_size, own_size = 0, 0
    for leaf in range(n_leaves):
        leaf_size = max(leaf_size, start[leaf + 1] - start[leaf])
    for leaf in range(first, last):
        own_size = max(own_size, qstart[leaf + 1] - qstart[leaf])
    buffer = np.empty(leaf_size)
    near = np.empty(own_size)
    limit = np.empty(own_size)
    stack = np.empty(STACK, dtype=np.int64)
    for leaf in range(first, last):
        qa, qb = qstart[leaf], qstart[leaf + 1]
        m = qb - qa
        least, most = np.inf, 0.0
        for i in range(m):
            # "at most r" is "less than the next float", so one comparison serves both
            limit[i] = reach[qa + i] if strict else np.nextafter(reach[qa + i], np.inf)
            least = min(least, limit[i])
            most = max(most, limit[i])
            counts[qa + i] = 0
        stack[0] = 0
        top = 1
        everywhere = 0
        while top > 0:
            top -= 1
            node = stack[top]
            if _gap(low, high, node, qlow, qhigh, leaf) >= most:
                continue
            far = 0.0
            for c in range(d):
                far = max(far, high[node, c] - qlow[leaf, c], qhigh[leaf, c] - low[node, c])
            if far < least:
                everywhere += _size(node, start, n_leaves)
                continue
            if node < n_leaves - 1:
                stack[top], stack[top + 1] = 2 * node + 2, 2 * node + 1
                top += 2
                continue
            other = node - (n_leaves - 1)
            a, b = start[other], start[other + 1]
            _box_distances(queries, qa, qb, low, high, node, near)
            for i in range(m):
                r = limit[i]
                if near[i] >= r:
                    continue
                far = 0.0
                for c in range(d):
                    v = queries[c, qa + i]
                    far = max(far, high[node, c] - v, v - low[node, c])
                if far < r:
                    counts[qa + i] += b - a
                    continue
                _distances(points, a, b, queries, qa + i, lead, buffer)
                found = 0
                if lead == d:
                    for j in range(b - a):
                        found += buffer[j] < r
                else:
                    for j in range(b - a):
                        if buffer[j] < r:
                            inside = 1
                            for c in range(lead, d):
                                if abs(points[c, a + j] - queries[c, qa + i]) >= r:
                                    inside = 0
                                    break
                            found += inside
                counts[qa + i] += found
        for i in range(m):
            counts[qa + i] += everywhere


@njit(cache=True, nogil=True)
def _size(node, start, n_leaves):
    """Return the number of points below a node."""
    a = b = node
    while a < n_leaves - 1:
        a = 2 * a + 1
        b = 2 * b + 2
    return start[b - n_leaves + 2] - start[a - n_leaves + 1]


@njit(cache=True, nogil=True)
def within_sorted(ordered, queries, reach, strict, counts):
    """Count, in one dimension, the sorted points within reach; sorted queries keep memory near."""
    # All queries halve the same range in step, so a block of them takes each step side by side, without
    # branches that depend on the data: the place of the first point inside, and of the first beyond.
    one, m = np.uintp(1), np.uintp(len(queries))
    first, last = np.empty(BLOCK, dtype=np.uintp), np.empty(BLOCK, dtype=np.uintp)
    q, r = np.empty(BLOCK), np.empty(BLOCK)
    a = np.uintp(0)
    while a < m:
        width = min(np.uintp(BLOCK), m - a)
        for j in range(width):
            first[j] = last[j] = np.uintp(0)
            q[j] = queries[a + j]
            r[j] = reach[a + j] if strict else np.nextafter(reach[a + j], np.inf)
        size = np.uintp(len(ordered))
        while size > one:
            half = size >> one
            for j in range(width):
                f = first[j]
                first[j] = f + half if q[j] - ordered[f + half - one] >= r[j] else f
            for j in range(width):
                f = last[j]
                last[j] = f + half if ordered[f + half - one] - q[j] < r[j] else f
            size -= half
        for j in range(width):
            f = np.int64(first[j]) + (q[j] - ordered[first[j]] >= r[j])
            counts[a + j] = max(np.int64(last[j]) + (ordered[last[j]] - q[j] < r[j]) - f, 0)
        a += width


@njit(cache=True, nogil=True)
def nearest_sorted(ordered, k, radius):
    """Write the distance from each of the sorted values to its k-th nearest other one."""
    n = len(ordered)
    first = 0
    for i in range(n):
        # the window of k + 1 neighbours slides to the right while that brings its farther end nearer
        first = max(first, i - k)
        while (
            first < i
            and first + k + 1 < n
            and ordered[first + k + 1] - ordered[i] < ordered[i] - ordered[first]
        ):
            first += 1
        radius[i] = max(ordered[i] - ordered[first], ordered[min(first + k, n - 1)] - ordered[i])
