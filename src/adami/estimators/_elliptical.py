"""Fit a Student-t copula to ranks by maximum likelihood, and read its exact information."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from adami.estimators._canonical import gaussian_bias
from adami.tasks._student import student_entropy

DF_RANGE = (0.4, 200.0)
DF_STEPS = 12
"""Golden-section steps on the logarithm of the degrees of freedom: to about 2 %."""
SHUFFLES = 3
FIT_CELLS, LEAST_FIT_ROWS = 150_000, 2_000
"""Rows times columns that find the degrees of freedom, and the rows that do so at least."""
GAIN = 3.0
"""Log-likelihood that finite degrees of freedom must gain over the Gaussian copula to be believed."""


Attempt = Callable[[float, np.ndarray | None], tuple[float, np.ndarray]]
"""Degrees of freedom and a dispersion to start from -> log-likelihood and fitted dispersion."""
Sampler = Callable[[int, np.random.Generator], list[np.ndarray]]
"""Number of rows and a generator -> rows, block by block."""


class EllipticalFit(NamedTuple):
    """A fitted Student-t copula (infinite degrees of freedom: Gaussian)."""

    df: float
    gain: float
    """Log-likelihood over the Gaussian copula, summed over the rows of the fit."""
    information: float
    """Between the first two blocks given the third, nats, with the bias of the dispersion removed."""
    log_ratio: np.ndarray
    """Local values on the rows of the fit."""
    cells: int
    """Number of columns of the first block times that of the second."""
    matrix: np.ndarray
    """Dispersion with a unit diagonal."""
    sizes: tuple[int, ...]
    """Columns of each block."""
    excess: float
    """Bias of the dispersion that was removed from the information."""

    def score(self, u: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return one value a row whose mean is a lower bound of the information (Donsker and Varadhan).

        The mean over unrelated pairs is the price of what the model gets wrong within the blocks.
        """
        z = t_quantile(u, self.df)
        joint = _log_ratio(z, self.matrix, self.df, self.sizes)
        dim_x = self.sizes[0]
        apart = [np.hstack([z[:, :dim_x], rng.permutation(z[:, dim_x:])]) for _ in range(SHUFFLES)]
        ratios = np.concatenate([_log_ratio(a, self.matrix, self.df, self.sizes) for a in apart])
        top = ratios.max()
        return np.asarray(joint - top - math.log(float(np.exp(ratios - top).mean())))

    def sampler(self) -> Sampler:
        """Return a function that draws rows of the fitted copula, with margins as normal scores have them.

        The correlations across the blocks are shrunk to the corrected information: the fitted ones hold the
        noise of the sample, and a sample of the fit would hold it twice.
        """
        from scipy.special import ndtri

        factor = np.linalg.cholesky(_shrunk(self.matrix, self.sizes, self.excess))

        def draw(n: int, rng: np.random.Generator) -> list[np.ndarray]:
            z = rng.standard_normal((n, len(factor))) @ factor.T
            if math.isfinite(self.df):
                z /= np.sqrt(rng.chisquare(self.df, (n, 1)) / self.df)
            ranks = np.argsort(np.argsort(z, axis=0), axis=0)
            scores = ndtri(np.arange(1, n + 1) / (n + 1))[ranks]
            return list(np.split(scores, np.cumsum(self.sizes)[:-1], axis=1))

        return draw


