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
            f"the numbers of one label ({len(rows)} rows) are constant or lie in a plane; use method='ross'"
        ) from error


def _log_normal(rows: np.ndarray, mean: np.ndarray, factor: np.ndarray) -> np.ndarray:
    z = np.linalg.solve(factor, (rows - mean).T)
    log_det = np.log(np.diag(factor)).sum()
    return np.asarray(-0.5 * (z**2).sum(axis=0) - log_det - 0.5 * len(factor) * math.log(2 * math.pi))


def _entropy_bias(n: int, dim: int) -> float:
    """Return the mean error of a fitted Gaussian entropy (covariance over n), which is negative."""
    return 0.5 * dim * math.log(2 / n) + 0.5 * sum(psi_half(n - m) for m in range(1, dim + 1))


def draw_within_labels(rows: np.ndarray, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw new rows with the same labels from the Gaussian of each label.

    Means and covariances of the labels are drawn together by what sampling noise has driven them apart, or a
    sample of the fit would hold that noise twice.
    """
    labels, counts = np.unique(codes, return_counts=True)
    dim = rows.shape[1]
    means = np.array([rows[codes == label].mean(axis=0) for label in labels])
    covariances = np.array([np.cov(rows[codes == label].T, ddof=0).reshape(dim, dim) for label in labels])
    share = counts / counts.sum()
    means = _drawn_together(means.reshape(len(labels), -1), share, _noise_of_means(covariances, counts))
    covariances = _drawn_together(
        covariances.reshape(len(labels), -1), share, _noise_of_covariances(covariances, counts)
    )
    drawn = np.empty_like(rows)
    for label, mean, covariance in zip(labels, means, covariances.reshape(-1, dim, dim)):
        own = np.flatnonzero(codes == label)
        drawn[own] = mean + rng.standard_normal((len(own), dim)) @ np.linalg.cholesky(covariance).T
    return drawn


def _drawn_together(values: np.ndarray, share: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Shrink the rows of `values` to their weighted mean by the share of their spread that is noise."""
    centre = share @ values
    spread = float(share @ ((values - centre) ** 2).sum(axis=1))
    expected = float(share @ noise) * (1 - 1 / len(values))
    keep = math.sqrt(max(0.0, 1 - expected / spread)) if spread > 0 else 0.0
    return np.asarray(centre + keep * (values - centre))


def _noise_of_means(covariances: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return np.asarray(np.trace(covariances, axis1=1, axis2=2) / counts)


def _noise_of_covariances(covariances: np.ndarray, counts: np.ndarray) -> np.ndarray:
    trace = np.trace(covariances, axis1=1, axis2=2)
    return np.asarray(((covariances**2).sum(axis=(1, 2)) + trace**2) / counts)
