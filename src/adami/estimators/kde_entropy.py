"""Entropy from a Gaussian kernel density that leaves each row out of its own density."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np

from adami.estimators._base import Estimator, Measurement
from adami.estimators._common import dimension_note
from adami.estimators._whitening import whitened
from adami.estimators.weighted_kl import refuse_labels
from adami.result import Diagnostic
from adami.variables import Variable

LEAST, MOST = 0.5, 1.06
"""Bandwidths tried, as shares of the deviation times n**(-0.2 / d)."""
LEAST_WIDTH = 1e-9
"""Below it the kernels of distinct rows do not meet in double precision."""
BLOCK_BYTES = 2**24
"""Memory of one block of squared distances."""
WIDENINGS = 6
"""Times that the range is widened while the best bandwidth lies at its lower end."""
STEP = 4.0
"""Factor of one widening."""


class KDEEntropy(Estimator):
    """Differential entropy as the mean of minus the logarithm of a leave-one-out Gaussian kernel density.

    The bandwidth is that of the largest leave-one-out likelihood between 0.5 and 1.06 deviations times
    ``n**(-0.2 / d)``; the range is widened downwards while the best one lies at its lower end, as it does
    for data in clumps. Rows are whitened first and their volume is put back. Time grows with the square of
    the number of rows; memory does not.

    Parameters
    ----------
    bandwidth : float or "auto"
        In units of the whitened rows.
    n_jobs : int, optional
        Threads; the value does not depend on it.

    References
    ----------
    Butakov et al., "Information Bottleneck Analysis of Deep Neural Networks via Lossy Compression", 2024
    (paper 55 of adami's register).

    Examples
    --------
    >>> import math
    >>> import numpy as np
    >>> from adami.estimators import KDEEntropy
    >>> rows = np.random.default_rng(0).normal(size=800)
    >>> abs(KDEEntropy().estimate(rows) - 0.5 * math.log(2 * math.pi * math.e)) < 0.1
    True
    """

    name: ClassVar[str] = "kde"

    def __init__(self, bandwidth: float | Literal["auto"] = "auto", n_jobs: int | None = 1) -> None:
        self.bandwidth = bandwidth
        self.n_jobs = n_jobs

    def _entropy(self, x: Variable) -> Measurement:
        refuse_labels(x, self.name)
        rows, log_volume = whitened(x.numbers, x.names)
        return self._of_rows(rows, log_volume)

    def _of_rows(self, rows: np.ndarray, log_volume: float) -> Measurement:
        n, d = rows.shape
        width = self.bandwidth
        if width == "auto":
            width = best_bandwidth(rows, self.n_jobs)
        elif isinstance(width, str) or not (math.isfinite(width) and width >= LEAST_WIDTH):
            raise ValueError(f"bandwidth={width!r}: a number of at least {LEAST_WIDTH:g}, or 'auto'")
        local = log_volume - log_densities(rows, width, self.n_jobs)
        return Measurement(
            float(np.mean(local)),
            standard_error=float(np.std(local) / math.sqrt(n)),
            pointwise=local,
            diagnostics=(*dimension_note(n, 1, d), *_wide_note(width, d)),
            details={"bandwidth": float(width)},
        )


def best_bandwidth(rows: np.ndarray, n_jobs: int | None = 1) -> float:
    """Return the bandwidth of the largest leave-one-out likelihood of whitened rows.

    Raises
    ------
    ValueError
        If rows coincide so often that the likelihood grows without end as the bandwidth falls.
    """
    from scipy.optimize import minimize_scalar

    n, d = rows.shape
    scale = n ** (-0.2 / d)
    low, high = math.log(LEAST * scale), math.log(MOST * scale)

    def loss(log_width: float) -> float:
        return -float(np.mean(log_densities(rows, math.exp(log_width), n_jobs)))

    for _ in range(WIDENINGS):
        found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 0.01})
        if found.x > low + 0.05:
            return math.exp(float(found.x))
        low, high = low - math.log(STEP), low + 0.1
    raise ValueError(
        f"the likelihood keeps growing while the bandwidth falls below {math.exp(high):.2g} deviations: many "
        "rows coincide or nearly do; give bandwidth= a number, or use the kind 'discrete'"
    )


def log_densities(rows: np.ndarray, bandwidth: float, n_jobs: int | None = 1) -> np.ndarray:
    """Return the logarithm of the Gaussian kernel density of the other rows at each row: shape ``(n,)``."""
    from adami._parallel import ordered_map

    n, d = rows.shape
    squares = np.einsum("ij,ij->i", rows, rows)
    step = max(1, BLOCK_BYTES // (8 * n))

    def block(first: int) -> np.ndarray:
        part = slice(first, min(first + step, n))
        logs = exponents(rows, squares, part, 2 * bandwidth**2)
        logs[np.arange(logs.shape[0]), np.arange(part.start, part.stop)] = -np.inf
        return log_sums(logs)

    sums = np.concatenate(ordered_map(block, range(0, n, step), n_jobs))
    return np.asarray(sums - math.log(n - 1) - d * (math.log(bandwidth) + 0.5 * math.log(2 * math.pi)))


def exponents(rows: np.ndarray, squares: np.ndarray, part: slice, scale: float) -> np.ndarray:
    """Return minus the squared distances from the rows of `part` to all rows, divided by `scale`."""
    found = rows[part] @ rows.T
    found *= 2.0
    found -= squares
    found -= squares[part, None]
    # rounding may leave a distance slightly below zero
    np.minimum(found, 0.0, out=found)
    found /= scale
    return np.asarray(found)


def log_sums(logs: np.ndarray) -> np.ndarray:
    """Return the logarithm of the sum of exponentials of each row, which is overwritten."""
    most = logs.max(axis=1)
    safe = np.where(np.isfinite(most), most, 0.0)
    logs -= safe[:, None]
    np.exp(logs, out=logs)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(logs.sum(axis=1)) + safe)


def _wide_note(width: float, d: int) -> tuple[Diagnostic, ...]:
    """Say when the kernel is about as wide as the data, so that it and not the data sets the entropy."""
    if width < 0.8:
        return ()
    return (
        Diagnostic(
            "wide_kernel",
            f"the best kernel in {d} dimension(s) is {width:.2g} deviations wide: the entropy is that of a "
            "smoothed law; compress to fewer dimensions, or use 'weighted_kl'",
            "warning",
            "high",
        ),
    )
