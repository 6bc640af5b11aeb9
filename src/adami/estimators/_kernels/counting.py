"""The compiled loops of the tables: plain arrays in, counts and sums out."""

from __future__ import annotations

import numpy as np
from numba import njit

LANED_TABLE = 1 << 12
"""Up to this many cells four copies of the table stay in the first-level cache."""


@njit(cache=True, nogil=True)
def count_one(a, size):  # type: ignore[no-untyped-def]
    table = np.zeros(size, dtype=np.int64)
    bad = 0
    top = np.uint64(size)
    for i in range(a.shape[0]):
        x = np.uint64(a[i])
        if x >= top:
            bad += 1
        else:
            table[x] += 1
    return table, bad


@njit(cache=True, nogil=True)
def count_two(a, b, size_a, size_b):  # type: ignore[no-untyped-def]
    n = a.shape[0]
    cells = size_a * size_b
    # a run of equal rows waits for its own last store: four tables in turn do not
    lanes = 4 if cells <= LANED_TABLE else 1
    table = np.zeros((lanes, cells), dtype=np.int64)
    bad = 0
    top_a = np.uint64(size_a)
    top_b = np.uint64(size_b)
    whole = n - n % 4
    if lanes == 4:
        for i in range(0, whole, 4):
            for lane in range(4):
                x = np.uint64(a[i + lane])
                y = np.uint64(b[i + lane])
                if x >= top_a or y >= top_b:
                    bad += 1
                else:
                    table[lane, x * top_b + y] += 1
    for i in range(whole if lanes == 4 else 0, n):
        x = np.uint64(a[i])
        y = np.uint64(b[i])
        if x >= top_a or y >= top_b:
            bad += 1
        else:
            table[0, x * top_b + y] += 1
    for lane in range(1, lanes):
        for j in range(cells):
            table[0, j] += table[lane, j]
    return table[0], bad


@njit(cache=True, nogil=True)
def count_three(a, b, c, size_a, size_b, size_c):  # type: ignore[no-untyped-def]
    table = np.zeros(size_a * size_b * size_c, dtype=np.int64)
    bad = 0
    top_a = np.uint64(size_a)
    top_b = np.uint64(size_b)
    top_c = np.uint64(size_c)
    for i in range(a.shape[0]):
        x = np.uint64(a[i])
        y = np.uint64(b[i])
        z = np.uint64(c[i])
        if x >= top_a or y >= top_b or z >= top_c:
            bad += 1
        else:
            table[(x * top_b + y) * top_c + z] += 1
    return table, bad


@njit(cache=True, nogil=True)
def sorted_cells(a, b, size_b, lo, hi, kind):  # type: ignore[no-untyped-def]
    """Cells of the rows with ``lo <= a < hi``, by counting sort on b and then on a."""
    n = a.shape[0]
    at_b = np.zeros(size_b + 1, dtype=np.int64)
    at_a = np.zeros(hi - lo + 1, dtype=np.int64)
    for i in range(n):
        if lo <= a[i] < hi:
            at_b[b[i] + 1] += 1
            at_a[a[i] - lo + 1] += 1
    for j in range(size_b):
        at_b[j + 1] += at_b[j]
    for j in range(hi - lo):
        at_a[j + 1] += at_a[j]
    m = at_b[size_b]
    by_b = np.empty(m, dtype=kind.dtype)
    for i in range(n):
        if lo <= a[i] < hi:
            by_b[at_b[b[i]]] = a[i] - lo
            at_b[b[i]] += 1
    by_a = np.empty(m, dtype=kind.dtype)
    start = 0
    for j in range(size_b):
        # the scatter moved every start to the next bucket's
        for i in range(start, at_b[j]):
            by_a[at_a[by_b[i]]] = j
            at_a[by_b[i]] += 1
        start = at_b[j]
    cells = 0
    start = 0
    for j in range(hi - lo):
        for i in range(start, at_a[j]):
            if i == start or by_a[i] != by_a[i - 1]:
                cells += 1
        start = at_a[j]
    first = np.empty(cells, dtype=np.int64)
    second = np.empty(cells, dtype=np.int64)
    counts = np.zeros(cells, dtype=np.int64)
    k = -1
    start = 0
    for j in range(hi - lo):
        for i in range(start, at_a[j]):
            if i == start or by_a[i] != by_a[i - 1]:
                k += 1
                first[k] = j + lo
                second[k] = by_a[i]
            counts[k] += 1
        start = at_a[j]
    return first, second, counts


