"""Choosing features by information: criteria as plain functions, and the greedy loop with its stop.

Every criterion is "relevance minus redundancy plus what only the class reveals" (Brown et al. 2012): they
differ in the weight of I(c; s) and of I(c; s | y) over the features s chosen before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

Criterion = Callable[[np.ndarray, np.ndarray, np.ndarray | None], np.ndarray]


def mim(relevance: np.ndarray, redundancy: np.ndarray, conditional: np.ndarray | None = None) -> np.ndarray:
    """Score by relevance alone: I(c; y).

    Parameters
    ----------
    relevance : numpy.ndarray
        Shape ``(p,)``: I(c; y) in nats.
    redundancy : numpy.ndarray
        Shape ``(p, s)``: I(c; s) for every feature s chosen before; not used.
    conditional : numpy.ndarray, optional
        Shape ``(p, s)``: I(c; s | y); not used.

    Returns
    -------
    numpy.ndarray
        Shape ``(p,)``, nats.

    References
    ----------
    Lewis, "Feature selection and feature extraction for text categorization", 1992.

    Examples
    --------
    >>> import numpy as np
    >>> mim(np.array([0.5, 0.2]), np.empty((2, 0)))
    array([0.5, 0.2])
    """
    return relevance.copy()


def mrmr(relevance: np.ndarray, redundancy: np.ndarray, conditional: np.ndarray | None = None) -> np.ndarray:
    """Score by relevance minus the mean redundancy: I(c; y) - mean over s of I(c; s).

    Parameters
    ----------
    relevance, redundancy, conditional
        As in `mim`; `conditional` is not used.

    References
    ----------
    Peng, Long and Ding, "Feature selection based on mutual information: criteria of max-dependency,
    max-relevance, and min-redundancy", IEEE Transactions on Pattern Analysis 27, 2005.

    Examples
    --------
    >>> import numpy as np
    >>> mrmr(np.array([0.5, 0.4]), np.array([[0.3], [0.0]]))
    array([0.2, 0.4])
    """
    return relevance - redundancy.mean(axis=1) if redundancy.shape[1] else relevance.copy()


def jmi(relevance: np.ndarray, redundancy: np.ndarray, conditional: np.ndarray | None = None) -> np.ndarray:
    """Score by the mean joint information with each chosen feature: mean over s of I(c, s; y) - I(s; y).

    Parameters
    ----------
    relevance, redundancy, conditional
        As in `mim`.

    References
    ----------
    Yang and Moody, "Data visualization and feature selection: new algorithms for nongaussian data", 1999.

    Examples
    --------
    >>> import numpy as np
    >>> jmi(np.array([0.5, 0.4]), np.array([[0.3], [0.0]]), np.array([[0.1], [0.2]])).round(3)
    array([0.3, 0.6])
    """
    if not redundancy.shape[1]:
        return relevance.copy()
    return np.asarray(relevance - (redundancy - _given(conditional)).mean(axis=1))


def cmim(relevance: np.ndarray, redundancy: np.ndarray, conditional: np.ndarray | None = None) -> np.ndarray:
    """Score by the least that is left when one chosen feature is known: min over s of I(c; y | s).

    Parameters
    ----------
    relevance, redundancy, conditional
        As in `mim`.

    References
    ----------
    Fleuret, "Fast binary feature selection with conditional mutual information", Journal of Machine Learning
    Research 5, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> cmim(np.array([0.5, 0.4]), np.array([[0.3], [0.0]]), np.array([[0.1], [0.2]])).round(3)
    array([0.3, 0.6])
    """
    if not redundancy.shape[1]:
        return relevance.copy()
    return np.asarray(relevance - (redundancy - _given(conditional)).max(axis=1))


def _given(conditional: np.ndarray | None) -> np.ndarray:
    if conditional is None:
        raise ValueError("this criterion needs the conditional redundancy I(c; s | y)")
    return conditional


CRITERIA: dict[str, Criterion] = {"mim": mim, "mrmr": mrmr, "jmi": jmi, "cmim": cmim}
STOP: dict[str, Criterion] = {"mim": mim, "mrmr": jmi, "jmi": jmi, "cmim": cmim}
"""What the stop tests. A relevant feature can repeat the chosen ones and yet add to them, so that its score
by mRMR falls below that of a shuffled column, which repeats nothing; "jmi" asks what it adds."""
PAIRWISE = frozenset({mrmr, jmi, cmim})
"""Criteria that look at redundancy."""
CONDITIONAL = frozenset({jmi, cmim})
"""Criteria that look at redundancy given the target."""
LEAST_SHADOWS = 20
SMALLEST_TAIL = 1e-9
"""A tail fitted to some hundred values says no more than this."""


class Measures(Protocol):
    """What the greedy loop asks of the data: features 0..p-1, then any number of shadows.

    A shadow is a feature whose rows were shuffled: it tells nothing, and scores as nothing does.
    """

    n_features: int
    """Number p of features."""
    groups: np.ndarray
    """int, shape ``(p + shadows,)``: a feature is compared with the shadows of its own group, its kind."""

    def relevance(self) -> np.ndarray:
        """Return I(c; y), shape ``(p + shadows,)``."""

    def redundancy(self, s: int) -> np.ndarray:
        """Return I(c; s) with feature s, shape ``(p + shadows,)``."""

    def conditional(self, s: int) -> np.ndarray:
        """Return I(c; s | y) with feature s, shape ``(p + shadows,)``."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The features chosen, in their order.

    Parameters
    ----------
    chosen : tuple of int
    scores : tuple of float
        Score of each when it was chosen, in nats.
    p_values : tuple of float
        Of each, corrected for the number of candidates; empty without a test.
    relevance : numpy.ndarray
        Shape ``(p,)``: I(c; y) of every feature.
    """

    chosen: tuple[int, ...]
    scores: tuple[float, ...]
    p_values: tuple[float, ...]
    relevance: np.ndarray


def select(measures: Measures, criterion: str, count: int | None = None, *, alpha: float = 0.05) -> Selection:
    """Choose features greedily by a criterion.

    Parameters
    ----------
    measures : Measures
    criterion : {"mim", "mrmr", "jmi", "cmim"}
    count : int, optional
        How many; without it only candidates that do better, at level `alpha`, than the best of as many
        shuffled columns would are taken, and the loop ends when none does: by the criterion itself, or by
        "jmi" for "mrmr".
    alpha : float

    Returns
    -------
    Selection

    References
    ----------
    Brown, Pocock, Zhao and Luján, "Conditional likelihood maximisation: a unifying framework for information
    theoretic feature selection", Journal of Machine Learning Research 13, 2012.
    """
    score, test = criterion_named(criterion), STOP[criterion]
    used = {score} if count is not None else {score, test}
    p, groups = measures.n_features, measures.groups
    fewest = min(np.count_nonzero(groups[p:] == g) for g in set(groups[:p].tolist()))
    if count is None and fewest < LEAST_SHADOWS:
        raise ValueError(f"the stop needs at least {LEAST_SHADOWS} shuffled columns, got {fewest}")
    relevance = np.asarray(measures.relevance(), dtype=np.float64)
    redundancy = np.empty((len(relevance), 0))
    conditional = np.empty((len(relevance), 0))
    left = np.ones(p, dtype=bool)
    chosen: list[int] = []
    scores: list[float] = []
    p_values: list[float] = []
    while left.any() and (count is None or len(chosen) < count):
        values = score(relevance, redundancy, conditional)
        order = np.flatnonzero(left)[np.argsort(-values[:p][left], kind="stable")]
        best = int(order[0])
        if count is None:
            tested = test(relevance, redundancy, conditional)
            null = {g: tested[p:][groups[p:] == g] for g in set(groups[:p].tolist())}
            passed = _first_to_pass(order, tested, null, groups, alpha)
            if passed is None:
                break
            best, tail = passed
            p_values.append(tail)
        chosen.append(best)
        scores.append(float(values[best]))
        left[best] = False
        if used & PAIRWISE and left.any():
            redundancy = np.column_stack([redundancy, measures.redundancy(best)])
        if used & CONDITIONAL and left.any():
            conditional = np.column_stack([conditional, measures.conditional(best)])
    return Selection(tuple(chosen), tuple(scores), tuple(p_values), relevance[:p])


def _first_to_pass(
    order: np.ndarray, tested: np.ndarray, null: Mapping[int, np.ndarray], groups: np.ndarray, alpha: float
) -> tuple[int, float] | None:
    """Return the first candidate that does better than the best of as many shadows, and its p-value."""
    for candidate in order:
        own = null[int(groups[candidate])]
        tail = sidak(tail_probability(float(tested[candidate]), own), len(order))
        if tail <= alpha:
            return int(candidate), tail
    return None


def criterion_named(name: str) -> Criterion:
    """Return a criterion by its name.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if name not in CRITERIA:
        raise ValueError(f"unknown criterion {name!r}; choose one of {', '.join(CRITERIA)}")
    return CRITERIA[name]


