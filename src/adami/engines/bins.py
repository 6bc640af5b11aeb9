"""Bins with about equal numbers of rows for the continuous columns of a big table."""

from __future__ import annotations

import math
from collections.abc import Sequence

from adami.engines._histogram import edges, histograms
from adami.engines.source import Source

MOST_BINS = 32
"""Beyond this the bins of a pair cost more rows than the finer grid tells."""
PARTS, LEAST_PARTS = 4, 64
"""How finely the rows are counted before edges are chosen: parts of a bin, and of all rows."""


def number_of_bins(n: int) -> int:
    """Return how many bins suit n rows: √(n/5), so that pairs have five rows a cell, and 32 at most.

    Examples
    --------
    >>> from adami.engines.bins import number_of_bins
    >>> number_of_bins(500), number_of_bins(10**9)
    (10, 32)
    """
    return max(2, min(MOST_BINS, math.ceil(math.sqrt(n / 5))))


def quantile_edges(
    source: Source, columns: Sequence[str], bins: int | None = None
) -> dict[str, tuple[float, ...]]:
    """Return for each column the values that cut its rows into bins of about equal size.

    Edges are values of the column, found by exact counts in a few scans: every engine finds the same. Equal
    values are never separated, so a column with repeated values may get fewer bins.

    Parameters
    ----------
    source : Source
    columns : list of str
        Numbers, dates or times.
    bins : int, optional
        By default `number_of_bins` of the rows.

    Returns
    -------
    dict of str -> tuple of float
        A value lies in the bin whose number is the count of edges below it.

    Raises
    ------
    ValueError
        For fewer than two bins.

    Examples
    --------
    >>> import ibis
    >>> from adami.engines import open_source, quantile_edges
    >>> rows = open_source(ibis.memtable({"x": [float(i) for i in range(1, 101)]}))
    >>> quantile_edges(rows, ["x"], 4)
    {'x': (25.0, 50.0, 75.0)}
    """
    if bins is not None and bins < 2:
        raise ValueError(f"bins={bins}: at least two are needed")
    source.require(columns)
    wanted = bins or number_of_bins(_rows(source))
    return edges(histograms(source, columns, 1 / max(PARTS * wanted, LEAST_PARTS)), wanted)


def _rows(source: Source) -> int:
    return int(source.fetch(source.table.aggregate(n=source.table.count()))["n"][0])
