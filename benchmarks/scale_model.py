"""What counting all pairs of a table costs: CPU-seconds, bytes read, shuffled and held.

The constants are fitted on runs of `benchmarks.scale` with few rows; the page of that benchmark says how far
off the predictions for many rows are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

BLOCK_CELLS = 10_000
"""Cells of a joint table, as in `adami.engines.counts`."""
GREEDY = 1.3
"""Joint tables of the greedy plan over the fewest that could do: 1.1 to 1.65 for up to 100 columns."""
BYTES_PER_CELL = 24
"""A count and two labels of a cell, eight bytes each, as adami holds them."""
SHUFFLED_PER_CELL = 15.0
"""Bytes of a partial count in a shuffle of Spark, compressed, with its key."""


@dataclass(frozen=True)
class Costs:
    """CPU-seconds that adami takes.

    Parameters
    ----------
    start : float
        To learn the kinds of the columns, whatever the rows.
    look : float
        To learn the kinds, a row and column.
    ask : float
        A joint table, whatever the rows.
    copy : float
        To copy a value as a code.
    group : float
        To count a row in a joint table.
    """

    start: float
    look: float
    ask: float
    copy: float
    group: float

    def kinds(self, rows: float, columns: float) -> float:
        """Return the CPU-seconds for the kinds of the columns."""
        return self.start + self.look * rows * columns

    def counts(self, rows: float, columns: float, tables: float) -> float:
        """Return the CPU-seconds for the counts of all joint tables."""
        return self.ask * tables + (self.copy * columns + self.group * tables) * rows


def fit(runs: Sequence[Mapping[str, Any]]) -> Costs:
    """Fit the constants to measured runs, by relative errors.

    Parameters
    ----------
    runs : sequence of mappings
        With ``rows``, ``columns``, ``tables`` (joint tables) and ``cpu`` (CPU-seconds by phase); of two
        numbers of rows and two numbers of columns at least.

    Returns
    -------
    Costs
    """
    rows = np.array([r["rows"] for r in runs], dtype=float)
    columns = np.array([r["columns"] for r in runs], dtype=float)
    tables = np.array([r["tables"] for r in runs], dtype=float)
    looked = np.stack([np.ones_like(rows), rows * columns], axis=1)
    counted = np.stack([tables, rows * columns, rows * tables], axis=1)
    start, look = _relative(looked, np.array([r["cpu"]["kinds"] for r in runs]))
    ask, copy, group = _relative(counted, np.array([r["cpu"]["counts"] for r in runs]))
    return Costs(start, look, ask, copy, group)


def _relative(terms: np.ndarray, seconds: np.ndarray) -> list[float]:
    """Return nonnegative constants with the least squares of relative errors."""
    from scipy.optimize import nnls

    scale = terms.max(axis=0)
    found, _ = nnls(terms / scale / seconds[:, None], np.ones(len(seconds)))
    return [float(v) for v in found / scale]


def number_of_pairs(columns: int) -> int:
    """Return how many pairs of columns there are."""
    return math.comb(columns, 2)


def joint_tables(columns: int, levels: int, most: int = BLOCK_CELLS) -> int:
    """Return about how many joint tables of at most `most` cells hold all pairs of columns of equal levels.

    Examples
    --------
    >>> joint_tables(10_000, 32)
    49995000
    """
    together = max(2, min(columns, int(math.log(most) / math.log(levels) + 1e-9)))
    fewest = math.ceil(number_of_pairs(columns) / math.comb(together, 2))
    return fewest if together in (2, columns) else math.ceil(GREEDY * fewest)


def counts_bytes(columns: int, levels: int) -> int:
    """Return the bytes of the counts of all pairs, held at once."""
    return number_of_pairs(columns) * levels**2 * BYTES_PER_CELL


def shuffle_records(rows: float, tables: float, cells: float, tasks: float) -> float:
    """Return the counts that an engine shuffles: every task sends its own counts of every table.

    A task of few rows does not meet every cell: with cells of equal probability it meets all but a share of
    ``exp(-rows / cells)``.

    Parameters
    ----------
    rows : float
        Of the table.
    tables : float
        Joint tables.
    cells : float
        Of a joint table, on average.
    tasks : float
        Tasks of a scan.
    """
    return -tables * tasks * cells * math.expm1(-rows / tasks / cells)


def batches(columns: int, batch: int) -> int:
    """Return how many times a part of the table is read where pairs are counted `batch` columns at a time.

    Groups of half a batch are paired with each other, so that every pair of columns is once in memory.
    """
    if batch >= columns:
        return 1
    return math.comb(math.ceil(columns / (batch // 2)), 2)


def values_read(rows: int, columns: int, batch: int) -> int:
    """Return how many values all batches read for their copies."""
    return rows * min(batch, columns) * batches(columns, batch)


@dataclass(frozen=True)
class Plan:
    """What all pairs of a table take.

    Parameters
    ----------
    pairs, tables, batches : int
        Pairs; joint tables; batches of columns.
    read : float
        Bytes read for the copies, at half a byte a value.
    copy : float
        Bytes of the copy of one batch, at one byte a value.
    shuffled : float
        Bytes shuffled.
    held : float
        Bytes of the counts of one batch.
    cpu : float
        CPU-seconds.
    """

    pairs: int
    tables: int
    batches: int
    read: float
    copy: float
    shuffled: float
    held: float
    cpu: float

    def days(self, cores: int) -> float:
        """Return the days that so many busy cores take."""
        return self.cpu / cores / 86_400


def plan(costs: Costs, rows: int, columns: int, levels: int, batch: int, task_rows: int = 10_000_000) -> Plan:
    """Return what counting all pairs takes.

    Parameters
    ----------
    costs : Costs
    rows, columns, levels : int
        Of the table; levels of every column.
    batch : int
        Columns copied and counted together.
    task_rows : int
        Rows of a task.

    Returns
    -------
    Plan
    """
    tables = joint_tables(columns, levels)
    together = max(2, min(columns, int(math.log(BLOCK_CELLS) / math.log(levels) + 1e-9)))
    read = values_read(rows, columns, batch)
    return Plan(
        pairs=number_of_pairs(columns),
        tables=tables,
        batches=batches(columns, batch),
        read=read / 2,
        copy=float(rows * min(batch, columns)),
        shuffled=SHUFFLED_PER_CELL
        * shuffle_records(rows, tables, levels**together, math.ceil(rows / task_rows)),
        held=float(counts_bytes(min(batch, columns), levels)),
        cpu=costs.kinds(rows, columns) + costs.group * rows * tables + costs.copy * read + costs.ask * tables,
    )


def screening_error(levels: int, rows: int) -> tuple[float, float]:
    """Return bias and standard deviation of the plug-in information of two independent columns, in nats.

    Twice the rows times the information is nearly chi-squared with (levels - 1)**2 degrees of freedom.

    Examples
    --------
    >>> bias, spread = screening_error(32, 10_000_000)
    >>> round(bias, 7), round(spread, 8)
    (4.81e-05, 2.19e-06)
    """
    degrees = (levels - 1) ** 2
    return degrees / (2 * rows), math.sqrt(2 * degrees) / (2 * rows)


def cases() -> list[object]:
    """Return no comparison with peers: this file computes."""
    return []
