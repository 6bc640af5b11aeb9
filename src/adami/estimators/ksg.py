"""Kraskov-Stögbauer-Grassberger nearest-neighbour information of continuous variables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np

from adami.estimators._base import Estimator, Measurement
from adami.estimators._common import (
    ceiling_note,
    constant_note,
    dimension_note,
    need_rows,
    normal_scores,
    nothing_to_tell,
    rank_transform,
    varying,
)
from adami.result import Diagnostic
from adami.variables import TIES_SHARE, Variable

Transform = Literal["none", "standardize", "rank", "normal_score"]
TRANSFORMS = ("standardize", "none", "rank", "normal_score")
GLANCE = 24
"""Rows that refute a monotone relation in nearly every case."""


class KSG(Estimator):
    """Information between continuous variables from nearest neighbours (Kraskov et al. 2004).

    The distance to the k-th neighbour in the joint space, in the max norm, says how far "near" reaches at
    each row; the numbers of rows that near in x alone and in y alone give the local information.

    Parameters
    ----------
    k : int or sequence of int
        Neighbours; small k has little bias, large k little variance. The estimates for several k are
        averaged.
    variant : {1, 2}
        1 counts within a square, 2 within the smallest rectangle around the k neighbours.
    transform : {"standardize", "none", "rank", "normal_score"}
        What is done to each column first: divided by its standard deviation, nothing, replaced by its ranks,
        or by the normal quantiles of its ranks. With the latter two the value is invariant under strictly
        monotone maps.
    n_jobs : int, optional
        Threads; -1 for every core. The value does not depend on it.

    Notes
    -----
    If one variable is a copy or an exact affine function of the other the value is ``math.inf``, which is
    the truth for continuous variables. Any other strictly monotone relation keeps its finite number and is
    flagged ``perfect_dependence``.

    A row that coincides with k or more others has no neighbour distance. Where that is so for over 1 % of the
    rows the estimate is refused, since the data have atoms; below that such rows enter as atoms do in
    ``"mixed_ksg"``. Other repeated values are flagged ``ties``. A constant column gives exactly 0.

    References
    ----------
    Kraskov, Stögbauer and Grassberger, "Estimating mutual information", Physical Review E 69, 066138, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import KSG
    >>> rng = np.random.default_rng(0)
    >>> x, noise = rng.normal(size=(2, 2000))
    >>> round(KSG().estimate(x, x + noise), 1)
    0.3
    """

    name: ClassVar[str] = "ksg"
    takes: ClassVar[frozenset[str]] = frozenset({"continuous"})

    def __init__(
        self,
        k: int | Sequence[int] = 3,
        variant: int = 1,
        transform: Transform = "standardize",
        n_jobs: int | None = 1,
    ) -> None:
        self.k = k
        self.variant = variant
        self.transform = transform
        self.n_jobs = n_jobs

    def _information(self, x: Variable, y: Variable) -> Measurement:
        ks = self._checked(x.n)
        nothing = nothing_to_tell(x, y)
        if nothing is not None:
            return nothing
        a, b = (self._transformed(varying(v)) for v in (x, y))
        scalar = a.shape[1] == 1 and b.shape[1] == 1
        values, local, notes, crowd = (self._plane if scalar else self._space)(a, b, x, y, ks)
        certain = self._perfect(x, y, crowd < 2 * max(ks) or not scalar)
        if certain and certain[0].direction is None:
            return Measurement(math.inf, pointwise=np.full(x.n, math.inf), diagnostics=tuple(certain))
        value = float(np.mean(values))
        notes += [*certain, *dimension_note(x.n, max(ks), a.shape[1] + b.shape[1]), *ceiling_note(value, x.n)]
        # without any dependence about sqrt(k n) rows are near along one axis: below 16 k rows that is few,
        # too
        if crowd < 2 * max(ks) and x.n > 16 * max(ks):
            notes.append(_saturated(crowd, value))
        details = {"mean_neighbours": crowd}
        if len(ks) > 1:
            details |= {f"k={k}": v for k, v in zip(ks, values)}
        return Measurement(
            value,
            pointwise=local,
            diagnostics=(*constant_note(*self._partly_constant(x, y)), *notes),
            details=details,
        )

    def _checked(self, n: int) -> list[int]:
        ks = [self.k] if not isinstance(self.k, Sequence | np.ndarray) else list(self.k)
        if not ks:
            raise ValueError("method 'ksg': k is empty; give one number of neighbours or several")
        for k in ks:
            need_rows(n, k, self.name)
        if self.variant not in (1, 2):
            raise ValueError(f"method 'ksg': variant={self.variant!r}; choose 1 or 2")
        if self.transform not in TRANSFORMS:
            raise ValueError(
                f"method 'ksg': transform={self.transform!r}; choose one of {', '.join(TRANSFORMS)}"
            )
        return [int(k) for k in ks]

    def _transformed(self, numbers: np.ndarray) -> np.ndarray:
        if self.transform == "standardize":
            from adami.estimators._kernels.scale import unit_scaled

            return np.column_stack([unit_scaled(np.ascontiguousarray(c)) for c in numbers.T])
        if self.transform == "rank":
            return rank_transform(numbers)
        return normal_scores(numbers) if self.transform == "normal_score" else numbers

    def _plane(
        self, a: np.ndarray, b: np.ndarray, x: Variable, y: Variable, ks: list[int]
    ) -> tuple[list[float], np.ndarray, list[Diagnostic], float]:
        from adami.estimators import _ksg_plane as formula

        column_x, column_y = (np.ascontiguousarray(v[:, 0]) for v in (a, b))
        tree, line_x, line_y = formula.prepare(column_x, column_y, self.n_jobs)
        values, local, crowd = [], np.zeros(x.n), math.inf
        for k in ks:
            found = formula.neighbourhoods(tree, line_x, line_y, k, self.variant, self.n_jobs)
            if len(found.coincident) > formula.COINCIDENT_SHARE * x.n:
                raise ValueError(_refusal(len(found.coincident), x, y, k))
            values.append(formula.information(found))
            local += formula.local_values(found)
            crowd = min(crowd, formula.crowd(found))
        notes = _ties((x, y), [_tied_share(line.values) for line in (line_x, line_y)])
        return values, tree.to_rows(local) / len(ks), notes, crowd

    def _space(
        self, a: np.ndarray, b: np.ndarray, x: Variable, y: Variable, ks: list[int]
    ) -> tuple[list[float], np.ndarray, list[Diagnostic], float]:
        from adami.estimators._kernels.digamma import digamma_table
        from adami.estimators._kernels.neighbours import count_within, knn_indices, knn_radius

        table = digamma_table(x.n)
        values, total, crowd = [], np.zeros(x.n), math.inf
        for k in ks:
            radius = knn_radius((a, b), k, self.n_jobs)
            zero = int(np.count_nonzero(radius == 0.0))
            if zero > 0.01 * x.n:
                raise ValueError(_refusal(zero, x, y, k))
            if self.variant == 1:
                counts = [count_within(v, radius, True, self.n_jobs) + 1 for v in (a, b)]
                joint = np.full(x.n, table[k])
            else:
                near = knn_indices((a, b), k, self.n_jobs)
                counts = [count_within(v, _side(v, near), False, self.n_jobs) for v in (a, b)]
                joint = np.full(x.n, table[k] - 1.0 / k)
            if zero:
                at = radius == 0.0
                none = np.zeros(x.n)
                for v, c in zip((a, b), counts):
                    c[at] = count_within(v, none, False, self.n_jobs)[at] + 1
                together = count_within(np.hstack([a, b]), none, False, self.n_jobs)
                joint[at] = table[together[at]]
            local = joint + table[x.n] - table[counts[0]] - table[counts[1]]
            values.append(float(local.mean()))
            total += local
            crowd = min(crowd, float(min(c.mean() for c in counts)) - (self.variant == 1))
        shares = [_tied_share(np.sort(c.values)) for v in (x, y) for c in v.columns]
        return values, total / len(ks), _ties((x, y), shares), crowd

    def _perfect(self, x: Variable, y: Variable, doubtful: bool) -> list[Diagnostic]:
        """Look for copies where the counts give cause; a glance refutes most monotone relations."""
        from adami.estimators._perfect import number_dependence

        if not doubtful:
            order = np.argsort(x.numbers[:GLANCE, 0])
            steps = np.diff(y.numbers[order, 0])
            if not (np.all(steps > 0) or np.all(steps < 0)):
                return []
        return number_dependence(x, y)

    @staticmethod
    def _partly_constant(x: Variable, y: Variable) -> list[Variable]:
        return [v for v in (x, y) if v.dim > 1]


def _side(v: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Return the largest distance within one block among the joint neighbours."""
    side = np.zeros(len(v))
    for j in range(near.shape[1]):
        side = np.maximum(side, np.abs(v[near[:, j]] - v).max(axis=1))
    return side


