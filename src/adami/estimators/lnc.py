"""Local non-uniformity correction for numbers that nearly determine each other (Gao and others, 2015)."""

from __future__ import annotations

import math
from functools import cache
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
    ties_note,
)
from adami.estimators._partition import part
from adami.result import Diagnostic
from adami.variables import Variable

DRAWS = 100_000
"""Simulated neighbourhoods behind a threshold."""
QUANTILE = 5e-3
"""Share of uniform neighbourhoods that would be corrected by mistake."""
SEED = 20150509
FLAT = 1e-13
"""Thinness below which a neighbourhood is flat up to rounding."""
CHUNK = 8192


class LNC(Estimator):
    """Information between numbers, corrected where the neighbourhood of a row is a thin slanted sheet.

    The second estimator of Kraskov, Stögbauer and Grassberger takes the density for constant on a box along
    the axes. Near a functional relation the points fill only a thin part of it; here the box is turned to the
    principal axes of the neighbours, and its smaller volume is used where it is smaller than chance would
    make it.

    Parameters
    ----------
    k : int
        Neighbours; raised to D + 3 where the joint dimension D needs that many.
    alpha : "auto" or float
        A box is corrected when turning shrinks its volume below this share. "auto" simulates the share that
        uniform neighbourhoods fall below once in 200 times.
    n_jobs : int, optional
        Threads; the value does not depend on it.

    References
    ----------
    Gao, Ver Steeg and Galstyan, "Efficient estimation of mutual information for strongly dependent
    variables", AISTATS 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.estimators import LNC
    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(size=1000)
    >>> y = x + rng.uniform(-1e-4, 1e-4, size=1000)
    >>> abs(LNC().estimate(x, y) - 8.517) < 0.5
    True
    """

    name = "lnc"
    takes = frozenset({"continuous", "mixed"})

    def __init__(self, k: int = 5, alpha: float | Literal["auto"] = "auto", n_jobs: int | None = 1) -> None:
        self.k = k
        self.alpha = alpha
        self.n_jobs = n_jobs

    def _information(self, x: Variable, y: Variable) -> Measurement:
        from adami.estimators._kernels.neighbours import count_within, knn_indices

        if x.codes is not None or y.codes is not None:
            raise TypeError("method 'lnc' takes numbers only; use 'mixed_ksg' for labels beside numbers")
        need_rows(x.n, self.k, self.name)
        nothing = nothing_to_tell(x, y)
        if nothing is not None:
            return nothing
        a, b = part(x).numbers, part(y).numbers
        points = np.concatenate((a, b), axis=1)
        n, dim = points.shape
        k = max(self.k, dim + 3)
        need_rows(n, k, self.name)
        alpha = lnc_threshold(k, dim) if self.alpha == "auto" else float(self.alpha)
        if not 0 <= alpha <= 1:
            raise ValueError(f"alpha={self.alpha!r} must be 'auto' or between 0 and 1")
        index = knn_indices((a, b), k, self.n_jobs)
        gain, reach = np.empty(n), np.empty((n, dim))
        for start in range(0, n, CHUNK):
            rows = slice(start, start + CHUNK)
            offsets = points[index[rows]] - points[rows, None, :]
            reach[rows] = np.abs(offsets).max(axis=1)
            gain[rows] = -_log_thinness(offsets)
        flat = gain >= -math.log(FLAT)
        np.minimum(gain, -math.log(FLAT), out=gain)
        gain[gain <= (-math.log(alpha) if alpha > 0 else math.inf)] = 0.0
        split = a.shape[1]
        inside_x = count_within(a, reach[:, :split].max(axis=1), False, self.n_jobs)
        inside_y = count_within(b, reach[:, split:].max(axis=1), False, self.n_jobs)
        plain = digamma(k) - 1.0 / k + digamma(n) - digamma(inside_x) - digamma(inside_y)
        local = plain + gain
        value = float(np.mean(local))
        notes = constant_note(x, y) + ties_note(x, y) + dimension_note(n, k, dim) + ceiling_note(value, n)
        if flat.any():
            message = (
                f"{flat.mean():.0%} of the neighbourhoods are flat up to rounding: one side is a function of "
                "the other there, and the information may be infinite"
            )
            notes += (Diagnostic("degenerate", message, "warning", "low"),)
        details = {
            "k": k,
            "alpha": alpha,
            "ksg2": float(np.mean(plain)),
            "corrected": float(np.mean(gain > 0)),
        }
        return Measurement(value, pointwise=local, diagnostics=notes, details=details)


def lnc_threshold(k: int, dim: int, quantile: float = QUANTILE) -> float:
    """Return the share of its box below which the turned box of k uniform points falls with this probability.

    Parameters
    ----------
    k : int
        Points in the neighbourhood.
    dim : int
        Dimensions.
    quantile : float
        Probability.

    Examples
    --------
    >>> 0.1 < lnc_threshold(5, 2) < 0.4
    True
    """
    return _threshold(int(k), int(dim), float(quantile))


@cache
def _threshold(k: int, dim: int, quantile: float) -> float:
    rng = np.random.default_rng([SEED, k, dim])
    thinness = np.empty(DRAWS)
    for start in range(0, DRAWS, CHUNK):
        size = min(CHUNK, DRAWS - start)
        thinness[start : start + size] = _log_thinness(rng.uniform(-1.0, 1.0, size=(size, k, dim)))
    return float(np.exp(np.quantile(thinness, quantile)))


def _log_thinness(offsets: np.ndarray) -> np.ndarray:
    """Return ln(volume of the turned box / volume of the box along the axes) of neighbours ``(m, k, D)``.

    Directions are measured from the row itself, not from the mean of its neighbours, because the box is
    centred there.
    """
    extent = np.abs(offsets).max(axis=1)
    # axes on one scale: this leaves the ratio of volumes as it is and keeps tiny neighbourhoods from
    # vanishing
    shape = extent.max(axis=1)
    scale = np.where(shape > 0, shape, 1.0)
    offsets = offsets / scale[:, None, None]
    _, axes = np.linalg.eigh(np.einsum("mki,mkj->mij", offsets, offsets))
    turned = np.abs(offsets @ axes).max(axis=1)
    straight = extent / scale[:, None]
    real = (straight > 0).all(axis=1)
    ratio = np.zeros(len(offsets))
    with np.errstate(divide="ignore"):
        ratio[real] = np.log(turned[real]).sum(axis=1) - np.log(straight[real]).sum(axis=1)
    return ratio
