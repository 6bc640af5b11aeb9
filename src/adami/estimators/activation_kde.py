"""Bounds on the information of a layer whose noise follows its activity.

Kolchinsky and Tracey, "Estimating mixture entropy with pairwise distances", Entropy 19, 2017; the adaptive
variance is that of Chelombiev, Houghton and O'Donnell, "Adaptive Estimators Show Information Compression in
Deep Neural Networks", 2019 (paper 2 of adami's register).
"""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

import numpy as np

from adami.estimators.activation_bins import checked_activations
from adami.estimators.kde_entropy import BLOCK_BYTES, exponents, log_sums

Scale = Literal["max2", "max"]


class KDEBounds(NamedTuple):
    """Bounds on the information of a noisy layer, in nats."""

    lower: float
    """Of I(T;X)."""
    upper: float
    """Of I(T;X)."""
    entropy_lower: float
    """Of the differential entropy of the noisy layer."""
    entropy_upper: float


def adaptive_variance(activations: Any, c: float = 1e-3, scale: Scale = "max2") -> float:
    """Return the noise variance that follows a layer's largest activity.

    Parameters
    ----------
    activations : array of shape (n, d)
    c : float
        Share.
    scale : {"max2", "max"}
        Variance c m² for the largest absolute activity m, which makes the information independent of the
        layer's scale; or c m, as the words "proportional to the maximum activity" may be read.

    Raises
    ------
    ValueError
        If the layer is silent: then no noise is small beside it, and its information is 0.

    Examples
    --------
    >>> from adami.estimators import adaptive_variance
    >>> adaptive_variance([[0.0, 2.0], [1.0, -4.0]])
    0.016
    """
    if scale not in ("max2", "max"):
        raise ValueError(f"scale={scale!r}: choose 'max2' or 'max'")
    if not (math.isfinite(c) and c > 0):
        raise ValueError(f"c={c!r} must be a positive number")
    most = float(np.abs(checked_activations(activations)).max())
    if most == 0:
        raise ValueError("every activation is 0: the layer carries no information at any noise")
    return c * most * most if scale == "max2" else c * most


def kde_mi_bounds(activations: Any, variance: float, n_jobs: int | None = 1) -> KDEBounds:
    """Bound the information between the input and a layer with Gaussian noise added to every unit.

    Parameters
    ----------
    activations : array of shape (n, d)
        One row an input; all inputs are equally likely.
    variance : float
        Of the noise.
    n_jobs : int, optional
        Threads; the values do not depend on it.

    Returns
    -------
    KDEBounds
        In nats. Both are at most ln n.

    Raises
    ------
    ValueError
        For activations that are not finite or a variance that is not positive.

    Examples
    --------
    >>> from adami.estimators import kde_mi_bounds
    >>> found = kde_mi_bounds([[0.0], [100.0]], 0.1)
    >>> round(found.lower, 6), round(found.upper, 6)
    (0.693147, 0.693147)
    """
    rows = checked_activations(activations)
    if not (math.isfinite(variance) and variance > 0):
        raise ValueError(f"variance={variance!r} must be positive and finite")
    lower, upper = (_pairwise(rows, factor * variance, n_jobs) for factor in (8.0, 2.0))
    noise = 0.5 * rows.shape[1] * math.log(2 * math.pi * math.e * variance)
    return KDEBounds(lower, upper, lower + noise, upper + noise)


def kde_label_bounds(
    activations: Any, y: np.ndarray, variance: float, n_jobs: int | None = 1
) -> tuple[float, float]:
    """Return I(T;Y) of a noisy layer and labels with the lower and with the upper bound in every term.

    The entropy of the noise cancels. The difference of two lower or two upper bounds bounds nothing by
    itself; the two numbers show how far the answer depends on the bound.

    Parameters
    ----------
    activations : array of shape (n, d)
    y : numpy.ndarray of shape (n,)
        Codes of the labels.
    variance : float
    n_jobs : int, optional

    Returns
    -------
    tuple of float
        In nats.
    """
    rows = checked_activations(activations)
    if len(y) != len(rows):
        raise ValueError(f"{len(y)} labels for {len(rows)} rows of activations")
    whole = kde_mi_bounds(rows, variance, n_jobs)
    lower, upper = whole.lower, whole.upper
    for label in np.unique(y):
        inside = y == label
        part = kde_mi_bounds(rows[inside], variance, n_jobs)
        share = float(np.mean(inside))
        lower -= share * part.lower
        upper -= share * part.upper
    return lower, upper


def _pairwise(rows: np.ndarray, scale: float, n_jobs: int | None) -> float:
    """Return minus the mean of ln (1/n) sum_j exp(-D_ij / scale)."""
    from adami._parallel import ordered_map

    n = len(rows)
    # centred, since distances are differences of squares here
    rows = rows - rows.mean(axis=0)
    squares = np.einsum("ij,ij->i", rows, rows)
    step = max(1, BLOCK_BYTES // (8 * n))

    def block(first: int) -> float:
        part = slice(first, min(first + step, n))
        logs = exponents(rows, squares, part, scale)
        logs[np.arange(logs.shape[0]), np.arange(part.start, part.stop)] = 0.0
        return float(log_sums(logs).sum())

    return math.log(n) - sum(ordered_map(block, range(0, n, step), n_jobs)) / n