def _tied_share(ordered: np.ndarray) -> float:
    """Return the share of rows whose value occurs in another row too."""
    same = np.zeros(len(ordered) + 1, dtype=bool)
    np.equal(ordered[1:], ordered[:-1], out=same[1:-1])
    return float(np.count_nonzero(same[1:] | same[:-1])) / len(ordered)


def _ties(slots: tuple[Variable, ...], shares: list[float]) -> list[Diagnostic]:
    names = [c.name for v in slots for c in v.columns]
    told = [f"{n!r} ({share:.0%} of the rows)" for n, share in zip(names, shares) if share > TIES_SHARE]
    if not told:
        return []
    message = (
        f"repeated values in {', '.join(told)}: neighbour distances assume columns without ties, "
        "and the value depends on how they fall; method='auto' spreads them over their ranks"
    )
    return [Diagnostic("ties", message, "warning", "unknown")]


def _refusal(rows: int, x: Variable, y: Variable, k: int) -> str:
    return (
        f"method 'ksg': {rows} of {x.n} rows of ({x}; {y}) coincide with at least k={k} others, so these "
        "columns are not continuous; use method='mixed_ksg', or kinds={...: 'discrete'} for columns with few "
        "levels"
    )


def _saturated(crowd: float, value: float) -> Diagnostic:
    message = (
        f"only {crowd:.1f} rows on average lie within the neighbourhoods along one axis: the dependence is "
        f"too strong for this many rows, and the information may be far above {value:.3g} nats; method='lnc' "
        "corrects for it"
    )
    return Diagnostic("near_ceiling", message, "warning", "low")
