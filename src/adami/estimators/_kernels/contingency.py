"""The occupied cells of a contingency table, and their margins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SMALL_TABLE = 1 << 16
"""A dense table of this many cells costs less than a sort of any size."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The occupied cells of a contingency table.

    Parameters
    ----------
    counts : numpy.ndarray
        int64, shape ``(m,)``, all positive.
    labels : tuple of numpy.ndarray
        One int64 array of shape ``(m,)`` an axis: the label of each cell. Cells are in lexicographic order.
    sizes : tuple of int
        Number of labels an axis can take.
    """

    counts: np.ndarray
    labels: tuple[np.ndarray, ...]
    sizes: tuple[int, ...]

    @property
    def n(self) -> int:
        """Number of rows counted."""
        return int(self.counts.sum())

    def marginal(self, *axes: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the counts of the occupied cells of some axes, and in which of them each cell lies."""
        if not axes:
            return np.array([self.n], dtype=np.int64), np.zeros(len(self.counts), dtype=np.int64)
        code, size = self.labels[axes[0]], self.sizes[axes[0]]
        for axis in axes[1:]:
            # renumber before the product could outgrow the integers or the data
            if size * self.sizes[axis] > max(SMALL_TABLE, 4 * len(self.counts)):
                code, size = _renumber(code, size)
            if size * self.sizes[axis] >= 2**63:
                raise ValueError("too many combinations of labels to number")
            code, size = code * self.sizes[axis] + self.labels[axis], size * self.sizes[axis]
        code, size = _renumber(code, size)
        # float weights are exact: counts stay far below 2**53
        totals = np.bincount(code, weights=self.counts, minlength=size).astype(np.int64)
        return totals, code


def occupied(table: np.ndarray) -> Cells:
    """Return the occupied cells of a dense table of counts."""
    where = np.flatnonzero(table)
    labels = tuple(np.asarray(a, dtype=np.int64) for a in np.unravel_index(where, table.shape))
    return Cells(np.ascontiguousarray(table.reshape(-1)[where], dtype=np.int64), labels, table.shape)


def _renumber(code: np.ndarray, size: int) -> tuple[np.ndarray, int]:
    """Number the labels that occur 0, 1, ... in their order."""
    if size <= max(SMALL_TABLE, 4 * len(code)):
        seen = np.zeros(size, dtype=bool)
        seen[code] = True
        return (np.cumsum(seen) - 1)[code], int(seen.sum())
    levels, inverse = np.unique(code, return_inverse=True)
    return inverse.astype(np.int64), len(levels)
