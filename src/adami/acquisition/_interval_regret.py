"""Regret on all intervals of a length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def adaptive_regret(losses: Any, plays: Any, lengths: Sequence[int]) -> np.ndarray:
    """Return the largest regret on any interval of each length, against the best fixed arm of the interval.

    Parameters
    ----------
    losses : array of shape (rounds, n_arms)
    plays : array of shape (rounds,)
        Arm played in each round.
    lengths : sequence of int

    Returns
    -------
    numpy.ndarray
        Shape ``(len(lengths),)``.

    Raises
    ------
    ValueError
        If shapes do not fit, or a length is not from 1 to the number of rounds.

    Examples
    --------
    >>> from adami.acquisition import adaptive_regret
    >>> adaptive_regret([[0, 1], [0, 1], [1, 0]], [0, 0, 0], [1, 3]).tolist()
    [1.0, 0.0]
    """
    table, arms = np.asarray(losses, dtype=float), np.asarray(plays)
    if table.ndim != 2 or arms.shape != table.shape[:1] or arms.dtype.kind not in "iu":
        raise ValueError("losses has one row a round and one column an arm, plays one arm a round")
    if not np.isfinite(table).all() or ((arms < 0) | (arms >= table.shape[1])).any():
        raise ValueError("losses has to be finite, and plays has to name its columns")
    rounds = len(table)
    if wrong := [n for n in lengths if not 1 <= n <= rounds]:
        raise ValueError(f"length {wrong[0]}: there are {rounds} rounds")
    sums = np.vstack([np.zeros(table.shape[1]), table.cumsum(0)])
    own = np.concatenate([[0.0], table[np.arange(rounds), arms].cumsum()])
    return np.array([(own[n:] - own[:-n] - (sums[n:] - sums[:-n]).min(1)).max() for n in lengths])
