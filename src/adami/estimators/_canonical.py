"""Canonical correlation of two blocks of columns, and the exact bias of Gaussian information."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from adami.estimators._common import digamma, standardized

RANK_TOLERANCE = 1e-10


class Canonical(NamedTuple):
    """Canonical pairs of two blocks after removing what a third explains."""

    correlations: np.ndarray
    """Shape ``(m,)``, descending, m the smaller rank."""
    scores_x: np.ndarray
    """Shape ``(n, m)``, unit variance, uncorrelated."""
    scores_y: np.ndarray
    rank_x: int
    rank_y: int
    freedom: int
    """Rows less 1 for the mean and the rank of the conditioning block."""

    @property
    def information(self) -> float:
        """-½ Σ ln(1 - ρ²), uncorrected."""
        return float(-0.5 * np.log1p(-(self.correlations**2)).sum())

    @property
    def bias(self) -> float:
        """Expected excess of `information` over the truth for Gaussian rows; the same at any truth."""
        return gaussian_bias(self.rank_x, self.rank_y, self.freedom)

    def pointwise(self) -> np.ndarray:
        """Local values under the fitted Gaussian; their mean is `information`."""
        r, u, v = self.correlations, self.scores_x, self.scores_y
        squares = r**2 * (u**2 + v**2) - 2 * r * u * v
        return np.asarray(self.information - (squares / (2 * (1 - r**2))).sum(axis=1))


def basis(block: np.ndarray, removed: np.ndarray | None = None) -> np.ndarray:
    """Return an orthonormal basis, shape (n, rank), of the centred columns of a block.

    Parameters
    ----------
    block : numpy.ndarray of shape (n, d)
    removed : numpy.ndarray of shape (n, r), optional
        Orthonormal columns whose span is projected out first.
    """
    columns = standardized(block)
    if removed is not None and removed.shape[1]:
        columns = columns - removed @ (removed.T @ columns)
        # what the conditioning block explains to rounding is no direction of its own
        columns = columns[:, np.linalg.norm(columns, axis=0) > 1e-7 * np.sqrt(len(columns))]
    if columns.shape[1] == 0:
        return columns
    if columns.shape[1] == 1:
        norm = float(np.linalg.norm(columns))
        return columns / norm if norm > 0 else columns[:, :0]
    left, values, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(left[:, values > RANK_TOLERANCE * max(values[0], 1e-300)])


def canonical(x: np.ndarray, y: np.ndarray, given: np.ndarray | None = None) -> Canonical:
    """Return the canonical pairs of two blocks of rows.

    Parameters
    ----------
    x, y : numpy.ndarray of shape (n, d)
    given : numpy.ndarray of shape (n, d_z), optional
        Its linear effect is removed from both.

    Raises
    ------
    ValueError
        If there are too few rows for so many columns.
    """
    n = len(x)
    third = None if given is None else basis(given)
    freedom = n - 1 - (0 if third is None else third.shape[1])
    q_x, q_y = basis(x, third), basis(y, third)
    if q_x.shape[1] + q_y.shape[1] > freedom:
        raise ValueError(
            f"{n} rows are too few for {q_x.shape[1]} + {q_y.shape[1]} columns"
            + ("" if third is None else f" given {third.shape[1]}")
            + "; use more rows, fewer columns, or shrinkage"
        )
    u, r, vt = np.linalg.svd(q_x.T @ q_y, full_matrices=False)
    scale = np.sqrt(n)
    return Canonical(
        np.clip(r, 0.0, 1.0), q_x @ u * scale, q_y @ vt.T * scale, q_x.shape[1], q_y.shape[1], freedom
    )


def gaussian_bias(dim_x: int, dim_y: int, freedom: int) -> float:
    """Return the expected excess of the plug-in Gaussian information, exact for Gaussian rows.

    The log-determinant of a Wishart matrix is a sum of logarithms of chi-squares, so its mean is a sum of
    digammas.

    Parameters
    ----------
    dim_x, dim_y : int
        Ranks of the blocks.
    freedom : int
        Degrees of freedom of the scatter matrix: n - 1, less the rank of what is conditioned on.

    References
    ----------
    Misra, Singh and Demchuk, "Estimation of the entropy of a multivariate normal distribution", 2005.
    """

    def half_log(dim: int) -> float:
        return 0.5 * float(np.sum([psi_half(freedom - j) for j in range(dim)]))

    return half_log(dim_x) + half_log(dim_y) - half_log(dim_x + dim_y)


def psi_half(whole: int) -> float:
    """Digamma of half a whole number."""
    if whole % 2 == 0:
        return float(digamma(whole // 2))
    # duplication: psi(m/2) = 2 psi(m) - 2 ln 2 - psi((m+1)/2), m odd
    return float(2 * digamma(whole) - 2 * np.log(2) - digamma((whole + 1) // 2))


def independence_p_value(c: Canonical) -> float:
    """Return Rao's F approximation for Wilks' lambda: exact for Gaussian rows when a block has rank 1 or 2.

    References
    ----------
    Rao, "An asymptotic expansion of the distribution of Wilks' criterion", 1951.
    """
    from scipy.special import fdtrc

    p, q = c.rank_x, c.rank_y
    if p == 0 or q == 0:
        return 1.0
    power = np.sqrt((p * p * q * q - 4) / (p * p + q * q - 5)) if p * p + q * q > 5 else 1.0
    first = p * q
    second = (c.freedom - (p + q + 1) / 2) * power - first / 2 + 1
    if second <= 0:
        return 1.0
    # lambda ** (1 / power) = exp(-2 I / power)
    ratio = np.expm1(2 * c.information / power) * second / first
    return float(fdtrc(first, second, ratio))


def dependent_directions(c: Canonical, level: float = 0.01) -> int:
    """Return how many canonical pairs are significant, by Bartlett's sequence of chi-square tests.

    Parameters
    ----------
    c : Canonical
    level : float
        Chance of seeing a first direction in independent Gaussian rows.

    References
    ----------
    Bartlett, "The statistical significance of canonical correlations", 1941.
    """
    from scipy.special import chdtrc

    with np.errstate(divide="ignore"):
        # a correlation of 1 is beyond any level
        logs = -np.log1p(-(c.correlations**2))
    for found in range(len(logs)):
        factor = c.freedom - (c.rank_x + c.rank_y + 1) / 2
        freedom = (c.rank_x - found) * (c.rank_y - found)
        if factor <= 0 or chdtrc(freedom, factor * logs[found:].sum()) > level:
            return found
    return len(logs)
