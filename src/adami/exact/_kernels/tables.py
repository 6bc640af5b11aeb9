"""Sums of entropies of marginals of one table, by a compiled loop."""

from __future__ import annotations

import math

import numba
import numpy as np


@numba.njit(cache=True, nogil=True, fastmath={"reassoc"})
def sum_of_entropies(
    cells: np.ndarray, axes: np.ndarray, terms: np.ndarray, factors: np.ndarray
) -> float:  # pragma: no cover - compiled
    """Return ``sum factor * H(marginal)`` in nats, or NaN where the table is not plainly a law.

    Parameters
    ----------
    cells : the table in row-major order
    axes : shape (2, n_axes), number of symbols of each axis, and what a symbol adds to the index among the
        variables that any term names
    terms : shape (1 + n_terms, n_variables + 1), number of symbols of each of those variables; then for each
        term what a symbol adds to the index in its marginal, and the cells of that in the last column
    factors : shape (n_terms,)
    """
    negative = False
    for p in cells:
        negative |= p < 0.0
    inner = terms[0, :-1]
    count = terms[0, -1]
    table = cells if count == cells.size else _collapsed(cells, axes[0], axes[1], count)
    total = 0.0
    for p in table:
        total += p
    # a comparison that NaN fails; rounding below zero is for the careful path too
    if negative or not abs(total - 1.0) <= 1e-9:
        return math.nan
    value = 0.0
    weight = 0.0
    for t in range(len(factors)):
        step, size = terms[t + 1, :-1], terms[t + 1, -1]
        marginal = table if size == count else _collapsed(table, inner, step, size)
        entropy = 0.0
        for p in marginal:
            if p > 0.0:
                entropy -= p * math.log(p)
        value += factors[t] * entropy
        weight += factors[t]
    # masses that sum to `total` have the entropy of the law they are in proportion to, after this
    return value / total + weight * math.log(total)


@numba.njit(cache=True, nogil=True, fastmath={"reassoc"})
def _collapsed(
    cells: np.ndarray, shape: np.ndarray, step: np.ndarray, size: int
) -> np.ndarray:  # pragma: no cover - compiled
    """Sum the table over the axes whose step is 0."""
    out = np.zeros(size)
    last = len(shape) - 1
    at = np.zeros(len(shape), dtype=np.int64)
    run, stride = shape[last], step[last]
    index = 0
    for begin in range(0, cells.size, run):
        if stride:
            for i in range(run):
                out[index + i * stride] += cells[begin + i]
        else:
            s = 0.0
            for i in range(run):
                s += cells[begin + i]
            out[index] += s
        # the axes before the last count on like an odometer
        for a in range(last - 1, -1, -1):
            at[a] += 1
            index += step[a]
            if at[a] < shape[a]:
                break
            index -= step[a] * at[a]
            at[a] = 0
    return out
