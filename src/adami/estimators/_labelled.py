"""Gaussian models of numbers within labels."""

from __future__ import annotations

import math

import numpy as np

from adami.estimators._canonical import psi_half


def smallest_class(codes: np.ndarray) -> int:
    """Return the number of rows of the rarest label that occurs."""
    counts = np.bincount(codes)
    return int(counts[counts > 0].min())


def model_information(rows: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return local values of h(X) - Σ p_y h(X|y), each entropy Gaussian with its bias removed.

    Parameters
    ----------
    rows : numpy.ndarray of shape (n, d)
    codes : numpy.ndarray of shape (n,)
        More than d rows a label.
    """
    local = -_log_normal(rows, *_fit(rows)) - _entropy_bias(len(rows), rows.shape[1])
    for label in np.unique(codes):
        own = codes == label
        local[own] += _log_normal(rows[own], *_fit(rows[own])) + _entropy_bias(int(own.sum()), rows.shape[1])
    return np.asarray(local)


def mixture_information(rows: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return local values ln p(x|y) / Σ p_y p(x|y) with one Gaussian a label, less the expected excess.

    Parameters
    ----------
    rows : numpy.ndarray of shape (n, d)
    codes : numpy.ndarray of shape (n,)
    """
    n, dim = rows.shape
    labels, own, counts = np.unique(codes, return_inverse=True, return_counts=True)
    logs = np.column_stack([_log_normal(rows, *_fit(rows[codes == label])) for label in labels])
    mixed = np.logaddexp.reduce(logs + np.log(counts / n), axis=1)
    # each label brings its own mean and covariance: half a unit of likelihood a free number
    excess = (len(labels) - 1) * (dim + dim * (dim + 1) / 2) / (2 * n)
    return np.asarray(logs[np.arange(n), own] - mixed - excess)


def _fit(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    centred = rows - rows.mean(axis=0)
    covariance = centred.T @ centred / len(rows)
    try:
        return rows.mean(axis=0), np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError as error:
        raise ValueError(
            f"the numbers of one label ({len(rows)} rows) are constant or lie in a plane; use method='ross' or 'mixed_ksg'"
        ) from error


def _log_normal(rows: np.ndarray, mean: np.ndarray, factor: np.ndarray) -> np.ndarray:
    z = np.linalg.solve(factor, (rows - mean).T)
    log_det = np.log(np.diag(factor)).sum()
    return np.asarray(-0.5 * (z**2).sum(axis=0) - log_det - 0.5 * len(factor) * math.log(2 * math.pi))


def _entropy_bias(n: int, dim: int) -> float:
    """Return what a fitted Gaussian entropy (covariance over n) falls below the truth on average, negative."""
    return 0.5 * dim * math.log(2 / n) + 0.5 * sum(psi_half(n - m) for m in range(1, dim + 1))


def draw_within_labels(rows: np.ndarray, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw new rows with the same labels from the Gaussian of each label."""
    drawn = np.empty_like(rows)
    for label in np.unique(codes):
        own = np.flatnonzero(codes == label)
        mean, factor = _fit(rows[own])
        drawn[own] = mean + rng.standard_normal((len(own), rows.shape[1])) @ factor.T
    return drawn
