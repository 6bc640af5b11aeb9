"""Counts of all contexts of one length in a text, and the blend of one order with the law below."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Table(NamedTuple):
    """Sorted codes of contexts and of contexts with their next symbol."""

    contexts: np.ndarray
    totals: np.ndarray
    """Occurrences of each context."""
    kinds: np.ndarray
    """Different symbols that followed it."""
    grams: np.ndarray
    counts: np.ndarray


def check_order(order: int, symbols: int) -> None:
    """Refuse contexts whose codes do not fit 63 bits."""
    if order < 0:
        raise ValueError(f"order={order}: a context has no negative length")
    if symbols ** (order + 1) >= 2**63:
        raise ValueError(f"order={order}: contexts of {symbols} symbols do not fit; choose a lower order")


def count(rows: np.ndarray, order: int, symbols: int) -> Table:
    """Count all contexts of `order` symbols and what follows them, within rows."""
    if rows.shape[1] <= order:
        empty = np.empty(0, dtype=np.int64)
        return Table(empty, empty, empty, empty, empty)
    grams, counts = np.unique(_codes(rows, order + 1, symbols), return_counts=True)
    contexts, first, kinds = np.unique(grams // symbols, return_index=True, return_counts=True)
    return Table(contexts, np.add.reduceat(counts, first), kinds, grams, counts)


def blend(
    table: Table, rows: np.ndarray, order: int, symbols: int, below: np.ndarray, backoff: float
) -> np.ndarray:
    """Return the law of each symbol from place `order` on, resting on the law `below`.

    A context's own counts weigh against the law below as its occurrences against `backoff` times the
    number of different symbols that followed it.
    """
    if not len(table.grams):
        return below
    grams = _codes(rows, order + 1, symbols)
    total = _look_up(table.contexts, table.totals, grams // symbols)
    resting = backoff * _look_up(table.contexts, table.kinds, grams // symbols)
    hits = _look_up(table.grams, table.counts, grams)
    known = total > 0
    return np.asarray(np.where(known, (hits + resting * below) / np.where(known, total + resting, 1), below))


def _codes(rows: np.ndarray, width: int, symbols: int) -> np.ndarray:
    """Return the number of each run of `width` symbols, shape ``(n, m - width + 1)``."""
    spots = rows.shape[1] - width + 1
    found = np.zeros((len(rows), spots), dtype=np.int64)
    for k in range(width):
        found = found * symbols + rows[:, k : k + spots]
    return found


def _look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.asarray(np.where(keys[at] == wanted, values[at], 0))
