"""Jointly Gaussian pairs."""

from __future__ import annotations

import numpy as np

from adami.tasks.task import LogRatio, Sampler, Task


def gaussian_information(covariance: np.ndarray, dim_x: int) -> float:
    """Return the information between the first `dim_x` coordinates of a Gaussian and the rest, in nats."""
    parts = (covariance[:dim_x, :dim_x], covariance[dim_x:, dim_x:], covariance)
    log_x, log_y, log_xy = (float(np.linalg.slogdet(p)[1]) for p in parts)
    return 0.5 * (log_x + log_y - log_xy)


def multinormal(name: str, covariance: np.ndarray, dim_x: int) -> Task:
    """Return the task of a Gaussian with a given covariance, split after `dim_x` coordinates."""
    dim_y = len(covariance) - dim_x
    mi = gaussian_information(covariance, dim_x)
    return Task(
        name, mi, _sampler(covariance, dim_x), dim_x, dim_y, log_ratio=_log_ratio(covariance, dim_x, mi)
    )


def bivariate(correlation: float = 0.75) -> Task:
    """Return the standard bivariate normal."""
    return multinormal(f"1v1-normal-{correlation}", _dense_matrix(2, correlation), 1)


def dense(dim_x: int, dim_y: int, off_diagonal: float = 0.5) -> Task:
    """Return unit variances with the same correlation between all coordinates."""
    covariance = _dense_matrix(dim_x + dim_y, off_diagonal)
    return multinormal(f"multinormal-dense-{dim_x}-{dim_y}-{off_diagonal}", covariance, dim_x)


def sparse(dim_x: int, dim_y: int, pairs: int = 2, strength: float = 2.0) -> Task:
    """Return independent coordinates, but for pairs (x_i, y_i) that share a latent of this strength."""
    covariance = sparse_matrix(dim_x, dim_y, pairs, strength)
    return multinormal(f"multinormal-sparse-{dim_x}-{dim_y}-{pairs}-{strength}", covariance, dim_x)


def sparse_matrix(dim_x: int, dim_y: int, pairs: int, strength: float) -> np.ndarray:
    """Return the correlation matrix of `sparse`: correlation s²/(1 + s²) within each interacting pair."""
    covariance = np.eye(dim_x + dim_y)
    for i in range(pairs):
        covariance[i, dim_x + i] = covariance[dim_x + i, i] = strength**2 / (1 + strength**2)
    return covariance


def _dense_matrix(dim: int, off_diagonal: float) -> np.ndarray:
    return np.eye(dim) * (1 - off_diagonal) + off_diagonal


def _sampler(covariance: np.ndarray, dim_x: int) -> Sampler:
    factor = np.linalg.cholesky(covariance)

    def draw(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        xy = rng.standard_normal((n, len(factor))) @ factor.T
        return xy[:, :dim_x], xy[:, dim_x:]

    return draw


def _log_ratio(covariance: np.ndarray, dim_x: int, mi: float) -> LogRatio:
    inverses = [
        np.linalg.inv(p) for p in (covariance[:dim_x, :dim_x], covariance[dim_x:, dim_x:], covariance)
    ]

    def log_ratio(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        rows = (x, y, np.hstack([x, y]))
        q_x, q_y, q_xy = (np.einsum("ij,jk,ik->i", r, p, r) for r, p in zip(rows, inverses))
        return np.asarray(mi + 0.5 * (q_x + q_y - q_xy))

    return log_ratio
