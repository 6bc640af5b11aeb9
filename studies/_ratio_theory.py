"""What theory says of SMILE with the true density ratio of a Gaussian pair of 20 columns."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import chi2, gamma, ncx2

DIM = 20
DRAWS = 100_000


def correlation(information: float) -> float:
    """Return the correlation in each column that makes a Gaussian pair tell this much."""
    return math.sqrt(-math.expm1(-2 * information / DIM))


def clipped_mean(information: float, tau: float, nodes: int = 400) -> float:
    """Return the mean of the clipped density ratio of product pairs, by quadrature.

    The logarithm of the ratio is ``I + a U - b V`` with two independent chi-squared variables of as many
    degrees of freedom as there are columns, ``a = rho / (2 (1 + rho))`` and ``b = rho / (2 (1 - rho))``.
    Given U, what lies beyond the clips has its mean in closed form, and so has what lies between them,
    under a tilted law.
    """
    rho = correlation(information)
    x, w = np.polynomial.legendre.leggauss(nodes)
    up = information + gamma.ppf((x + 1) / 2, DIM / 2, scale=rho / (1 + rho))
    rate = (1 - rho) / rho
    law, tilted = gamma(DIM / 2, scale=1 / rate), gamma(DIM / 2, scale=1 / (rate + 1))
    inside = np.exp(up) * (rate / (rate + 1)) ** (DIM / 2) * (tilted.cdf(up + tau) - tilted.cdf(up - tau))
    beyond = math.exp(tau) * law.cdf(up - tau) + math.exp(-tau) * law.sf(up + tau)
    return float((w / 2) @ (inside + beyond))


def smile_deviation(information: float, tau: float, b: int) -> float:
    """Return the deviation of SMILE over batches of b pairs, to the first order of its logarithm.

    SMILE is the mean of ln r over the true pairs less ln Z, and Z, the mean of the clipped ratio h over
    pairs that are not, is a U-statistic. With ``g(x) = E h(x, y)`` over y alone, which depends on the
    length of x only, the variance is ``Var(ln r - (g(x) + g(y)) / m) / b + (Var h - Var g(x) - Var g(y)) /
    (m² b (b - 1))`` with ``m = E h``. Given x, ln r is ``I + |x|² / 2 - k W`` with ``k = rho² / (2 (1 -
    rho²))`` and a W that is chi-squared and not central, so that g is in closed form; the variances are
    those of a fixed sample.
    """
    rho, rng = correlation(information), np.random.default_rng(0)
    k, shrunk = rho**2 / (2 * (1 - rho**2)), 1 - rho**2
    grid = chi2.ppf(np.r_[1e-7, (np.arange(400) + 0.5) / 400, 1 - 1e-7], DIM)
    low, high = (np.maximum(information + grid / 2 + t, 0.0) / k for t in (-tau, tau))
    law, tilted = ncx2(DIM, grid / rho**2), ncx2(DIM, grid * shrunk / rho**2)
    beyond = math.exp(tau) * law.cdf(low) + math.exp(-tau) * law.sf(high)
    g = beyond + tilted.cdf(high / shrunk) - tilted.cdf(low / shrunk)
    x = rng.normal(size=(DRAWS, DIM))
    y = rho * x + math.sqrt(shrunk) * rng.normal(size=(DRAWS, DIM))
    other = y[rng.permutation(DRAWS)]

    def log_ratio(v: np.ndarray) -> np.ndarray:
        squares = (x**2).sum(1) + (v**2).sum(1)
        return information + (rho * (x * v).sum(1) - rho**2 * squares / 2) / shrunk

    gx, gy = (np.interp((v**2).sum(1), grid, g) for v in (x, y))
    m = clipped_mean(information, tau)
    h = np.exp(np.clip(log_ratio(other), -tau, tau))
    first = float(np.var(log_ratio(y) - (gx + gy) / m)) / b
    second = float(h.var() - gx.var() - gy.var()) / (m**2 * b * (b - 1))
    return math.sqrt(first + second)
