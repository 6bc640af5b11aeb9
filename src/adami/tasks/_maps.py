"""One-to-one maps that leave information as it is and make it harder to see."""

from __future__ import annotations

import numpy as np

from adami.tasks.task import Map, Task


def normal_cdf(task: Task) -> Task:
    """Give every coordinate of a standard law uniform margins on (0, 1)."""
    return task.transformed("normal_cdf", _cdf, _cdf, _quantile, _quantile)


def half_cube(task: Task) -> Task:
    """Stretch the tails: x |x|^(1/2)."""

    def forth(x: np.ndarray) -> np.ndarray:
        return np.asarray(x * np.sqrt(np.abs(x)))

    def back(x: np.ndarray) -> np.ndarray:
        return np.asarray(np.sign(x) * np.abs(x) ** (2 / 3))

    return task.transformed("half_cube", forth, forth, back, back)


def asinh(task: Task) -> Task:
    """Shrink the tails: asinh."""
    return task.transformed("asinh", np.arcsinh, np.arcsinh, np.sinh, np.sinh)


def wiggly(task: Task) -> Task:
    """Add small waves to increasing lines."""
    return task.transformed("wiggly", wiggly_x, wiggly_y)


def wiggly_x(x: np.ndarray) -> np.ndarray:
    """Return an increasing line with three waves."""
    return np.asarray(x + 0.4 * np.sin(x) + 0.2 * np.sin(1.7 * x + 1) + 0.03 * np.sin(3.3 * x - 2.5))


def wiggly_y(x: np.ndarray) -> np.ndarray:
    """Return another increasing line with three waves."""
    return np.asarray(x - 0.4 * np.sin(0.4 * x) + 0.17 * np.sin(1.3 * x + 3.5) + 0.02 * np.sin(4.3 * x - 2.5))


def bimodal(task: Task) -> Task:
    """Give a standard normal pair margins of two separate normals each."""
    quantile_x, cdf_x = _two_normals(0.3, 0.0, 5.0)
    quantile_y, cdf_y = _two_normals(0.5, -1.0, 3.0)
    return task.transformed(
        "bimodal",
        lambda x: quantile_x(_cdf(x)),
        lambda y: quantile_y(_cdf(y)),
        lambda x: _quantile(cdf_x(x)),
        lambda y: _quantile(cdf_y(y)),
    )


def swissroll(task: Task) -> Task:
    """Roll one uniform coordinate x up in the plane."""

    def roll(x: np.ndarray) -> np.ndarray:
        t = 1.5 * np.pi * (1 + 2 * x[:, 0])
        return np.column_stack([t * np.cos(t), t * np.sin(t)]) / 21.0

    def unroll(x: np.ndarray) -> np.ndarray:
        t = 21.0 * np.linalg.norm(x, axis=1, keepdims=True)
        return np.asarray((t / (1.5 * np.pi) - 1) / 2)

    return task.transformed("swissroll_x", roll, np.asarray, unroll, np.asarray)


def spiral(task: Task, speed: float = 1.0) -> Task:
    """Turn x in the plane of its first two axes, y in that of its second and third, by an angle that grows
    with the squared distance from the origin."""
    turn_x, turn_y = _turn(0, 1, speed / task.dim_x), _turn(1, 2, speed / task.dim_y)
    back_x, back_y = _turn(0, 1, -speed / task.dim_x), _turn(1, 2, -speed / task.dim_y)
    return task.transformed("spiral", turn_x, turn_y, back_x, back_y)


def _turn(i: int, j: int, speed: float) -> Map:
    def turn(x: np.ndarray) -> np.ndarray:
        angle = speed * (x**2).sum(axis=1)
        cos, sin = np.cos(angle), np.sin(angle)
        turned = x.copy()
        turned[:, i] = cos * x[:, i] - sin * x[:, j]
        turned[:, j] = sin * x[:, i] + cos * x[:, j]
        return turned

    return turn


def _cdf(x: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return np.asarray(ndtr(x))


def _quantile(x: np.ndarray) -> np.ndarray:
    from scipy.special import ndtri

    return np.asarray(ndtri(x))


def _two_normals(weight: float, first: float, second: float) -> tuple[Map, Map]:
    """Return the quantile function and the distribution function of a mixture of two unit normals."""

    def cdf(x: np.ndarray) -> np.ndarray:
        return np.asarray(weight * _cdf(x - first) + (1 - weight) * _cdf(x - second))

    def quantile(u: np.ndarray) -> np.ndarray:
        low, high = np.full_like(u, -10.0), np.full_like(u, 15.0)
        for _ in range(60):
            middle = (low + high) / 2
            below = cdf(middle) < u
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.asarray((low + high) / 2)

    return quantile, cdf