@njit(cache=True, nogil=True)
def look_up(a, b, values):  # type: ignore[no-untyped-def]
    out = np.empty(a.shape[0], dtype=values.dtype)
    for i in range(a.shape[0]):
        out[i] = values[a[i], b[i]]
    return out


@njit(cache=True, nogil=True)
def table_information(table):  # type: ignore[no-untyped-def]
    """Plug-in information of a dense table; the form that is exactly 0 when a margin is constant."""
    rows = np.zeros(table.shape[0])
    cols = np.zeros(table.shape[1])
    n = 0.0
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            rows[i] += table[i, j]
            cols[j] += table[i, j]
        n += rows[i]
    total = 0.0
    for i in range(table.shape[0]):
        for j in range(table.shape[1]):
            if table[i, j] > 0:
                total += table[i, j] * np.log(table[i, j] * n / (rows[i] * cols[j]))
    return max(total / n, 0.0)


@njit(cache=True, nogil=True)
def cell_information(counts, first, second, rows, cols):  # type: ignore[no-untyped-def]
    n = 0.0
    for k in range(counts.shape[0]):
        n += counts[k]
    total = 0.0
    for k in range(counts.shape[0]):
        total += counts[k] * np.log(counts[k] * n / (float(rows[first[k]]) * cols[second[k]]))
    return max(total / n, 0.0)


@njit(cache=True, nogil=True)
def pairs(columns, sizes, pairs, which, room, out):  # type: ignore[no-untyped-def]
    n = columns.shape[1]
    bad = 0
    for w in range(which.shape[0]):
        j = pairs[which[w], 0]
        k = pairs[which[w], 1]
        top_a = np.uint64(sizes[j])
        top_b = np.uint64(sizes[k])
        table = room[: sizes[j] * sizes[k]]
        table[:] = 0
        for i in range(n):
            x = np.uint64(columns[j, i])
            y = np.uint64(columns[k, i])
            if x >= top_a or y >= top_b:
                bad += 1
            else:
                table[x * top_b + y] += 1
        out[which[w]] = table_information(table.reshape((sizes[j], sizes[k]))) if n > bad else 0.0
    return bad


@njit(cache=True, nogil=True)
def permuted(a, b, size_a, size_b, permutations):  # type: ignore[no-untyped-def]
    out = np.empty(permutations.shape[0])
    table = np.empty((size_a, size_b), dtype=np.int64)
    for p in range(permutations.shape[0]):
        table[:] = 0
        for i in range(b.shape[0]):
            table[a[permutations[p, i]], b[i]] += 1
        out[p] = table_information(table)
    return out


@njit(cache=True, nogil=True)
def expected(of_x, counts_x, times_x, of_y, counts_y, times_y, totals):  # type: ignore[no-untyped-def]
    empty = 0.0
    scarce = 0.0
    smallest = np.inf
    start = 0
    for i in range(of_x.shape[0]):
        while start < of_y.shape[0] and of_y[start] < of_x[i]:
            start += 1
        j = start
        while j < of_y.shape[0] and of_y[j] == of_x[i]:
            expected = counts_x[i] / totals[of_x[i]] * counts_y[j]
            pairs = float(times_x[i]) * times_y[j]
            empty += pairs * np.exp(-expected)
            if expected < 5.0:
                scarce += pairs
            smallest = min(smallest, expected)
            j += 1
    return empty, scarce, smallest
