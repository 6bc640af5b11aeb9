"""Prediction sets with a promised coverage, and what they say about entropy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def conformal_threshold(scores: Any, alpha: float) -> float:
    """Return the ceil((n + 1)(1 - alpha))-th smallest score; infinite where n is too small for alpha.

    A new score from the same law lies at or below it with a probability of at least 1 - alpha.

    Parameters
    ----------
    scores : array of shape (n,)
    alpha : float
        Largest share of misses, above 0 and at most 0.5.

    Examples
    --------
    >>> from adami.acquisition import conformal_threshold
    >>> conformal_threshold([0.1, 0.2, 0.3, 0.4], 0.25)
    0.4
    """
    check_alpha(alpha)
    found = np.sort(np.asarray(scores, dtype=float))
    if found.ndim != 1 or not found.size or not np.isfinite(found).all():
        raise ValueError("scores: a list of finite numbers is wanted")
    # sums such as 10 * 0.9 are not exact
    rank = math.ceil((len(found) + 1) * (1 - alpha) - 1e-9)
    return math.inf if rank > len(found) else float(found[rank - 1])


def entropy_upper_bound(
    sets: Any,
    labels: Any,
    alpha: float | None = None,
    n_calibration: int | None = None,
) -> float:
    """Return a bound of the entropy of labels from prediction sets for draws of them, in nats.

    Whether the set covers the label costs a binary entropy; then the label is one of the set, or one of the
    rest: h(a) + (1 - a) E[ln |C| given covered] + a E[ln(K - |C|) given missed].

    Parameters
    ----------
    sets : bool array of shape (n, K)
    labels : int array of shape (n,)
    alpha : float, optional
        The promised share of misses; without it that among the draws is used, which needs no promise.
    n_calibration : int, optional
        Rows behind the promise: with `alpha`, covered draws weigh 1 - alpha + 1 / (n_calibration + 1).

    Returns
    -------
    float

    References
    ----------
    Chan et al., "Conformal Information Pursuit for Interactively Guiding Large Language Models", 2025:
    paper 49 of adami's register.

    Examples
    --------
    >>> import numpy as np
    >>> from adami.acquisition import entropy_upper_bound
    >>> sets = np.array([[True, True, False, False]] * 4)
    >>> round(entropy_upper_bound(sets, [0, 1, 0, 1]), 4)
    0.6931
    """
    chosen = np.asarray(sets, dtype=bool)
    codes = np.asarray(labels)
    if chosen.ndim != 2 or codes.shape != chosen.shape[:1] or not codes.size:
        raise ValueError(f"sets of shape {chosen.shape} do not fit labels of shape {codes.shape}")
    if codes.min() < 0 or codes.max() >= chosen.shape[1]:
        raise ValueError(f"labels lie outside of 0 to {chosen.shape[1] - 1}")
    covered = chosen[np.arange(len(codes)), codes]
    sizes = chosen.sum(1)
    inside = float(np.log(sizes[covered]).mean()) if covered.any() else 0.0
    outside = float(np.log(chosen.shape[1] - sizes[~covered]).mean()) if not covered.all() else 0.0
    if alpha is None:
        miss = float(1 - covered.mean())
        return binary_entropy(miss) + (1 - miss) * inside + miss * outside
    check_alpha(alpha)
    if n_calibration is None or n_calibration < 1:
        raise ValueError("alpha is a promise of so many calibration rows: give n_calibration")
    hit = 1 - alpha + 1 / (n_calibration + 1)
    return binary_entropy(alpha) + hit * inside + alpha * outside


def binary_entropy(share: float) -> float:
    """Return the entropy of a coin in nats."""
    if share in (0.0, 1.0):
        return 0.0
    return -share * math.log(share) - (1 - share) * math.log(1 - share)


def check_alpha(alpha: float) -> None:
    """Refuse a share of misses without a meaning."""
    if not 0 < alpha <= 0.5:
        raise ValueError(f"alpha={alpha}: a share of misses above 0 and at most 0.5 is wanted")
