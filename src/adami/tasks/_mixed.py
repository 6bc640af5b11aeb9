"""Numbers with labels, and numbers with atoms."""

from __future__ import annotations

import math

import numpy as np

from adami.tasks._gaussian import bivariate
from adami.tasks.task import Task


def shifted_uniform(levels: int = 5) -> Task:
    """Return a uniform label y and x uniform on (y, y + 2): ln m - (m - 1)/m ln 2.

    References
    ----------
    Gao, Kannan, Oh and Viswanath, "Estimating mutual information for discrete-continuous mixtures", 2017.
    """
    mi = math.log(levels) - (levels - 1) / levels * math.log(2)

    def draw(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        y = rng.integers(levels, size=n)
        return y[:, None] + rng.uniform(0, 2, size=(n, 1)), y

    def log_ratio(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        covering = np.where((x[:, 0] > 1) & (x[:, 0] < levels), 2, 1)
        return np.asarray(math.log(levels) - np.log(covering))

    return Task(
        f"mixed-shifted-uniform-{levels}", mi, draw, kinds=("continuous", "discrete"), log_ratio=log_ratio
    )


def label_gaussian(shifts: tuple[float, ...] = (-1.5, 0.0, 2.0), dim: int = 1) -> Task:
    """Return a uniform label y and x normal around (shift_y, 0, ...); the entropy of x by quadrature."""
    centres = np.array(shifts)
    grid = np.linspace(centres.min() - 10, centres.max() + 10, 20001)
    p = _normal_mixture(grid, centres)
    h_x = float(-(p * np.log(p)).sum() * (grid[1] - grid[0]))
    mi = h_x - 0.5 * math.log(2 * math.pi * math.e)

    def draw(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        y = rng.integers(len(centres), size=n)
        x = rng.standard_normal((n, dim))
        x[:, 0] += centres[y]
        return x, y

    def log_ratio(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        own = np.exp(-0.5 * (x[:, 0] - centres[y]) ** 2) / math.sqrt(2 * math.pi)
        return np.asarray(np.log(own / _normal_mixture(x[:, 0], centres)))

    return Task(
        f"mixed-label-gaussian-{len(centres)}-{dim}",
        mi,
        draw,
        dim,
        1,
        kinds=("continuous", "discrete"),
        log_ratio=log_ratio,
        mi_error=1e-9,
    )


def zero_inflated_poisson(zeros: float = 0.15) -> Task:
    """Return x exponential and y Poisson(x), replaced by 0 with probability `zeros`.

    A replaced zero looks like a Poisson zero, so the information is below (1 - zeros) times that of the clean
    channel; it is summed here over y, with x by quadrature.
    """
    nodes, weights = np.polynomial.legendre.leggauss(400)
    x = 20.0 * (nodes + 1)
    weights = 20.0 * weights * np.exp(-x)
    chances = _poisson_table(x, zeros, 120)
    marginal = weights @ chances
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(chances > 0, chances * (np.log(chances) - np.log(marginal)), 0.0)
    mi = float(weights @ terms.sum(axis=1))

    def draw(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        x = rng.exponential(size=(n, 1))
        return x, np.where(rng.uniform(size=(n, 1)) < zeros, 0, rng.poisson(x)).astype(float)

    def log_ratio(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        count = y[:, 0].astype(int)
        given = _poisson_table(x[:, 0], zeros, 120)[np.arange(len(x)), count]
        return np.asarray(np.log(given / marginal[count]))

    return Task(
        f"mixed-zero-inflated-poisson-{zeros}",
        mi,
        draw,
        kinds=("continuous", "mixed"),
        log_ratio=log_ratio,
        mi_error=1e-6,
    )


def half_atoms(correlation: float = 0.9) -> Task:
    """Return half a normal pair of this correlation, half the points (±1, ±1), 45 % on each equal pair.

    The atoms carry no density, so each row tells which half it came from: the information is the mean of both
    plus ln 2, as for a label shared by x and y.
    """
    gaussian = bivariate(correlation)
    points = np.array([[-1, -1], [1, 1], [-1, 1], [1, -1]], dtype=float)
    chances = np.array([0.45, 0.45, 0.05, 0.05])
    atoms = float((chances * np.log(chances / 0.25)).sum())

    def draw(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        x, y = gaussian.sample(n, rng)
        chosen = points[rng.choice(4, size=n, p=chances)]
        smooth = rng.uniform(size=(n, 1)) < 0.5
        return np.where(smooth, x, chosen[:, :1]), np.where(smooth, y, chosen[:, 1:])

    mi = 0.5 * (gaussian.mi + atoms) + math.log(2)

    def log_ratio(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        at_point = np.abs(x[:, 0]) == 1
        on_points = np.where(x[:, 0] == y[:, 0], math.log(0.45 / 0.25), math.log(0.05 / 0.25))
        return np.asarray(math.log(2) + np.where(at_point, on_points, gaussian.density_ratio(x, y)))

    return Task(f"mixed-half-atoms-{correlation}", mi, draw, kinds=("mixed", "mixed"), log_ratio=log_ratio)


def _normal_mixture(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-0.5 * (x[:, None] - centres) ** 2).mean(axis=1) / math.sqrt(2 * math.pi))


def _poisson_table(x: np.ndarray, zeros: float, most: int) -> np.ndarray:
    """Return P(y | x) for y = 0..most, one row a value of x."""
    from scipy.special import gammaln

    y = np.arange(most + 1)
    chances = (1 - zeros) * np.exp(y * np.log(np.maximum(x, 1e-300))[:, None] - x[:, None] - gammaln(y + 1))
    chances[:, 0] += zeros
    return np.asarray(chances)