def tail_probability(value: float, null: np.ndarray) -> float:
    """Return the probability of a value at least this large, from a sample of the null distribution.

    A share of the sample cannot be below one over its size, too coarse to choose the best of many candidates.
    Beyond the sample's reach the tail of a Pearson type III law with the sample's mean, variance and skewness
    is taken: it covers the normal-like nulls of neighbour estimators and the chi-squared ones of counts.

    Parameters
    ----------
    value : float
    null : numpy.ndarray
        Shape ``(B,)``.

    References
    ----------
    Winkler et al., "Faster permutation inference in brain imaging", NeuroImage 141, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> null = np.random.default_rng(0).normal(size=200)
    >>> 1e-6 < tail_probability(4.0, null) < 1e-3
    True
    """
    from scipy.special import gammaincc, ndtr

    null = np.asarray(null, dtype=np.float64)
    above = int(np.count_nonzero(null >= value - 1e-10 * max(1.0, abs(value))))
    share = (1 + above) / (1 + len(null))
    center, spread = float(null.mean()), float(null.std(ddof=1)) if len(null) > 1 else 0.0
    if above >= 10 or len(null) < 10 or not spread > 1e-12:
        return share
    # the skewness of a sample is too small on average for long tails, and errs by this much for normal ones
    skewness = float(np.mean(((null - center) / spread) ** 3)) + math.sqrt(6.0 / len(null))
    z = (value - center) / spread
    if skewness < 0.05:
        tail = float(ndtr(-z))
    else:
        shape = 4.0 / skewness**2
        tail = float(gammaincc(shape, max(0.0, shape + z * math.sqrt(shape))))
    return min(share, max(tail, SMALLEST_TAIL))


def sidak(p: float, tried: int) -> float:
    """Return the probability that the smallest of `tried` independent p-values is at most p."""
    return float(-math.expm1(tried * math.log1p(-min(p, 1.0 - 1e-16))))
