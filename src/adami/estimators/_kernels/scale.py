"""Bring a column to standard deviation 1, at any scale that float64 can hold."""

# mypy: disallow-untyped-defs=False, disallow-incomplete-defs=False

from __future__ import annotations

import math

import numpy as np
from numba import njit

FAR = 32.0
"""Standard deviations between the mean and 0 from which on a column is centred."""


def unit_scaled(column: np.ndarray) -> np.ndarray:
    """Return a column divided by its standard deviation (ddof=0); a constant column becomes zeros.

    Equal values stay equal, and a power of two in front changes nothing. A column that lies far from 0 is
    centred, which its differences survive exactly; any other is not, since one far outlier would drown the
    rest.

    Parameters
    ----------
    column : numpy.ndarray
        float64 ``(n,)``, finite, C-contiguous.
    """
    out = np.empty(len(column))
    _scale(column, out)
    return out


@njit(cache=True, nogil=True)
def _scale(column, out):
    least = most = column[0]
    for v in column:
        least = min(least, v)
        most = max(most, v)
    if least == most:
        out[:] = 0.0
        return
    # a power of two brings the values near 1 without rounding, so that no square overflows or vanishes
    _, exponent = math.frexp(max(abs(least), abs(most)))
    # two factors: 2**1074 is not a float
    first = math.ldexp(1.0, -(exponent // 2))
    second = math.ldexp(1.0, exponent // 2 - exponent)
    for i in range(len(column)):
        out[i] = column[i] * first * second
    mean, spread = _moments(out)
    shift = mean if abs(mean) > FAR * spread else 0.0
    for i in range(len(out)):
        out[i] = (out[i] - shift) / spread


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _moments(values):
    total = 0.0
    for v in values:
        total += v
    mean = total / len(values)
    squares = 0.0
    for v in values:
        squares += (v - mean) * (v - mean)
    return mean, math.sqrt(squares / len(values))
