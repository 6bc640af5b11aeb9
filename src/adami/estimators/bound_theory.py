"""What theory says of the partition term, the mean of density ratios over product pairs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adami.exact._arrays import as_numpy


def partition_variance(information: float, n: int) -> float:
    """Return the least variance of the mean of n density ratios under the product law: ``(e^I - 1) / n``.

    Parameters
    ----------
    information : float
        I in nats.
    n : int
        Product pairs.

    Examples
    --------
    >>> round(partition_variance(10.0, 64), 1)
    344.1
    """
    _count(n)
    return math.expm1(information) / n


def clipped_partition_variance(tau: float, n: int) -> float:
    """Return the largest variance of the mean of n density ratios clipped by SMILE.

    Parameters
    ----------
    tau : float
    n : int
        Product pairs.

    Returns
    -------
    float
        ``(e^tau - e^-tau)^2 / (4 n)``, Popoviciu's inequality.

    Examples
    --------
    >>> round(clipped_partition_variance(1.0, 64), 4)
    0.0216
    """
    _count(n)
    positive_clip(tau)
    return math.sinh(tau) ** 2 / n


def clipped_partition_bias(log_ratio: Any, tau: float) -> float:
    """Return how far clipping moves the mean of the true density ratio from 1.

    Parameters
    ----------
    log_ratio : array of shape (n,)
        True log density ratio of rows of the product law.
    tau : float

    Returns
    -------
    float
        ``E[clip(r)] - 1``; where it is negative SMILE reports more than there is, by ``-ln(1 + bias)``.

    Examples
    --------
    >>> import numpy as np
    >>> round(clipped_partition_bias(np.log([0.1, 3.7]), tau=1.0), 4)
    0.5431
    """
    positive_clip(tau)
    return float(np.mean(np.exp(np.clip(as_numpy(log_ratio), -tau, tau)))) - 1.0


def positive_clip(tau: float) -> None:
    """Refuse a clip that is not positive."""
    if not tau > 0:
        raise ValueError(f"tau={tau}: the clip of the log density ratio is positive; 5 is usual")


def _count(n: int) -> None:
    if n < 1:
        raise ValueError(f"n={n}: at least one pair is needed")
