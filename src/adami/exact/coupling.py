"""Couplings of given laws with little joint entropy, that is with much information."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from adami.exact._arrays import in_base, unit_name
from adami.exact._greedy_steps import max_seeking, zero_seeking
from adami.exact._sparse_table import SparseTable
from adami.exact.entropies import entropy
from adami.exact.pmf import as_pmf

Rule = Literal["max", "zero"]


@dataclass(frozen=True, slots=True, eq=False)
class Coupling(SparseTable):
    """A joint law of given marginals; its cells stand in the order in which the rule filled them.

    Parameters
    ----------
    cells, masses, shape
        The cells with mass: at most the sum of the alphabet sizes less the number of marginals, plus one.
    entropy : float
        Joint entropy.
    bound : float
        What no coupling of these marginals can go below.
    information : float
        Total correlation, which for two marginals is their mutual information.
    rule : {"max", "zero"}
        How the next cell was chosen.
    unit : str
        Unit of the three numbers.
    """

    entropy: float
    bound: float
    information: float
    rule: Rule
    unit: str

    @property
    def trace(self) -> np.ndarray:
        """Mass that was still uncoupled after each step."""
        left: np.ndarray = 1.0 - np.cumsum(self.masses)
        return np.maximum(left, 0.0)


def greedy_mec(*marginals: Any, rule: Rule = "max", base: float | None = None) -> Coupling:
    """Return a coupling of small joint entropy, found greedily.

    Parameters
    ----------
    *marginals : array, each of shape (n_symbols,)
        Two or more laws; their sizes may differ.
    rule : {"max", "zero"}
        "max" couples the most likely symbols that remain. For two marginals its joint entropy is at most
        one bit above the bound. "zero" couples the two symbols whose masses differ least, which is often
        slightly better and takes exactly two marginals. Equal candidates: the lowest index.
    base : float, optional
        Base of the logarithm of the reported numbers; nats by default, 2 for bits.

    Returns
    -------
    Coupling
        Sparse, with `rows`, `columns`, `masses` and `toarray`.

    Raises
    ------
    ValueError
        If a marginal is no law, there are fewer than two, or the rule is unknown or does not apply.

    References
    ----------
    Ebrahimi, Chen, Khisti, "Minimum Entropy Coupling with Bottleneck", 2024; paper 24 of adami's register.
    Cicalese, Gargano, Vaccaro, "Minimum-entropy couplings and their applications" (the bound).

    Examples
    --------
    >>> from adami.exact import greedy_mec
    >>> coupling = greedy_mec([0.5, 0.5], [0.5, 0.25, 0.25], base=2)
    >>> coupling.toarray()
    array([[0.5 , 0.  , 0.  ],
           [0.  , 0.25, 0.25]])
    >>> coupling.entropy, coupling.bound, round(coupling.information, 6)
    (1.5, 1.5, 1.0)
    """
    unit = unit_name(base)
    laws = _laws(marginals)
    if rule == "max":
        cells, masses = max_seeking([law.tolist() for law in laws])
    elif rule == "zero":
        if len(laws) != 2:
            raise ValueError(
                f'rule="zero" couples two marginals, and there are {len(laws)}: use rule="max" for more'
            )
        cells, masses = zero_seeking(laws[0].tolist(), laws[1].tolist())
    else:
        raise ValueError(f'rule={rule!r} is unknown: choose "max" or "zero"')
    # the masses are positive parts of checked laws, and sum to one up to rounding
    weights = np.array(masses)
    joint_entropy = float(entropy(weights, check=False))
    total = sum(float(entropy(law, check=False)) for law in laws)
    return Coupling(
        cells=np.array(cells, dtype=np.intp),
        masses=weights,
        shape=tuple(law.size for law in laws),
        entropy=float(in_base(joint_entropy, base)),
        bound=float(entropy(_meet(laws), base=base, check=False)),
        # rounding must not make independent or certain symbols informative
        information=float(in_base(max(total - joint_entropy, 0.0), base)),
        rule=rule,
        unit=unit,
    )


def majorization_meet(*marginals: Any) -> np.ndarray:
    """Return the most concentrated law that is spread at least as much as every marginal.

    Every coupling of the marginals is spread at least as much as this law, so that its entropy bounds their
    joint entropies from below.

    Parameters
    ----------
    *marginals : array, each of shape (n_symbols,)
        Two or more laws; shorter ones are filled up with zeros.

    Returns
    -------
    numpy.ndarray, shape (largest n_symbols,)
        In descending order.

    Raises
    ------
    ValueError
        If a marginal is no law or there are fewer than two.

    References
    ----------
    Cicalese, Gargano, Vaccaro, "Minimum-entropy couplings and their applications".

    Examples
    --------
    >>> from adami.exact import majorization_meet
    >>> majorization_meet([0.5, 0.5], [0.6, 0.2, 0.2]).round(6)
    array([0.5, 0.3, 0.2])
    """
    return _meet(_laws(marginals))


def _meet(laws: list[np.ndarray]) -> np.ndarray:
    size = max(law.size for law in laws)
    sums = np.ones((len(laws), size))
    for row, law in zip(sums, laws):
        row[: law.size] = np.cumsum(np.sort(law)[::-1])
    met: np.ndarray = np.diff(sums.min(axis=0), prepend=0.0)
    return np.maximum(met, 0.0)


def _laws(marginals: tuple[Any, ...]) -> list[np.ndarray]:
    if len(marginals) < 2:
        raise ValueError(f"a coupling joins two or more marginals, and there are {len(marginals)}")
    return [one_law(p, f"marginal {i}") for i, p in enumerate(marginals)]


def one_law(p: Any, name: str) -> np.ndarray:
    """Return a checked law of one variable as float64."""
    law = np.asarray(as_pmf(np.asarray(p), name=name), dtype=float)
    if law.ndim != 1:
        raise ValueError(f"{name} has shape {law.shape}: give the law of one variable")
    return law
