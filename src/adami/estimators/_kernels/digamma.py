"""Digamma of counts from a table: neighbour methods ask for it twice a row, and counts repeat."""

from __future__ import annotations

import numpy as np

EULER_GAMMA = 0.5772156649015328606
LEAST = 1 << 12
"""Entries that are always at hand: enough for most samples of a few thousand rows."""
KEPT = 1 << 18
"""Longer tables are made when asked for and not kept (2 MB)."""

_kept = np.empty(0)


def digamma_table(most: int) -> np.ndarray:
    """Return digamma(0), ..., digamma(most) or more, with NaN for 0.

    Parameters
    ----------
    most : int
        Largest whole number needed.

    Returns
    -------
    numpy.ndarray
        float64, not to be written to, to about 1e-15 relative.

    Examples
    --------
    >>> digamma_table(2)[1:3].round(6)
    array([-0.577216,  0.422784])
    """
    global _kept
    if most < len(_kept):
        return _kept
    size = max(LEAST, 1 << int(most).bit_length())
    if size > KEPT:
        return _table(most + 1)
    table = _table(size)
    table.setflags(write=False)
    _kept = table
    return table


def digamma_of(number: int) -> float:
    """Return digamma of one positive whole number."""
    if number < KEPT:
        return float(digamma_table(number)[number])
    return float(_series(np.array([float(number)]))[0])


def _table(size: int) -> np.ndarray:
    table = np.empty(size)
    table[0] = np.nan
    few = min(size - 1, 31)
    table[1 : few + 1] = np.concatenate(([0.0], np.cumsum(1.0 / np.arange(1, few)))) - EULER_GAMMA
    if size > few + 1:
        table[few + 1 :] = _series(np.arange(few + 1, size, dtype=np.float64))
    return table


def _series(x: np.ndarray) -> np.ndarray:
    """Asymptotic series; its first neglected term is below 1e-16 from x = 32 on."""
    inverse = 1.0 / (x * x)
    tail = inverse * (1 / 12 - inverse * (1 / 120 - inverse * (1 / 252 - inverse / 240)))
    return np.asarray(np.log(x) - 0.5 / x - tail)
