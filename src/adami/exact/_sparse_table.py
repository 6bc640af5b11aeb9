"""A joint table that keeps only the cells with mass, so that large alphabets fit."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from adami.exact.pmf import check_cells


@dataclass(frozen=True, slots=True, eq=False)
class SparseTable:
    """Joint probabilities, one row of `cells` for each cell that has mass.

    Parameters
    ----------
    cells : numpy.ndarray of int, shape (n_cells, n_variables)
        Symbol of every variable in each cell.
    masses : numpy.ndarray, shape (n_cells,)
        Probability of each cell.
    shape : tuple of int
        Alphabet size of every variable.
    """

    cells: np.ndarray
    masses: np.ndarray
    shape: tuple[int, ...]

    @property
    def rows(self) -> np.ndarray:
        """Symbols of the first variable, one for each cell."""
        return self.cells[:, 0]

    @property
    def columns(self) -> np.ndarray:
        """Symbols of the second variable, one for each cell."""
        return self.cells[:, 1]

    def marginal(self, axis: int) -> np.ndarray:
        """Return the law of one variable."""
        law: np.ndarray = np.bincount(self.cells[:, axis], weights=self.masses, minlength=self.shape[axis])
        return law

    def toarray(self, allow_large: bool = False) -> np.ndarray:
        """Return the whole table.

        Raises
        ------
        ValueError
            If it has more than 2**20 cells and `allow_large` is False.
        """
        check_cells(prod(self.shape), allow_large)
        table = np.zeros(self.shape)
        table[tuple(self.cells.T)] = self.masses
        return table
