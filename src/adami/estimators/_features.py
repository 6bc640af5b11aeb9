"""One column against many, for feature selection: a fast formula for each pair of kinds, and shadows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adami._parallel import ordered_map
from adami.estimators._uniform_scores import spread_ranks
from adami.estimators.co_information import co_information
from adami.variables import Column, Variable, join


@dataclass(frozen=True, slots=True)
class Columns:
    """Features side by side: numbers or codes, one column each.

    Parameters
    ----------
    values : numpy.ndarray
        float64, shape ``(n, p)``; discrete columns hold codes ``0..levels-1``.
    discrete : numpy.ndarray
        bool, shape ``(p,)``.
    """

    values: np.ndarray
    discrete: np.ndarray

    def column(self, j: int) -> np.ndarray:
        """Return one column: float64 numbers or int64 codes."""
        return self.values[:, j].astype(np.int64) if self.discrete[j] else self.values[:, j]


def without_ties(values: np.ndarray, discrete: np.ndarray, rng: np.random.Generator) -> Columns:
    """Return numbers as normal scores with ties in random order, and labels as codes.

    Parameters
    ----------
    values : numpy.ndarray
        Shape ``(n, p)``.
    discrete : numpy.ndarray
        bool, shape ``(p,)``.
    rng : numpy.random.Generator
    """
    from scipy.special import ndtri

    out = np.empty(values.shape)
    for j in range(values.shape[1]):
        if discrete[j]:
            out[:, j] = np.unique(values[:, j], return_inverse=True)[1]
            continue
        ranks = spread_ranks(_variable(values[:, j], False, "x"), rng)
        # a constant column has no ranks; it tells nothing in any order
        out[:, j] = ndtri(ranks[:, 0]) if ranks.shape[1] else rng.standard_normal(len(values))
    return Columns(out, discrete)


def with_target(
    features: Columns,
    target: np.ndarray,
    discrete_target: bool,
    k: int,
    n_jobs: int | None = 1,
    *,
    corrected: bool = True,
) -> np.ndarray:
    """Return the information between every feature and a target, in nats, not clipped.

    Numbers with numbers: the estimator of Kraskov et al.; numbers with labels: Ross's; labels with labels:
    the plug-in estimate with Miller and Madow's correction.

    Parameters
    ----------
    features : Columns
    target : numpy.ndarray
        Shape ``(n,)``: numbers, or int64 codes.
    discrete_target : bool
    k : int
    n_jobs : int
    corrected : bool
        Whether labels with labels get the correction.

    Returns
    -------
    numpy.ndarray
        Shape ``(p,)``.
    """
    from adami.estimators.pairwise import ksg_many, ross_many

    out = np.zeros(features.values.shape[1])
    numbers, labels = np.flatnonzero(~features.discrete), np.flatnonzero(features.discrete)
    if len(numbers):
        block = features.values[:, numbers]
        many = ross_many if discrete_target else ksg_many
        out[numbers] = many(block, target, k=k, n_jobs=n_jobs)
    if len(labels):
        codes = [features.column(int(j)) for j in labels]
        if discrete_target:
            out[labels] = [labels_with_labels(c, target, corrected) for c in codes]
        else:
            found = ordered_map(lambda c: ross_many(target[:, None], c, k=k)[0], codes, n_jobs)
            out[labels] = found
    return out


def labels_with_labels(a: np.ndarray, b: np.ndarray, corrected: bool = True) -> float:
    """Return the plug-in information of two columns of codes, with Miller and Madow's correction, in nats."""
    from adami.estimators._kernels.tables import pair_information

    size_a, size_b = int(a.max()) + 1, int(b.max()) + 1
    if not corrected:
        return pair_information(a, b, size_a, size_b)
    seen_a, seen_b = np.count_nonzero(np.bincount(a)), np.count_nonzero(np.bincount(b))
    cells = np.count_nonzero(np.bincount(a * size_b + b))
    return pair_information(a, b, size_a, size_b) + (seen_a + seen_b - cells - 1) / (2 * len(a))


class FeatureTable:
    """Features and their shadows beside a target: the numbers that the criteria of `selection` ask for.

    Parameters
    ----------
    features : Columns
    target : numpy.ndarray
        Shape ``(n,)``: numbers, or int64 codes.
    discrete_target : bool
    k : int
        Neighbours.
    shadows : int
        Number of shuffled columns of each kind: features in turn, their rows permuted.
    rng : numpy.random.Generator
    n_jobs : int
    """

    def __init__(
        self,
        features: Columns,
        target: np.ndarray,
        discrete_target: bool,
        *,
        k: int,
        shadows: int,
        rng: np.random.Generator,
        n_jobs: int | None = 1,
    ) -> None:
        n, p = features.values.shape
        # numbers and labels scatter differently when they tell nothing: each kind gets its own shadows
        source = np.concatenate(
            [np.resize(rng.permutation(own), shadows) for own in _by_kind(features.discrete) if len(own)]
        )
        shuffled = [features.values[rng.permutation(n), j] for j in source]
        self.n_features = p
        self.all = Columns(
            np.column_stack([features.values, *shuffled]),
            np.concatenate([features.discrete, features.discrete[source]]),
        )
        self.groups = self.all.discrete.astype(np.int64)
        self.target, self.discrete_target = target, discrete_target
        self.k, self.n_jobs = k, n_jobs

    def relevance(self) -> np.ndarray:
        """Return I(c; y), shape ``(p + shadows,)``."""
        return self._measured(self.target, self.discrete_target)

    def redundancy(self, s: int) -> np.ndarray:
        """Return I(c; s), shape ``(p + shadows,)``; 0 for s itself, which is not scored again."""
        out = self._measured(self.all.column(s), bool(self.all.discrete[s]))
        out[s] = 0.0
        return out

    def conditional(self, s: int) -> np.ndarray:
        """Return I(c; s | y), shape ``(p + shadows,)``.

        Criteria look at I(c; s | y) - I(c; s), a difference of two numbers that may both be large. It is
        measured as such, with one radius for all terms, and added to I(c; s).
        """
        slots = [self._variable(j) for j in range(self.all.values.shape[1])]
        y = _variable(self.target, self.discrete_target, "y")

        def gain(j: int) -> float:
            return 0.0 if j == s else co_information(slots[j], slots[s], y).synergy

        gains: Sequence[float] = ordered_map(gain, range(len(slots)), self.n_jobs)
        return np.asarray(self.redundancy(s) + np.asarray(gains))

    def _measured(self, target: np.ndarray, discrete: bool) -> np.ndarray:
        found = with_target(self.all, target, discrete, self.k, self.n_jobs)
        # copies share infinitely much; criteria subtract, so they get the most that so many rows can show
        return np.asarray(np.minimum(found, np.log(len(target))))

    def _variable(self, j: int) -> Variable:
        return _variable(self.all.column(j), bool(self.all.discrete[j]), f"feature {j}")


def _by_kind(discrete: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.flatnonzero(~discrete), np.flatnonzero(discrete)


def _variable(values: np.ndarray, discrete: bool, name: str) -> Variable:
    if discrete:
        return join([Column(name, "discrete", values, tuple(range(int(values.max()) + 1)), True)])
    return join([Column(name, "continuous", values, (), True)])
