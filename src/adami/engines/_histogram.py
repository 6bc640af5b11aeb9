"""Histograms that refine themselves where the rows are: exact counts between thresholds, a few scans in all.

Every scan counts rows between some hundred thresholds and keeps the smallest and largest value of every cell.
Cells with too many rows get more thresholds in the next scan, half of them evenly spaced in value and half in
the order of floating-point numbers, so that heavy tails cost no more scans than bell curves. The thresholds
depend on exact counts only: every engine ends with the same cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adami.engines._columns import number_column, together
from adami.engines.source import Source

THRESHOLDS = 126
"""Thresholds of one scan: seven comparisons a row."""
SCANS = 20
"""Far more than any column has needed; beyond, the cells are taken as they are."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Occupied cells of one column, in order.

    Parameters
    ----------
    low, high : numpy.ndarray
        Smallest and largest value in each cell, shape ``(m,)``.
    counts : numpy.ndarray
        Rows in each cell, int64.
    """

    low: np.ndarray
    high: np.ndarray
    counts: np.ndarray

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.counts.sum())

    def heavy(self, most: float) -> np.ndarray:
        """Tell which cells hold more than so many rows, of several values."""
        return np.asarray((self.counts > most) & (self.low < self.high))


def histograms(source: Source, columns: Sequence[str], share: float) -> dict[str, Histogram]:
    """Count the rows of number columns in cells with at most this share of them, or with one value only.

    Parameters
    ----------
    source : Source
    columns : list of str
        Numbers, dates or times, with at least one value each.
    share : float
        Of the rows with a value.
    """
    found = _ends(source, columns)
    for _ in range(SCANS):
        heavy = {name: whole.heavy(share * whole.n) for name, whole in found.items()}
        rough = [name for name in columns if heavy[name].any()]
        if not rough:
            break
        cuts = {name: _thresholds(found[name], heavy[name]) for name in rough}
        asked = [_cells(source, i, name, cuts[name]) for i, name in enumerate(rough)]
        told = source.fetch(together(asked))
        of, low = np.array(told["column"]), np.array(told["low"], dtype=np.float64)
        high, counts = np.array(told["high"], dtype=np.float64), np.array(told["n"], dtype=np.int64)
        for i, name in enumerate(rough):
            at = np.flatnonzero(of == i)
            at = at[np.argsort(low[at])]
            found[name] = Histogram(low[at], high[at], counts[at])
    return found


def _ends(source: Source, columns: Sequence[str]) -> dict[str, Histogram]:
    asked: dict[str, Any] = {}
    for i, name in enumerate(columns):
        x = number_column(source.table, name)
        asked |= {f"low{i}": x.min(), f"high{i}": x.max(), f"n{i}": x.count()}
    found = source.fetch(source.table.aggregate(**asked))
    return {
        name: Histogram(
            np.array(found[f"low{i}"], dtype=np.float64),
            np.array(found[f"high{i}"], dtype=np.float64),
            np.array(found[f"n{i}"], dtype=np.int64),
        )
        for i, name in enumerate(columns)
    }


def _cells(source: Source, number: int, name: str, cuts: np.ndarray) -> Any:
    import ibis

    rows = source.table.select(value=number_column(source.table, name))
    rows = rows.filter(rows.value.notnull())
    rows = rows.select("value", cell=place(rows.value, cuts.tolist()))
    grouped = rows.group_by("cell").aggregate(n=rows.count(), low=rows.value.min(), high=rows.value.max())
    return grouped.select("n", "low", "high", column=ibis.literal(number, "int32"))


def _thresholds(whole: Histogram, heavy: np.ndarray) -> np.ndarray:
    """Keep the borders of the cells, and put new ones into those that are too full."""
    each = max(2, (THRESHOLDS - min(len(heavy), THRESHOLDS)) // (2 * int(heavy.sum())))
    new = [whole.high]
    for low, high in zip(whole.low[heavy], whole.high[heavy]):
        new += [np.linspace(low, high, each + 2), _between_bits(low, high, each)]
    made = np.unique(np.concatenate(new))
    return np.asarray(made[made < whole.high[-1]])


def _between_bits(low: float, high: float, count: int) -> np.ndarray:
    """Return numbers evenly spaced in the order of floating-point numbers."""
    ends = [_rank(low), _rank(high)]
    steps = [ends[0] + (ends[1] - ends[0]) * i // (count + 1) for i in range(1, count + 1)]
    return np.array([_number(s) for s in steps])


def _rank(x: float) -> int:
    bits = int(np.float64(x + 0.0).view(np.int64))
    return bits if bits >= 0 else -(2**63) - bits


def _number(rank: int) -> float:
    bits = rank if rank >= 0 else -(2**63) - rank
    return float(np.int64(bits).view(np.float64))


def place(value: Any, thresholds: Sequence[float]) -> Any:
    """Return an expression for the number of thresholds below a value, by bisection."""
    import ibis

    def between(low: int, high: int) -> Any:
        if low == high:
            return ibis.literal(low, "int16")
        middle = (low + high) // 2
        return ibis.ifelse(value <= thresholds[middle], between(low, middle), between(middle + 1, high))

    return between(0, len(thresholds))


def edges(found: Mapping[str, Histogram], bins: int) -> dict[str, tuple[float, ...]]:
    """Return the values at which cells are cut into bins of about equal numbers of rows."""
    return {name: _edges(whole, bins) for name, whole in found.items()}


def _edges(whole: Histogram, bins: int) -> tuple[float, ...]:
    below = np.cumsum(whole.counts)
    chosen = {int(np.abs(below - whole.n * k / bins).argmin()) for k in range(1, bins)}
    return tuple(float(whole.high[i]) for i in sorted(chosen) if i < len(below) - 1)
