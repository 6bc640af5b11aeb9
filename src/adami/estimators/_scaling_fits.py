"""Power laws through measured points: plain, and with a constant offset."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np


class PowerLaw(NamedTuple):
    """``value = amplitude * place ** exponent``, by least squares of logarithms."""

    exponent: float
    amplitude: float
    r2: float
    error: float | None
    """Jackknife standard error of the exponent; None for fewer than 3 points."""


def power_law(places: np.ndarray, values: np.ndarray) -> PowerLaw:
    """Fit a power law to positive values."""
    x, y = np.log(places), np.log(values)
    slope, level = np.polyfit(x, y, 1)
    left, whole = np.sum((y - slope * x - level) ** 2), np.sum((y - y.mean()) ** 2)
    r2 = 1 - float(left / whole) if whole > 0 else 1.0
    return PowerLaw(float(slope), math.exp(level), r2, _jackknife(x, y))


def _jackknife(x: np.ndarray, y: np.ndarray) -> float | None:
    n = len(x)
    if n < 3:
        return None
    slopes = np.array([np.polyfit(np.delete(x, i), np.delete(y, i), 1)[0] for i in range(n)])
    return float(math.sqrt((n - 1) / n * np.sum((slopes - slopes.mean()) ** 2)))


class OffsetLaw(NamedTuple):
    """``value = amplitude * place ** -alpha + offset``."""

    alpha: float
    amplitude: float
    offset: float
    r2: float


def offset_law(places: np.ndarray, values: np.ndarray) -> OffsetLaw:
    """Fit a decay to positive values, whose constant offset lies between 0 and the least of them.

    Given the offset the other two are linear in logarithms; it is searched as ``min(values) * sigmoid(c)``.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import expit

    x = np.log(places)
    least = float(values.min())

    def left(c: float) -> float:
        y = np.log(values - least * expit(c))
        slope, level = np.polyfit(x, y, 1)
        return float(np.sum((y - slope * x - level) ** 2))

    # beyond these ends the offset is 0 or the least value to within rounding
    grid = np.linspace(-12.0, 12.0, 97)
    at = int(np.argmin([left(c) for c in grid]))
    near = (grid[max(at - 1, 0)], grid[min(at + 1, len(grid) - 1)])
    found = minimize_scalar(left, bounds=near, method="bounded", options={"xatol": 1e-8})
    offset = least * float(expit(found.x))
    law = power_law(places, values - offset)
    return OffsetLaw(-law.exponent, law.amplitude, offset, law.r2)
