"""Conditional information from nearest neighbours (Frenzel and Pompe, 2007)."""

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
    ties_note,
)
from adami.estimators._partition import Part, cell_note, neighbourhood, others, others_in_each, part
from adami.variables import Variable


class FrenzelPompe(Estimator):
    """Information between x and y given z, all of them vectors of numbers; labels split the rows.

    Without a condition it is the first estimator of Kraskov, Stögbauer and Grassberger. Labels in any slot
    are honoured by looking for neighbours among rows with the same joint label only; a row that is alone
    there contributes what its labels alone say.

    Parameters
    ----------
    k : int
        Neighbours.
    n_jobs : int, optional
        Threads; the value does not depend on it.

    References
    ----------
    Frenzel and Pompe, "Partial mutual information for coupling analysis of multivariate time series",
    Physical Review Letters 99, 204101, 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import FrenzelPompe
    >>> rng = np.random.default_rng(0)
    >>> cause = rng.normal(size=2000)
    >>> left, right = cause + rng.normal(size=2000), cause + rng.normal(size=2000)
    >>> abs(FrenzelPompe().estimate(left, right, given=cause)) < 0.05
    True
    """

    name = "frenzel_pompe"

    def __init__(self, k: int = 4, n_jobs: int | None = 1) -> None:
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
        inside = np.maximum(near.used, 1)
        tied = near.radius == 0
        if tied.any():
            # as Gao and others do for mixtures: where the neighbours coincide, count the rows at the place
            inside = np.where(tied, others((a, b, c), np.zeros(n), False, self.n_jobs) + 1, inside)
        counts = [m + 1 for m in others_in_each(((a, c), (b, c), (c,)), near.radius, True, self.n_jobs)]
        local = digamma(inside) - digamma(counts[0]) - digamma(counts[1]) + digamma(counts[2])
        value = float(np.mean(local))
        slots = (x, y) if given is None else (x, y, given)
        dim = sum(p.numbers.shape[1] for p in (a, b, c))
        notes = constant_note(*slots) + dimension_note(n, self.k, dim) + ceiling_note(value, n)
        notes += cell_note((a, b, c), near, self.k)
        notes += ties_note(*slots, way_out="method='mesner_shalizi' is made for that")
        return Measurement(
            value, pointwise=local, diagnostics=notes, details={"k": self.k, "tied": float(tied.mean())}
        )
