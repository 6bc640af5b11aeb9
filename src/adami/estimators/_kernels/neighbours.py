"""Neighbours in the max norm: distances and places of the nearest, and counts within a distance.

Everything here works on float64 arrays, uses memory linear in the number of rows, gives the same numbers for
any number of workers, and is exact: ties and duplicates are counted as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from adami._announce import announce
from adami._parallel import n_workers, ordered_map
from adami.estimators._kernels import search
from adami.estimators._kernels.tree import Tree, build, in_threads


def knn_radius(blocks: Sequence[np.ndarray], k: int, n_jobs: int | None = 1) -> np.ndarray:
    """Return the distance from each row to its k-th nearest other row.

    Parameters
    ----------
    blocks : sequence of numpy.ndarray
        Arrays ``(n, d_b)`` of float64; the distance is the largest coordinate difference over all blocks.
    k : int
        Less than n.
    n_jobs : int, optional
        Threads; -1 for every core. The result does not depend on it.

    Returns
    -------
    numpy.ndarray
        float64 ``(n,)``.
    """
    columns = _columns(blocks)
    _check_k(k, columns.shape[1] - 1)
    if len(columns) == 1:
        return _radius_sorted(columns[0], k)
    tree = _tree(columns, n_jobs)
    radius, _ = _nearest(tree, tree, True, k, False, n_jobs)
    return radius


def knn_indices(blocks: Sequence[np.ndarray], k: int, n_jobs: int | None = 1) -> np.ndarray:
    """Return the places of the k nearest other rows, nearest first, int64 ``(n, k)``; see `knn_radius`."""
    tree = _tree(_columns(blocks), n_jobs)
    _check_k(k, len(tree.order) - 1)
    return _nearest(tree, tree, True, k, True, n_jobs)[1]


def knn_radius_to(
    reference: Sequence[np.ndarray], queries: Sequence[np.ndarray], k: int, n_jobs: int | None = 1
) -> np.ndarray:
    """Return the distance from each query row to its k-th nearest reference row: float64 ``(m,)``."""
    tree, asked = _tree(_columns(reference), n_jobs), _tree(_columns(queries), n_jobs)
    _check_k(k, len(tree.order))
    return _nearest(asked, tree, False, k, False, n_jobs)[0]


def count_within(points: np.ndarray, radius: np.ndarray, strict: bool, n_jobs: int | None = 1) -> np.ndarray:
    """Count the other rows near each row.

    Parameters
    ----------
    points : numpy.ndarray
        float64 ``(n, d)``, or ``(n,)``.
    radius : numpy.ndarray
        ``(n,)``, not negative.
    strict : bool
        Count distances below the radius; otherwise at most the radius.
    n_jobs : int, optional
        Threads; -1 for every core. The result does not depend on it.

    Returns
    -------
    numpy.ndarray
        int64 ``(n,)``; a row does not count itself.
    """
    points = np.asarray(points, dtype=np.float64)
    itself = (radius > 0).astype(np.int64) if strict else 1
    if points.ndim == 1 or points.shape[1] == 1:
        column = points.ravel()
        return _count_sorted(column, column, radius, strict) - itself
    tree = _tree(_columns((points,)), n_jobs, counting=True)
    counts: np.ndarray = _within(tree, tree, radius, strict, n_jobs) - itself
    return counts


def count_within_of(
    reference: np.ndarray, queries: np.ndarray, radius: np.ndarray, strict: bool, n_jobs: int | None = 1
) -> np.ndarray:
    """Count the reference rows within ``radius[i]`` of each query row: int64 ``(m,)``."""
    reference, queries = np.asarray(reference, dtype=np.float64), np.asarray(queries, dtype=np.float64)
    if reference.ndim == 1 or reference.shape[1] == 1:
        return _count_sorted(reference.ravel(), queries.ravel(), radius, strict)
    asked, tree = (_tree(_columns((p,)), n_jobs, counting=True) for p in (queries, reference))
    return _within(asked, tree, radius, strict, n_jobs)


# -- below the surface ---------------------------------------------------------------------------------------


def _columns(blocks: Sequence[np.ndarray]) -> np.ndarray:
    """Put all coordinates of all blocks below each other: ``(d, n)``."""
    parts = [b.T if b.ndim == 2 else b[None, :] for b in blocks]
    return np.ascontiguousarray(np.concatenate(parts), dtype=np.float64)


def _check_k(k: int, most: int) -> None:
    if not 1 <= k <= most:
        raise ValueError(f"k={k} neighbours cannot be had from {most} other rows")


def _leaf_size(d: int, counting: bool) -> int:
    """Long leaves suit vector code; in few dimensions a search for neighbours gains more from small boxes."""
    return 256 if counting or d > 5 else 128 if d > 3 else 64


def _lead(d: int) -> int:
    """Coordinates compared for all points of a leaf; the rest only for the points that are still near."""
    return d if d <= 16 else max(16, 2 * d // 5)


def _tree(columns: np.ndarray, n_jobs: int | None, counting: bool = False) -> Tree:
    announce(search.nearest, search.within)
    return build(columns, _leaf_size(len(columns), counting), n_jobs)


def _nearest(
    asked: Tree, tree: Tree, same: bool, k: int, places: bool, n_jobs: int | None
) -> tuple[np.ndarray, np.ndarray]:
    m, leaves = len(asked.order), len(asked.start) - 1
    radius = np.empty(m)
    index = np.empty((m if places else 0, k), dtype=np.int64)
    lows, highs = asked.low[leaves - 1 :], asked.high[leaves - 1 :]

    def work(first: int, last: int) -> None:
        search.nearest(
            asked.points, asked.start, lows, highs, tree.points, tree.start, tree.low, tree.high,
            same, _lead(len(tree.points)), k, first, last, radius, index,
        )  # fmt: skip

    _share(work, leaves, m, n_jobs)
    out = np.empty(m)
    out[asked.order] = radius
    where = np.empty_like(index)
    if places:
        where[asked.order] = tree.order[index]
    return out, where


def _within(asked: Tree, tree: Tree, radius: np.ndarray, strict: bool, n_jobs: int | None) -> np.ndarray:
    m, leaves = len(asked.order), len(asked.start) - 1
    counts = np.empty(m, dtype=np.int64)
    lows, highs = asked.low[leaves - 1 :], asked.high[leaves - 1 :]
    reach = np.asarray(radius, dtype=np.float64)[asked.order]

    def work(first: int, last: int) -> None:
        search.within(
            asked.points, asked.start, lows, highs, reach, tree.points, tree.start, tree.low, tree.high,
            strict, _lead(len(tree.points)), first, last, counts,
        )  # fmt: skip

    _share(work, leaves, m, n_jobs)
    out = np.empty(m, dtype=np.int64)
    out[asked.order] = counts
    return out


def _share(work: Callable[[int, int], None], leaves: int, rows: int, n_jobs: int | None) -> None:
    """Hand ranges of leaves to threads; leaves are computed alone, so shares do not change the result."""
    if not in_threads(rows, n_jobs):
        work(0, leaves)
        return
    workers = n_workers(n_jobs)
    # more pieces than workers: leaves in dense regions take longer
    cuts = np.linspace(0, leaves, min(leaves, 8 * workers) + 1).astype(int)
    ordered_map(lambda piece: work(*piece), list(zip(cuts[:-1].tolist(), cuts[1:].tolist())), workers)


def _count_sorted(reference: np.ndarray, queries: np.ndarray, radius: np.ndarray, strict: bool) -> np.ndarray:
    announce(search.within_sorted)
    order = np.argsort(queries)
    asked = queries[order]
    ordered = asked if reference is queries else np.sort(reference)
    found, counts = np.empty((2, len(queries)), dtype=np.int64)
    search.within_sorted(ordered, asked, np.asarray(radius, dtype=np.float64)[order], strict, found)
    counts[order] = found
    return counts


def _radius_sorted(values: np.ndarray, k: int) -> np.ndarray:
    announce(search.nearest_sorted)
    order = np.argsort(values)
    radius, out = np.empty(len(values)), np.empty(len(values))
    search.nearest_sorted(values[order], k, radius)
    out[order] = radius
    return out
