"""Entropy from several nearest neighbours, weighted so that the leading biases cancel."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np

from adami.estimators._base import Estimator, Measurement
from adami.estimators._common import digamma, dimension_note, need_rows, ties_note
from adami.estimators._whitening import whitened
from adami.estimators.kozachenko_leonenko import _log_unit_ball
from adami.result import Diagnostic
from adami.variables import Variable

STABLE = 15.0
"""Sum of absolute weights above which their noise outweighs the bias that they remove."""
PLAIN_K = 3
"""Neighbour of the plain estimator that takes over from rejected weights."""


class WeightedKL(Estimator):
    """Differential entropy from weighted distances to the first k neighbours.

    With ``xi[j, i] = (n - 1) exp(-psi(j)) V_d rho[j, i]**d`` for the Euclidean distance `rho` of row i to its
    j-th neighbour, the estimate is the mean of ``sum_j w_j ln xi[j, i]``. The weights sum to one and cancel
    the ``floor(d / 4)`` leading terms of the bias; below four dimensions there is none to cancel, and the
    k-th neighbour alone is used. Rows are whitened first and their volume is put back.

    In many dimensions such weights are large and of both signs and raise the noise far above the bias. They
    are used only while their absolute sum is at most 15; otherwise the plain estimator with the third
    neighbour is used and the flag ``weights_rejected`` says so.

    Parameters
    ----------
    k : int or "auto"
        Neighbours. "auto" takes 3 below four dimensions, 20 below eight and 60 from eight on, or fewer where
        rows are few.
    weights : {"auto", "none"}
        "none" is the plain estimator with the k-th neighbour.
    support : {"all", "spread"}
        Which neighbours may carry weight: all of them, with the least norm, which is the least noisy; or only
        ``floor(i k / d)`` for i = 1..d, as in the theory.
    n_jobs : int, optional
        Threads; the value does not depend on it.

    References
    ----------
    Butakov et al., "Information Bottleneck Analysis of Deep Neural Networks via Lossy Compression", 2024
    (paper 55 of adami's register). Berrett, Samworth and Yuan, "Efficient multivariate entropy estimation via
    k-nearest neighbour distances", Annals of Statistics 47, 2019.

    Examples
    --------
    >>> import math
    >>> import numpy as np
    >>> from adami.estimators import WeightedKL
    >>> rows = np.random.default_rng(0).normal(size=(2000, 8))
    >>> abs(WeightedKL().estimate(rows) - 4 * math.log(2 * math.pi * math.e)) < 0.15
    True
    """

    name: ClassVar[str] = "weighted_kl"

    def __init__(
        self,
        k: int | Literal["auto"] = "auto",
        weights: Literal["auto", "none"] = "auto",
        support: Literal["all", "spread"] = "all",
        n_jobs: int | None = 1,
    ) -> None:
        self.k = k
        self.weights = weights
        self.support = support
        self.n_jobs = n_jobs

    def _entropy(self, x: Variable) -> Measurement:
        if self.weights not in ("auto", "none"):
            raise ValueError(f"weights={self.weights!r}: choose 'auto' or 'none'")
        refuse_labels(x, self.name)
        k = neighbours(self.k, x.n, x.dim)
        need_rows(x.n, k, self.name)
        return self._of_rows(*whitened(x.numbers, x.names), k, x)

    def _of_rows(self, rows: np.ndarray, log_volume: float, k: int, x: Variable) -> Measurement:
        from adami.estimators._kernels.euclidean import knn_distances

        n, d = rows.shape
        w, noise = np.zeros(k), 1.0
        w[-1] = 1.0
        notes: tuple[Diagnostic, ...] = ()
        if self.weights == "auto" and d >= 4:
            w = bias_cancelling_weights(k, d, self.support)
            noise = float(np.abs(w).sum())
            if noise > STABLE:
                k = min(k, PLAIN_K)
                w = np.zeros(k)
                w[-1] = 1.0
                notes = (_rejected(noise, d, k),)
        elif d < 4 or self.weights == "none":
            notes = ties_note(x)
        used = np.flatnonzero(w)
        distances = knn_distances(rows, int(used[-1]) + 1, self.n_jobs)
        zeros = int(np.count_nonzero(distances[:, used[0]] == 0))
        if zeros:
            raise ValueError(
                f"{zeros} of {n} rows of {x} coincide with their nearest neighbours, where the density is "
                "infinite; use unrounded values, weights='none' with a larger k, or the kind 'discrete'"
            )
        local = weighted_log_volumes(distances, w, d) + log_volume
        return Measurement(
            float(np.mean(local)),
            standard_error=float(np.std(local) / math.sqrt(n)),
            pointwise=local,
            diagnostics=(*notes, *dimension_note(n, k, d)),
            details={"k": k, "weight_norm": noise, "weighted": bool(len(used) > 1)},
        )


@lru_cache(maxsize=256)
def _weights(k: int, d: int, support: str) -> tuple[float, ...]:
    from scipy.special import gammaln

    places = np.arange(1, k + 1)
    if support == "spread":
        places = np.unique(np.arange(1, d + 1) * k // d)
        places = places[places > 0]
    conditions = [np.ones(len(places))]
    conditions += [
        np.exp(gammaln(places + 2 * order / d) - gammaln(places)) for order in range(1, d // 4 + 1)
    ]
    rows = np.array(conditions)
    if len(places) < len(rows):
        raise ValueError(
            f"k={k} neighbours cannot cancel {d // 4} biases in {d} dimensions; use k of at least "
            f"{len(rows)}, or weights='none'"
        )
    scale = np.linalg.norm(rows, axis=1, keepdims=True)
    wanted = np.zeros(len(rows))
    wanted[0] = 1 / scale[0, 0]
    found = np.zeros(k)
    found[places - 1] = np.linalg.lstsq(rows / scale, wanted, rcond=1e-12)[0]
    return tuple(found.tolist())


def bias_cancelling_weights(k: int, d: int, support: Literal["all", "spread"] = "all") -> np.ndarray:
    """Return the weights of k neighbours in d dimensions whose leading biases cancel.

    They sum to one, and ``sum_j w_j Gamma(j + 2 l / d) / Gamma(j)`` is zero for l = 1..floor(d / 4).

    Parameters
    ----------
    k : int
        Neighbours.
    d : int
        Dimensions.
    support : {"all", "spread"}
        Which neighbours may carry weight; see `WeightedKL`.

    Returns
    -------
    numpy.ndarray of shape (k,)

    Raises
    ------
    ValueError
        If there are fewer neighbours than conditions.

    References
    ----------
    Berrett, Samworth and Yuan, Annals of Statistics 47, 2019; paper 55 of adami's register.

    Examples
    --------
    >>> from adami.estimators import bias_cancelling_weights
    >>> bias_cancelling_weights(3, 4).round(3)
    array([ 2.068,  0.176, -1.243])
    """
    if support not in ("all", "spread"):
        raise ValueError(f"support={support!r}: choose 'all' or 'spread'")
    if int(k) != k or k < 1 or int(d) != d or d < 1:
        raise ValueError(f"k={k!r} and d={d!r} must be whole numbers of at least 1")
    return np.array(_weights(int(k), int(d), support))


def weighted_log_volumes(distances: np.ndarray, weights: np.ndarray, d: int) -> np.ndarray:
    """Return the weighted logarithm of the volumes xi of each row, whose mean is the entropy.

    Parameters
    ----------
    distances : numpy.ndarray of shape (n, k)
        Euclidean, to the nearest other rows.
    weights : numpy.ndarray of shape (k,)
    d : int
        Dimensions.
    """
    used = np.flatnonzero(weights)
    constant = float(np.dot(weights[used], digamma(used + 1)))
    ball = _log_unit_ball(d, "euclidean")
    logs = np.log(distances[:, used])
    return np.asarray(d * (logs @ weights[used]) + math.log(len(distances) - 1) - constant + ball)


def refuse_labels(x: Variable, method: str) -> None:
    """Raise where a variable has labels, which have no density."""
    if x.dim == 0:
        raise TypeError(
            f"method {method!r} takes numbers, and {x} is discrete; use 'grassberger' for labels, or "
            "kinds='continuous' if the numbers are meant"
        )
    if x.codes is not None:
        raise TypeError(
            f"{x} has labels beside numbers, which have no density; measure the entropy of the numbers "
            "given the labels and add that of the labels"
        )


def neighbours(k: int | str, n: int, d: int) -> int:
    """Return k, or for "auto" as many as n rows in d dimensions have near enough for the weights."""
    if isinstance(k, str):
        if k != "auto":
            raise ValueError(f"k={k!r}: a number of neighbours, or 'auto'")
        if d < 4:
            return PLAIN_K
        # neighbours so far away that the density changes its shape within them bring a bias of their own
        return max(PLAIN_K, 1 + d // 4, min(20 if d < 8 else 60, n // 20))
    return k


def _rejected(noise: float, d: int, k: int) -> Diagnostic:
    return Diagnostic(
        "weights_rejected",
        f"weights that cancel the bias in {d} dimensions have an absolute sum of {noise:.0f} and would bring "
        f"more noise than they remove bias: the plain estimator with k={k} is used; compress to fewer "
        "dimensions, or take more neighbours",
        "warning",
        "unknown",
    )
