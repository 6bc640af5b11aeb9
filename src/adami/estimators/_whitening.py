"""Whitening of a block of numbers, which refuses a block without a density."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adami.estimators._common import standardize

SINGULAR = 1e-12
"""Share of the largest variance below which a direction of standardised columns does not vary."""
NAMED = 4
"""Columns named in an error."""


def whitened(numbers: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, float]:
    """Return uncorrelated columns of unit variance and the logarithm of the volume that was divided out.

    The differential entropy of the rows is that of the whitened rows plus this logarithm, which is half the
    log-determinant of the covariance.

    Parameters
    ----------
    numbers : numpy.ndarray of shape (n, d)
    names : sequence of str
        Names of the columns, for errors.

    Raises
    ------
    ValueError
        If some direction does not vary; it is named.
    """
    rows, log_scale = standardize(numbers)
    flat = [name for name, s in zip(names, log_scale) if not np.isfinite(s)]
    if flat:
        raise ValueError(
            f"column(s) {', '.join(map(repr, flat))} never change, so the differential entropy is minus "
            "infinity; leave them out, or use kinds='discrete'"
        )
    n, d = rows.shape
    if d == 1:
        return rows, float(log_scale[0])
    if n <= d:
        raise ValueError(f"{n} rows span no volume in {d} dimensions; add rows or compress the columns first")
    variances, axes = np.linalg.eigh(rows.T @ rows / n)
    if variances[0] <= SINGULAR * variances[-1]:
        raise ValueError(
            f"the covariance is singular: {_direction(axes[:, 0], names)} (standardised columns) never "
            "changes, so there is no density; leave one of these columns out, or compress to fewer"
        )
    half = 0.5 * float(np.sum(np.log(variances)))
    return np.ascontiguousarray(rows @ (axes / np.sqrt(variances))), half + float(log_scale.sum())


def _direction(weights: np.ndarray, names: Sequence[str]) -> str:
    """Write the largest parts of a combination of columns."""
    order = np.argsort(-np.abs(weights), kind="stable")
    parts = [f"{weights[i]:+.3g} {names[i]!r}" for i in order if abs(weights[i]) > 1e-6]
    return " ".join(parts[:NAMED]) + (" ..." if len(parts) > NAMED else "")
