"""Information between any two variables, numbers, labels or mixtures of both (Gao and others, 2017)."""

from __future__ import annotations

import math
from typing import Literal

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
from adami.estimators._partition import cell_note, neighbourhood, others, others_in_each, part
from adami.variables import Variable


class MixedKSG(Estimator):
    """Information between variables that are continuous, discrete, or mixtures such as zero-inflated counts.

    Rows with different labels are infinitely far from each other. A row looks for its k nearest among the
    rows with the same joint label of x and y; where there are fewer, all of them are used, and a row that is
    alone there contributes what its labels alone say. A row that coincides with its neighbours counts the
    rows at its place.

    Parameters
    ----------
    k : int
        Neighbours.
    form : {"digamma", "log"}
        "digamma" is the form of the authors' program, "log" that of their paper.
    n_jobs : int, optional
        Threads; the value does not depend on it.

    References
    ----------
    Gao, Kannan, Oh and Viswanath, "Estimating mutual information for discrete-continuous mixtures",
    Advances in Neural Information Processing Systems 30, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import MixedKSG
    >>> rng = np.random.default_rng(0)
    >>> rate = rng.exponential(size=3000)
    >>> count = np.where(rng.random(3000) < 0.15, 0, rng.poisson(rate)).astype(float)
    >>> abs(MixedKSG().estimate(rate, count) - 0.256) < 0.06
    True
    """

    name = "mixed_ksg"

    def __init__(
        self, k: int = 5, form: Literal["digamma", "log"] = "digamma", n_jobs: int | None = 1
    ) -> None:
        self.k = k
        self.form = form
        self.n_jobs = n_jobs

    def _information(self, x: Variable, y: Variable) -> Measurement:
        if self.form not in ("digamma", "log"):
            raise ValueError(f"form={self.form!r}: choose 'digamma' or 'log'")
        n = x.n
        need_rows(n, self.k, self.name)
        nothing = nothing_to_tell(x, y)
        if nothing is not None:
            return nothing
        a, b = part(x), part(y)
        near = neighbourhood((a, b), self.k, self.n_jobs)
        radius, inside = near.radius, np.maximum(near.used, 1)
        tied = radius == 0
        if tied.any():
            inside = np.where(tied, others((a, b), np.zeros(n), False, self.n_jobs) + 1, inside)
        counts = others_in_each(((a,), (b,)), radius, self.form == "digamma", self.n_jobs)
        weigh = [digamma(m + 1) if self.form == "digamma" else np.log(m + 1.0) for m in counts]
        local = digamma(inside) + math.log(n) - weigh[0] - weigh[1]
        value = float(np.mean(local))
        dim = a.numbers.shape[1] + b.numbers.shape[1]
        notes = constant_note(x, y) + dimension_note(n, self.k, dim) + ceiling_note(value, n)
        notes += cell_note((a, b), near, self.k)
        return Measurement(
            value, pointwise=local, diagnostics=notes, details={"k": self.k, "tied": float(tied.mean())}
        )
