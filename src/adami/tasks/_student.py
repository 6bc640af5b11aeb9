"""Multivariate Student-t pairs: dependent through their common scale even where uncorrelated."""

from __future__ import annotations

import numpy as np

from adami.tasks._gaussian import gaussian_information, sparse_matrix
from adami.tasks.task import LogRatio, Sampler, Task


def student_entropy(dim: int, df: float) -> float:
    """Return the differential entropy of a standard t law of `dim` dimensions, in nats."""
    from scipy.special import gammaln, psi

    half = (df + dim) / 2
    return float(
        gammaln(df / 2) - gammaln(half) + dim / 2 * np.log(df * np.pi) + half * (psi(half) - psi(df / 2))
    )


def student_correction(dim_x: int, dim_y: int, df: float) -> float:
    """Return what the common scale adds to the Gaussian information of the dispersion matrix, in nats.

    References
    ----------
    Arellano-Valle, Contreras-Reyes and Genton, "Shannon entropy and mutual information for multivariate
    skew-elliptical distributions", 2013.
    """
    return student_entropy(dim_x, df) + student_entropy(dim_y, df) - student_entropy(dim_x + dim_y, df)


def student(name: str, dispersion: np.ndarray, dim_x: int, df: float) -> Task:
    """Return the task of a multivariate t law, split after `dim_x` coordinates."""
    dim_y = len(dispersion) - dim_x
    mi = gaussian_information(dispersion, dim_x) + student_correction(dim_x, dim_y, df)
    return Task(
        name, mi, _sampler(dispersion, dim_x, df), dim_x, dim_y, log_ratio=_log_ratio(dispersion, dim_x, df)
    )


def identity(dim_x: int, dim_y: int, df: float) -> Task:
    """Return the t law with an identity dispersion."""
    return student(f"student-identity-{dim_x}-{dim_y}-{df}", np.eye(dim_x + dim_y), dim_x, df)


def dense(dim_x: int, dim_y: int, df: float, off_diagonal: float = 0.5) -> Task:
    """Return the t law whose dispersion has the same entry everywhere off its diagonal."""
    dispersion = np.eye(dim_x + dim_y) * (1 - off_diagonal) + off_diagonal
    return student(f"student-dense-{dim_x}-{dim_y}-{df}-{off_diagonal}", dispersion, dim_x, df)


def sparse(dim_x: int, dim_y: int, df: float, pairs: int = 2, strength: float = 2.0) -> Task:
    """Return the t law whose dispersion has `pairs` interacting pairs of coordinates."""
    dispersion = sparse_matrix(dim_x, dim_y, pairs, strength)
    return student(f"student-sparse-{dim_x}-{dim_y}-{df}-{pairs}-{strength}", dispersion, dim_x, df)


def _sampler(dispersion: np.ndarray, dim_x: int, df: float) -> Sampler:
    factor = np.linalg.cholesky(dispersion)

    def draw(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        normal = rng.standard_normal((n, len(factor))) @ factor.T
        xy = normal / np.sqrt(rng.chisquare(df, size=(n, 1)) / df)
        return xy[:, :dim_x], xy[:, dim_x:]

    return draw


def _log_ratio(dispersion: np.ndarray, dim_x: int, df: float) -> LogRatio:
    parts = (dispersion[:dim_x, :dim_x], dispersion[dim_x:, dim_x:], dispersion)

    def log_density(rows: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        from scipy.special import gammaln

        dim = len(matrix)
        squares = np.einsum("ij,jk,ik->i", rows, np.linalg.inv(matrix), rows)
        constant = gammaln((df + dim) / 2) - gammaln(df / 2) - dim / 2 * np.log(df * np.pi)
        log_det = np.linalg.slogdet(matrix)[1]
        return np.asarray(constant - 0.5 * log_det - (df + dim) / 2 * np.log1p(squares / df))

    def log_ratio(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        on_x, on_y, on_xy = (log_density(r, p) for r, p in zip((x, y, np.hstack([x, y])), parts))
        return np.asarray(on_xy - on_x - on_y)

    return log_ratio