def fit_student(
    blocks: Sequence[np.ndarray], max_rows: int, random_state: int, df: float | None = None
) -> EllipticalFit:
    """Fit one t copula to all columns.

    Parameters
    ----------
    blocks : two or three arrays of shape (n, d) of ranks in (0, 1)
        x, y and what is conditioned on.
    max_rows : int
        Rows used to find the degrees of freedom.
    random_state : int
        Seed for choosing them.
    df : float, optional
        Degrees of freedom where they are known; infinite for the Gaussian copula.

    Raises
    ------
    ValueError
        If rows are too few or columns are functions of each other.
    """
    u = np.hstack(blocks)
    n, dim = u.shape
    if n < 2 * dim + 5:
        raise ValueError(
            f"{n} rows are too few to fit a t copula to {dim} columns; use at least {2 * dim + 5}"
        )
    some = u
    most = min(max_rows, max(LEAST_FIT_ROWS, FIT_CELLS // dim))
    if n > most:
        rows = np.sort(np.random.default_rng(random_state).choice(n, most, replace=False))
        some = u[rows]
    values, place = np.unique(some, return_inverse=True)
    place = place.reshape(some.shape)

    def attempt(df: float, start: np.ndarray | None) -> tuple[float, np.ndarray]:
        table = t_quantile(values, df)
        z = table[place]
        matrix = _dispersion(z, df, start)
        margins = float(_log_t_margin(table, df)[place].sum())
        return float(log_t(z, matrix, df).sum()) - margins, matrix

    gaussian, matrix = attempt(math.inf, None)
    gain = 0.0
    if df is None:
        df, best, matrix = _search(attempt, matrix)
        gain = best - gaussian
        df = df if gain >= GAIN else math.inf
    full_table = t_quantile(values, df)
    z = full_table[place]
    if n > most:
        everything, index = np.unique(u, return_inverse=True)
        matrix = _dispersion(t_quantile(everything, df)[index.reshape(u.shape)], df, matrix)
    else:
        matrix = _dispersion(z, df, matrix)
    sizes = [b.shape[1] for b in blocks]
    # a t likelihood learns the dispersion from down-weighted rows: its errors are wider by this factor
    wider = (df + dim + 2) / (df + dim) if math.isfinite(df) else 1.0
    excess = wider * gaussian_bias(sizes[0], sizes[1], n - 1 - sum(sizes[2:]))
    information = _information(matrix, df, sizes) - excess
    log_ratio = _log_ratio(z, matrix, df, sizes)
    return EllipticalFit(df, gain, information, log_ratio, sizes[0] * sizes[1], matrix, tuple(sizes), excess)


def _search(attempt: Attempt, matrix: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Return the best degrees of freedom by golden sections, with likelihood and dispersion."""
    shrink = (math.sqrt(5) - 1) / 2
    low, high = math.log(DF_RANGE[0]), math.log(DF_RANGE[1])
    a, b = high - shrink * (high - low), low + shrink * (high - low)
    (at_a, m_a), (at_b, m_b) = attempt(math.exp(a), matrix), attempt(math.exp(b), matrix)
    for _ in range(DF_STEPS):
        if at_a > at_b:
            high, b, at_b, m_b = b, a, at_a, m_a
            a = high - shrink * (high - low)
            at_a, m_a = attempt(math.exp(a), m_b)
        else:
            low, a, at_a, m_a = a, b, at_b, m_b
            b = low + shrink * (high - low)
            at_b, m_b = attempt(math.exp(b), m_a)
    return (math.exp(a), at_a, m_a) if at_a > at_b else (math.exp(b), at_b, m_b)


def _parts(sizes: Sequence[int]) -> list[tuple[list[int], int]]:
    """Return the columns and signs of the four entropies of I(X;Y|Z): XZ and YZ less Z and XYZ."""
    dim_x, dim_xy, dim = sizes[0], sizes[0] + sizes[1], sum(sizes)
    x, y, third = range(dim_x), range(dim_x, dim_xy), range(dim_xy, dim)
    parts = [([*x, *third], 1), ([*y, *third], 1), ([*third], -1), ([*range(dim)], -1)]
    return [part for part in parts if part[0]]


def _information(matrix: np.ndarray, df: float, sizes: Sequence[int]) -> float:
    total = 0.0
    for columns, sign in _parts(sizes):
        total += sign * 0.5 * float(np.linalg.slogdet(matrix[np.ix_(columns, columns)])[1])
        if math.isfinite(df):
            total += sign * student_entropy(len(columns), df)
    return total


def _log_ratio(z: np.ndarray, matrix: np.ndarray, df: float, sizes: Sequence[int]) -> np.ndarray:
    total = np.zeros(len(z))
    for columns, sign in _parts(sizes):
        total -= sign * log_t(z[:, columns], matrix[np.ix_(columns, columns)], df)
    return total


def _shrunk(matrix: np.ndarray, sizes: Sequence[int], excess: float) -> np.ndarray:
    """Scale the correlations between the first two blocks until their information has lost its excess."""
    x, y, z = (
        slice(0, sizes[0]),
        slice(sizes[0], sizes[0] + sizes[1]),
        slice(sizes[0] + sizes[1], len(matrix)),
    )
    # what the condition explains of the correlation stays
    through = matrix[x, z] @ np.linalg.solve(matrix[z, z], matrix[z, y])
    apart = matrix[x, y] - through

    def scaled(factor: float) -> np.ndarray:
        out = matrix.copy()
        out[x, y] = through + factor * apart
        out[y, x] = out[x, y].T
        return out

    wanted = _information(matrix, math.inf, sizes) - excess
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        if _information(scaled(middle), math.inf, sizes) < wanted:
            low = middle
        else:
            high = middle
    return scaled(high)


def t_quantile(u: np.ndarray, df: float) -> np.ndarray:
    """Return quantiles of the t law (normal for infinite degrees of freedom)."""
    from scipy.special import ndtri, stdtrit

    return np.asarray(ndtri(u) if math.isinf(df) else stdtrit(df, u))


def log_t(z: np.ndarray, matrix: np.ndarray, df: float) -> np.ndarray:
    """Return the log density of the multivariate t (or normal) at the rows of z."""
    dim = len(matrix)
    squares, log_det = _squares(z, matrix)
    if math.isinf(df):
        return np.asarray(-0.5 * (squares + log_det + dim * math.log(2 * math.pi)))
    constant = math.lgamma((df + dim) / 2) - math.lgamma(df / 2) - 0.5 * dim * math.log(df * math.pi)
    return np.asarray(constant - 0.5 * log_det - 0.5 * (df + dim) * np.log1p(squares / df))


def _log_t_margin(values: np.ndarray, df: float) -> np.ndarray:
    return log_t(values[:, None], np.eye(1), df)


def _squares(z: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, float]:
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError as error:
        raise ValueError("columns are functions of each other; leave the repeated ones out") from error
    white = z @ np.linalg.inv(factor).T
    return np.einsum("ij,ij->i", white, white), 2 * float(np.log(np.diag(factor)).sum())


def _dispersion(z: np.ndarray, df: float, start: np.ndarray | None) -> np.ndarray:
    """Return the correlation-like dispersion by fixed-point iteration with t weights."""
    n, dim = z.shape
    if start is None or math.isinf(df):
        return _unit_diagonal(z.T @ z / n)
    matrix = start
    for _ in range(3):
        weights = (df + dim) / (df + _squares(z, matrix)[0])
        matrix = _unit_diagonal((z * weights[:, None]).T @ z / n)
    return matrix


def _unit_diagonal(matrix: np.ndarray) -> np.ndarray:
    scale = np.sqrt(np.diag(matrix))
    return np.asarray(matrix / np.outer(scale, scale))
