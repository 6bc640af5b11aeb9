"""All laws that attain the bound of factorized mutual information, described exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import comb, factorial, log
from typing import Any

import numpy as np

from adami.exact._arrays import all_axes, in_base, unit_name
from adami.exact._fmi_attained import functions_needed
from adami.exact._margins import (
    Margins,
    as_margins,
    as_sizes,
    as_weights,
    bound_in_nats,
    margin_components,
)
from adami.exact.factorized_information import factorized_mi
from adami.exact.pmf import as_pmf, check_cells

MOST_TABLES = 32
"""Permutation tables that a sampled law mixes at most."""


@dataclass(frozen=True, slots=True)
class FMIMaximizers:
    """The maximizers of factorized mutual information for given alphabets and margins.

    With equal alphabets the variables of each connected set of margins are permutations of one uniform code
    symbol; the code symbols of different sets have any joint law with uniform margins. For a single pair
    with unequal alphabets the smaller variable is uniform and a function of the larger one.

    Parameters
    ----------
    sizes : tuple of int
    margins : tuple of tuples of int
    weights : tuple of float
    components : tuple of tuples of int
        Variables that margins connect.
    pieces : int
        Number of polytopes that the maximizers form.
    dimension : int
        Dimension of each of them; 0 when each is a single law.
    bound : float
        The maximum.
    base : float or None
    """

    sizes: tuple[int, ...]
    margins: Margins
    weights: tuple[float, ...]
    components: Margins
    pieces: int
    dimension: int
    bound: float
    base: float | None

    @property
    def unit(self) -> str:
        """Unit of all values."""
        return unit_name(self.base)

    @property
    def count(self) -> int | None:
        """Number of maximizers, None when there is a continuum."""
        return self.pieces if self.dimension == 0 else None

    @property
    def multi_information_range(self) -> tuple[float, float]:
        """Smallest and largest multi-information of a maximizer."""
        if self._is_pair():
            return self._codes(1), self._codes(1)
        n, c = len(self.sizes), len(self.components)
        return self._codes(n - c), self._codes(n - 1)

    def information_range(self, a: int | Sequence[int], b: int | Sequence[int]) -> tuple[float, float]:
        """Return the smallest and the largest mutual information of two blocks of variables.

        Pairs of every variable of one block with every one of the other force all variables to be copies,
        and the information to a single code symbol; matched pairs leave it free up to one symbol a pair.

        Parameters
        ----------
        a, b : int or sequence of int
            The variables of each block.

        Raises
        ------
        ValueError
            If a block is empty, or the blocks share a variable or name one that is not there.
        """
        shape = np.broadcast_to(0.0, self.sizes)
        blocks = [all_axes(shape, x if isinstance(x, int | np.integer) else tuple(x)) for x in (a, b)]
        if not blocks[0] or not blocks[1]:
            raise ValueError("mutual information is between two blocks of at least one variable each")
        if set(blocks[0]) & set(blocks[1]):
            raise ValueError(f"blocks {blocks[0]} and {blocks[1]} share a variable")
        if self._is_pair():
            return self._codes(1), self._codes(1)
        codes = [{k for k, c in enumerate(self.components) if set(c) & set(block)} for block in blocks]
        # a code symbol that both blocks know is told in any case; all symbols may be copies of it
        least = 1 if codes[0] & codes[1] else 0
        return self._codes(least), self._codes(min(len(codes[0]), len(codes[1])))

    def sample(self, random_state: int | np.random.Generator | None = None) -> np.ndarray:
        """Draw a maximizer: random permutations, and a random mixture of permutations between the sets.

        Returns
        -------
        numpy.ndarray
            Its joint table.
        """
        rng = np.random.default_rng(random_state)
        if self._is_pair():
            return self._sample_pair(rng)
        n_codes, symbols = len(self.components), self.sizes[0]
        tables = int(rng.integers(1, min(self.dimension + 1, MOST_TABLES) + 1))
        weights = rng.dirichlet(np.ones(tables))
        permuted = [[rng.permutation(symbols) for _ in c] for c in self.components]
        p = np.zeros(self.sizes)
        for weight in weights:
            index: list[np.ndarray] = [np.arange(symbols)] * len(self.sizes)
            for k, component in enumerate(self.components):
                code = rng.permutation(symbols) if n_codes > 1 else np.arange(symbols)
                for axis, permutation in zip(component, permuted[k]):
                    index[axis] = permutation[code]
            np.add.at(p, tuple(index), weight / symbols)
        return p

    def contains(self, p: Any, tol: float = 1e-9) -> bool:
        """Return whether a law is a maximizer.

        Its value has to reach the bound, and in each margin the other variables have to be uniform and
        functions of the one with the largest alphabet.

        Parameters
        ----------
        p : array
            Joint probabilities.
        tol : float
            How far below the bound the value may be, how far from uniform a probability, and how much mass
            may lie beside the graph of a function.

        Raises
        ------
        ValueError
            If `p` is no law or has another shape.
        """
        table = as_pmf(np.asarray(p))
        if table.shape != self.sizes:
            raise ValueError(f"p has shape {table.shape}, but the alphabets are {self.sizes}")
        value = factorized_mi(table, self.margins, self.weights, base=self.base, check=False)
        if not float(value) >= self.bound - tol:
            return False
        for i, f in functions_needed(self.sizes, self.margins):
            gone = tuple(k for k in range(table.ndim) if k not in (i, f))
            pair = table.sum(axis=gone) if i < f else table.sum(axis=gone).T
            uneven = np.abs(pair.sum(axis=1) - 1 / self.sizes[i]).max()
            beside = (pair.sum(axis=0) - pair.max(axis=0)).sum()
            if max(uneven, beside) > tol:
                return False
        return True

    def _is_pair(self) -> bool:
        return len(set(self.sizes)) > 1

    def _codes(self, number: int) -> float:
        """Return the information of so many code symbols."""
        return float(in_base(number * log(min(self.sizes)), self.base))

    def _sample_pair(self, rng: np.random.Generator) -> np.ndarray:
        small = int(np.argmin(self.sizes))
        n, m = sorted(self.sizes)
        # rejection would take long where m is close to n: give every value a preimage first
        values = np.concatenate([np.arange(n), rng.integers(n, size=m - n)])
        function = rng.permutation(values)
        table = np.zeros((n, m))
        for value in range(n):
            fibre = np.flatnonzero(function == value)
            table[value, fibre] = rng.dirichlet(np.ones(fibre.size)) / n
        return table if small == 0 else table.T


def fmi_maximizers(
    sizes: Iterable[int],
    margins: Iterable[Iterable[int]],
    weights: Sequence[float] | None = None,
    *,
    base: float | None = None,
) -> FMIMaximizers:
    """Describe all laws with the largest factorized mutual information.

    Parameters
    ----------
    sizes : iterable of int
        Alphabet size of every variable: all the same, or two variables.
    margins, weights, base
        As in `factorized_mi`. Every variable has to be in a margin.

    Returns
    -------
    FMIMaximizers

    Raises
    ------
    ValueError
        If a variable is in no margin, or three or more variables have different alphabets.

    References
    ----------
    Merkh, Montúfar, "Factorized Mutual Information Maximization"; paper 16 of adami's register.

    Examples
    --------
    >>> from adami.exact import fmi_maximizers
    >>> chain = fmi_maximizers((2, 2, 2, 2), [(0, 1), (1, 2), (2, 3)], base=2)
    >>> chain.count, chain.information_range((0, 1), (2, 3))
    (8, (1.0, 1.0))
    >>> matched = fmi_maximizers((2, 2, 2, 2), [(0, 2), (1, 3)], base=2)
    >>> matched.pieces, matched.dimension, matched.information_range((0, 1), (2, 3))
    (4, 1, (1.0, 2.0))
    """
    alphabets = as_sizes(sizes)
    known = as_margins(margins, len(alphabets))
    weight = as_weights(weights, len(known))
    components = margin_components(known)
    missing = sorted(set(range(len(alphabets))).difference(*components))
    if missing:
        raise ValueError(f"variables {missing} are in no margin, so their law is free: leave them out")
    n, c, symbols = len(alphabets), len(components), alphabets[0]
    if len(set(alphabets)) == 1:
        check_cells(symbols**n)
        pieces, dimension = factorial(symbols) ** (n - c), symbols**c - c * (symbols - 1) - 1
    elif n == 2:
        low, high = sorted(alphabets)
        pieces, dimension = _onto_maps(high, low), high - low
    else:
        raise ValueError(
            f"alphabets {alphabets} differ: all maximizers are known for equal ones and for two variables; "
            "FactorizedMIMaximizer finds one"
        )
    bound = float(in_base(bound_in_nats(alphabets, known, weight), base))
    return FMIMaximizers(alphabets, known, weight, components, pieces, dimension, bound, base)


def _onto_maps(n: int, k: int) -> int:
    """Return the number of maps of n symbols onto k, by inclusion and exclusion."""
    return sum((-1) ** j * comb(k, j) * (k - j) ** n for j in range(k + 1))
