"""Ranks in which repeated values and labels are spread out at random: everything becomes continuous."""

from __future__ import annotations

import numpy as np

from adami.variables import Variable


def spread_ranks(v: Variable, rng: np.random.Generator) -> np.ndarray:
    """Return ranks / (n + 1) of the columns that vary, ties in random order, labels as one further column.

    The order within a tie is independent of everything else and the tie can be read off the rank, so that the
    information with any other variable is exactly what it was (the distributional transform).

    Parameters
    ----------
    v : Variable
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray
        Shape (n, d), in (0, 1), no repeats within a column.

    References
    ----------
    Rüschendorf, "On the distributional transform, Sklar's theorem, and the empirical copula process", 2009.
    """
    columns = [v.numbers[:, j] for j in range(v.dim)]
    if v.codes is not None:
        columns.append(v.codes)
    made = [_ranks(c, rng) for c in columns if c.min() < c.max()]
    return np.column_stack(made) if made else np.empty((v.n, 0))


def without_copies(u: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """Return the columns of u that order the rows as no earlier column and none of the others does."""
    seen: set[bytes] = set()
    for other in others:
        seen |= {key for j in range(other.shape[1]) for key in _both_ways(other[:, j])}
    kept = []
    for j in range(u.shape[1]):
        keys = _both_ways(u[:, j])
        if keys[0] not in seen:
            kept.append(j)
            seen |= set(keys)
    return np.ascontiguousarray(u[:, kept])


def _both_ways(ranks: np.ndarray) -> tuple[bytes, bytes]:
    n = len(ranks)
    order = np.rint(ranks * (n + 1)).astype(np.int64)
    return order.tobytes(), (n + 1 - order).tobytes()


def _ranks(column: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    order = np.argsort(column, kind="stable")
    inside = column[order]
    if (inside[1:] == inside[:-1]).any():
        order = np.lexsort((rng.permutation(len(column)), column))
    ranks = np.empty(len(column))
    ranks[order] = np.arange(1, len(column) + 1)
    return ranks / (len(column) + 1)
