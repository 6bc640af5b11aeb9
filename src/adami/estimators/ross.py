"""Information between numbers and a label from neighbours within and across labels (Ross, 2014)."""

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
    small_class_note,
    ties_note,
)
from adami.estimators._partition import Part, neighbourhood, others, part
from adami.variables import Variable


class Ross(Estimator):
    """Information between numbers and a label, in either order.

    Rows whose label occurs once have no neighbour of their own label; they are left out and the result says
    so. Without them, on data without ties, the value is that of scikit-learn's ``mutual_info_classif`` before
    it adds noise.

    Parameters
    ----------
    k : int
        Neighbours within the label; a label with fewer rows uses all it has.
    n_jobs : int, optional
        Threads; the value does not depend on it.

    References
    ----------
    Ross, "Mutual information between discrete and continuous data sets", PLoS ONE 9(2), e87357, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import Ross
    >>> rng = np.random.default_rng(0)
    >>> label = rng.integers(0, 5, size=2000)
    >>> number = rng.uniform(label, label + 2.0)
    >>> abs(Ross().estimate(number, label) - 1.0549) < 0.05
    True
    """

    name = "ross"

    def __init__(self, k: int = 3, n_jobs: int | None = 1) -> None:
        self.k = k
        self.n_jobs = n_jobs

    def _information(self, x: Variable, y: Variable) -> Measurement:
        numbers, label = (y, x) if x.dim == 0 else (x, y)
        if label.dim or label.codes is None or numbers.codes is not None:
            raise TypeError(
                f"method 'ross' takes numbers on one side and labels on the other, and got {x} ({x.kind}) "
                f"and {y} ({y.kind}); use 'mixed_ksg' for other combinations"
            )
        need_rows(x.n, 1, self.name)
        need_rows(x.n, min(self.k, x.n - 1), self.name)
        nothing = nothing_to_tell(x, y)
        if nothing is not None:
            return nothing
        sizes = np.bincount(label.codes)
        kept = sizes[label.codes] > 1
        points, _, slack = part(numbers)
        notes = constant_note(numbers) + small_class_note(sizes, self.k) + ties_note(numbers)
        if not kept.any():
            return Measurement(0.0, diagnostics=notes, details={"k": self.k, "rows_used": 0})
        points, codes = np.ascontiguousarray(points[kept]), label.codes[kept]
        near = neighbourhood((Part(points, codes),), self.k, self.n_jobs)
        # a row that coincides with all its neighbours counts the rows at its place
        inside = others((Part(points, None, slack),), near.radius, True, self.n_jobs) + 1
        n = len(points)
        local = digamma(n) + digamma(near.used) - digamma(near.cell) - digamma(inside)
        value = float(np.mean(local))
        notes += dimension_note(n, self.k, points.shape[1]) + ceiling_note(value, n)
        return Measurement(
            value,
            pointwise=local if kept.all() else None,
            diagnostics=notes,
            details={"k": self.k, "rows_used": n},
        )
