"""Entropy and divergence of numbers from nearest-neighbour distances (Kozachenko and Leonenko, 1987)."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from adami.estimators._base import Estimator, Measurement
from adami.estimators._common import (
    digamma,
    dimension_note,
    need_rows,
    small_class_note,
    standardize,
)
from adami.estimators._partition import Part, neighbourhood, others, part
from adami.result import Estimate
from adami.variables import Variable, variable

METRICS = ("chebyshev", "euclidean")


class KozachenkoLeonenko(Estimator):
    """Differential entropy from the distance to the k-th nearest neighbour.

    Every column is standardised before distances are taken and its scale put back afterwards, so that
    ``h(aX) = h(X) + d ln a`` holds exactly, column by column.

    Parameters
    ----------
    k : int
        Neighbours; more of them lower the variance and raise the bias.
    metric : {"chebyshev", "euclidean"}
        Shape of the neighbourhood. Conditional entropy uses "chebyshev".
    n_jobs : int, optional
        Threads; the value does not depend on it.

    References
    ----------
    Kozachenko and Leonenko, "Sample estimate of the entropy of a random vector", Problems of Information
    Transmission 23, 1987. Kraskov, Stögbauer and Grassberger, Physical Review E 69, 066138, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import KozachenkoLeonenko
    >>> rows = np.random.default_rng(0).uniform(size=(2000, 2))
    >>> abs(KozachenkoLeonenko().estimate(rows)) < 0.1
    True
    """

    name = "kl"

    def __init__(
        self, k: int = 3, metric: Literal["chebyshev", "euclidean"] = "chebyshev", n_jobs: int | None = 1
    ) -> None:
        self.k = k
        self.metric = metric
        self.n_jobs = n_jobs

    def _entropy(self, x: Variable) -> Measurement:
        numbers, log_scale = self._numbers(x)
        n, d = numbers.shape
        radius = self._radius(numbers)
        _refuse_zeros(radius, x)
        volume = _log_unit_ball(d, self.metric) + float(log_scale.sum())
        local = float(digamma(n) - digamma(self.k)) + volume + d * np.log(radius)
        return Measurement(
            float(np.mean(local)),
            pointwise=local,
            diagnostics=dimension_note(n, self.k, d),
            details={"k": self.k},
        )

    def _conditional_entropy(self, x: Variable, given: Variable) -> Measurement:
        # h(X,Z) - h(Z) with the same radius in both: their biases cancel, as in the estimator of information
        if self.metric != "chebyshev":
            raise ValueError(
                "conditional entropy needs metric='chebyshev', the norm in which x and given factor"
            )
        numbers, log_scale = self._numbers(x)
        n, d = numbers.shape
        condition = part(given)
        near = neighbourhood((Part(numbers, None), condition), self.k, self.n_jobs)
        kept = near.used > 0
        if not kept.any():
            raise ValueError(f"every label of {given} stands in one row only: no neighbours to compare with")
        _refuse_zeros(near.radius, x)
        counts = others((condition,), near.radius, True, self.n_jobs)
        volume = _log_unit_ball(d, self.metric) + float(log_scale.sum())
        local = (digamma(counts + 1) - digamma(np.maximum(near.used, 1)) + d * np.log(near.radius) + volume)[
            kept
        ]
        notes = dimension_note(n, self.k, d + condition.numbers.shape[1])
        if condition.codes is not None:
            notes += small_class_note(np.bincount(condition.codes), self.k)
        return Measurement(
            float(np.mean(local)),
            pointwise=local if kept.all() else None,
            diagnostics=notes,
            details={"k": self.k},
        )

    def _numbers(self, x: Variable) -> tuple[np.ndarray, np.ndarray]:
        """Return standardised numbers and their log scales, or say why there is no density."""
        if self.metric not in METRICS:
            raise ValueError(f"metric={self.metric!r}: choose 'chebyshev' or 'euclidean'")
        if x.dim == 0:
            raise TypeError(
                f"method 'kl' takes numbers, and {x} is discrete; use 'grassberger' for labels, or "
                "kinds='continuous' if the numbers are meant"
            )
        if x.codes is not None:
            raise TypeError(
                f"{x} has labels beside numbers, which have no density; measure the entropy of the "
                "numbers given the labels and add that of the labels"
            )
        need_rows(x.n, self.k, self.name)
        numbers, log_scale = standardize(x.numbers)
        flat = [c.name for c, s in zip(x.columns, log_scale) if not np.isfinite(s)]
        if flat:
            raise ValueError(
                f"column(s) {', '.join(map(repr, flat))} never change, so the differential entropy is minus "
                "infinity; leave them out, or use kinds='discrete'"
            )
        return numbers, log_scale

    def _radius(self, numbers: np.ndarray) -> np.ndarray:
        if self.metric == "chebyshev":
            from adami.estimators._kernels.neighbours import knn_radius

            return knn_radius((numbers,), self.k, self.n_jobs)
        from scipy.spatial import cKDTree

        from adami._parallel import n_workers

        found = cKDTree(numbers).query(numbers, [self.k + 1], workers=n_workers(self.n_jobs))[0]
        return np.asarray(found[:, 0])


def knn_divergence(p: Any, q: Any, k: int = 3, n_jobs: int | None = 1) -> Estimate:
    """Estimate the Kullback-Leibler divergence KL(p || q) between the laws of two samples of numbers.

    Parameters
    ----------
    p : array of shape (n, d)
        Rows from the first law.
    q : array of shape (m, d)
        Rows from the second law.
    k : int
        Neighbours.
    n_jobs : int, optional
        Threads.

    Returns
    -------
    Estimate
        In nats, with one value for each row of `p`.

    Raises
    ------
    ValueError
        If the dimensions differ, a sample has too few rows, or distances are zero.
    TypeError
        For labels.

    References
    ----------
    Wang, Kulkarni and Verdú, "Divergence estimation for multidimensional densities via k-nearest-neighbor
    distances", IEEE Transactions on Information Theory 55, 2009.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> bool(abs(knn_divergence(rng.normal(1, 1, 2000), rng.normal(0, 1, 2000)) - 0.5) < 0.1)
    True
    """
    from adami.estimators._kernels.neighbours import knn_radius, knn_radius_to

    ours, theirs = variable(p, "p", kinds="continuous"), variable(q, "q", kinds="continuous")
    if ours.dim != theirs.dim:
        raise ValueError(f"p has {ours.dim} column(s) and q has {theirs.dim}")
    need_rows(ours.n, k, "kl")
    need_rows(theirs.n + 1, k, "kl")
    both, _ = standardize(np.concatenate((ours.numbers, theirs.numbers)))
    a, b = np.ascontiguousarray(both[: ours.n]), np.ascontiguousarray(both[ours.n :])
    own, other = knn_radius((a,), k, n_jobs), knn_radius_to((b,), (a,), k, n_jobs)
    _refuse_zeros(own, ours)
    _refuse_zeros(other, theirs)
    local = ours.dim * np.log(other / own) + math.log(theirs.n / (ours.n - 1))
    return Estimate(
        float(np.mean(local)),
        quantity="Kullback-Leibler divergence",
        method="kl",
        n=ours.n,
        kinds=(ours.kind, theirs.kind),
        pointwise=local,
        diagnostics=dimension_note(min(ours.n, theirs.n), k, ours.dim),
        details={"k": k, "m": theirs.n},
    )


def _log_unit_ball(d: int, metric: str) -> float:
    if metric == "chebyshev":
        return d * math.log(2.0)
    return 0.5 * d * math.log(math.pi) - math.lgamma(1 + d / 2)


def _refuse_zeros(radius: np.ndarray, x: Variable) -> None:
    zeros = int(np.count_nonzero(radius == 0))
    if zeros:
        raise ValueError(
            f"{zeros} of {len(radius)} rows of {x} coincide with their nearest neighbours, where the "
            "density is infinite; use a larger k, unrounded values, or the kind 'discrete' for few levels"
        )
