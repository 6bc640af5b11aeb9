"""Marginals of the law of two consecutive states, each made from the smallest one at hand."""

from __future__ import annotations

from collections import OrderedDict
from functools import reduce
from math import prod

import numpy as np
from numpy.typing import NDArray

SHARE_KEPT = 2
"""The marginals kept may have this many times the cells of the whole table."""


class EdgeMarginals:
    """Laws of ``(x_S, y_S)`` as matrices, for sets S of coordinates.

    Parameters
    ----------
    edges : numpy.ndarray, shape (n_states, n_states)
        The law of two consecutive states.
    dims : tuple of int
        Number of values of each coordinate; the states are in row-major order.
    """

    def __init__(self, edges: NDArray[np.float64], dims: tuple[int, ...]) -> None:
        self._edges, self._dims = edges, dims
        self._whole = frozenset(range(len(dims)))
        self._room = max(SHARE_KEPT * edges.size, 2**16)
        self._kept: OrderedDict[frozenset[int], NDArray[np.float64]] = OrderedDict()
        self._cells = 0

    def __call__(self, subset: frozenset[int]) -> NDArray[np.float64]:
        """Return the marginal over the coordinates of `subset`, in their order."""
        larger = [s for s, table in self._kept.items() if s >= subset]
        source = min(larger, key=lambda s: self._kept[s].size, default=self._whole)
        table = self._edges if source == self._whole else self._kept[source]
        if source in self._kept:
            self._kept.move_to_end(source)
        # the first coordinates first: what is left of them lies together in memory
        for coordinate in sorted(source - subset):
            table = self._without(table, source, coordinate)
            source = source - {coordinate}
            self._keep(source, table)
        return table

    def _without(
        self, table: NDArray[np.float64], present: frozenset[int], coordinate: int
    ) -> NDArray[np.float64]:
        size = self._dims[coordinate]
        before = prod(self._dims[i] for i in present if i < coordinate)
        after = prod(self._dims[i] for i in present if i > coordinate)
        # sums of a few slices are several times faster than a reduction over short axes
        rows = table.reshape(before, size, after, -1)
        rows = reduce(np.add, (rows[:, i] for i in range(size)))
        cells = rows.reshape(before * after, before, size, after)
        cells = reduce(np.add, (cells[:, :, i] for i in range(size)))
        return cells.reshape(before * after, before * after)

    def _keep(self, subset: frozenset[int], table: NDArray[np.float64]) -> None:
        if table.size > self._room:
            return
        self._kept[subset] = table
        self._cells += table.size
        while self._cells > self._room:
            _, gone = self._kept.popitem(last=False)
            self._cells -= gone.size
