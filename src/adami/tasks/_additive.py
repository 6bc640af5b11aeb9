"""y is a function of x plus noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from adami.tasks.task import Map, Task


def additive_uniform(epsilon: float) -> Task:
    """Return x uniform on (0, 1) and y = x + uniform noise on (-epsilon, epsilon)."""
    mi = epsilon - np.log(2 * epsilon) if epsilon <= 0.5 else 1 / (4 * epsilon)

    def draw(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        x = rng.uniform(size=(n, 1))
        return x, x + rng.uniform(-epsilon, epsilon, size=(n, 1))

    def log_ratio(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        # p(y|x) = 1/(2 eps); p(y) = length of (y - eps, y + eps) within (0, 1), over 2 eps
        overlap = np.minimum(y + epsilon, 1) - np.maximum(y - epsilon, 0)
        return np.asarray(-np.log(overlap[:, 0]))

    return Task(f"1v1-additive-{epsilon}", float(mi), draw, log_ratio=log_ratio)


def heteroscedastic() -> Task:
    """Return x standard normal, y = sin(2x) + (0.2 + 0.4 |x|) noise: mean and spread both tell."""
    return normal_noise("heteroscedastic-sine", lambda x: np.sin(2 * x), lambda x: 0.2 + 0.4 * np.abs(x))


def parabola() -> Task:
    """Return x standard normal, y = x² + 0.5 normal noise: uncorrelated and dependent."""
    return normal_noise("parabola-0.5", lambda x: x**2, lambda x: np.full_like(x, 0.5))


def normal_noise(name: str, mean: Map, spread: Callable[[np.ndarray], np.ndarray]) -> Task:
    """Return x standard normal and y = mean(x) + spread(x) times standard normal noise.

    I = h(Y) - E ln spread(X) - ½ ln 2πe, with the density of Y by quadrature on a fine grid.
    """
    grid = np.linspace(-9, 9, 6001)
    weight = _normal_density(grid) * (grid[1] - grid[0])
    centre, width = mean(grid), spread(grid)
    seen = weight > 1e-16
    low, high = (centre - 9 * width)[seen].min(), (centre + 9 * width)[seen].max()
    y = np.linspace(float(low), float(high), 4001)

    def density(y: np.ndarray) -> np.ndarray:
        pieces = [
            (_normal_density((part[:, None] - centre) / width) / width) @ weight
            for part in np.array_split(y, max(1, len(y) // 200))
        ]
        return np.concatenate(pieces)

    p = density(y)
    h_y = float(-(p * np.log(np.maximum(p, 1e-300))).sum() * (y[1] - y[0]))
    mi = h_y - float(weight @ np.log(width)) - 0.5 * np.log(2 * np.pi * np.e)

    def draw(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        x = rng.standard_normal((n, 1))
        return x, mean(x) + spread(x) * rng.standard_normal((n, 1))

    def log_ratio(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        given = _normal_density((y - mean(x)) / spread(x)) / spread(x)
        return np.asarray(np.log(given[:, 0] / density(y[:, 0])))

    return Task(name, float(mi), draw, log_ratio=log_ratio, mi_error=1e-5)


def _normal_density(z: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi))
