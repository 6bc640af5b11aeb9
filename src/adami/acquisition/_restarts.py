"""Learners that start anew at different times, and weights that bet on the best; rows are seeds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Restarts(NamedTuple):
    """How often each learner starts anew, and how fast it learns.

    Parameters
    ----------
    lengths : numpy.ndarray
        Rounds between two starts, shape ``(K,)``; the last learner never starts anew.
    meta : numpy.ndarray
        Rate of its weight, shape ``(K,)``.
    """

    lengths: np.ndarray
    meta: np.ndarray


def restarts(horizon: int, first: int, base: int, regret_range: float | None = None) -> Restarts:
    """Return lengths first, first * base, ... below the horizon, and the horizon.

    Parameters
    ----------
    horizon, first, base : int
    regret_range : float, optional
        Largest regret of a learner in a round; without it 4 K, that of two looks of which K learners share.
    """
    lengths = []
    length = first
    while length < horizon:
        lengths.append(length)
        length *= base
    every = np.array([*lengths, horizon])
    cap = 1 / (4 * len(every) if regret_range is None else 4 * regret_range)
    return Restarts(every, np.minimum(cap, np.sqrt(np.log(max(horizon, 2)) / every)))


def bet(weights: np.ndarray, meta: np.ndarray, regrets: np.ndarray) -> np.ndarray:
    """Return the weights of the learners after a round; none falls below half.

    Parameters
    ----------
    weights, regrets : arrays of shape (lanes, K)
    meta : array of shape (K,)
    """
    found: np.ndarray = weights * (1 + np.maximum(meta * regrets, -0.5))
    return found


class Round(NamedTuple):
    """The laws of one round; `play` and `look` have shape (lanes, n), `learners` (lanes, K, n)."""

    play: np.ndarray
    look: np.ndarray
    learners: np.ndarray


def laws(scores: np.ndarray, weights: np.ndarray) -> Round:
    """Return the law of the played arm and that of the one only looked at.

    Parameters
    ----------
    scores : array of shape (lanes, K, n)
        Logarithms of the learners' chances, up to a constant each.
    weights : array of shape (lanes, K)
    """
    learners = np.exp(scores - scores.max(2, keepdims=True))
    learners /= learners.sum(2, keepdims=True)
    shares = weights / weights.sum(1, keepdims=True)
    play = np.matmul(shares[:, None, :], learners)[:, 0]
    look = 0.5 * learners.mean(1) + 0.5 / scores.shape[2]
    return Round(play, look, learners)


def draw(law: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Return one arm a lane.

    Parameters
    ----------
    law : array of shape (lanes, n)
    uniform : array of shape (lanes,)
    """
    below = law.cumsum(1)
    # the sum is not exactly 1
    arms: np.ndarray = (below[:, :-1] <= (uniform * below[:, -1])[:, None]).sum(1)
    return arms


def estimated_losses(now: Round, queries: np.ndarray, answers: np.ndarray, both_looks: bool) -> np.ndarray:
    """Return unbiased estimates of the losses of all arms.

    Parameters
    ----------
    now : Round
    queries, answers : arrays of shape (lanes, 2)
        Arm played and arm looked at, with their losses.
    both_looks : bool
        Use both, each loss over the sum of both chances; else the second, over its chance.

    Returns
    -------
    numpy.ndarray
        Shape ``(lanes, n)``.
    """
    rows = np.arange(len(queries))
    found = np.zeros_like(now.play)
    chance = now.play + now.look if both_looks else now.look
    for look in (0, 1) if both_looks else (1,):
        arm = queries[:, look]
        found[rows, arm] += answers[:, look] / chance[rows, arm]
    return found
