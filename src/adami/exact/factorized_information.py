"""Factorized mutual information: the multi-information of small margins as a proxy for that of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from adami.exact._arrays import Array, floats, in_base, unit_name, xlogy
from adami.exact._fmi_attained import attained
from adami.exact._fmi_search import FMIMaximum, maximize_fmi
from adami.exact._margins import (
    Margins,
    as_margins,
    as_sizes,
    as_weights,
    bound_in_nats,
    entropy_terms,
    onto,
)
from adami.exact.pmf import as_pmf


def factorized_mi(
    p: Any,
    margins: Iterable[Iterable[int]],
    weights: Sequence[float] | None = None,
    *,
    base: float | None = None,
    batch_dims: int = 0,
    check: bool = True,
) -> Array:
    """Return the weighted mean of the multi-information of some margins of a joint law.

    One margin of all variables gives the multi-information itself; pairs between two blocks give a cheap
    stand-in for the mutual information of the blocks.

    Parameters
    ----------
    p : array or tensor
        Joint probabilities, one axis a variable.
    margins : iterable of tuples of int
        Sets of at least two variables.
    weights : sequence of float, optional
        Positive weight of each margin; one over their number by default.
    base : float, optional
        Base of the logarithm; nats by default, 2 for bits.
    batch_dims : int
        Number of leading axes that count tables rather than variables; margins count from behind them.
    check : bool
        Whether to check that `p` is a law.

    Returns
    -------
    array or tensor
        A single number, or one for each table; gradients flow for tensors.

    Raises
    ------
    ValueError
        If a margin has fewer than two variables, names one twice or one that is not there, or `p` is no law.

    References
    ----------
    Merkh, Montúfar, "Factorized Mutual Information Maximization"; paper 16 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.exact import factorized_mi
    >>> copies = np.zeros((2, 2, 2)); copies[0, 0, 0] = copies[1, 1, 1] = 0.5
    >>> factorized_mi(copies, [(0, 1), (1, 2)], base=2).round(6)
    np.float64(1.0)
    """
    xp, table = floats(p, name="p")
    if not 0 <= batch_dims <= table.ndim:
        raise ValueError(f"batch_dims={batch_dims}, but p has {table.ndim} axes")
    n = table.ndim - batch_dims
    known = as_margins(margins, n)
    weight = as_weights(weights, len(known))
    if check:
        table = as_pmf(table, axis=tuple(range(batch_dims, table.ndim)))
    total: Array = 0.0
    for axes, factor in entropy_terms(known, weight):
        law = onto(xp, table, (*range(batch_dims), *(batch_dims + i for i in axes)))
        total = total - factor * xp.sum(xlogy(xp, law, law), axis=tuple(range(batch_dims, law.ndim)))
    return in_base(total, base)


def fmi_bound(
    sizes: Iterable[int],
    margins: Iterable[Iterable[int]],
    weights: Sequence[float] | None = None,
    *,
    base: float | None = None,
) -> float:
    """Return what the factorized mutual information of any law with these alphabets is at most.

    Of each margin it is the sum of the logarithms of all alphabet sizes but the largest.

    Parameters
    ----------
    sizes : iterable of int
        Alphabet size of every variable.
    margins, weights, base
        As in `factorized_mi`.

    Examples
    --------
    >>> from adami.exact import fmi_bound
    >>> round(fmi_bound((2, 3, 3), [(0, 1, 2)]), 6)
    1.791759
    """
    alphabets = as_sizes(sizes)
    known = as_margins(margins, len(alphabets))
    return float(in_base(bound_in_nats(alphabets, known, as_weights(weights, len(known))), base))


def fmi_bound_attained(sizes: Iterable[int], margins: Iterable[Iterable[int]]) -> bool | None:
    """Return whether some law attains the bound.

    It does where each alphabet divides the next larger one of its connected set of margins, and for a
    margin of two variables. For a margin of three it does just if the largest alphabet has at least
    ``n1 + n2 - gcd(n1, n2)`` symbols. All else is left to a mixed-integer program.

    Parameters
    ----------
    sizes, margins
        As in `fmi_bound`.

    Returns
    -------
    bool or None
        None where none of the conditions applies and the program is too large (above 4096 connected cells)
        or gives up.

    Examples
    --------
    >>> from adami.exact import fmi_bound_attained
    >>> fmi_bound_attained((2, 3, 3), [(0, 1, 2)]), fmi_bound_attained((2, 3, 4), [(0, 1, 2)])
    (False, True)
    """
    alphabets = as_sizes(sizes)
    return attained(alphabets, as_margins(margins, len(alphabets))).answer


class FactorizedMIMaximizer:
    """Find the largest factorized mutual information and a law that has it.

    Parameters
    ----------
    alphabets : iterable of int
        Alphabet size of every variable.
    margins, weights, base
        As in `factorized_mi`.
    restarts, random_state
        As in `maximize_fmi`, which is asked only if the bound is not known to be attained.

    Attributes
    ----------
    value_ : float
    pmf_ : numpy.ndarray
        A law with that value.
    bound_ : float
    attained_ : bool or None
        Whether the bound is attained, None if that is undecided; `value_` is then what a search found.
    reason_ : str
        What decided it.
    search_ : FMIMaximum or None
        The search, if there was one.
    unit_ : str

    References
    ----------
    Merkh, Montúfar, "Factorized Mutual Information Maximization"; paper 16 of adami's register.

    Examples
    --------
    >>> from adami.exact import FactorizedMIMaximizer
    >>> best = FactorizedMIMaximizer((2, 3, 4), [(0, 1, 2)]).fit()
    >>> best.attained_, round(best.value_, 6)
    (True, 1.791759)
    """

    value_: float
    pmf_: np.ndarray
    bound_: float
    attained_: bool | None
    reason_: str
    search_: FMIMaximum | None
    unit_: str

    def __init__(
        self,
        alphabets: Iterable[int],
        margins: Iterable[Iterable[int]],
        weights: Sequence[float] | None = None,
        *,
        restarts: int = 50,
        random_state: int | np.random.Generator | None = None,
        base: float | None = None,
    ) -> None:
        self.alphabets = as_sizes(alphabets)
        self.margins: Margins = as_margins(margins, len(self.alphabets))
        self.weights = weights
        self.restarts, self.random_state, self.base = restarts, random_state, base

    def fit(self) -> FactorizedMIMaximizer:
        """Find the maximum, from theory where that is known and by a search elsewhere."""
        self.bound_ = fmi_bound(self.alphabets, self.margins, self.weights, base=self.base)
        self.unit_ = unit_name(self.base)
        self.attained_, law, self.reason_ = attained(self.alphabets, self.margins)
        self.search_ = None
        if law is None:
            self.search_ = maximize_fmi(
                self.alphabets,
                self.margins,
                self.weights,
                restarts=self.restarts,
                random_state=self.random_state,
                base=self.base,
            )
            law = self.search_.pmf
        self.pmf_ = law
        self.value_ = float(factorized_mi(law, self.margins, self.weights, base=self.base))
        return self
