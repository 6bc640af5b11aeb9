"""Conditional information between any variables, numbers, labels or mixtures (Mesner and Shalizi, 2019)."""

from __future__ import annotations

import numpy as np

from adami.estimators._base import Estimator, Measurement
from adami.estimators._common import (
    ceiling_note,
    constant_note,
    digamma,
    dimension_note,
    need_rows,
    nothing_to_tell,
)
from adami.estimators._partition import Part, cell_note, neighbourhood, others, others_in_each, part
from adami.variables import Variable


class MesnerShalizi(Estimator):
    """Information between x and y, given z or not, for continuous, discrete and mixed variables.

    Rows with different labels are infinitely far from each other. A row looks for its k nearest among the
    rows with the same joint label of x, y and z; where there are fewer, all of them are used. A row that is
    alone there counts as its own neighbour and contributes what its labels alone say. The paper sets negative
    values to 0; here they are reported as they are.

    Parameters
    ----------
    k : int
        Neighbours.
    n_jobs : int, optional
        Threads; the value does not depend on it.

    References
    ----------
    Mesner and Shalizi, "Conditional mutual information estimation for mixed, discrete and continuous data",
    IEEE Transactions on Information Theory 67(1), 2021 (arXiv:1912.03387, 2019).

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import MesnerShalizi
    >>> rng = np.random.default_rng(0)
    >>> cause = rng.normal(size=1000)
    >>> left, right = cause + rng.normal(size=1000), cause + rng.normal(size=1000)
    >>> MesnerShalizi().estimate(left, right) > 0.1
    True
    >>> abs(MesnerShalizi().estimate(left, right, given=cause)) < 0.05
    True
    """

    name = "mesner_shalizi"

    def __init__(self, k: int = 7, n_jobs: int | None = 1) -> None:
        self.k = k
        self.n_jobs = n_jobs

    def _information(self, x: Variable, y: Variable) -> Measurement:
        return self._terms(x, y, None)

    def _conditional(self, x: Variable, y: Variable, given: Variable) -> Measurement:
        return self._terms(x, y, given)

    def _terms(self, x: Variable, y: Variable, given: Variable | None) -> Measurement:
        n = x.n
        need_rows(n, self.k, self.name)
        nothing = nothing_to_tell(x, y)
        if nothing is not None:
            return nothing
        a, b = part(x), part(y)
        c = Part(np.empty((n, 0)), None) if given is None else part(given)
        near = neighbourhood((a, b, c), self.k, self.n_jobs)
        inside = near.used
        tied = near.radius == 0
        if tied.any():
            inside = np.where(tied, others((a, b, c), np.zeros(n), False, self.n_jobs), inside)
        alone = inside == 0
        around = others_in_each(((a, c), (b, c), (c,)), near.radius, False, self.n_jobs)
        counts = [m + alone for m in around]
        local = digamma(inside + alone) - digamma(counts[0]) - digamma(counts[1]) + digamma(counts[2])
        value = float(np.mean(local))
        slots = (x, y) if given is None else (x, y, given)
        dim = sum(p.numbers.shape[1] for p in (a, b, c))
        notes = constant_note(*slots) + dimension_note(n, self.k, dim) + ceiling_note(value, n)
        notes += cell_note((a, b, c), near, self.k)
        return Measurement(
            value, pointwise=local, diagnostics=notes, details={"k": self.k, "tied": float(tied.mean())}
        )
