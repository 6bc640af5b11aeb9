"""Gaussian sequences built level by level, whose two halves share an amount of information known exactly."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from adami.tasks._gaussian import gaussian_information

Family = Literal["A", "B"]
WIDE, NARROW = math.sqrt(5) / 4, 0.25
MIXING = np.array(
    [
        [WIDE, WIDE, WIDE, NARROW],
        [-WIDE, WIDE, -WIDE, NARROW],
        [-WIDE, -WIDE, WIDE, NARROW],
        [WIDE, -WIDE, -WIDE, NARROW],
    ]
)
"""Turns four independent numbers of variance 1 into four of variance 1 with correlations of -1/4."""
COPIES: dict[str, int] = {"A": 3, "B": 1}
"""Columns of a level that are copies of the level below; the others are white noise."""
LARGEST = 4096
"""Longest sequence whose covariance is built: 128 MiB, and its determinant takes minutes beyond."""


def hierarchical_covariance(length: int, family: Family = "A", coupled: bool = False) -> np.ndarray:
    """Return the covariance of a hierarchical Gaussian sequence.

    One level turns a sequence of L variables into one of 4 L: every old variable becomes a row of four
    numbers, of which three (family A) or one (family B) are independent copies of the old sequence and the
    others white noise; each row is mixed by one fixed 4 x 4 matrix. Both families have the same information
    between two single variables, and halves that share ``L**0.79`` or a constant.

    Parameters
    ----------
    length : int
        A power of 4, from 4 to 4096.
    family : {"A", "B"}
        Whether all scales are copied (information of halves grows as a power of the length) or only one of
        four columns (it stays constant).
    coupled : bool
        Whether the last variable of each row and the first of the next are correlated as their neighbours
        are, so that no seam between rows shows; the information of B's halves then grows as the logarithm.

    Returns
    -------
    numpy.ndarray of shape (length, length)
        Unit variances.

    Raises
    ------
    ValueError
        If the length is no such power or the family is unknown.

    References
    ----------
    .. [1] Z. Chen et al., "L^2M: Mutual Information Scaling Law for Long-Context Language Modeling", 2025;
       paper 40 of adami's register.
    """
    levels = round(math.log(max(length, 1), 4))
    if length != 4**levels or not 4 <= length <= LARGEST:
        raise ValueError(f"length={length}: a power of 4 from 4 to {LARGEST} is needed")
    if family not in COPIES:
        raise ValueError(f"family={family!r}: choose 'A' or 'B'")
    covariance = MIXING @ MIXING.T
    for _ in range(levels - 1):
        covariance = _coupled(_level_up(covariance, family)) if coupled else _level_up(covariance, family)
    return np.asarray(covariance)


def hierarchical_information(
    length: int, family: Family = "A", coupled: bool = False, ratio: int = 2
) -> float:
    """Return the information in nats between the first ``length / ratio`` variables and the rest."""
    if length % ratio or ratio < 2:
        raise ValueError(f"ratio={ratio}: it must be at least 2 and divide the length {length}")
    return gaussian_information(hierarchical_covariance(length, family, coupled), length // ratio)


def hierarchical_sequences(
    n: int,
    length: int,
    family: Family = "A",
    coupled: bool = False,
    random_state: int | np.random.Generator = 0,
) -> np.ndarray:
    """Return `n` sequences as rows, shape ``(n, length)``."""
    rng = np.random.default_rng(random_state)
    root = np.linalg.cholesky(hierarchical_covariance(length, family, coupled))
    return np.asarray(rng.normal(size=(n, length)) @ root.T)


def _level_up(covariance: np.ndarray, family: Family) -> np.ndarray:
    size = len(covariance)
    copies = np.diag((np.arange(4) < COPIES[family]).astype(float))
    # flattened row by row: index 4 i + column
    rows = np.kron(covariance, copies) + np.kron(np.eye(size), np.eye(4) - copies)
    mixing = np.kron(np.eye(size), MIXING)
    return np.asarray(mixing @ rows @ mixing.T)


def _coupled(covariance: np.ndarray) -> np.ndarray:
    """Give the last variable of each row and the first of the next a correlation like their neighbours'.

    The last stays, and the first becomes a mixture of it with what it does not explain of the first.
    """
    turn = np.eye(len(covariance))
    for last in range(3, len(covariance) - 1, 4):
        first = last + 1
        now = covariance[last, first]
        wanted = 0.4 * (covariance[last - 1, last] + covariance[first, first + 1]) + 0.2 * now
        own = math.sqrt((1 - wanted**2) / (1 - now**2))
        turn[first, first], turn[first, last] = own, wanted - own * now
    return np.asarray(turn @ covariance @ turn.T)
