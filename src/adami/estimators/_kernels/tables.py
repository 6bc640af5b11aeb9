"""Counting: how often each combination of labels occurs, in one pass and in linear memory.

A table is dense while it is not much larger than the data; beyond that the rows are ordered by two passes of
counting sort, and only the cells that occur are kept. Counts are integers, so every split of the rows over
threads gives the same table, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adami._announce import announce
from adami._parallel import n_workers, ordered_map
from adami.estimators._kernels import counting
from adami.estimators._kernels.contingency import SMALL_TABLE, Cells, occupied

ROWS_PER_THREAD = 1_000_000
"""Below this many rows a thread costs more than it counts."""


def is_dense(sizes: Sequence[int], n: int) -> bool:
    """Whether a table of these sizes is small enough, for n rows, to be held cell by cell."""
    cells = 1
    for size in sizes:
        cells *= int(size)
    return cells <= max(SMALL_TABLE, 2 * n)


def dense_table(columns: Sequence[np.ndarray], sizes: Sequence[int], n_jobs: int | None = 1) -> np.ndarray:
    """Count one, two or three columns of codes into a dense table.

    Parameters
    ----------
    columns : one to three integer arrays, shape ``(n,)``, with codes ``0..size-1``
    sizes : number of labels of each column
    n_jobs : int, optional
        Threads; the table does not depend on it.

    Returns
    -------
    numpy.ndarray
        int64, of shape `sizes`.

    Raises
    ------
    ValueError
        If a code lies outside its column's size.
    """
    n = len(columns[0])
    workers = max(1, min(n_workers(n_jobs), n // ROWS_PER_THREAD))
    bounds = np.linspace(0, n, workers + 1).astype(np.int64)
    shape = tuple(int(s) for s in sizes)

    count = (counting.count_one, counting.count_two, counting.count_three)[len(shape) - 1]
    announce(count)

    def part(i: int) -> tuple[np.ndarray, int]:
        return count(*(c[bounds[i] : bounds[i + 1]] for c in columns), *shape)

    parts = ordered_map(part, range(workers), workers)
    if any(bad for _, bad in parts):
        raise ValueError(f"codes outside 0..size-1 for sizes {shape}")
    table = parts[0][0]
    for other, _ in parts[1:]:
        table += other
    return table.reshape(shape)


def count_cells(columns: Sequence[np.ndarray], sizes: Sequence[int], n_jobs: int | None = 1) -> Cells:
    """Count any number of columns of codes, keeping the occupied cells only.

    Parameters
    ----------
    columns : integer arrays of shape ``(n,)``, with codes ``0..size-1``
    sizes : number of labels of each column
    n_jobs : int, optional
        Threads; the cells do not depend on it.

    Returns
    -------
    Cells
        In lexicographic order of their labels.
    """
    n = len(columns[0])
    sizes = tuple(int(s) for s in sizes)
    if len(columns) <= 3 and is_dense(sizes, n):
        return occupied(dense_table(columns, sizes, n_jobs))
    _check_codes(columns, sizes)
    if len(columns) == 1:
        levels, counts = np.unique(columns[0], return_counts=True)
        return Cells(counts.astype(np.int64), (levels.astype(np.int64),), sizes)
    # fold all but the last column into one label, then count two
    front, size = columns[0], sizes[0]
    heads: list[np.ndarray] = []
    for column, width in zip(columns[1:-1], sizes[1:-1]):
        cells, front = joint_codes(front, column, size, width)
        heads = [h[cells.labels[0]] for h in heads] if heads else [cells.labels[0]]
        heads.append(cells.labels[1])
        size = len(cells.counts)
    pair = _sparse_cells(front, columns[-1], size, sizes[-1], n_jobs)
    heads = [h[pair.labels[0]] for h in heads] if heads else [pair.labels[0]]
    return Cells(pair.counts, (*heads, pair.labels[1]), sizes)


def _check_codes(columns: Sequence[np.ndarray], sizes: Sequence[int]) -> None:
    if any(len(c) and (c.min() < 0 or c.max() >= s) for c, s in zip(columns, sizes)):
        raise ValueError(f"codes outside 0..size-1 for sizes {tuple(sizes)}")


def joint_codes(a: np.ndarray, b: np.ndarray, size_a: int, size_b: int) -> tuple[Cells, np.ndarray]:
    """Return the occupied cells of two columns and the number of the cell that each row lies in.

    Returns
    -------
    cells : Cells
    codes : numpy.ndarray
        int64, shape ``(n,)``, ``0..len(cells.counts)-1`` in lexicographic order.
    """
    if is_dense((size_a, size_b), len(a)):
        table = dense_table((a, b), (size_a, size_b))
        number = np.cumsum(table.reshape(-1) > 0) - 1
        return occupied(table), counting.look_up(a, b, number.reshape(table.shape))
    order = np.lexsort((b, a))
    first, second = a[order], b[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    starts = np.flatnonzero(new)
    codes = np.empty(len(order), dtype=np.int64)
    codes[order] = np.cumsum(new) - 1
    counts = np.diff(np.append(starts, len(order)))
    labels = (first[starts].astype(np.int64), second[starts].astype(np.int64))
    return Cells(counts, labels, (size_a, size_b)), codes


def row_values(
    columns: Sequence[np.ndarray], cells: Cells, values: np.ndarray, n_jobs: int | None = 1
) -> np.ndarray:
    """Return for every row the value of the cell that it lies in.

    Parameters
    ----------
    columns : integer arrays of shape ``(n,)``
        Those whose `cells` were counted.
    cells : Cells
    values : numpy.ndarray
        Shape ``(m,)``, one value a cell.
    n_jobs : int, optional

    Returns
    -------
    numpy.ndarray
        Shape ``(n,)``.
    """
    n, sizes = len(columns[0]), list(cells.sizes)
    columns = list(columns)
    while len(columns) > 2 or (len(columns) == 2 and not is_dense(sizes, n)):
        # the folded label keeps the lexicographic order of the cells
        folded, front = joint_codes(columns[0], columns[1], sizes[0], sizes[1])
        columns[:2], sizes[:2] = [front], [len(folded.counts)]
    if len(columns) == 1:
        if len(cells.sizes) > 1:
            return np.asarray(values[columns[0]])
        table = np.zeros(sizes[0])
        table[cells.labels[0]] = values
        return np.asarray(table[columns[0]])
    front_label = cells.labels[0]
    if len(cells.sizes) > 2:
        front_label = cells.marginal(*range(len(cells.sizes) - 1))[1]
    table = np.zeros(sizes)
    table[front_label, cells.labels[-1]] = values
    workers = max(1, min(n_workers(n_jobs), n // ROWS_PER_THREAD))
    bounds = np.linspace(0, n, workers + 1).astype(np.int64)
    return np.concatenate(
        ordered_map(
            lambda i: counting.look_up(
                columns[0][bounds[i] : bounds[i + 1]], columns[1][bounds[i] : bounds[i + 1]], table
            ),
            range(workers),
            workers,
        )
    )


def pair_information(a: np.ndarray, b: np.ndarray, size_a: int, size_b: int, n_jobs: int | None = 1) -> float:
    """Return the plug-in information of two columns of codes, in nats.

    Parameters
    ----------
    a, b : integer arrays of shape ``(n,)``
    size_a, size_b : number of labels of each
    n_jobs : int, optional
    """
    if is_dense((size_a, size_b), len(a)):
        return float(counting.table_information(dense_table((a, b), (size_a, size_b), n_jobs)))
    cells = _sparse_cells(a, b, size_a, size_b, n_jobs)
    rows, first = cells.marginal(0)
    cols, second = cells.marginal(1)
    return float(counting.cell_information(cells.counts, first, second, rows, cols))


def information_of_pairs(
    columns: np.ndarray, sizes: Sequence[int], pairs: np.ndarray, n_jobs: int | None = 1
) -> np.ndarray:
    """Return the plug-in information of many pairs of columns: one target against all, or all pairs.

    Parameters
    ----------
    columns : numpy.ndarray
        Integer codes, shape ``(p, n)``: one row a column, so that each lies together in memory.
    sizes : number of labels of each column
    pairs : numpy.ndarray
        int64, shape ``(m, 2)``: which columns to pair.
    n_jobs : int, optional

    Returns
    -------
    numpy.ndarray
        float64, shape ``(m,)``, in nats.
    """
    columns = np.ascontiguousarray(columns)
    widths = np.asarray(sizes, dtype=np.int64)
    pairs = np.ascontiguousarray(pairs, dtype=np.int64).reshape(-1, 2)
    n = columns.shape[1]
    out = np.empty(len(pairs))
    cells = widths[pairs[:, 0]].astype(np.float64) * widths[pairs[:, 1]]
    dense = cells <= max(SMALL_TABLE, 2 * n)
    chosen = np.flatnonzero(dense)
    announce(counting.pairs)
    rows = max(1, len(chosen) * n)
    workers = max(1, min(n_workers(n_jobs), rows // ROWS_PER_THREAD, len(chosen)))
    room = int(cells[dense].max()) if len(chosen) else 0

    def part(which: np.ndarray) -> int:
        return int(counting.pairs(columns, widths, pairs, which, np.empty(room, dtype=np.int64), out))

    # neighbouring pairs share a column: contiguous shares keep it in the cache
    if any(ordered_map(part, np.array_split(chosen, workers), workers)):
        raise ValueError("codes outside 0..size-1")
    for i in np.flatnonzero(~dense):
        j, k = pairs[i]
        out[i] = pair_information(columns[j], columns[k], int(widths[j]), int(widths[k]), n_jobs)
    return out


def permuted_information(
    a: np.ndarray,
    b: np.ndarray,
    size_a: int,
    size_b: int,
    permutations: np.ndarray,
    n_jobs: int | None = 1,
) -> np.ndarray:
    """Return the plug-in information of ``(a[permutation], b)`` for several permutations of the rows.

    Parameters
    ----------
    a, b : integer arrays of shape ``(n,)``
    size_a, size_b : number of labels of each
    permutations : numpy.ndarray
        Integers, shape ``(m, n)``: one permutation of the rows a line.
    n_jobs : int, optional

    Returns
    -------
    numpy.ndarray
        float64, shape ``(m,)``, in nats.
    """
    permutations = np.asarray(permutations)
    if permutations.size and not 0 <= permutations.min() <= permutations.max() < len(a):
        raise ValueError(f"permutations name rows outside 0..{len(a) - 1}")
    if not is_dense((size_a, size_b), len(a)):
        return np.array([pair_information(a[p], b, size_a, size_b, n_jobs) for p in permutations])
    dense_table((a, b), (size_a, size_b))  # refuses codes that the loops below would trust
    workers = max(1, min(n_workers(n_jobs), permutations.size // ROWS_PER_THREAD, len(permutations)))
    parts = ordered_map(
        lambda part: counting.permuted(a, b, size_a, size_b, part),
        np.array_split(permutations, workers),
        workers,
    )
    return np.concatenate(parts)


def _sparse_cells(a: np.ndarray, b: np.ndarray, size_a: int, size_b: int, n_jobs: int | None) -> Cells:
    n = len(a)
    _check_codes((a, b), (size_a, size_b))
    levels_a = levels_b = None
    # counting sort walks over every label: labels far more numerous than the rows are numbered anew
    if size_a > 4 * n + SMALL_TABLE:
        levels_a, a = np.unique(a, return_inverse=True)
    if size_b > 4 * n + SMALL_TABLE:
        levels_b, b = np.unique(b, return_inverse=True)
    width_a = size_a if levels_a is None else len(levels_a)
    width_b = size_b if levels_b is None else len(levels_b)
    workers = max(1, min(n_workers(n_jobs), n // ROWS_PER_THREAD))
    bounds = np.linspace(0, width_a, workers + 1).astype(np.int64)
    kind = np.empty(0, dtype=np.int32 if max(width_a, width_b) < 2**31 else np.int64)
    parts = ordered_map(
        lambda i: counting.sorted_cells(a, b, width_b, bounds[i], bounds[i + 1], kind),
        range(workers),
        workers,
    )
    first, second, counts = (np.concatenate([p[j] for p in parts]).astype(np.int64) for j in range(3))
    labels = (
        first if levels_a is None else levels_a[first].astype(np.int64),
        second if levels_b is None else levels_b[second].astype(np.int64),
    )
    return Cells(counts, labels, (size_a, size_b))


def expected_counts(
    of_x: np.ndarray, counts_x: np.ndarray, of_y: np.ndarray, counts_y: np.ndarray, totals: np.ndarray
) -> tuple[float, float, float]:
    """Look at the counts expected under independence in every level of a condition, without forming them.

    Parameters
    ----------
    of_x, of_y : numpy.ndarray
        int64: the level that each margin entry belongs to.
    counts_x, counts_y : numpy.ndarray
        The margins, zeros left out.
    totals : numpy.ndarray
        Rows of each level.

    Returns
    -------
    empty : float
        How many cells are expected to be empty.
    scarce : float
        How many cells have an expected count below 5.
    smallest : float
        The smallest expected count.
    """
    # equal counts expect equal cells: at most sqrt(2 n) different counts occur in a margin
    x, times_x = np.unique(np.stack([of_x, counts_x]), axis=1, return_counts=True)
    y, times_y = np.unique(np.stack([of_y, counts_y]), axis=1, return_counts=True)
    empty, scarce, smallest = counting.expected(x[0], x[1], times_x, y[0], y[1], times_y, totals)
    return float(empty), float(scarce), float(smallest)
